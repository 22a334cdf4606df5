//! Web applications, by the files in which they say their version: below web roots and where running
//! services have their applications.

mod rules;

use crate::collector::{Collector, Findings};
use crate::components::{self, Component, go, jvm};
use crate::host::Host;
use crate::marker::{self, Mark};
use crate::processes::Process;
use crate::web_roots::{self, Place};
use muster_model::Kind;
use muster_model::asset::Service;
use muster_model::report::Volatile;
use rules::{ARCHIVES, GO_PROGRAMS, RULES, Rule};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(crate) struct WebApplications;

/// The names of all web applications that are known.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    let archives = ARCHIVES.iter().map(|archive| archive.name);
    let programs = GO_PROGRAMS.iter().map(|program| program.name);
    RULES.iter().map(|rule| rule.name).chain(archives).chain(programs)
}

impl Collector for WebApplications {
    fn kind(&self) -> Kind {
        Kind::WebCms
    }

    fn needs_processes(&self) -> bool {
        true
    }

    fn concerns(&self, process: &Process) -> bool {
        web_roots::concerns(process)
    }

    fn collect(&self, host: &Host<'_>, out: &mut Findings) {
        let names: Vec<&str> = RULES.iter().flat_map(|rule| rule.dirs).copied().collect();
        let roots = web_roots::web_roots(host, &names);
        let mut seen = HashSet::new();
        for place in web_roots::places(host, roots) {
            in_place(host, &place, &mut seen, out);
        }
        for component in jvm::components(host) {
            in_archive(host, &component, out);
        }
        in_go_programs(host, out);
    }
}

/// `seen` holds the marker files that told of an application already: one may be reached from two places.
fn in_place(
    host: &Host<'_>,
    place: &Place,
    seen: &mut HashSet<(&'static str, PathBuf)>,
    out: &mut Findings,
) {
    for rule in RULES {
        let mut told = rule.told.iter().filter(|told| place.has(told.first_name()));
        let Some(mark) = told.find_map(|told| told.look(host, &place.path)) else { continue };
        let proven =
            rule.says.is_none_or(|(file, words)| marker::says(host, &place.path.join(file), words));
        if proven && seen.insert((rule.name, mark.file.clone())) {
            let found = Found {
                name: rule.name,
                install: &place.path,
                config: config(host, rule, &place.path),
                purl: rule.purl,
                process: place.served_by.as_ref(),
            };
            found.push(host, &mark, out);
        }
    }
}

/// The configuration file in use: the first of the usual ones that is there.
fn config(host: &Host<'_>, rule: &Rule, dir: &Path) -> String {
    let there = |path: &PathBuf| host.files().stat(path).is_some();
    let path = rule.config.iter().map(|path| dir.join(path)).find(there);
    path.map(|path| path.to_string_lossy().into_owned()).unwrap_or_default()
}

/// An application that is run as an archive.
fn in_archive(host: &Host<'_>, component: &Component, out: &mut Findings) {
    let Some(archive) = ARCHIVES.iter().find(|archive| {
        component.attribute(archive.attribute).is_some()
            || archive.artifacts.contains(&component.name.as_str())
    }) else {
        return;
    };
    let version = component.attribute(archive.attribute).unwrap_or(&component.version).to_owned();
    let process = &component.process;
    let environment = host.environ(process);
    let home = jvm::command_line(host, process)
        .property(archive.home)
        .map(str::to_owned)
        .or_else(|| environment.into_iter().find(|(k, _)| k == archive.home).map(|(_, v)| v));
    let config = home.map(|home| components::absolute(process, &home).join(archive.config));
    let config = config.filter(|path| host.files().stat(path).is_some());
    let found = Found {
        name: archive.name,
        install: component.file.parent().unwrap_or(Path::new("/")),
        config: config.map(|path| path.to_string_lossy().into_owned()).unwrap_or_default(),
        purl: archive.purl,
        process: Some(process),
    };
    found.push(host, &Mark { file: component.file.clone(), version }, out);
}

/// An application that is a Go program of its own.
fn in_go_programs(host: &Host<'_>, out: &mut Findings) {
    for (process, info) in go::programs(host) {
        let Some(program) = GO_PROGRAMS.iter().find(|program| info.main.path == program.module)
        else {
            continue;
        };
        let linked = info.linked_value(program.variable);
        let version = linked.unwrap_or(info.main.version.as_str()).trim_start_matches('v');
        let version = if version == "(devel)" { "" } else { version };
        let told = process
            .args
            .windows(2)
            .find_map(|pair| match pair {
                [option, value] if program.options.contains(&option.as_str()) => {
                    Some(components::absolute(process, value))
                }
                _ => None,
            })
            .or_else(|| {
                program
                    .config
                    .iter()
                    .map(|path| process.cwd.join(path))
                    .find(|path| host.files().stat(path).is_some())
            });
        let found = Found {
            name: program.name,
            install: &process.exe,
            config: told.map(|path| path.to_string_lossy().into_owned()).unwrap_or_default(),
            purl: None,
            process: Some(process),
        };
        found.push(host, &Mark { file: process.exe.clone(), version: version.to_owned() }, out);
    }
}

/// An application that was found, but for its version.
struct Found<'a> {
    name: &'static str,
    install: &'a Path,
    config: String,
    purl: Option<(&'static str, &'static str, &'static str)>,
    process: Option<&'a Arc<Process>>,
}

impl Found<'_> {
    fn push(self, host: &Host<'_>, mark: &Mark, out: &mut Findings) {
        let Some(stat) = host.files().stat(&mark.file) else { return };
        let purl = self.purl.map(|(kind, namespace, name)| {
            muster_formats::purl(kind, namespace, name, &mark.version, &[])
        });
        let row = Service {
            name: self.name.to_owned(),
            version: mark.version.clone(),
            install_path: self.install.to_string_lossy().into_owned(),
            config_path: self.config,
            uid: Some(stat.uid),
            gid: Some(stat.gid),
            mode: stat.permissions(),
            proc_path: self
                .process
                .map(|process| process.exe.to_string_lossy().into_owned())
                .unwrap_or_default(),
            purl: purl.unwrap_or_default(),
            owner_purl: host.owner_of(&mark.file).unwrap_or_default(),
            reason: format!("recognised by {}", mark.file.display()),
            ..Service::default()
        };
        let volatile = Volatile {
            pid: self.process.map(|process| process.pid),
            started: self.process.map(|process| process.start),
            ctime: Some(stat.ctime),
            mtime: Some(stat.mtime),
            atime: Some(stat.atime),
        };
        out.push(row.of(Kind::WebCms), volatile);
    }
}
