//! The npm packages of running Node services: the `node_modules` directories their script and working
//! directory would be resolved in.

use super::{Component, Ecosystem, MAX_COMPONENTS, Seen, absolute, program, services};
use crate::files::Entry;
use crate::host::Host;
use crate::processes::Process;
use muster_formats::npm::{self, Package};
use rustix::fs::FileType;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Largest `package.json`, bytes.
const MAX_PACKAGE: u64 = 1 << 20;
/// Packages within packages within ...
const MAX_DEPTH: usize = 12;

/// Options of the `node` command whose value is the next argument.
const WITH_VALUE: &[&str] = &[
    "-C",
    "-r",
    "--conditions",
    "--env-file",
    "--experimental-loader",
    "--icu-data-dir",
    "--import",
    "--input-type",
    "--loader",
    "--require",
    "--title",
];

/// A `package.json`, understood or not.
struct Manifest(Option<Package>);

/// Does this process run JavaScript on a server?
pub(crate) fn is_node(process: &Process) -> bool {
    matches!(program(process).as_ref(), "node" | "nodejs" | "bun" | "node.exe")
}

/// The components of all running Node services.
pub(crate) fn components(host: &Host<'_>) -> Vec<Component> {
    let mut roots: BTreeMap<PathBuf, &Arc<Process>> = BTreeMap::new();
    for process in services(host, is_node) {
        for root in module_directories(host, process) {
            roots.entry(root).or_insert(process);
        }
    }
    let mut found = Vec::new();
    let mut seen = Seen::default();
    for (root, process) in roots {
        read_modules(host, &root, process, 0, &mut seen, &mut found);
    }
    found
}

/// The `node_modules` directories at or above the script and the working directory.
fn module_directories(host: &Host<'_>, process: &Process) -> Vec<PathBuf> {
    let mut starts = vec![process.cwd.clone()];
    if let Some(script) = script(process) {
        let script = absolute(process, script);
        // A command in `node_modules/.bin` is a link to the package that brings it.
        if let Some(target) = host.files().link(&script) {
            let dir = script.parent().unwrap_or(Path::new("/"));
            starts.push(absolute(process, &dir.join(target).to_string_lossy()));
        }
        starts.push(script);
    }
    let mut found = Vec::new();
    for dir in starts.iter().flat_map(|start| start.ancestors()) {
        if dir.file_name().is_some_and(|name| name == "node_modules") {
            found.push(dir.to_owned());
        } else if dir != Path::new("/") {
            found.push(dir.join("node_modules"));
        }
    }
    found.sort();
    found.dedup();
    found.retain(|dir| host.files().stat(dir).is_some_and(|stat| stat.is_dir()));
    // What lies inside another one is found from there.
    let all = found.clone();
    found.retain(|dir| !dir.ancestors().skip(1).any(|outer| all.iter().any(|one| one == outer)));
    found
}

/// The first argument that is no option.
fn script(process: &Process) -> Option<&str> {
    let mut arguments = process.args.iter().skip(1);
    while let Some(argument) = arguments.next() {
        if WITH_VALUE.contains(&argument.as_str()) {
            arguments.next();
        } else if matches!(argument.as_str(), "-e" | "--eval" | "-p" | "--print") {
            return None;
        } else if !argument.starts_with('-') {
            return Some(argument);
        }
    }
    None
}

fn read_modules(
    host: &Host<'_>,
    dir: &Path,
    process: &Arc<Process>,
    depth: usize,
    seen: &mut Seen,
    found: &mut Vec<Component>,
) {
    for entry in host.files().list(dir) {
        if found.len() >= MAX_COMPONENTS || depth > MAX_DEPTH {
            host.trouble("components.too_many", "npm", "more packages than are listed");
            return;
        }
        let name = entry.text();
        if name == ".pnpm" {
            // pnpm keeps every package here, in a `node_modules` of its own, and links to it.
            for version in host.files().list(&entry.path) {
                let inside = version.path.join("node_modules");
                read_modules(host, &inside, process, depth + 1, seen, found);
            }
        } else if name.starts_with('@') {
            for scoped in host.files().list(&entry.path) {
                read_package(host, &scoped, process, depth, seen, found);
            }
        } else if !name.starts_with('.') {
            read_package(host, &entry, process, depth, seen, found);
        }
    }
}

fn read_package(
    host: &Host<'_>,
    entry: &Entry,
    process: &Arc<Process>,
    depth: usize,
    seen: &mut Seen,
    found: &mut Vec<Component>,
) {
    let file = entry.path.join("package.json");
    let Some(stat) = seen.first(host, &file) else { return };
    let manifest = host.files().parsed(&file, MAX_PACKAGE, |file| {
        let mut bytes = Vec::new();
        let read = file.take(MAX_PACKAGE).read_to_end(&mut bytes);
        Manifest(read.ok().and_then(|_| npm::parse_package(&bytes)))
    });
    if let Some(package) = manifest.as_ref().and_then(|manifest| manifest.0.as_ref()) {
        let (group, name) = match package.name.split_once('/') {
            Some((scope, name)) => (scope, name),
            None => ("", package.name.as_str()),
        };
        found.push(Component {
            ecosystem: Ecosystem::Npm,
            group: group.to_owned(),
            name: name.to_owned(),
            version: package.version.clone(),
            version_source: "package.json",
            file_name: package.name.clone(),
            file,
            inner: String::new(),
            inner_hash: String::new(),
            size: stat.size,
            stat,
            shaded: Vec::new(),
            attributes: Vec::new(),
            found: "node_modules",
            process: Arc::clone(process),
        });
    }
    // A linked package's own modules are those of the place it is linked from.
    if entry.file_type != FileType::Symlink {
        read_modules(host, &entry.path.join("node_modules"), process, depth + 1, seen, found);
    }
}
