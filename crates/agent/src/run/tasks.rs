//! What the server asked for and is still being done.

use muster_model::Kind;
use muster_model::report::TaskDone;
use std::collections::{BTreeMap, BTreeSet};

/// Tasks at a time; more are refused.
const MOST: usize = 16;

/// The tasks in hand.
pub(super) struct Tasks {
    allowed: bool,
    enabled: Vec<Kind>,
    open: Vec<Open>,
}

struct Open {
    id: String,
    left: BTreeSet<Kind>,
    failed: BTreeMap<Kind, String>,
}

impl Open {
    fn done(self) -> TaskDone {
        TaskDone { id: self.id, error: None, failed: self.failed }
    }
}

impl Tasks {
    /// `allowed`: the host's owner lets the server ask for sweeps.
    pub(super) fn new(allowed: bool, enabled: Vec<Kind>) -> Self {
        Self { allowed, enabled, open: Vec::new() }
    }

    /// Takes a task in hand, or says why not. A task known already is neither.
    pub(super) fn accept(
        &mut self,
        id: &str,
        kinds: &[Kind],
        is_done: impl Fn(&str) -> bool,
    ) -> Option<TaskDone> {
        if is_done(id) || self.open.iter().any(|open| open.id == id) {
            return None;
        }
        let refuse = |why: &str| {
            Some(TaskDone { id: id.to_owned(), error: Some(why.to_owned()), ..TaskDone::default() })
        };
        if !self.allowed {
            return refuse("the host does not allow collection on request");
        }
        if self.open.len() >= MOST {
            return refuse("too many tasks at a time");
        }
        let (left, off): (BTreeSet<Kind>, BTreeSet<Kind>) =
            kinds.iter().copied().partition(|kind| self.enabled.contains(kind));
        let off = off.into_iter().map(|kind| (kind, "switched off on the host".to_owned()));
        let open = Open { id: id.to_owned(), left, failed: off.collect() };
        if open.left.is_empty() {
            return Some(open.done());
        }
        self.open.push(open);
        None
    }

    /// The kinds that are asked for.
    pub(super) fn kinds(&self) -> impl Iterator<Item = Kind> {
        self.open.iter().flat_map(|open| open.left.iter().copied())
    }

    /// These kinds were swept, those among them that failed for the reason given.
    pub(super) fn swept(&mut self, kinds: &[Kind], failed: &BTreeMap<Kind, String>) {
        for open in &mut self.open {
            for kind in open.left.extract_if(.., |kind| kinds.contains(kind)) {
                open.failed.extend(failed.get(&kind).map(|why| (kind, why.clone())));
            }
        }
    }

    /// The tasks that are done by now.
    pub(super) fn take_done(&mut self) -> Vec<TaskDone> {
        self.open.extract_if(.., |open| open.left.is_empty()).map(Open::done).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_is_done_when_all_its_kinds_are_swept_and_is_taken_once() {
        let mut tasks = Tasks::new(true, Kind::ALL.to_vec());
        let kinds = [Kind::Port, Kind::App];
        assert_eq!(tasks.accept("a", &kinds, |_| false), None);
        assert_eq!(tasks.accept("a", &kinds, |_| false), None);
        tasks.swept(&[Kind::Port], &BTreeMap::new());
        assert_eq!(tasks.take_done(), []);
        let failed = [Kind::App, Kind::Users].map(|kind| (kind, "why".to_owned()));
        tasks.swept(&[Kind::App, Kind::Users], &BTreeMap::from(failed));
        let failed = BTreeMap::from([(Kind::App, "why".to_owned())]);
        assert_eq!(tasks.take_done(), [TaskDone { id: "a".into(), error: None, failed }]);
        assert_eq!(tasks.accept("a", &kinds, |id| id == "a"), None);
        assert_eq!(tasks.kinds().count(), 0);
    }

    #[test]
    fn the_hosts_owner_has_the_last_word() {
        let error = |tasks: &mut Tasks, id: &str| {
            tasks.accept(id, &[Kind::Port], |_| false).and_then(|done| done.error)
        };
        assert!(error(&mut Tasks::new(false, Kind::ALL.to_vec()), "a").unwrap().contains("allow"));
        let mut some = Tasks::new(true, vec![Kind::App]);
        let done = some.accept("a", &[Kind::Port], |_| false).unwrap();
        assert!(done.error.is_none() && done.failed[&Kind::Port].contains("switched off"));
        assert_eq!(some.accept("b", &[Kind::Port, Kind::App], |_| false), None);
        some.swept(&[Kind::App], &BTreeMap::new());
        let done = some.take_done();
        assert!(done[0].failed.keys().eq([&Kind::Port]), "the rest of a task is done");
        let mut tasks = Tasks::new(true, Kind::ALL.to_vec());
        for id in 0..MOST {
            assert_eq!(error(&mut tasks, &id.to_string()), None);
        }
        assert!(error(&mut tasks, "more").unwrap().contains("too many"));
    }
}
