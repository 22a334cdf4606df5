//! Databases and web servers, running or installed: recognised by [`rule::Rule`]s, which are data.
//!
//! A row stands for an installation: its program and home, its version, the configuration of the
//! process that was started first. Workers are no rows of their own, nor are several instances of one
//! installation; their configurations are evidence. Programs are read, never run.

mod config;
mod databases;
mod embedded;
mod finder;
mod paths;
mod recognise;
mod rule;
mod sites;
mod version;
mod web_servers;

use crate::components::jvm::{self, args::CommandLine};
use crate::files::Stat;
use crate::host::Host;
use crate::processes::Process;
pub(crate) use finder::find;
pub(crate) use recognise::concerns;
use rule::Rule;
pub(crate) use sites::sites;
use std::path::PathBuf;
use std::sync::Arc;

/// Largest program opened, bytes.
const MAX_PROGRAM: u64 = 4 * 1024 * 1024 * 1024;

/// A product on a host.
pub(crate) struct Installation {
    /// Which product.
    pub(crate) rule: &'static Rule,
    /// Version, empty if nothing tells it.
    pub(crate) version: String,
    /// How it was recognised and where its version comes from.
    pub(crate) reason: String,
    /// The file that stands for it.
    pub(crate) program: PathBuf,
    /// That file's metadata.
    pub(crate) stat: Stat,
    /// Home, or the program where there is none.
    pub(crate) home: PathBuf,
    /// Package URL of the owning package.
    pub(crate) owner: Option<String>,
    /// Its running instances, the first started first; none when it does not run.
    pub(crate) instances: Vec<Instance>,
    /// Configuration of the first instance, or the one it would use.
    pub(crate) config: Option<PathBuf>,
}

impl Installation {
    /// Package URL of the product itself, whoever packed it; empty without a version.
    pub(crate) fn purl(&self) -> String {
        if self.version.is_empty() {
            return String::new();
        }
        let name = self.rule.name.to_lowercase().replace(' ', "-");
        muster_formats::purl("generic", "", &name, &self.version, &[])
    }
}

/// A running instance: the process the others descend from.
pub(crate) struct Instance {
    /// That process.
    pub(crate) process: Arc<Process>,
    /// Its configuration.
    pub(crate) config: Option<PathBuf>,
    /// What an interpreter runs.
    pub(crate) runs: Option<String>,
}

/// All rules, databases first.
fn rules() -> impl Iterator<Item = &'static Rule> {
    databases::RULES.iter().chain(web_servers::RULES)
}

/// A process's arguments without the program. Servers that write a title over them (`nginx: master
/// process nginx -c FILE`) are read by what stands in the title.
fn arguments(process: &Process) -> Vec<String> {
    let Some((first, rest)) = process.args.split_first() else { return Vec::new() };
    let mut args: Vec<String> = match first.split_once(": master process ") {
        Some((_, line)) => line.split_whitespace().skip(1).map(str::to_owned).collect(),
        None => Vec::new(),
    };
    args.extend(rest.iter().cloned());
    while args.last().is_some_and(String::is_empty) {
        args.pop();
    }
    args
}

/// How a process's JVM was started; nothing if it is none.
fn java_of(host: &Host<'_>, process: &Process) -> CommandLine {
    match jvm::is_jvm(process) {
        true => jvm::command_line(host, process),
        false => CommandLine::default(),
    }
}
