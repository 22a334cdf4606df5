//! Fingerprints: lists, statistics, totals, what is most common.

use crate::{App, ProjectKey, authz};
use muster_model::id::ProjectId;
use muster_model::{Action, Caller, Category, Column, Kind, Page, Paging, Result};
use muster_store::assets::{self as store, Query};
pub use muster_store::assets::{Filter, Group, GroupOrder, Seen};
use muster_store::hosts;

/// Which assets are wanted, before it is known whether the caller may see them.
#[derive(Clone, Debug, PartialEq)]
pub struct Ask {
    /// One of the twelve.
    pub kind: Kind,
    /// On hosts or in containers.
    pub category: Category,
    /// Of hosts of this enterprise project only.
    pub enterprise_project: Option<String>,
    /// All of these must hold.
    pub filters: Vec<Filter>,
}

impl Ask {
    /// The question with the project the caller was let into.
    pub(crate) fn query(&self, project: i64) -> Query {
        Query {
            project,
            kind: self.kind,
            category: self.category,
            enterprise_project: self.enterprise_project.clone(),
            filters: self.filters.clone(),
        }
    }
}

/// Lets the caller look at assets; the record names which.
pub(crate) async fn let_in(
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    target: &str,
) -> Result<ProjectKey> {
    authz::require_part(app, caller, Action::AssetList, Some(project), target).await
}

/// A page of assets with the number of all.
///
/// # Errors
/// Those of [`authz::require`] and of the database.
pub async fn list(
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    ask: &Ask,
    paging: Paging,
) -> Result<Page<Seen>> {
    let project = let_in(app, caller, project, ask.kind.name()).await?;
    let query = ask.query(project);
    let mut tx = app.db.read().await?;
    let total = store::count(&mut tx, &query).await?;
    let rows = if i64::from(paging.offset) < total {
        store::list(&mut tx, &query, paging).await?
    } else {
        Vec::new()
    };
    Ok(Page { total, rows })
}

/// How many assets have each combination of values of `group`. The number of one combination is the
/// number of rows of [`list`] with those values as filters.
///
/// # Errors
/// Those of [`authz::require`] and of the database.
pub async fn statistics(
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    ask: &Ask,
    group: &[Column],
    order: GroupOrder,
    paging: Paging,
) -> Result<Page<Group>> {
    let project = let_in(app, caller, project, ask.kind.name()).await?;
    let mut tx = app.db.read().await?;
    store::statistics(&mut tx, &ask.query(project), group, order, paging).await
}

/// How many assets of each kind there are, in the order of [`Kind::ALL`]: of all hosts, of those of an
/// enterprise project, or of one.
///
/// # Errors
/// Those of [`authz::require`] and of the database.
pub async fn totals(
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    category: Category,
    enterprise_project: Option<&str>,
    host: Option<&str>,
) -> Result<[i64; 12]> {
    let project = let_in(app, caller, project, "").await?;
    let mut tx = app.db.read().await?;
    store::totals_of(&mut tx, project, category, enterprise_project, host).await
}

/// How many values [`most_common`] answers.
const MOST: u32 = 5;

/// A value and how many hosts have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Common {
    /// The value.
    pub value: String,
    /// Hosts.
    pub hosts: i64,
    /// The same in percent of all hosts, rounded down.
    pub percentage: i64,
}

/// The values of a column that occur on most hosts, at most five.
///
/// # Errors
/// Those of [`authz::require`] and of the database.
pub async fn most_common(
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    kind: Kind,
    column: Column,
    enterprise_project: Option<String>,
) -> Result<Vec<Common>> {
    let project = let_in(app, caller, project, kind.name()).await?;
    let mut tx = app.db.read().await?;
    let of =
        hosts::Filter { enterprise_project_id: enterprise_project.clone(), ..Default::default() };
    let all = hosts::count(&mut tx, project, &of).await?.max(1);
    let ask = Ask { kind, category: Category::Host, enterprise_project, filters: Vec::new() };
    let most = store::most_common(&mut tx, &ask.query(project), column, MOST).await?;
    Ok(most
        .into_iter()
        .map(|(value, hosts)| Common { value, hosts, percentage: hosts * 100 / all })
        .collect())
}
