//! The assets there are now: pages and counts.

use super::assemble::{SIGHTING, Seen, Sighting, assemble};
use super::query::{Hosts, Plan, Query};
use crate::Tx;
use crate::db::binds;
use muster_model::{Category, Kind, Paging, Result};

/// The order of every list: stable, and for SQLite the order of an index.
pub(super) const ORDER: &str = "f.name, f.version, f.id, s.host, s.container, s.seq";

/// A page of assets by name and version.
///
/// Keys are found first and content is read for the page alone, so a deep offset passes over integers only.
///
/// # Errors
/// Those of the database.
pub async fn list(tx: &mut Tx, query: &Query, paging: Paging) -> Result<Vec<Seen>> {
    let plan = query.plan(tx).await?;
    if matches!(plan.hosts, Hosts::None) {
        return Ok(Vec::new());
    }
    let mut clause = plan.from("sightings");
    clause.binds.extend(binds![paging.limit, paging.offset]);
    let sql = format!("SELECT {SIGHTING} {} ORDER BY {ORDER} LIMIT ? OFFSET ?", clause.sql);
    let sightings = Sighting::all(&tx.all(sql, clause.binds).await?)?;
    assemble(tx, query.kind, &sightings).await
}

/// How many assets match.
///
/// # Errors
/// Those of the database.
pub async fn count(tx: &mut Tx, query: &Query) -> Result<i64> {
    let plan = query.plan(tx).await?;
    if plan.is_whole_kind() {
        return whole(tx, query.project, query.category, query.kind).await;
    }
    if matches!(plan.hosts, Hosts::None) {
        return Ok(0);
    }
    let clause = plan.from("sightings");
    tx.one(format!("SELECT count(*) {}", clause.sql), clause.binds).await?.only()
}

impl Plan {
    /// Whether the counters of the scopes answer it.
    fn is_whole_kind(&self) -> bool {
        self.facts.sql.is_empty() && matches!(self.hosts, Hosts::All)
    }
}

async fn whole(tx: &mut Tx, project: i64, category: Category, kind: Kind) -> Result<i64> {
    let totals = super::totals(tx, project, category).await?;
    Ok(Kind::ALL.iter().zip(totals).find(|(at, _)| **at == kind).map_or(0, |(_, n)| n))
}
