//! The sightings of hosts, read and written.

use super::Settled;
use super::scopes::ScopeKey;
use crate::Tx;
use crate::assets::diff::{Outcome, Place};
use crate::assets::facts;
use crate::db::{Bind, Row, binds, gathered};
use muster_model::report::Volatile;
use muster_model::{Kind, Micros, Result};
use std::collections::BTreeSet;

/// A row that is stored.
pub(super) struct Held {
    pub(super) host: i64,
    pub(super) container: i64,
    pub(super) kind: Kind,
    pub(super) place: Place,
}

const HELD: &str = "s.host, s.container, s.kind, s.fact, s.seq, s.pid, s.started, s.ctime, s.mtime, s.atime, s.first_seen";

/// [`HELD`] as [`gathered`] reads it.
type Numbers = (i64, i64, u8, i64, u32, Option<u32>, Time, Time, Time, Time, Micros);
type Time = Option<Micros>;

fn held(rows: &[Row]) -> Result<Vec<Held>> {
    let mut held = Vec::new();
    for row in rows {
        let folded: Option<String> = row.only()?;
        for numbers in gathered::<Numbers>(&folded.unwrap_or_default())? {
            let (host, container, kind, fact, seq, pid, started, ctime, mtime, atime, first_seen) =
                numbers;
            let volatile = Volatile { pid, started, ctime, mtime, atime };
            let place = Place { fact, seq, volatile, first_seen };
            held.push(Held { host, container, kind: facts::kind(kind)?, place });
        }
    }
    Ok(held)
}

/// Every row of these scopes.
pub(super) async fn of_scopes(tx: &mut Tx, scopes: &[ScopeKey]) -> Result<Vec<Held>> {
    let values = scopes
        .iter()
        .flat_map(|scope| binds![scope.target.host, scope.kind.code(), scope.container])
        .collect();
    let head = format!("SELECT {} FROM", tx.gather(HELD));
    let tail =
        "JOIN sightings s ON s.host = v.column1 AND s.kind = v.column2 AND s.container = v.column3";
    held(&tx.all_from(&head, 3, values, tail).await?)
}

/// The rows that have these facts on these hosts in these containers.
pub(super) async fn of_facts(tx: &mut Tx, places: BTreeSet<(i64, i64, i64)>) -> Result<Vec<Held>> {
    let values = places
        .into_iter()
        .flat_map(|(fact, host, container)| binds![fact, host, container])
        .collect();
    let head = format!("SELECT {} FROM", tx.gather(HELD));
    let tail =
        "JOIN sightings s ON s.fact = v.column1 AND s.host = v.column2 AND s.container = v.column3";
    held(&tx.all_from(&head, 3, values, tail).await?)
}

/// Writes the rows as they are now, and the intervals that ended, in the order of their keys.
pub(super) async fn write(tx: &mut Tx, settled: &[&Settled]) -> Result<()> {
    let mut gone = BTreeSet::new();
    for settled in settled {
        let ScopeKey { target, container, .. } = settled.scope;
        let keys = settled.outcome.delete.iter();
        gone.extend(keys.map(|(fact, seq)| (*fact, target.host, container, *seq)));
    }
    let values = gone
        .into_iter()
        .flat_map(|(fact, host, container, seq)| binds![fact, host, container, seq]);
    // SQLite finds rows by their key for a list of tuples only where it is a SELECT.
    let head = "DELETE FROM sightings WHERE (fact, host, container, seq) IN (SELECT * FROM";
    tx.all_from(head, 4, values.collect(), ")").await?;

    let written = sorted(settled, |outcome| &outcome.write);
    let mut values = Vec::with_capacity(written.len() * 11);
    for (settled, place) in written {
        values.extend(sighting(settled.scope, place));
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
        values.extend(sighting(settled.scope, place));
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
    rows.sort_unstable_by_key(|(settled, place)| {
        (place.fact, settled.scope.target.host, settled.scope.container, place.seq)
    });
    rows
}

fn sighting(scope: ScopeKey, place: &Place) -> [Bind; 11] {
    let Volatile { pid, started, ctime, mtime, atime } = place.volatile;
    [
        place.fact.into(),
        scope.target.host.into(),
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
