//! Running processes.
//!
//! Path, permission, hash and owner are those of the executable the kernel runs, also when the file was
//! deleted or replaced since. Kernel threads are no software of their own and left out.

pub(super) mod masking;
mod name;

use crate::collector::{Collector, Findings};
use crate::host::Host;
use crate::processes::Process;
use muster_model::Kind;
use muster_model::asset;
use muster_model::fact::Evidence;
use muster_model::report::Volatile;
use std::path::Path;

/// Most libraries named of one process.
const MAX_LOADS: usize = 256;

/// The processes.
pub(crate) struct Processes;

impl Collector for Processes {
    fn kind(&self) -> Kind {
        Kind::Process
    }

    fn needs_processes(&self) -> bool {
        true
    }

    fn collect(&self, host: &Host<'_>, out: &mut Findings) {
        let mut hidden = 0u32;
        for process in host.processes().iter().filter(|process| !process.kernel) {
            // One that has ended, and waits for its parent to take note, has neither.
            if process.exe.as_os_str().is_empty() && process.args.is_empty() {
                continue;
            }
            if process.exe.as_os_str().is_empty() {
                hidden += 1;
            }
            let volatile = Volatile {
                pid: Some(process.pid),
                started: Some(process.start),
                ..Volatile::default()
            };
            out.push(row(host, process), volatile);
        }
        if hidden > 0 {
            let message = format!("the executables of {hidden} processes could not be read");
            host.trouble("process.hidden", "", message);
        }
    }
}

fn row(host: &Host<'_>, process: &Process) -> asset::Process {
    let name = name::name(process);
    let args = masking::masked(&name, name::arguments(process));
    // In another root the path means another file than in ours.
    let shares_root = host.shares_root(process);
    let owner =
        (shares_root && !process.exe_deleted).then(|| host.owner_of(&process.exe)).flatten();
    let stat = host.exe_stat(process);
    asset::Process {
        name,
        args,
        path: process.exe.to_string_lossy().into_owned(),
        run_user: host.user_name(process.uid).unwrap_or_else(|| process.uid.to_string()),
        mode: stat.map(|stat| stat.permissions()).unwrap_or_default(),
        hash: host.exe_sha256(process).unwrap_or_default(),
        owner_purl: owner.unwrap_or_default(),
        evidence: evidence(host, process, shares_root),
    }
}

fn evidence(host: &Host<'_>, process: &Process, shares_root: bool) -> Evidence {
    let mut evidence = Evidence::new();
    if process.exe_deleted {
        let replaced = shares_root && host.files().stat(&process.exe).is_some();
        let how = if replaced { "replaced" } else { "removed" };
        evidence.insert("deleted".to_owned(), how.into());
    }
    if let Some(parent) = parent(host, process) {
        evidence.insert("parent".to_owned(), parent.into());
    }
    let (mut loads, mut stale) = (Vec::new(), Vec::new());
    for mapped in host.maps(process) {
        if is_library(&mapped.path) && mapped.path != process.exe {
            let list = if mapped.deleted { &mut stale } else { &mut loads };
            list.push(mapped.path.to_string_lossy().into_owned());
        }
    }
    // A library that was replaced on disk, by an update for one, and still runs in its old form.
    for (name, mut list) in [("loads", loads), ("loads_deleted", stale)] {
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

/// The executable of the process's parent; none for a parent in the kernel.
fn parent(host: &Host<'_>, process: &Process) -> Option<String> {
    let processes = host.processes();
    let at = processes.binary_search_by_key(&process.ppid, |process| process.pid).ok()?;
    let exe = processes.get(at)?.exe.to_string_lossy().into_owned();
    (!exe.is_empty()).then_some(exe)
}

/// Shared libraries, native modules of interpreters, and Java archives; not data, fonts or caches.
fn is_library(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.contains(".so.")
        || [".so", ".jar", ".war", ".ear", ".jmod", ".node"].iter().any(|end| name.ends_with(end))
}
