//! What a collector looked at, and whether it still looks the same.

use super::root::Root;
use super::stat::{Signature, Stat};
use crate::proc::Proc;
use crate::processes::ProcessTable;
use crate::processes::detail::Held;
use muster_model::Micros;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Content that has no time stamps to go by is remembered by its SHA-256.
type ContentHash = [u8; 32];

/// Everything one run of a collector depended on.
#[derive(Debug, Default)]
pub(crate) struct Touched {
    followed: HashMap<PathBuf, Option<Signature>>,
    links: HashMap<PathBuf, Option<Signature>>,
    contents: HashMap<PathBuf, Option<ContentHash>>,
    held: Vec<Held>,
}

impl Touched {
    /// The first look counts: a file that changes during the run must look changed afterwards.
    pub(crate) fn stat(&mut self, path: &Path, follow: bool, stat: Option<&Stat>) {
        let seen = if follow { &mut self.followed } else { &mut self.links };
        if !seen.contains_key(path) {
            seen.insert(path.to_owned(), stat.map(Stat::signature));
        }
    }

    pub(crate) fn content(&mut self, path: &Path, content: Option<&[u8]>) {
        if !self.contents.contains_key(path) {
            self.contents.insert(path.to_owned(), content.map(sha256));
        }
    }

    pub(crate) fn held(&mut self, held: Held) {
        self.held.push(held);
    }

    /// Does everything still look as it did at `at`, when it was touched? In each sweep another part of
    /// the processes is looked at thoroughly.
    pub(crate) fn is_unchanged(&self, root: &Root, proc: &Proc, at: Micros, sweep: u64) -> bool {
        let due = |held: &Held| ProcessTable::is_due(held.pid(), sweep);
        let same = |(path, seen): (&PathBuf, &Option<Signature>), follow| {
            let now = root.stat(path, follow).ok().map(|stat| stat.signature());
            now == *seen && seen.is_none_or(|signature| signature.is_settled(at))
        };
        self.followed.iter().all(|seen| same(seen, true))
            && self.links.iter().all(|seen| same(seen, false))
            && self.contents.iter().all(|(path, seen)| {
                proc.read(path, Proc::MAX_BYTES).ok().as_deref().map(sha256) == *seen
            })
            && self.held.iter().all(|held| held.is_same(proc, due(held)))
    }
}

fn sha256(content: &[u8]) -> ContentHash {
    let mut hash = [0; 32];
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, content);
    for (to, from) in hash.iter_mut().zip(digest.as_ref()) {
        *to = *from;
    }
    hash
}
