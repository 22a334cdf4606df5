//! How many of what.

use super::columns::read_value;
use super::query::{Clause, Counted, Hosts, Query};
use crate::Tx;
use crate::db::{Bind, Cells, binds};
use muster_model::{Category, Column, Kind, Page, Paging, Result, Value};

/// Assets with the same values in the grouped columns.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// One value a grouped column, in their order.
    pub values: Vec<Option<Value>>,
    /// How many sightings.
    pub num: i64,
}

/// The order of groups.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GroupOrder {
    /// Largest first, then by value.
    #[default]
    LargestFirst,
    /// Smallest first, then by value.
    SmallestFirst,
    /// By value.
    Ascending,
    /// By value, backwards.
    Descending,
}

/// Counts the assets of a query by the values of `group`.
///
/// # Errors
/// Those of the database.
pub async fn statistics(
    tx: &mut Tx,
    query: &Query,
    group: &[Column],
    order: GroupOrder,
    paging: Paging,
) -> Result<Page<Group>> {
    let plan = query.plan(tx).await?;
    if matches!(plan.hosts, Hosts::None) {
        return Ok(Page { total: 0, rows: Vec::new() });
    }
    let names: Vec<_> = group.iter().map(|column| column.name()).collect();
    let columns = names.join(", ");
    let of_f = names.iter().map(|name| format!("f.{name}")).collect::<Vec<_>>().join(", ");
    let Counted { n, from } = match plan.hosts {
        Hosts::Few(_) => Counted {
            n: Clause { sql: "1".to_owned(), binds: Vec::new() },
            from: plan.from("sightings"),
        },
        _ => plan.counted(),
    };
    let grouped = format!(
        "SELECT {of_f}, CAST(sum({}) AS BIGINT) AS num {} GROUP BY {of_f}",
        n.sql, from.sql
    );
    let binds: Vec<Bind> = n.binds.into_iter().chain(from.binds).collect();
    let sorted = match order {
        GroupOrder::LargestFirst => format!("num DESC, {columns}"),
        GroupOrder::SmallestFirst => format!("num, {columns}"),
        GroupOrder::Ascending => columns.clone(),
        GroupOrder::Descending => {
            columns.split(", ").map(|name| format!("{name} DESC")).collect::<Vec<_>>().join(", ")
        }
    };
    let mut values = binds.clone();
    values.extend(binds![paging.limit, paging.offset]);
    // The groups are made once, counted, and only those of the page kept while sorting: a window function would carry
    // all of them to the end.
    let sql = format!(
        "WITH g AS MATERIALIZED ({grouped}) SELECT {columns}, num, (SELECT count(*) FROM g WHERE num > 0) \
         FROM g WHERE num > 0 ORDER BY {sorted} LIMIT ? OFFSET ?"
    );
    let answer = tx.all(sql, values).await?;
    let mut total = 0;
    let mut rows = Vec::with_capacity(answer.len());
    for row in &answer {
        let mut cells: Cells<'_> = row.cells();
        let values =
            group.iter().map(|column| read_value(*column, &mut cells)).collect::<Result<_>>()?;
        rows.push(Group { values, num: cells.take()? });
        total = cells.take()?;
    }
    if rows.is_empty() && paging.offset > 0 {
        let sql = format!("SELECT count(*) FROM ({grouped}) g WHERE num > 0");
        total = tx.one(sql, binds).await?.only()?;
    }
    Ok(Page { total, rows })
}

/// How many assets of each kind a project has, in the order of [`Kind::ALL`]. Read from counters.
///
/// # Errors
/// Those of the database.
pub async fn totals(tx: &mut Tx, project: i64, category: Category) -> Result<[i64; 12]> {
    let container = match category {
        Category::Host => "= 0",
        Category::Container => "> 0",
    };
    let sql = format!(
        "SELECT k.kind, CAST(sum(k.n) AS BIGINT) FROM hosts h JOIN host_kinds k ON k.host = h.key \
         AND k.container {container} WHERE h.project = ? GROUP BY k.kind"
    );
    let mut totals = [0; 12];
    for row in tx.all(sql, binds![project]).await? {
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
