//! What changed: the history of a kind, filtered, in pages.

use crate::App;
use crate::assets::let_in;
use muster_model::id::ProjectId;
use muster_model::{Caller, Kind, Micros, Page, Paging, Result};
use muster_store::assets::{self as store, Filter, HistoryQuery};
pub use muster_store::assets::{Change, Op};

/// Which changes are wanted. The first inventory of a host is where its history begins, and no change.
#[derive(Clone, Debug, PartialEq)]
pub struct Ask {
    /// One of the twelve.
    pub kind: Kind,
    /// Of hosts of this enterprise project only.
    pub enterprise_project: Option<String>,
    /// All of these must hold, of the content after the change, or before it for what is gone.
    pub filters: Vec<Filter>,
    /// Only these.
    pub op: Option<Op>,
    /// Not before.
    pub from: Option<Micros>,
    /// Not after.
    pub until: Option<Micros>,
    /// Oldest first instead of newest first.
    pub oldest_first: bool,
}

/// A page of changes with the number of all.
///
/// # Errors
/// Those of [`crate::authz::require`] and of the database.
pub async fn list(
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    ask: &Ask,
    paging: Paging,
) -> Result<Page<Change>> {
    let project = let_in(app, caller, project, ask.kind.name()).await?;
    let query = HistoryQuery {
        project,
        kind: ask.kind,
        category: None,
        enterprise_project: ask.enterprise_project.clone(),
        op: ask.op,
        from: ask.from,
        until: ask.until,
        filters: ask.filters.clone(),
    };
    let mut tx = app.db.read().await?;
    if !ask.oldest_first {
        return store::history(&mut tx, &query, paging).await;
    }
    // The same snapshot, counted first and read from its other end.
    let nothing = Paging { limit: 0, offset: 0 };
    let total = store::history(&mut tx, &query, nothing).await?.total;
    let after = (total - i64::from(paging.offset)).max(0);
    let first = (after - i64::from(paging.limit)).max(0);
    let mirrored = Paging {
        limit: u32::try_from(after - first).unwrap_or_default(),
        offset: u32::try_from(first).unwrap_or(u32::MAX),
    };
    let mut page = store::history(&mut tx, &query, mirrored).await?;
    page.rows.reverse();
    Ok(Page { total, rows: page.rows })
}
