//! The change history of a kind as people read it: newest first, filtered, in pages.

use super::changes::{CHANGE, Change, Op, Raw, Stored, assemble};
use super::query::{Clause, Filter, fact_conditions, host_conditions};
use crate::Tx;
use crate::db::binds;
use muster_model::{Category, Column, Kind, Micros, Page, Paging, Result};

/// Which changes are wanted. The first inventory of a host or container is where its history begins, and
/// no change.
#[derive(Clone, Debug, PartialEq)]
pub struct HistoryQuery {
    /// Key of the project.
    pub project: i64,
    /// The kind.
    pub kind: Kind,
    /// On hosts, in containers, or both.
    pub category: Option<Category>,
    /// Only hosts of this enterprise project.
    pub enterprise_project: Option<String>,
    /// Only these.
    pub op: Option<Op>,
    /// Not before.
    pub from: Option<Micros>,
    /// Not after.
    pub until: Option<Micros>,
    /// Conditions on the host, and on the content: as it is after the change, or was before for what is gone.
    pub filters: Vec<Filter>,
}

/// A page of changes, newest first.
///
/// # Errors
/// Those of the database.
pub async fn history(tx: &mut Tx, query: &HistoryQuery, paging: Paging) -> Result<Page<Change>> {
    let mut clause = Clause {
        sql: "FROM changes c CROSS JOIN hosts h LEFT JOIN facts a ON a.id = c.after \
              LEFT JOIN facts b ON b.id = c.before WHERE c.project = ? AND c.kind = ? AND h.key = c.host"
            .to_owned(),
        binds: binds![query.project, query.kind.code()],
    };
    match query.op {
        None => clause.and("c.op <> ?", binds![Stored::Baseline.code()]),
        Some(Op::Added) => clause.and("c.op = ?", binds![Stored::Added.code()]),
        Some(Op::Removed) => clause.and("c.op = ?", binds![Stored::Removed.code()]),
        Some(Op::Modified) => clause.and("c.op = ?", binds![Stored::Modified.code()]),
    }
    match query.category {
        None => {}
        Some(Category::Host) => clause.and("c.container = 0", []),
        Some(Category::Container) => clause.and("c.container > 0", []),
    }
    if let Some(at) = query.from {
        clause.and("c.at >= ?", binds![at]);
    }
    if let Some(at) = query.until {
        clause.and("c.at <= ?", binds![at]);
    }
    let place = |column: Column| format!("COALESCE(a.{0}, b.{0})", column.name());
    clause.and_all(&fact_conditions(tx, &query.filters, place));
    clause.and_all(&host_conditions(tx, &query.filters, query.enterprise_project.as_deref(), "h."));
    let total =
        tx.one(format!("SELECT count(*) {}", clause.sql), clause.binds.clone()).await?.only()?;
    clause.binds.extend(binds![paging.limit, paging.offset]);
    let sql = format!("SELECT {CHANGE} {} ORDER BY c.cursor DESC LIMIT ? OFFSET ?", clause.sql);
    let raw: Vec<Raw> = tx
        .all(sql, clause.binds)
        .await?
        .iter()
        .map(|row| Raw::read(&mut row.cells()))
        .collect::<Result<_>>()?;
    Ok(Page { total, rows: assemble(tx, &raw).await? })
}
