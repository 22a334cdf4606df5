//! Assets in numbers for an overview.

use super::query::{Filter, Hosts, Query, host_conditions};
use crate::Tx;
use crate::db::binds;
use muster_model::{Category, Column, Kind, Result};

/// The values of `column` that occur on most hosts, with the number of those hosts; at most `limit`.
///
/// # Errors
/// Those of the database.
pub async fn most_common(
    tx: &mut Tx,
    query: &Query,
    column: Column,
    limit: u32,
) -> Result<Vec<(String, i64)>> {
    let plan = query.plan(tx).await?;
    if matches!(plan.hosts, Hosts::None) {
        return Ok(Vec::new());
    }
    let mut clause = plan.from("sightings");
    clause.binds.extend(binds![limit]);
    let value = format!("CAST(f.{} AS TEXT)", column.name());
    let sql = format!(
        "SELECT {value} AS value, count(DISTINCT s.host) AS n {} AND {value} <> '' \
         GROUP BY {value} ORDER BY n DESC, value LIMIT ?",
        clause.sql
    );
    let rows = tx.all(sql, clause.binds).await?;
    rows.iter()
        .map(|row| {
            let mut cells = row.cells();
            Ok((cells.take()?, cells.take()?))
        })
        .collect()
}

/// How many assets of each kind a project has, in the order of [`Kind::ALL`], on the hosts of an enterprise
/// project, or on one. Read from counters.
///
/// # Errors
/// Those of the database.
pub async fn totals_of(
    tx: &mut Tx,
    project: i64,
    category: Category,
    enterprise_project: Option<&str>,
    host: Option<&str>,
) -> Result<[i64; 12]> {
    let container = match category {
        Category::Host => "= 0",
        Category::Container => "> 0",
    };
    let host: Vec<_> = host.map(|id| Filter::HostId(id.to_owned())).into_iter().collect();
    let conditions = host_conditions(tx, &host, enterprise_project, "h.");
    let sql = format!(
        "SELECT k.kind, CAST(sum(k.n) AS BIGINT) FROM hosts h JOIN host_kinds k ON k.host = h.key \
         AND k.container {container} WHERE h.project = ?{} GROUP BY k.kind",
        conditions.sql
    );
    let mut values = binds![project];
    values.extend(conditions.binds);
    let mut totals = [0; 12];
    for row in tx.all(sql, values).await? {
        let mut cells = row.cells();
        let (kind, n): (u8, i64) = (cells.take()?, cells.take()?);
        for (at, total) in Kind::ALL.iter().zip(&mut totals) {
            if at.code() == kind {
                *total = n;
            }
        }
    }
    Ok(totals)
}
