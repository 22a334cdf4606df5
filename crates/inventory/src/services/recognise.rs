//! Which products a process may belong to: one look-up by the name of its program, and one more by main
//! class, archive or script where the program is an interpreter.

use super::paths::resolve;
use super::rule::{Mark, Rule};
use super::{arguments, embedded};
use crate::components::jvm::{self, args::CommandLine};
use crate::host::Host;
use crate::processes::Process;
use muster_formats::jar_name;
use muster_model::Kind;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// A process that may belong to one of some products.
#[derive(Debug)]
pub(super) struct Sighting {
    /// The products, in the order in which they are to be tried.
    pub(super) rules: Vec<&'static Rule>,
    /// The file that stands for the product: its program, archive or script.
    pub(super) program: PathBuf,
    /// Its home, where the process tells.
    pub(super) homes: Vec<PathBuf>,
    /// Version of a server that lies inside an application.
    pub(super) version: Option<String>,
    /// What an interpreter runs.
    pub(super) runs: Option<String>,
}

/// Every mark by the name in it, in the order of the tables.
static INDEX: LazyLock<HashMap<&'static str, Vec<(Mark, &'static Rule)>>> = LazyLock::new(|| {
    let mut index: HashMap<&str, Vec<(Mark, &Rule)>> = HashMap::new();
    for rule in super::rules() {
        for mark in rule.marks {
            index.entry(mark.name()).or_default().push((*mark, rule));
        }
    }
    index
});

/// The rules with a mark of that name that is as wanted, each once.
fn marked(name: &str, mut wanted: impl FnMut(Mark) -> bool) -> Vec<&'static Rule> {
    let marks = INDEX.get(name).map_or(&[][..], Vec::as_slice);
    let mut rules: Vec<&'static Rule> =
        marks.iter().filter(|(mark, _)| wanted(*mark)).map(|(_, rule)| *rule).collect();
    rules.dedup_by(|a, b| std::ptr::eq(*a, *b));
    rules
}

/// Could this process belong to any product? Cheap: called for every process in every sweep.
pub(crate) fn concerns(process: &Process) -> bool {
    let name = program_name(process);
    let program = |(mark, _): &(Mark, &Rule)| {
        matches!(mark, Mark::Program(_) | Mark::Called(..) | Mark::Runs(_))
    };
    INDEX.get(name).is_some_and(|marks| marks.iter().any(program))
        || name.starts_with("python")
        || jvm::is_jvm(process)
}

fn program_name(process: &Process) -> &str {
    process.exe.file_name().and_then(|name| name.to_str()).unwrap_or_default()
}

/// The products of that kind that a process may belong to.
pub(super) fn sight(host: &Host<'_>, process: &Process, kind: Kind) -> Vec<Sighting> {
    if process.kernel || !concerns(process) {
        return Vec::new();
    }
    let args = arguments(process);
    let mut sightings = match program_name(process) {
        _ if jvm::is_jvm(process) => java(host, process),
        name if name.starts_with("python") => python(process, &args),
        name => native(host, process, name, &args),
    };
    for sighting in &mut sightings {
        sighting.rules.retain(|rule| rule.kind == kind);
    }
    sightings.retain(|sighting| !sighting.rules.is_empty());
    sightings
}

fn native(host: &Host<'_>, process: &Process, name: &str, args: &[String]) -> Vec<Sighting> {
    let called = called(process);
    let script = script(args);
    let mut program = process.exe.clone();
    let mut runs = None;
    let rules = marked(name, |mark| match mark {
        Mark::Program(_) => true,
        Mark::Called(_, title) => {
            // The name it was started by is the one that people and packages know.
            let titled = process.exe.with_file_name(title);
            let file = |path: &Path| host.files().stat(path).map(|stat| (stat.dev, stat.ino));
            if called == title && file(&titled).is_some_and(|f| Some(f) == file(&process.exe)) {
                program = titled;
            }
            called == title
        }
        Mark::Runs(_) => {
            runs = script.map(|path| resolve(&process.cwd, path).to_string_lossy().into_owned());
            script.is_some()
        }
        _ => false,
    });
    vec![Sighting { rules, program, homes: Vec::new(), version: None, runs }]
}

/// The name a process was started by, or gave itself.
fn called(process: &Process) -> &str {
    let title = process.args.first().map_or("", String::as_str);
    let word = title.split([' ', ':']).next().unwrap_or_default();
    word.rsplit('/').next().unwrap_or_default()
}

/// Tools that Node runs and that serve nobody but who started them.
const NODE_TOOLS: &[&str] =
    &["npm", "npx", "yarn", "pnpm", "corepack", "tsc", "eslint", "prettier", "node-gyp", "jest"];

/// The script that Node runs.
fn script(args: &[String]) -> Option<&str> {
    let script = args.iter().find(|arg| !arg.starts_with('-'))?;
    let evaluated = args.iter().take_while(|arg| *arg != script);
    if evaluated.clone().any(|arg| matches!(arg.as_str(), "-e" | "--eval" | "-p" | "--print")) {
        return None;
    }
    let name = script.rsplit('/').next().unwrap_or_default();
    let stem = name.split('.').next().unwrap_or_default().trim_end_matches("-cli");
    (!NODE_TOOLS.contains(&stem)).then_some(script)
}

fn python(process: &Process, args: &[String]) -> Vec<Sighting> {
    let known = |name: &str| marked(name, |mark| matches!(mark, Mark::Python(_)));
    let (name, script) = module_or_script(args);
    let mut rules = known(name);
    let mut program = script.map(|path| resolve(&process.cwd, path));
    if rules.is_empty() {
        // Some servers write their state over their arguments.
        rules = known(called(process));
        program = None;
    }
    let program = program.unwrap_or_else(|| process.exe.clone());
    vec![Sighting { rules, program, homes: Vec::new(), version: None, runs: None }]
}

/// What a Python interpreter runs: the name of a module, or that of a script and its path. Nothing for
/// code in an argument.
fn module_or_script(args: &[String]) -> (&str, Option<&str>) {
    let mut rest = args.iter();
    while let Some(arg) = rest.next() {
        match arg.as_str() {
            "-m" => {
                let module = rest.next().map_or("", String::as_str);
                return (module.split('.').next().unwrap_or_default(), None);
            }
            "-c" => return ("", None),
            "-W" | "-X" => {
                rest.next();
            }
            option if option.starts_with('-') => {}
            script => return (script.rsplit('/').next().unwrap_or_default(), Some(script)),
        }
    }
    ("", None)
}

fn java(host: &Host<'_>, process: &Process) -> Vec<Sighting> {
    let launch = jvm::command_line(host, process);
    let main = launch.main.as_deref().unwrap_or_default();
    let archive = launch.jar.as_ref().map(|jar| resolve(&process.cwd, jar));
    let artifact = archive.as_deref().and_then(Path::file_name).and_then(|name| name.to_str());
    let artifact = jar_name::parse(artifact.unwrap_or_default()).artifact;
    let mut rules = marked(main, |mark| matches!(mark, Mark::Main(_)));
    rules.extend(marked(artifact, |mark| matches!(mark, Mark::Jar(_))));
    if rules.is_empty() {
        return embedded::servers(host, process, &launch, archive.as_deref())
            .into_iter()
            .map(|server| Sighting {
                rules: marked(server.artifact, |mark| matches!(mark, Mark::Embedded(_))),
                program: server.program,
                homes: Vec::new(),
                version: Some(server.version),
                runs: None,
            })
            .collect();
    }
    let homes = homes(&rules, &launch, process, archive.as_deref());
    let program = archive.unwrap_or_else(|| process.exe.clone());
    vec![Sighting { rules, program, homes, version: None, runs: None }]
}

/// Where the product of a JVM may be at home, the likeliest first.
fn homes(
    rules: &[&'static Rule],
    launch: &CommandLine,
    process: &Process,
    archive: Option<&Path>,
) -> Vec<PathBuf> {
    /// How far above an archive its home is looked for: `bin/tools/server.jar`.
    const ABOVE: usize = 4;
    let named = rules.iter().flat_map(|rule| rule.home).filter_map(|name| launch.property(name));
    let named = named.map(|home| resolve(&process.cwd, home));
    // Some name the part of the home that the server itself lies in.
    let mut homes: Vec<PathBuf> =
        named.flat_map(|home| [home.parent().map(Path::to_owned), Some(home)]).flatten().collect();
    homes.reverse();
    if let Some(archive) = archive {
        homes.extend(archive.ancestors().skip(1).take(ABOVE).map(Path::to_owned));
    }
    // A product's own archive on the class path lies in the `lib` below its home.
    for rule in rules {
        let (directory, name) = rule.marker.rsplit_once('/').unwrap_or(("", rule.marker));
        for entry in &launch.class_path {
            let path = resolve(&process.cwd, entry);
            let here = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if muster_formats::include::matches(name, here)
                && let Some(parent) = path.parent()
            {
                let above = directory.split('/').filter(|part| !part.is_empty()).count();
                homes.extend(parent.ancestors().nth(above).map(Path::to_owned));
            }
        }
    }
    homes
}
