//! The sightings of one scope.

use super::Target;
use super::scopes::Scope;
use crate::Tx;
use crate::assets::assemble::read_volatile;
use crate::assets::diff::{Outcome, Place};
use crate::db::{Bind, Row, binds};
use muster_model::Result;
use muster_model::report::Volatile;
use std::collections::BTreeMap;

const PLACE: &str =
    "SELECT fact, seq, pid, started, ctime, mtime, atime, first_seen FROM sightings";

fn places(rows: &[Row]) -> Result<Vec<Place>> {
    rows.iter()
        .map(|row| {
            let mut cells = row.cells();
            Ok(Place {
                fact: cells.take()?,
                seq: cells.take()?,
                volatile: read_volatile(&mut cells)?,
                first_seen: cells.take()?,
            })
        })
        .collect()
}

/// Every row of the scope.
pub(super) async fn of_scope(tx: &mut Tx, target: Target, scope: &Scope) -> Result<Vec<Place>> {
    let sql = format!("{PLACE} WHERE host = ? AND kind = ? AND container = ?");
    places(&tx.all(sql, binds![target.host, scope.kind.code(), scope.container]).await?)
}

/// The rows of the scope that have these facts.
pub(super) async fn of_facts(
    tx: &mut Tx,
    target: Target,
    scope: &Scope,
    facts: impl Iterator<Item = i64>,
) -> Result<Vec<Place>> {
    let mut facts: Vec<i64> = facts.collect();
    facts.sort_unstable();
    facts.dedup();
    let head = format!("{PLACE} WHERE host = ? AND container = ? AND fact");
    let keys = facts.into_iter().map(Bind::from).collect();
    places(&tx.all_in(&head, binds![target.host, scope.container], keys).await?)
}

/// Writes the rows as they are now, and the intervals that ended.
pub(super) async fn write(
    tx: &mut Tx,
    target: Target,
    scope: &Scope,
    outcome: &Outcome,
) -> Result<()> {
    // One statement a sequence number, and nearly all have 0: SQLite does not use the primary key for a list
    // of pairs.
    let mut gone: BTreeMap<u32, Vec<Bind>> = BTreeMap::new();
    for (fact, seq) in &outcome.delete {
        gone.entry(*seq).or_default().push((*fact).into());
    }
    for (seq, facts) in gone {
        let head = "DELETE FROM sightings WHERE host = ? AND container = ? AND seq = ? AND fact";
        tx.all_in(head, binds![target.host, scope.container, seq], facts).await?;
    }

    let mut values = Vec::with_capacity(outcome.write.len() * 11);
    for place in &outcome.write {
        values.extend(sighting(target, scope, place));
    }
    tx.bulk_insert(
        "INSERT INTO sightings (fact, host, container, seq, kind, pid, started, ctime, mtime, atime, first_seen)",
        11,
        values,
        "ON CONFLICT (fact, host, container, seq) DO UPDATE SET pid = excluded.pid, \
         started = excluded.started, ctime = excluded.ctime, mtime = excluded.mtime, atime = excluded.atime, \
         first_seen = excluded.first_seen",
    )
    .await?;

    let mut values = Vec::with_capacity(outcome.ended.len() * 12);
    for place in &outcome.ended {
        values.extend(sighting(target, scope, place));
        values.push(scope.at.into());
    }
    tx.bulk_insert(
        "INSERT INTO sightings_past (fact, host, container, seq, kind, pid, started, ctime, mtime, atime, \
         first_seen, gone_at)",
        12,
        values,
        "",
    )
    .await
    .map(drop)
}

fn sighting(target: Target, scope: &Scope, place: &Place) -> [Bind; 11] {
    let Volatile { pid, started, ctime, mtime, atime } = place.volatile;
    [
        place.fact.into(),
        target.host.into(),
        scope.container.into(),
        place.seq.into(),
        scope.kind.code().into(),
        pid.into(),
        started.into(),
        ctime.into(),
        mtime.into(),
        atime.into(),
        place.first_seen.into(),
    ]
}
