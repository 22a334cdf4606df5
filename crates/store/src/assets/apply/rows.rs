//! The sightings of a host, read and written.

use super::scopes::ScopeKey;
use super::{Settled, Target};
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

/// Every row of a scope.
pub(super) async fn of_scope(tx: &mut Tx, target: Target, scope: ScopeKey) -> Result<Vec<Place>> {
    let sql = format!("{PLACE} WHERE host = ? AND kind = ? AND container = ?");
    places(&tx.all(sql, binds![target.host, scope.kind.code(), scope.container]).await?)
}

/// The rows of a container that have these facts.
pub(super) async fn of_facts(
    tx: &mut Tx,
    target: Target,
    container: i64,
    mut facts: Vec<i64>,
) -> Result<Vec<Place>> {
    facts.sort_unstable();
    facts.dedup();
    let head = format!("{PLACE} WHERE host = ? AND container = ? AND fact");
    let keys = facts.into_iter().map(Bind::from).collect();
    places(&tx.all_in(&head, binds![target.host, container], keys).await?)
}

/// Writes the rows as they are now, and the intervals that ended, in the order of their keys.
pub(super) async fn write(tx: &mut Tx, target: Target, settled: &[&Settled]) -> Result<()> {
    // One statement a container and sequence number, and nearly all have 0: SQLite does not use the primary
    // key for a list of tuples.
    let mut gone: BTreeMap<(i64, u32), Vec<i64>> = BTreeMap::new();
    for settled in settled {
        for (fact, seq) in &settled.outcome.delete {
            gone.entry((settled.scope.container, *seq)).or_default().push(*fact);
        }
    }
    for ((container, seq), mut facts) in gone {
        facts.sort_unstable();
        let facts = facts.into_iter().map(Bind::from).collect();
        let head = "DELETE FROM sightings WHERE host = ? AND container = ? AND seq = ? AND fact";
        tx.all_in(head, binds![target.host, container, seq], facts).await?;
    }

    let written = sorted(settled, |outcome| &outcome.write);
    let mut values = Vec::with_capacity(written.len() * 11);
    for (settled, place) in written {
        values.extend(sighting(target, settled.scope, place));
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

    let ended = sorted(settled, |outcome| &outcome.ended);
    let mut values = Vec::with_capacity(ended.len() * 12);
    for (settled, place) in ended {
        values.extend(sighting(target, settled.scope, place));
        values.push(settled.at.into());
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

/// Rows of all scopes in the order of the table.
fn sorted<'s>(
    settled: &[&'s Settled],
    of: impl Fn(&'s Outcome) -> &'s Vec<Place>,
) -> Vec<(&'s Settled, &'s Place)> {
    let mut rows: Vec<_> = settled
        .iter()
        .flat_map(|settled| of(&settled.outcome).iter().map(move |place| (*settled, place)))
        .collect();
    rows.sort_unstable_by_key(|(settled, place)| (place.fact, settled.scope.container, place.seq));
    rows
}

fn sighting(target: Target, scope: ScopeKey, place: &Place) -> [Bind; 11] {
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
