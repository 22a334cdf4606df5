//! Which process holds a socket.
//!
//! Only `/proc/PID/fd` tells, at some 4 µs a descriptor, which on a host with many connections is most of
//! what a sweep costs. So the holders found are remembered with the descriptor they hold the socket by, and
//! one look at that confirms them; only for a new socket are the processes gone through, each one's lowest
//! descriptors first, because servers open their listeners early.

use crate::host::Host;
use crate::proc::Proc;
use crate::processes::Process;
use muster_model::Micros;
use rustix::fs::{RawDir, SeekFrom, readlinkat_raw, seek};
use std::collections::{HashMap, HashSet};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;

/// Every this many searches even those sockets are looked for again whose holder would have to be an old
/// process that was handed them.
const FULL_EVERY: u32 = 16;

/// What is remembered from sweep to sweep.
#[derive(Default)]
pub(super) struct Holders {
    known: HashMap<u64, Holder>,
    /// Sockets that no process held: the kernel's own, or of processes that may not be looked into.
    nobody: HashSet<u64>,
    /// The processes of the last search, by start.
    searched: HashMap<u32, Micros>,
    searches: u32,
}

#[derive(Clone, Copy)]
struct Holder {
    pid: u32,
    start: Micros,
    descriptor: u32,
}

/// The order among several holders: workers come after the process that forked them, and whoever only holds
/// a socket to start its service, as systemd does, comes after all.
pub(super) fn rank(process: &Process) -> (bool, Micros, u32) {
    (is_activator(process), process.start, process.pid)
}

fn is_activator(process: &Process) -> bool {
    process.pid == 1 || process.comm == "systemd"
}

impl Holders {
    /// The holders of the sockets with these inode numbers.
    pub(super) fn find<'a>(
        &mut self,
        host: &Host<'a>,
        sockets: HashSet<u64>,
    ) -> HashMap<u64, &'a Arc<Process>> {
        self.searches = self.searches.wrapping_add(1);
        let full = self.searches.is_multiple_of(FULL_EVERY);
        self.known.retain(|inode, _| sockets.contains(inode));
        self.nobody.retain(|inode| sockets.contains(inode) && !full);
        let mut found = HashMap::with_capacity(sockets.len());
        // Those that any process may hold, and those that only a new one can have got.
        let (mut fresh, mut waiting) = (HashSet::new(), HashSet::new());
        for inode in sockets {
            match self.known.get(&inode).and_then(|holder| confirm(host, inode, holder)) {
                Some(process) => {
                    if is_activator(process) {
                        if full {
                            fresh.insert(inode)
                        } else {
                            waiting.insert(inode)
                        };
                    }
                    found.insert(inode, process);
                }
                None if self.nobody.contains(&inode) => {
                    waiting.insert(inode);
                }
                None => {
                    fresh.insert(inode);
                }
            }
        }
        self.search(host, fresh, waiting, &mut found);
        self.searched =
            host.everyone().iter().map(|process| (process.pid, process.start)).collect();
        found
    }

    fn search<'a>(
        &mut self,
        host: &Host<'a>,
        mut fresh: HashSet<u64>,
        mut waiting: HashSet<u64>,
        found: &mut HashMap<u64, &'a Arc<Process>>,
    ) {
        let is_new = |process: &Process| self.searched.get(&process.pid) != Some(&process.start);
        let namespaces: HashSet<u64> =
            host.processes().iter().map(|process| process.netns).collect();
        // Whoever shares a namespace with the place: containers of a pod, and those in the host's network.
        let near = |process: &&Arc<Process>| !process.kernel && namespaces.contains(&process.netns);
        let mut processes: Vec<_> = host.everyone().iter().filter(near).collect();
        processes.sort_by_key(|process| rank(process));
        let mut rest = Vec::new();
        for round in [Round::Lowest, Round::Rest] {
            let candidates = match round {
                Round::Lowest => processes.iter().map(|&process| (process, 0)).collect(),
                Round::Rest => std::mem::take(&mut rest),
            };
            for (process, from) in candidates {
                let new = is_new(process);
                if fresh.is_empty() && (waiting.is_empty() || !new) {
                    continue;
                }
                let more =
                    descriptors(host.proc(), process.pid, from, round, &mut |number, inode| {
                        if fresh.remove(&inode) || (new && waiting.remove(&inode)) {
                            let holder = Holder {
                                pid: process.pid,
                                start: process.start,
                                descriptor: number,
                            };
                            self.known.insert(inode, holder);
                            self.nobody.remove(&inode);
                            found.insert(inode, process);
                        }
                    });
                rest.extend(more.map(|next| (process, next)));
            }
        }
        // An activator's socket searched for again in vain stays the activator's.
        self.nobody.extend(fresh.into_iter().filter(|inode| !found.contains_key(inode)));
    }
}

/// The process, if it still holds the socket by the same descriptor.
fn confirm<'a>(host: &Host<'a>, inode: u64, holder: &Holder) -> Option<&'a Arc<Process>> {
    let processes = host.everyone();
    let at = processes.binary_search_by_key(&holder.pid, |process| process.pid).ok()?;
    let process = processes.get(at).filter(|process| process.start == holder.start)?;
    let target = host.proc().link(format!("{}/fd/{}", holder.pid, holder.descriptor))?;
    (socket(target.as_os_str().as_encoded_bytes()) == Some(inode)).then_some(process)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Round {
    /// The lowest descriptors: what one call with a small buffer tells.
    Lowest,
    Rest,
}

/// Calls `each` with the sockets among a process's descriptors from the cookie `from` on. Gives the cookie to
/// go on from if there are more.
fn descriptors(
    proc: &Proc,
    pid: u32,
    from: u64,
    round: Round,
    each: &mut dyn FnMut(u32, u64),
) -> Option<u64> {
    let (mut small, mut large);
    let buffer: &mut [MaybeUninit<u8>] = match round {
        // 64 descriptors besides the two dots.
        Round::Lowest => {
            small = [MaybeUninit::uninit(); 66 * 24];
            &mut small
        }
        Round::Rest => {
            large = [MaybeUninit::uninit(); 16 * 1024];
            &mut large
        }
    };
    let room = buffer.len();
    let dir = proc.listing(format!("{pid}/fd")).ok()?;
    if from > 0 {
        seek(&dir, SeekFrom::Start(from)).ok()?;
    }
    let mut entries = RawDir::new(&dir, buffer);
    let mut used = 0;
    while let Some(Ok(entry)) = entries.next() {
        let (name, cookie) = (entry.file_name(), entry.next_entry_cookie());
        // The kernel's entry: 19 bytes, the name, its NUL, padding to 8.
        used += (20 + name.count_bytes()).next_multiple_of(8);
        if let Some(number) = name.to_str().ok().and_then(|name| name.parse().ok())
            && let Some(inode) = socket_at(&dir, name)
        {
            each(number, inode);
        }
        if round == Round::Lowest && entries.is_buffer_empty() {
            // With room left for another entry these were all.
            return (used + 40 > room).then_some(cookie);
        }
    }
    None
}

/// The inode number of the socket a descriptor leads to.
fn socket_at(dir: &OwnedFd, name: &std::ffi::CStr) -> Option<u64> {
    let mut buffer = [MaybeUninit::uninit(); 32];
    let (target, _) = readlinkat_raw(dir.as_fd(), name, &mut buffer).ok()?;
    socket(target)
}

/// `socket:[4711]` → 4711.
fn socket(target: &[u8]) -> Option<u64> {
    let digits = target.strip_prefix(b"socket:[")?.strip_suffix(b"]")?;
    str::from_utf8(digits).ok()?.parse().ok()
}
