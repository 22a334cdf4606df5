//! What became of a scope: which rows to write, which intervals ended, what to tell.
//!
//! Pure: the ids of facts are already known, nothing here talks to the database.

use muster_model::report::Volatile;
use muster_model::{Kind, Micros};
use std::collections::{BTreeMap, HashMap};

/// A row of a scope as it is to be, or as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) fact: i64,
    pub(super) seq: u32,
    pub(super) volatile: Volatile,
    /// Since when; of a new row not known yet.
    pub(super) first_seen: Micros,
}

/// What has to be written.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// Rows to insert or overwrite.
    pub(super) write: Vec<Place>,
    /// Rows to delete: fact and sequence.
    pub(super) delete: Vec<(i64, u32)>,
    /// Intervals that ended.
    pub(super) ended: Vec<Place>,
    /// Intervals that began.
    pub(super) begun: Vec<Place>,
}

/// What makes two rows one occurrence. A process is its start: workers of equal content change places in
/// the sequence when one of them ends, and a restarted one is another process.
fn instance(kind: Kind, place: &Place) -> (i64, u32, Option<u32>, Option<Micros>) {
    match kind {
        Kind::Process => (place.fact, 0, place.volatile.pid, place.volatile.started),
        _ => (place.fact, place.seq, None, None),
    }
}

/// Compares rows before (`old`) and after (`new`) a change at `at`.
pub(super) fn diff(kind: Kind, old: &[Place], new: Vec<Place>, at: Micros) -> Outcome {
    let mut outcome = Outcome::default();
    let mut instances: HashMap<_, Vec<Place>> = HashMap::new();
    for place in old {
        instances.entry(instance(kind, place)).or_default().push(*place);
    }
    let mut rows: BTreeMap<(i64, u32), Place> =
        old.iter().map(|place| ((place.fact, place.seq), *place)).collect();
    for mut place in new {
        match instances.get_mut(&instance(kind, &place)).and_then(Vec::pop) {
            Some(before) => place.first_seen = before.first_seen,
            None => {
                place.first_seen = at;
                outcome.begun.push(place);
            }
        }
        if rows.remove(&(place.fact, place.seq)) != Some(place) {
            outcome.write.push(place);
        }
    }
    outcome.delete = rows.into_keys().collect();
    outcome.ended = instances.into_values().flatten().collect();
    outcome.ended.sort_unstable_by_key(|place| (place.fact, place.seq));
    outcome.write.sort_unstable_by_key(|place| (place.fact, place.seq));
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn place(fact: i64, seq: u32, pid: u32, first_seen: i64) -> Place {
        let volatile = Volatile {
            pid: Some(pid),
            started: Some(Micros(pid as i64)),
            ctime: None,
            mtime: None,
            atime: None,
        };
        Place { fact, seq, volatile, first_seen: Micros(first_seen) }
    }

    #[test]
    fn a_worker_that_ends_moves_the_others_up_but_is_alone_gone() {
        let old = [place(1, 0, 10, 5), place(1, 1, 11, 6), place(1, 2, 12, 7)];
        let new = vec![place(1, 0, 11, 0), place(1, 1, 12, 0), place(1, 2, 20, 0)];
        let outcome = diff(Kind::Process, &old, new, Micros(9));
        assert_eq!(outcome.ended, [place(1, 0, 10, 5)]);
        assert_eq!(outcome.begun, [place(1, 2, 20, 9)]);
        assert_eq!(outcome.write, [place(1, 0, 11, 6), place(1, 1, 12, 7), place(1, 2, 20, 9)]);
        assert_eq!(outcome.delete, []);
    }

    #[test]
    fn a_new_pid_of_a_port_is_no_change() {
        let outcome = diff(Kind::Port, &[place(1, 0, 10, 5)], vec![place(1, 0, 11, 0)], Micros(9));
        assert_eq!(outcome.write, [place(1, 0, 11, 5)]);
        assert_eq!((outcome.ended, outcome.begun, outcome.delete), (vec![], vec![], vec![]));
    }

    #[test]
    fn equal_rows_are_not_written() {
        let old = [place(1, 0, 10, 5), place(2, 0, 11, 6)];
        let outcome = diff(Kind::App, &old, vec![place(1, 0, 10, 0), place(3, 0, 1, 0)], Micros(9));
        assert_eq!(outcome.write, [place(3, 0, 1, 9)]);
        assert_eq!(outcome.begun, [place(3, 0, 1, 9)]);
        assert_eq!(outcome.ended, [place(2, 0, 11, 6)]);
        assert_eq!(outcome.delete, [(2, 0)]);
    }
}
