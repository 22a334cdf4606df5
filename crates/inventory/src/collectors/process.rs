//! Running processes.
//!
//! Path, permission, hash and owner are those of the executable the kernel runs, also when the file was
//! deleted or replaced since. Kernel threads are no software of their own and left out.

pub(super) mod look;
pub(super) mod masking;
mod name;

use crate::collector::{Collector, Findings};
use crate::host::Host;
use crate::live::Ended;
use crate::processes::Process;
use look::{Look, Looks};
use muster_model::Kind;
use muster_model::asset;
use muster_model::fact::Evidence;
use muster_model::report::Volatile;

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
        let init = of_host(host);
        host.remember(|looks: &mut Looks| {
            looks.begin();
            for process in host.processes().iter().filter(|process| !process.kernel) {
                // One that has ended, and waits for its parent to take note, has neither.
                if process.exe.as_os_str().is_empty() && process.args.is_empty() {
                    continue;
                }
                hidden += u32::from(process.exe.as_os_str().is_empty());
                let volatile = Volatile {
                    pid: Some(process.pid),
                    started: Some(process.start),
                    ..Volatile::default()
                };
                out.push(row(host, process, looks.at(host, process), init), volatile);
            }
            looks.end();
        });
        for ended in host.ended() {
            let (pid, started) = (Some(ended.process.pid), Some(ended.process.start));
            out.push(ended_row(host, ended), Volatile { pid, started, ..Volatile::default() });
        }
        if hidden > 0 {
            let message = format!("the executables of {hidden} processes could not be read");
            host.trouble("process.hidden", "", message);
        }
    }
}

fn row(host: &Host<'_>, process: &Process, look: &Look, init: Option<[u64; 2]>) -> asset::Process {
    let mut evidence = look.loaded.clone();
    if process.exe_deleted {
        let replaced = look.shares_root && host.files().stat(&process.exe).is_some();
        let how = if replaced { "replaced" } else { "removed" };
        evidence.insert("deleted".to_owned(), how.into());
    }
    if let Some(parent) = parent(host, process) {
        evidence.insert("parent".to_owned(), parent.into());
    }
    let apart = apart(process, init);
    if !apart.is_empty() {
        evidence.insert("namespaces".to_owned(), apart.into());
    }
    // In another root the path means another file than in ours, and a replaced file has other owners.
    let owned = look.shares_root && !process.exe_deleted;
    let owner = owned.then(|| host.owner_of(&process.exe)).flatten();
    asset::Process {
        name: look.name.clone(),
        args: look.args.clone(),
        path: process.exe.to_string_lossy().into_owned(),
        run_user: host.user_name(process.uid).unwrap_or_else(|| process.uid.to_string()),
        mode: look.mode.clone(),
        hash: look.hash.clone(),
        owner_purl: owner.unwrap_or_default(),
        evidence,
    }
}

/// A program that ended before a sweep could look at it: what was read when it started.
fn ended_row(host: &Host<'_>, ended: &Ended) -> asset::Process {
    let process = &ended.process;
    let name = name::name(process);
    let mut evidence = Evidence::new();
    evidence.insert("ended".to_owned(), true.into());
    if !ended.parent.is_empty() {
        evidence.insert("parent".to_owned(), ended.parent.clone().into());
    }
    let own = host.files().stat("/").map(|root| (root.dev, root.ino));
    let owned = own.is_some() && ended.root == own && !process.exe_deleted;
    let owner = owned.then(|| host.owner_of(&process.exe)).flatten();
    asset::Process {
        args: masking::masked(&name, name::arguments(process)),
        name,
        path: process.exe.to_string_lossy().into_owned(),
        run_user: host.user_name(process.uid).unwrap_or_else(|| process.uid.to_string()),
        mode: ended.stat.permissions(),
        hash: host.ended_sha256(ended).unwrap_or_default(),
        owner_purl: owner.unwrap_or_default(),
        evidence,
    }
}

/// The kinds of namespaces in which a process of the host is apart from the host: sandboxes such as bubblewrap, `unshare`, services that
/// systemd gives mounts of their own. No runtime made a container of them.
fn apart(process: &Process, init: Option<[u64; 2]>) -> Vec<&'static str> {
    let Some([mnt, net]) = init else { return Vec::new() };
    let differs = |its: u64, of_host: u64| its != 0 && of_host != 0 && its != of_host;
    let kinds = [("mnt", process.mntns, mnt), ("net", process.netns, net)];
    kinds.into_iter().filter(|kind| differs(kind.1, kind.2)).map(|kind| kind.0).collect()
}

/// The host's mount and network namespace; none in a container. Where the first process may not be looked into they are this
/// program's own.
fn of_host(host: &Host<'_>) -> Option<[u64; 2]> {
    if host.is_container() {
        return None;
    }
    let init = host.everyone().first().filter(|it| it.pid == 1 && it.mntns != 0);
    if let Some(init) = init {
        return Some([init.mntns, init.netns]);
    }
    let proc = host.proc();
    let own = |kind| proc.stat(format!("self/ns/{kind}")).map(|stat| stat.ino);
    if proc.is_own() { Some([own("mnt")?, own("net")?]) } else { None }
}

/// The executable of the process's parent; none for a parent in the kernel.
fn parent(host: &Host<'_>, process: &Process) -> Option<String> {
    let processes = host.processes();
    let at = processes.binary_search_by_key(&process.ppid, |process| process.pid).ok()?;
    let exe = processes.get(at)?.exe.to_string_lossy().into_owned();
    (!exe.is_empty()).then_some(exe)
}
