//! Programs that ended before a sweep could see them.
//!
//! One is held for each executable, container and user; it is told once, and the same command line not again for an
//! hour, so that health checks and scheduled jobs cost one row and not one a run.

use crate::files::Stat;
use crate::processes::Process;
use std::collections::HashMap;
use std::fs::File;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

/// Programs held at a time.
const MOST: usize = 512;
/// Of these of one mount namespace, so that no container crowds out the others.
const MOST_OF_ONE: usize = 64;
/// Programs remembered as told.
const MOST_TOLD: usize = 4_096;
/// Command lines remembered of each.
const MOST_ARGUMENTS: usize = 8;
/// How long a command line that was told is not told again.
const AGAIN: Duration = Duration::from_secs(3_600);

/// An executable in a mount namespace, run by a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    /// Device and inode of the executable.
    pub(super) exe: (u64, u64),
    /// Inode number of the mount namespace.
    pub(super) mntns: u64,
    /// The user.
    pub(super) uid: u32,
}

/// A program that was read when it started.
#[derive(Debug)]
pub(crate) struct Ended {
    /// The process as it was.
    pub(crate) process: Process,
    /// Its executable's metadata.
    pub(crate) stat: Stat,
    /// Its executable until it is hashed, unless too many are open already: an open file keeps a file system from being
    /// unmounted.
    pub(crate) file: Mutex<Option<File>>,
    /// The hash of its executable, once it was asked for.
    pub(crate) hash: OnceLock<Option<String>>,
    /// Device and inode of its root.
    pub(crate) root: Option<(u64, u64)>,
    /// The executable of its parent; empty if that was not to be seen.
    pub(crate) parent: String,
}

/// What to do about a program that starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Note {
    /// Read it; these are its arguments' hash, and whether its executable may be kept open.
    Read { arguments: u64, open: bool },
    /// One like it is held already, or was told lately.
    Known,
    /// There is no room.
    Full,
}

/// What is held and what was told.
#[derive(Debug, Default)]
pub(super) struct Programs {
    held: HashMap<Key, Held>,
    told: HashMap<Key, Told>,
    pub(super) missed: u64,
    pub(super) left_out: u64,
}

#[derive(Debug)]
struct Held {
    arguments: u64,
    program: Arc<Ended>,
    /// No sweep will see it.
    over: bool,
    /// A sweep has told of it.
    shown: bool,
}

#[derive(Debug)]
struct Told {
    arguments: Vec<u64>,
    at: Instant,
}

impl Programs {
    /// Executables kept open at a time.
    const MOST_OPEN: usize = 128;

    pub(super) fn wants(
        &mut self,
        key: &Key,
        arguments: impl FnOnce() -> u64,
        now: Instant,
    ) -> Note {
        if self.held.contains_key(key) {
            return Note::Known;
        }
        let arguments = arguments();
        if let Some(told) = self.told.get(key)
            && now.saturating_duration_since(told.at) < AGAIN
            && told.arguments.contains(&arguments)
        {
            return Note::Known;
        }
        let same = self.held.keys().filter(|held| held.mntns == key.mntns).count();
        if self.held.len() >= MOST || same >= MOST_OF_ONE {
            self.left_out += 1;
            return Note::Full;
        }
        Note::Read { arguments, open: self.held.len() < Self::MOST_OPEN }
    }

    pub(super) fn hold(&mut self, key: Key, arguments: u64, program: Ended) {
        let program = Arc::new(program);
        self.held.insert(key, Held { arguments, program, over: false, shown: false });
    }

    /// Forgets what the sweep saw alive, and gives what has ended.
    pub(super) fn ended(
        &mut self,
        alive: &[Arc<Process>],
        is_still: impl Fn(&Process) -> bool,
    ) -> Vec<Arc<Ended>> {
        self.held.retain(|_, held| held.over || !is_seen(&held.program.process, alive));
        for held in self.held.values_mut().filter(|held| !held.over) {
            held.over = !is_still(&held.program.process);
        }
        let over = self.held.values_mut().filter(|held| held.over);
        let mut ended: Vec<Arc<Ended>> = over
            .map(|held| {
                held.shown = true;
                Arc::clone(&held.program)
            })
            .collect();
        ended.sort_by_key(|ended| (ended.process.start_ticks, ended.process.pid));
        ended
    }

    /// Forgets a program that nothing can be told of.
    pub(super) fn forget(&mut self, program: &Arc<Ended>) {
        self.held.retain(|_, held| !Arc::ptr_eq(&held.program, program));
        self.left_out += 1;
    }

    /// What was shown was told; whether there was any.
    pub(super) fn told(&mut self, now: Instant) -> bool {
        let shown: Vec<(Key, Held)> = self.held.extract_if(|_, held| held.shown).collect();
        if self.told.len() + shown.len() > MOST_TOLD {
            self.told.retain(|_, told| now.saturating_duration_since(told.at) < AGAIN);
        }
        if self.told.len() + shown.len() > MOST_TOLD {
            self.told.clear();
        }
        let any = !shown.is_empty();
        for (key, held) in shown {
            let told =
                self.told.entry(key).or_insert_with(|| Told { arguments: Vec::new(), at: now });
            if now.saturating_duration_since(told.at) >= AGAIN
                || told.arguments.len() == MOST_ARGUMENTS
            {
                *told = Told { arguments: Vec::new(), at: now };
            }
            told.arguments.push(held.arguments);
        }
        any
    }
}

/// Whether the sweep saw the process run this program. One that executed another has ended as what it was.
fn is_seen(process: &Process, alive: &[Arc<Process>]) -> bool {
    alive
        .binary_search_by_key(&process.pid, |process| process.pid)
        .ok()
        .and_then(|at| alive.get(at))
        .is_some_and(|it| it.start_ticks == process.start_ticks && it.exe == process.exe)
}
