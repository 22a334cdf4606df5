//! The distributions of running Python services: those in the site directories their interpreter searches.

use super::{Component, Ecosystem, MAX_COMPONENTS, Seen, absolute, program, services};
use crate::files::Entry;
use crate::host::Host;
use crate::processes::Process;
use muster_formats::python::{self, Distribution};
use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Most bytes of a metadata file that matter: its header.
const MAX_HEADER: u64 = 64 << 10;
/// Largest metadata file, whose description may be a book.
const MAX_METADATA: u64 = 16 << 20;

/// The header of a metadata file, understood or not.
struct Header(Option<Distribution>);

/// Is this a Python interpreter, or a server that has one built in?
pub(crate) fn is_python(process: &Process) -> bool {
    let name = program(process);
    let versioned = |prefix: &str| {
        name.strip_prefix(prefix)
            .is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit() || b == b'.' || b == b'd'))
    };
    versioned("python") || versioned("pypy") || name.starts_with("uwsgi")
}

/// The components of all running Python services.
pub(crate) fn components(host: &Host<'_>) -> Vec<Component> {
    let mut sites: BTreeMap<PathBuf, &Arc<Process>> = BTreeMap::new();
    for process in services(host, is_python) {
        for site in site_directories(host, process) {
            sites.entry(site).or_insert(process);
        }
    }
    let mut found = Vec::new();
    let mut seen = Seen::default();
    for (site, process) in sites {
        for entry in host.files().list(&site) {
            if found.len() >= MAX_COMPONENTS {
                host.trouble("components.too_many", "python", "more packages than are listed");
                return found;
            }
            found.extend(component(host, &entry, process, &mut seen));
        }
    }
    found
}

fn component(
    host: &Host<'_>,
    entry: &Entry,
    process: &Arc<Process>,
    seen: &mut Seen,
) -> Option<Component> {
    let name = entry.text();
    let file = if name.ends_with(".dist-info") {
        entry.path.join("METADATA")
    } else if name.ends_with(".egg-info") {
        // A directory in newer installations, the file itself in those of distutils.
        let inside = entry.path.join("PKG-INFO");
        if host.files().stat(&entry.path)?.is_dir() { inside } else { entry.path.clone() }
    } else if name.ends_with(".egg") {
        entry.path.join("EGG-INFO/PKG-INFO")
    } else {
        return None;
    };
    let stat = seen.first(host, &file)?;
    let header = host.files().parsed(&file, MAX_METADATA, |file| {
        let mut bytes = Vec::new();
        let read = file.take(MAX_HEADER).read_to_end(&mut bytes);
        Header(read.ok().and_then(|_| python::parse_metadata(&bytes)))
    })?;
    let distribution = header.0.as_ref()?;
    Some(Component {
        ecosystem: Ecosystem::Python,
        group: String::new(),
        name: distribution.name.clone(),
        version: distribution.version.clone(),
        version_source: "metadata",
        file_name: name.into_owned(),
        file,
        inner: String::new(),
        inner_hash: String::new(),
        size: stat.size,
        stat,
        shaded: Vec::new(),
        attributes: Vec::new(),
        found: "site directory",
        process: Arc::clone(process),
    })
}

/// The directories a process's interpreter takes packages from.
fn site_directories(host: &Host<'_>, process: &Process) -> Vec<PathBuf> {
    let environment = host.environ(process);
    let variable = |name: &str| {
        environment.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    };
    let mut sites = Vec::new();
    let (mut is_virtual, mut virtual_only) = (false, false);
    for prefix in virtual_prefixes(process, variable("VIRTUAL_ENV")) {
        let config = host.files().text(prefix.join("pyvenv.cfg"), MAX_HEADER);
        if let Some(config) = config.as_deref().and_then(python::parse_pyvenv) {
            is_virtual = true;
            virtual_only |= !config.system_packages;
            sites.extend(below_prefix(host, &prefix));
        }
    }
    if !virtual_only {
        if let Some(prefix) = process.exe.parent().and_then(Path::parent) {
            sites.extend(below_prefix(host, prefix));
            if prefix == Path::new("/usr") {
                sites.push("/usr/lib/python3/dist-packages".into());
                sites.extend(below_prefix(host, Path::new("/usr/local")));
            }
        }
        if let Some(home) = variable("HOME") {
            sites.extend(below_prefix(host, &absolute(process, home).join(".local")));
        }
    }
    for dir in variable("PYTHONPATH").unwrap_or_default().split(':').filter(|dir| !dir.is_empty()) {
        sites.push(absolute(process, dir));
    }
    // A process that wrote a title over its arguments still maps its extension modules.
    if !is_virtual {
        let held = host.held_files(process, |path| {
            path.extension().is_some_and(|extension| extension == "so") && site_of(path).is_some()
        });
        sites.extend(held.iter().filter_map(|path| site_of(path)).map(Path::to_owned));
    }
    sites.sort();
    sites.dedup();
    sites
}

/// The site directory a file lies in.
fn site_of(path: &Path) -> Option<&Path> {
    path.ancestors().skip(1).find(|dir| {
        dir.file_name().is_some_and(|name| name == "site-packages" || name == "dist-packages")
    })
}

/// Where a virtual environment may be: around the interpreter as it was called, around the script that it
/// runs, where the server was told, where the environment says.
fn virtual_prefixes(process: &Process, told: Option<&str>) -> Vec<PathBuf> {
    let mut prefixes = Vec::new();
    let called = process.args.iter().take(2).filter(|argument| argument.contains('/'));
    for path in called.map(|argument| absolute(process, argument)) {
        prefixes.extend(path.parent().and_then(Path::parent).map(Path::to_owned));
    }
    let options = ["-H", "--home", "--virtualenv", "--venv", "--pyhome"];
    for pair in process.args.windows(2) {
        if let [option, value] = pair
            && options.contains(&option.as_str())
            && program(process).starts_with("uwsgi")
        {
            prefixes.push(absolute(process, value));
        }
    }
    prefixes.extend(told.map(|told| absolute(process, told)));
    prefixes.sort();
    prefixes.dedup();
    prefixes
}

/// `lib*/pythonX.Y/{site,dist}-packages` below an installation's prefix.
fn below_prefix(host: &Host<'_>, prefix: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for lib in ["lib", "lib64"] {
        for entry in host.files().list(prefix.join(lib)) {
            let name = entry.text();
            let rest = name.strip_prefix("python").or_else(|| name.strip_prefix("pypy"));
            if rest.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit())) {
                found.push(entry.path.join("site-packages"));
                found.push(entry.path.join("dist-packages"));
            }
        }
    }
    found
}
