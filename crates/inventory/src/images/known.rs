//! What was found in layers, so that images that share some do not cost them again.
//!
//! A layer never changes, and its folder is of it alone as long as the store has it; so a folder is told by its path, its inode and
//! when that changed. What is kept is bounded by the number of facts: the agent is small, and images of one host share few bases.

use crate::files::root::Root;
use crate::images::layers::Layered;
use muster_model::Fact;
use std::collections::{HashMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Facts kept at most.
const MAX_FACTS: usize = 20_000;
/// What an entry without facts counts for.
const AT_LEAST: usize = 16;

/// A layer's folder.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Folder {
    path: PathBuf,
    signature: (u64, u64, i64),
}

/// What was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Key {
    /// Packages of applications in the files of one layer.
    Applications(Folder),
    /// Packages of the system after these layers, from the lowest.
    Packages(Vec<Folder>),
}

/// What was found, the oldest first to go.
#[derive(Debug, Default)]
pub(crate) struct Known {
    found: HashMap<Key, Arc<Vec<Fact>>>,
    order: VecDeque<Key>,
    facts: usize,
}

/// The folders of an image, from the lowest layer; none of one that cannot be looked at.
pub(crate) fn folders(host: &Root, image: &Layered) -> Option<Vec<Folder>> {
    let folder = |path: &PathBuf| {
        let stat = host.stat(Path::new(path), true).ok()?;
        Some(Folder { path: path.clone(), signature: (stat.dev, stat.ino, stat.ctime.0) })
    };
    image.folders.iter().rev().map(folder).collect()
}

impl Known {
    pub(crate) fn get(&self, key: &Key) -> Option<Arc<Vec<Fact>>> {
        self.found.get(key).cloned()
    }

    pub(crate) fn keep(&mut self, key: Key, facts: Arc<Vec<Fact>>) {
        let weight = facts.len().max(AT_LEAST);
        if weight > MAX_FACTS || self.found.contains_key(&key) {
            return;
        }
        while self.facts + weight > MAX_FACTS {
            let Some(oldest) = self.order.pop_front() else { break };
            let gone = self.found.remove(&oldest).map_or(0, |it| it.len().max(AT_LEAST));
            self.facts = self.facts.saturating_sub(gone);
        }
        self.facts += weight;
        self.order.push_back(key.clone());
        self.found.insert(key, facts);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use muster_model::Kind;

    fn key(nth: u64) -> Key {
        Key::Applications(Folder { path: PathBuf::new(), signature: (0, nth, 0) })
    }

    #[test]
    fn the_oldest_goes_where_there_is_too_much() {
        let mut known = Known::default();
        let facts = |count| Arc::new(vec![Fact::new(Kind::App); count]);
        known.keep(key(0), facts(MAX_FACTS + 1));
        assert!(known.get(&key(0)).is_none());
        known.keep(key(1), facts(MAX_FACTS / 2));
        known.keep(key(2), facts(0));
        known.keep(key(3), facts(MAX_FACTS / 2));
        assert!(known.get(&key(1)).is_none());
        assert_eq!(known.get(&key(3)).map(|it| it.len()), Some(MAX_FACTS / 2));
        assert!(known.get(&key(2)).is_some());
        for nth in 10..20_000 {
            known.keep(key(nth), facts(0));
        }
        assert_eq!(
            (known.found.len(), known.order.len()),
            (MAX_FACTS / AT_LEAST, MAX_FACTS / AT_LEAST)
        );
    }
}
