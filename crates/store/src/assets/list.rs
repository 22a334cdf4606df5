//! The assets there are now: pages and counts.

use super::assemble::{SIGHTING, Seen, Sighting, assemble};
use super::query::{Counted, Hosts, Plan, Query};
use crate::Tx;
use crate::db::binds;
use muster_model::{Category, Kind, Paging, Result};

/// The order of every list: stable, and for SQLite the order of an index.
pub(super) const ORDER: &str = "f.name, f.version, f.id, s.host, s.container, s.seq";

/// Beyond this offset the counters of the facts tell where a page begins.
const DEEP: u32 = 1000;

/// A page of assets by name and version.
///
/// Keys are found first and content is read for the page alone; a deep offset passes over facts, not over
/// their sightings.
///
/// # Errors
/// Those of the database.
pub async fn list(tx: &mut Tx, query: &Query, paging: Paging) -> Result<Vec<Seen>> {
    let plan = query.plan(tx).await?;
    let mut clause = plan.from("sightings");
    let mut offset = i64::from(paging.offset);
    match plan.hosts {
        Hosts::None => return Ok(Vec::new()),
        Hosts::All if paging.offset > DEEP => {
            let Some(start) = plan.fact_at(tx, offset).await? else { return Ok(Vec::new()) };
            let key = binds![start.name, start.version, start.id];
            clause.and("(f.name, f.version, f.id) >= (?, ?, ?)", key);
            offset -= start.before;
        }
        _ => {}
    }
    clause.binds.extend(binds![paging.limit, offset]);
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
    match plan.hosts {
        Hosts::None => Ok(0),
        Hosts::All => {
            let Counted { n, from } = plan.counted();
            let sql = format!("SELECT CAST(COALESCE(sum({}), 0) AS BIGINT) {}", n.sql, from.sql);
            tx.one(sql, from.binds).await?.only()
        }
        Hosts::Few(_) | Hosts::Matching(_) => {
            let clause = plan.from("sightings");
            tx.one(format!("SELECT count(*) {}", clause.sql), clause.binds).await?.only()
        }
    }
}

/// A fact in the order of lists.
struct Start {
    name: String,
    version: String,
    id: i64,
    /// Sightings of the facts before it.
    before: i64,
}

impl Plan {
    /// The fact whose sightings have the one at `offset` among them. Only where the counters know.
    async fn fact_at(&self, tx: &mut Tx, offset: i64) -> Result<Option<Start>> {
        let Counted { n, from } = self.counted();
        let sql = format!(
            "SELECT name, version, id, CAST(through - n AS BIGINT) FROM (SELECT f.name, f.version, f.id, \
             {n} AS n, sum({n}) OVER (ORDER BY f.name, f.version, f.id ROWS UNBOUNDED PRECEDING) AS through \
             {}) t WHERE through > ? ORDER BY name, version, id LIMIT 1",
            from.sql,
            n = n.sql
        );
        let values = from.binds.into_iter().chain(binds![offset]).collect();
        let row = tx.optional(sql, values).await?;
        row.map(|row| {
            let mut cells = row.cells();
            let (name, version) = (cells.take()?, cells.take()?);
            Ok(Start { name, version, id: cells.take()?, before: cells.take()? })
        })
        .transpose()
    }

    /// Whether the counters of the scopes answer it.
    fn is_whole_kind(&self) -> bool {
        self.facts.sql.is_empty() && matches!(self.hosts, Hosts::All)
    }
}

async fn whole(tx: &mut Tx, project: i64, category: Category, kind: Kind) -> Result<i64> {
    let totals = super::totals(tx, project, category).await?;
    Ok(Kind::ALL.iter().zip(totals).find(|(at, _)| **at == kind).map_or(0, |(_, n)| n))
}
