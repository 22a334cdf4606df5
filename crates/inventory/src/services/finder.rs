//! From processes and files to installations.

use super::recognise::{Sighting, concerns, sight};
use super::rule::Rule;
use super::{
    Installation, Instance, MAX_PROGRAM, arguments, config, java_of, paths, rules, version,
};
use crate::components::jvm::args::CommandLine;
use crate::files::{Files, Stat};
use crate::host::Host;
use crate::processes::Process;
use muster_model::Kind;
use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Directories whose entries may be homes of anything that was unpacked or built by hand.
const HOMES: &[&str] = &["/opt", "/usr/local", "/srv"];
/// Most of them looked into.
const MAX_HOMES: usize = 500;

/// The products of a kind on this host.
pub(crate) fn find(host: &Host<'_>, kind: Kind) -> Vec<Installation> {
    let mut finder =
        Finder { host, seen: HashSet::new(), paths: HashSet::new(), found: Vec::new() };
    finder.running(kind);
    finder.installed(kind);
    finder.found
}

struct Finder<'a, 'h> {
    host: &'a Host<'h>,
    /// Programs that stand for an installation already, by device and inode.
    seen: HashSet<(u64, u64)>,
    paths: HashSet<PathBuf>,
    found: Vec<Installation>,
}

/// Processes of one program.
struct Group {
    sighting: Sighting,
    processes: Vec<(Arc<Process>, Option<String>)>,
}

impl Finder<'_, '_> {
    fn running(&mut self, kind: Kind) {
        let mut groups: Vec<Group> = Vec::new();
        let mut known: HashMap<(usize, PathBuf, Vec<PathBuf>), usize> = HashMap::new();
        for process in self.host.processes() {
            if !concerns(process) || !self.host.is_inside(process) {
                continue;
            }
            for mut sighting in sight(self.host, process, kind) {
                let first =
                    sighting.rules.first().map_or(0, |rule| std::ptr::from_ref(*rule).addr());
                let key = (first, sighting.program.clone(), sighting.homes.clone());
                let member = (Arc::clone(process), sighting.runs.take());
                match known.get(&key).and_then(|at| groups.get_mut(*at)) {
                    Some(group) => group.processes.push(member),
                    None => {
                        known.insert(key, groups.len());
                        groups.push(Group { sighting, processes: vec![member] });
                    }
                }
            }
        }
        for group in groups {
            self.accept(group);
        }
    }

    fn accept(&mut self, group: Group) {
        let pids: HashSet<u32> = group.processes.iter().map(|(process, _)| process.pid).collect();
        let mut mains: Vec<_> = group.processes;
        mains.retain(|(process, _)| !pids.contains(&process.ppid));
        mains.sort_by_key(|(process, _)| (process.start, process.pid));
        let Some((main, _)) = mains.first() else { return };
        let main = Arc::clone(main);
        let sighting = group.sighting;
        for rule in &sighting.rules {
            let Some(mut made) = self.running_as(rule, &sighting, &main) else { continue };
            for (process, runs) in mains {
                let open = || self.host.files().open(&made.program, MAX_PROGRAM);
                let service = config::Service {
                    args: &arguments(&process),
                    jvm: java_of(self.host, &process),
                    cwd: &process.cwd,
                    home: &made.home,
                    stat: &made.stat,
                    open: &open,
                };
                let config = config::find_file(self.host, rule, &service);
                made.instances.push(Instance { process, config, runs });
            }
            made.config = made.instances.first().and_then(|instance| instance.config.clone());
            // An instance of the same installation that looked different, as with two class paths.
            let same = |known: &&mut Installation| {
                std::ptr::eq(known.rule, made.rule) && known.home == made.home
            };
            match self.found.iter_mut().find(same) {
                Some(known) => known.instances.append(&mut made.instances),
                None => {
                    self.claim(&made.program, &made.stat);
                    self.found.push(made);
                }
            }
            return;
        }
    }

    /// The installation a process runs, if the rule holds for it.
    fn running_as(
        &self,
        rule: &'static Rule,
        sighting: &Sighting,
        main: &Process,
    ) -> Option<Installation> {
        let files = self.host.files();
        if let Some(version) = &sighting.version {
            let stat = files.stat(&sighting.program)?;
            let reason = "inside a running application; version from the name of an archive";
            return Some(self.installation(
                rule,
                version.clone(),
                reason.to_owned(),
                (&sighting.program, stat, &sighting.program),
            ));
        }
        // A JVM product is told by the marker below its home, anything else by its program.
        for home in &sighting.homes {
            let marker =
                format!("{}/{}", home.to_string_lossy().trim_end_matches('/'), rule.marker);
            let marker = paths::expand(files, &marker).into_iter().next();
            let Some(program) = marker.filter(|path| files.stat(path).is_some()) else { continue };
            if let Some(made) = self.at(rule, &program, home, "running", None) {
                return Some(made);
            }
        }
        // Without its marker an archive of a common name (`start.jar`) may be anything.
        if !sighting.homes.is_empty() {
            return None;
        }
        let home = paths::home_of(&sighting.program);
        self.at(rule, &sighting.program, &home, "running", Some(main))
    }

    fn installed(&mut self, kind: Kind) {
        let homes = usual_homes(self.host.files());
        for rule in rules().filter(|rule| rule.kind == kind) {
            for pattern in rule.programs {
                for path in paths::expand(self.host.files(), pattern) {
                    let home = paths::home_of(&path);
                    self.consider(rule, &path, &home);
                }
            }
            if rule.marker.is_empty() {
                continue;
            }
            let first = rule.marker.split('/').next().unwrap_or_default();
            for (home, names) in &homes {
                let likely = names.iter().any(|name| muster_formats::include::matches(first, name));
                if likely {
                    self.consider_marker(rule, home);
                }
            }
            for pattern in rule.homes {
                for home in paths::expand(self.host.files(), pattern) {
                    self.consider_marker(rule, &home);
                }
            }
        }
    }

    fn consider_marker(&mut self, rule: &'static Rule, home: &Path) {
        let marker = format!("{}/{}", home.to_string_lossy(), rule.marker);
        for path in paths::expand(self.host.files(), &marker) {
            self.consider(rule, &path, home);
        }
    }

    fn consider(&mut self, rule: &'static Rule, program: &Path, home: &Path) {
        let Some(stat) = self.host.files().stat(program).filter(Stat::is_file) else { return };
        if self.seen.contains(&(stat.dev, stat.ino)) || self.paths.contains(program) {
            return;
        }
        if let Some(mut made) = self.at(rule, program, home, "installed", None) {
            let open = || self.host.files().open(program, MAX_PROGRAM);
            let service = config::Service {
                args: &[],
                jvm: CommandLine::default(),
                cwd: Path::new("/"),
                home: &made.home,
                stat: &made.stat,
                open: &open,
            };
            made.config = config::find_file(self.host, rule, &service);
            self.claim(program, &stat);
            self.found.push(made);
        }
    }

    /// The installation at that place, if the rule holds for it. With a process, what it really runs is
    /// read and not what lies at the path by now.
    fn at(
        &self,
        rule: &'static Rule,
        program: &Path,
        home: &Path,
        state: &str,
        process: Option<&Process>,
    ) -> Option<Installation> {
        let files = self.host.files();
        let runs_program = process.is_some_and(|process| {
            process.exe == program || process.exe.parent() == program.parent()
        });
        let process = process.filter(|_| runs_program && self.host.proc().is_kernel());
        let stat = match process {
            Some(process) => self.host.exe_stat(process),
            None => files.stat(program),
        };
        let stat = stat.filter(Stat::is_file)?;
        let open = || -> Option<File> {
            match process {
                Some(process) => self.host.proc().open_file(format!("{}/exe", process.pid)).ok(),
                None => files.open(program, MAX_PROGRAM),
            }
        };
        let place = version::Place { program, stat: &stat, open: &open, home };
        let own = version::own(self.host, rule, &place);
        if rule.strict && own.is_none() {
            return None;
        }
        let owner = self.owner(program);
        let found = own.or_else(|| version::surrounding(owner.as_deref(), home));
        let (version, reason) = match found {
            Some((version, origin)) => (version, format!("{state}; version from {origin}")),
            None => (String::new(), format!("{state}; nothing tells its version")),
        };
        Some(self.installation(rule, version, reason, (program, stat, home)))
    }

    fn installation(
        &self,
        rule: &'static Rule,
        version: String,
        reason: String,
        (program, stat, home): (&Path, Stat, &Path),
    ) -> Installation {
        Installation {
            rule,
            version,
            reason,
            program: program.to_owned(),
            stat,
            home: home.to_owned(),
            owner: self.owner(program),
            instances: Vec::new(),
            config: None,
        }
    }

    /// The package that owns a program, or what it is a link to.
    fn owner(&self, program: &Path) -> Option<String> {
        const MAX_LINKS: usize = 8;
        let mut path = program.to_owned();
        for _ in 0..MAX_LINKS {
            if let Some(owner) = self.host.owner_of(&path) {
                return Some(owner);
            }
            let target = self.host.files().link(&path)?;
            path = paths::resolve(path.parent().unwrap_or(Path::new("/")), target);
        }
        None
    }

    fn claim(&mut self, program: &Path, stat: &Stat) {
        self.seen.insert((stat.dev, stat.ino));
        self.paths.insert(program.to_owned());
    }
}

/// The usual homes with the names in them.
fn usual_homes(files: &Files) -> Vec<(PathBuf, Vec<String>)> {
    let mut homes = Vec::new();
    for entry in HOMES.iter().flat_map(|directory| files.list(directory)) {
        if homes.len() < MAX_HOMES {
            let names =
                files.list(&entry.path).iter().map(|entry| entry.text().into_owned()).collect();
            homes.push((entry.path, names));
        }
    }
    homes
}
