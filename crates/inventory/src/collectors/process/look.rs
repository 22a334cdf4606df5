//! What takes a close look at a process: its mappings, its executable, its masked arguments.
//!
//! A look costs some twenty system calls, so it is remembered as long as the process table sees no change of
//! the process, and taken again every sixteenth sweep for what the table does not see: libraries loaded late.

use super::{masking, name};
use crate::host::Host;
use crate::processes::Process;
use muster_model::fact::Evidence;
use muster_model::{Micros, Purl};
use std::collections::{BTreeSet, HashMap};
use std::path::Path;

/// Most libraries named of one process.
const MAX_LOADS: usize = 256;
/// A look is taken again after this many sweeps.
const ROTATION: u64 = 16;
/// A younger process may still be loading its libraries.
const SETTLED_SECS: i64 = 10;

/// One look.
#[derive(Default)]
pub(super) struct Look {
    pub(super) name: String,
    pub(super) args: String,
    pub(super) mode: String,
    pub(super) hash: String,
    pub(super) shares_root: bool,
    /// The evidence `loads`, `loads_deleted` and `loads_packages`, names of packages the libraries belong to.
    pub(super) loaded: Evidence,
    revision: u64,
    settled: bool,
    sweep: u64,
}

/// The looks of the last sweep.
#[derive(Default)]
pub(super) struct Looks {
    by_pid: HashMap<u32, Look>,
    sweep: u64,
}

impl Looks {
    pub(super) fn begin(&mut self) {
        self.sweep += 1;
    }

    /// Forgets the processes that were not asked for since [`Looks::begin`].
    pub(super) fn end(&mut self) {
        self.by_pid.retain(|_, look| look.sweep == self.sweep);
    }

    /// The look at a process, taken now unless the last one still holds.
    pub(super) fn at(&mut self, host: &Host<'_>, process: &Process) -> &Look {
        let look = self.by_pid.entry(process.pid).or_default();
        let due = (self.sweep + u64::from(process.pid)).is_multiple_of(ROTATION);
        // The files of a fixture are dependencies, which only a look makes known.
        let fixture = !host.proc().is_kernel();
        // A new process under an old number has another revision; that of none is 0.
        if look.revision != process.revision || !look.settled || due || fixture {
            *look = take(host, process);
        }
        look.sweep = self.sweep;
        look
    }
}

fn take(host: &Host<'_>, process: &Process) -> Look {
    let name = name::name(process);
    let stat = host.exe_stat(process);
    Look {
        args: masking::masked(&name, name::arguments(process)),
        name,
        mode: stat.map(|stat| stat.permissions()).unwrap_or_default(),
        hash: host.exe_sha256(process).unwrap_or_default(),
        shares_root: host.shares_root(process),
        loaded: loaded(host, process),
        revision: process.revision,
        settled: is_settled(process, host.now()),
        sweep: 0,
    }
}

fn is_settled(process: &Process, now: Micros) -> bool {
    process.start.plus_secs(SETTLED_SECS) < now
}

fn loaded(host: &Host<'_>, process: &Process) -> Evidence {
    let (mut loads, mut deleted) = (Vec::new(), Vec::new());
    let mut owners = BTreeSet::new();
    // In another root the path means another file.
    let ours = host.shares_root(process);
    for mapped in host.maps(process) {
        if is_library(&mapped.path) && mapped.path != process.exe {
            if ours {
                owners.extend(host.owner_of(&mapped.path));
            }
            let list = if mapped.deleted { &mut deleted } else { &mut loads };
            list.push(mapped.path.to_string_lossy().into_owned());
        }
    }
    let mut evidence = Evidence::new();
    // By name: an update of a package must not change the processes that load it.
    let name = |url: &String| Some(url.parse::<Purl>().ok()?.name().to_owned());
    let packages: BTreeSet<String> = owners.iter().filter_map(name).take(MAX_LOADS).collect();
    if !packages.is_empty() {
        let packages: Vec<_> = packages.into_iter().collect();
        evidence.insert("loads_packages".to_owned(), packages.into());
    }
    // A library replaced on disk, by an update for one, still runs in its old form.
    for (name, mut list) in [("loads", loads), ("loads_deleted", deleted)] {
        if list.len() > MAX_LOADS {
            evidence.insert(format!("{name}_in_all"), list.len().into());
            list.truncate(MAX_LOADS);
        }
        if !list.is_empty() {
            evidence.insert(name.to_owned(), list.into());
        }
    }
    evidence
}

/// Shared libraries, native modules of interpreters, and Java archives; not data, fonts or caches.
fn is_library(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.contains(".so.")
        || [".so", ".jar", ".war", ".ear", ".jmod", ".node"].iter().any(|end| name.ends_with(end))
}
