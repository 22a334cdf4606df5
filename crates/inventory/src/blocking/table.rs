//! What the answers follow from: which control groups may run what, and what was kept from running.

use muster_model::container::{MAX_DETAIL, MAX_SIGNS};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Shared by the sweep and the answers. It is never held while anything is asked of the kernel: others wait for the answers.
#[derive(Default)]
pub(super) struct Table(Mutex<State>);

#[derive(Default)]
struct State {
    /// By control group.
    bound: HashMap<String, Bound>,
    /// By container.
    blocked: BTreeMap<String, BTreeSet<String>>,
}

#[derive(Clone)]
pub(super) struct Bound {
    /// The container's id.
    pub(super) container: String,
    /// What it may run.
    pub(super) programs: Arc<BTreeSet<String>>,
}

impl Table {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Each container's control group, its id, and what it may run.
    pub(super) fn set(&self, all: Vec<(String, String, Arc<BTreeSet<String>>)>) {
        let mut state = self.state();
        let each = all.into_iter();
        state.bound = each
            .map(|(group, container, programs)| (group, Bound { container, programs }))
            .collect();
        let State { bound, blocked } = &mut *state;
        let ids: BTreeSet<&str> = bound.values().map(|it| it.container.as_str()).collect();
        blocked.retain(|container, _| ids.contains(container.as_str()));
    }

    /// What holds for a process of this control group.
    pub(super) fn of(&self, cgroup: &str) -> Option<Bound> {
        let state = self.state();
        let ends = cgroup.match_indices('/').map(|(at, _)| at).chain([cgroup.len()]).skip(1);
        let mut above = ends.filter_map(|end| cgroup.get(..end));
        above.find_map(|group| state.bound.get(group)).cloned()
    }

    /// A container was kept from running a program. True if that is news.
    pub(super) fn block(&self, container: &str, evidence: &str) -> bool {
        let mut state = self.state();
        let blocked = state.blocked.entry(container.to_owned()).or_default();
        let evidence: String = evidence.chars().take(MAX_DETAIL / 4).collect();
        blocked.len() < MAX_SIGNS && blocked.insert(evidence)
    }

    /// What a container was kept from.
    pub(super) fn blocked(&self, container: &str) -> BTreeSet<String> {
        self.state().blocked.get(container).cloned().unwrap_or_default()
    }
}

/// Of a process's control group the part that is its container's: up to where the container's id stands.
pub(super) fn group<'g>(cgroup: &'g str, id: &str) -> Option<&'g str> {
    let at = cgroup.find(id).filter(|_| !id.is_empty())?;
    let end = cgroup.get(at..)?.find('/').map_or(cgroup.len(), |end| at + end);
    cgroup.get(..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_is_known_by_its_group_and_all_below() {
        assert_eq!(
            group("/system.slice/docker-ab.scope/init", "ab"),
            Some("/system.slice/docker-ab.scope")
        );
        assert_eq!(group("/libpod_parent/libpod-ab", "ab"), Some("/libpod_parent/libpod-ab"));
        assert_eq!(group("/x", "ab"), None);
        assert_eq!(group("/x", ""), None);

        let table = Table::default();
        let programs = Arc::new(BTreeSet::from(["/bin/a".to_owned()]));
        table.set(vec![("/docker/ab".to_owned(), "ab".to_owned(), programs)]);
        let of = |group| table.of(group).map(|it| it.container);
        for inside in ["/docker/ab", "/docker/ab/", "/docker/ab/init.scope/x"] {
            assert_eq!(of(inside).as_deref(), Some("ab"), "{inside}");
        }
        for outside in ["", "/", "/docker", "/docker/abc", "/docker/a", "/x/docker/ab"] {
            assert_eq!(of(outside), None, "{outside}");
        }
    }

    #[test]
    fn what_was_blocked_is_told_once_and_forgotten_with_its_container() {
        let table = Table::default();
        let programs = Arc::new(BTreeSet::new());
        table.set(vec![("/docker/ab".to_owned(), "ab".to_owned(), programs)]);
        assert!(table.block("ab", "/tmp/x"));
        assert!(!table.block("ab", "/tmp/x"));
        for n in 0..2 * MAX_SIGNS {
            table.block("ab", &n.to_string());
        }
        assert_eq!(table.blocked("ab").len(), MAX_SIGNS);
        table.set(Vec::new());
        assert!(table.blocked("ab").is_empty());
    }
}
