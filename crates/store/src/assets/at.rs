//! The assets there were at a past moment.

use super::assemble::{SIGHTING, Seen, Sighting, assemble};
use super::list::ORDER;
use super::query::{Hosts, Query};
use crate::Tx;
use crate::db::binds;
use muster_model::{Micros, Paging, Result};

/// A page of the assets that were known at `at`, in the order of [`super::list`]. Volatile parts are the
/// last known ones of their interval. [`Seen::scanned_at`] is the last look at the place until now.
///
/// # Errors
/// Those of the database.
pub async fn list_at(tx: &mut Tx, query: &Query, at: Micros, paging: Paging) -> Result<Vec<Seen>> {
    let plan = query.plan(tx).await?;
    if matches!(plan.hosts, Hosts::None) {
        return Ok(Vec::new());
    }
    let mut current = plan.from("sightings");
    current.and("s.first_seen <= ?", binds![at]);
    let mut past = plan.from("sightings_past");
    past.and("s.first_seen <= ? AND s.gone_at > ?", binds![at, at]);
    let sorted = ORDER.replace("f.", "").replace("s.", "");
    let sql = format!(
        "SELECT {columns} FROM (SELECT f.name, f.version, f.id, {SIGHTING} {} \
         UNION ALL SELECT f.name, f.version, f.id, {SIGHTING} {}) s ORDER BY {sorted} LIMIT ? OFFSET ?",
        current.sql,
        past.sql,
        columns = SIGHTING,
    );
    let mut values = current.binds;
    values.extend(past.binds);
    values.extend(binds![paging.limit, paging.offset]);
    let sightings = Sighting::all(&tx.all(sql, values).await?)?;
    assemble(tx, query.kind, &sightings).await
}
