//! The difference between what the server holds of a scope and what the last sweep saw.

use super::{Acknowledged, Current};
use muster_model::report::{Body, Row, RowKey, Volatile, digest};
use std::cmp::Ordering;
use std::sync::Arc;

/// A row as it is remembered after its content was sent: its name and a hash of its volatile part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// The row's name.
    pub key: RowKey,
    /// Hash of its volatile part, access time aside.
    pub volatile: u64,
}

/// The rows in their remembered form.
pub(super) fn held(keys: &[RowKey], rows: &[Row]) -> Arc<[Held]> {
    let held = |(key, row): (&RowKey, &Row)| Held { key: *key, volatile: hash(key, &row.volatile) };
    keys.iter().zip(rows).map(held).collect()
}

fn hash(key: &RowKey, volatile: &Volatile) -> u64 {
    if *volatile == (Volatile { atime: volatile.atime, ..Volatile::default() }) {
        return 0;
    }
    let hash = digest([(key, volatile)]).0;
    hash.iter().take(8).fold(0, |sum, byte| (sum << 8) | u64::from(*byte))
}

/// What to say of a scope; nothing when the content is not at hand.
pub(super) fn body(current: &Current, known: Option<&Acknowledged>) -> Option<Body> {
    let Some(known) = known else {
        return current.rows.as_ref().map(|rows| Body::Full { rows: rows.to_vec() });
    };
    if known.digest == current.digest {
        return Some(Body::Same);
    }
    let (added, removed) = difference(&known.held, &current.held, current.rows.as_deref()?);
    Some(Body::Delta { base: known.digest, added, removed })
}

/// Rows that a body carries.
pub(super) fn size(body: &Body) -> usize {
    match body {
        Body::Full { rows } | Body::Delta { added: rows, .. } => rows.len(),
        Body::Same | Body::Gone => 0,
    }
}

/// Rows to add to and to remove from `before` to get `after`; `rows` are the content of `after`. Both
/// are sorted by key.
fn difference(before: &[Held], after: &[Held], rows: &[Row]) -> (Vec<Row>, Vec<RowKey>) {
    let mut before = before.iter().peekable();
    let mut added = Vec::new();
    let mut removed = Vec::new();
    for (held, row) in after.iter().zip(rows) {
        while let Some(old) = before.next_if(|old| old.key < held.key) {
            removed.push(old.key);
        }
        match before.next_if(|old| old.key.cmp(&held.key) == Ordering::Equal) {
            Some(old) if old.volatile == held.volatile => {}
            _ => added.push(row.clone()),
        }
    }
    removed.extend(before.map(|old| old.key));
    (added, removed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use muster_model::{Column, Fact, Kind};
    use proptest::prelude::*;

    fn rows(names: &[(u8, u32)]) -> Vec<Row> {
        let mut rows: Vec<Row> = names
            .iter()
            .map(|(name, pid)| {
                let mut fact = Fact::new(Kind::Process);
                fact.set(Column::Name, name.to_string());
                Row { fact, seq: 0, volatile: Volatile { pid: Some(*pid), ..Volatile::default() } }
            })
            .collect();
        rows.sort_by_key(Row::key);
        rows.dedup_by_key(|row| row.key());
        rows
    }

    proptest! {
        #[test]
        fn applied_to_the_old_state_it_gives_the_new_one(
            before in prop::collection::vec((0u8..20, 0u32..3), 0..20),
            after in prop::collection::vec((0u8..20, 0u32..3), 0..20),
        ) {
            let (before, after) = (rows(&before), rows(&after));
            let names = |rows: &[Row]| rows.iter().map(Row::key).collect::<Vec<_>>();
            let held = |rows: &[Row]| held(&names(rows), rows);
            let (added, removed) = difference(&held(&before), &held(&after), &after);
            let mut state: std::collections::BTreeMap<RowKey, Row> =
                before.iter().map(|row| (row.key(), row.clone())).collect();
            for key in &removed {
                prop_assert!(state.remove(key).is_some());
            }
            let untouched = after.iter().filter(|row| before.contains(row)).count();
            prop_assert_eq!(added.len(), after.len() - untouched);
            state.extend(added.into_iter().map(|row| (row.key(), row)));
            prop_assert_eq!(state.into_values().collect::<Vec<_>>(), after);
        }
    }
}
