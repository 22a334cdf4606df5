//! The software components of running services: what the Java, Python and Node processes of a host have
//! loaded or would load. Two kinds are made of them, middleware and frameworks.

pub(crate) mod go;
pub(crate) mod jvm;
pub(crate) mod node;
pub(crate) mod python;
mod walk;

use crate::files::Stat;
use crate::host::Host;
use crate::processes::Process;
use muster_formats::pom::Coordinate;
use muster_model::report::Volatile;
use std::borrow::Cow;
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Most components of one runtime.
pub(crate) const MAX_COMPONENTS: usize = 50_000;

/// Which package manager's world a component belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ecosystem {
    /// A Java archive.
    Jar,
    /// A Python distribution.
    Python,
    /// An npm package.
    Npm,
}

impl Ecosystem {
    /// The vendor's `file_type`.
    pub(crate) const fn file_type(self) -> &'static str {
        match self {
            Self::Jar => "jar",
            Self::Python => "python",
            Self::Npm => "npm",
        }
    }
}

/// One component of a running service.
#[derive(Clone, Debug)]
pub(crate) struct Component {
    pub(crate) ecosystem: Ecosystem,
    /// Maven's group, or the scope of an npm package; empty where there is none or it is not known.
    pub(crate) group: String,
    pub(crate) name: String,
    pub(crate) version: String,
    /// Who told the version, for people.
    pub(crate) version_source: &'static str,
    /// What people call the file: of a Python distribution its directory, of an npm package its name.
    pub(crate) file_name: String,
    /// The file on disk; of an embedded archive the outermost.
    pub(crate) file: PathBuf,
    /// Where an embedded archive lies in that file; empty for the file itself.
    pub(crate) inner: String,
    /// SHA-256 and size of an embedded archive; those of the file itself are asked for when needed.
    pub(crate) inner_hash: String,
    pub(crate) size: u64,
    pub(crate) stat: Stat,
    /// Maven coordinates of what was shaded into the archive.
    pub(crate) shaded: Vec<Coordinate>,
    /// What the manifest of an archive on disk says.
    pub(crate) attributes: Vec<(&'static str, String)>,
    /// Why it is counted: `open`, `class path` ...
    pub(crate) found: &'static str,
    /// The process that has it loaded or would load it; the oldest of several.
    pub(crate) process: Arc<Process>,
}

impl Component {
    /// Lies inside another archive?
    pub(crate) const fn is_embedded(&self) -> bool {
        !self.inner.is_empty()
    }

    /// An attribute of the manifest.
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| *key == name).map(|(_, value)| value.as_str())
    }

    /// SHA-256 of the file or of the embedded archive.
    pub(crate) fn hash(&self, host: &Host<'_>) -> String {
        if self.is_embedded() {
            return self.inner_hash.clone();
        }
        host.files().sha256(&self.file).unwrap_or_default()
    }

    /// The package URL, or nothing where the ecosystem needs a group and it is not known.
    pub(crate) fn purl(&self) -> String {
        purl(self.ecosystem, &self.group, &self.name, &self.version)
    }

    /// Process and times, as rows carry them.
    pub(crate) fn volatile(&self) -> Volatile {
        Volatile {
            pid: Some(self.process.pid),
            started: Some(self.process.start),
            ctime: Some(self.stat.ctime),
            mtime: Some(self.stat.mtime),
            atime: Some(self.stat.atime),
        }
    }
}

/// The package URL of a component.
pub(crate) fn purl(ecosystem: Ecosystem, group: &str, name: &str, version: &str) -> String {
    match ecosystem {
        Ecosystem::Jar if group.is_empty() => String::new(),
        Ecosystem::Jar => muster_formats::purl("maven", group, name, version, &[]),
        Ecosystem::Python => {
            let name = muster_formats::python::normal_name(name);
            muster_formats::purl("pypi", "", &name, version, &[])
        }
        Ecosystem::Npm => muster_formats::purl("npm", group, name, version, &[]),
    }
}

/// Whether a process is one whose components are looked for.
pub(crate) fn is_runtime(process: &Process) -> bool {
    jvm::is_jvm(process) || python::is_python(process) || node::is_node(process)
}

/// The components of all running services.
pub(crate) fn gather(host: &Host<'_>) -> Vec<Component> {
    let mut found = jvm::components(host);
    found.extend(python::components(host));
    found.extend(node::components(host));
    found
}

/// The processes that `wanted` accepts and whose paths mean this root's files, the oldest first.
pub(crate) fn services<'a>(host: &Host<'a>, wanted: fn(&Process) -> bool) -> Vec<&'a Arc<Process>> {
    let mut found: Vec<_> = host
        .processes()
        .iter()
        .filter(|process| !process.kernel && wanted(process) && host.shares_root(process))
        .collect();
    found.sort_by_key(|process| (process.start, process.pid));
    found
}

/// File name of a process's executable.
pub(crate) fn program(process: &Process) -> Cow<'_, str> {
    process.exe.file_name().unwrap_or_default().to_string_lossy()
}

/// A path a process named, in terms of the root: relative ones start from its working directory.
pub(crate) fn absolute(process: &Process, path: &str) -> PathBuf {
    let mut clean = PathBuf::from("/");
    for part in process.cwd.join(path).components() {
        match part {
            std::path::Component::Normal(name) => clean.push(name),
            std::path::Component::ParentDir => {
                clean.pop();
            }
            _ => {}
        }
    }
    clean
}

/// Keeps the first of several paths to the same file.
#[derive(Default)]
struct Seen(HashSet<(u64, u64)>);

impl Seen {
    /// The file's metadata, unless it was seen before or is no regular file.
    fn first(&mut self, host: &Host<'_>, path: &Path) -> Option<Stat> {
        let stat = host.files().stat(path).filter(Stat::is_file)?;
        self.0.insert((stat.dev, stat.ino)).then_some(stat)
    }
}
