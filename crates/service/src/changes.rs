//! Assets over time and across kinds: as they were, what changed since, where something is.

use crate::assets::Ask;
use crate::{App, authz};
use muster_model::id::ProjectId;
use muster_model::{
    Action, Caller, Category, Column, Error, Kind, Micros, Paging, Purl, Result, Value,
};
use muster_store::assets::{self as store, Filter, Query};
pub use muster_store::assets::{Change, Op, Seen};

/// Assets as they were at a moment.
///
/// # Errors
/// Those of [`authz::require`]; `Invalid` for a moment that has not come yet.
pub async fn at(
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    ask: &Ask,
    moment: Micros,
    paging: Paging,
) -> Result<Vec<Seen>> {
    let project = authz::require(app, caller, Action::AssetList, Some(project)).await?;
    if moment > app.now() {
        return Err(Error::invalid("at", "lies in the future"));
    }
    store::list_at(&mut app.db.read().await?, &ask.query(project), moment, paging).await
}

/// What changed after a cursor (0: from the beginning), oldest first, and the cursor to go on from.
///
/// # Errors
/// Those of [`authz::require`]; `Invalid` for a cursor whose changes were forgotten.
pub async fn since(
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    kind: Option<Kind>,
    cursor: i64,
    limit: u32,
) -> Result<(Vec<Change>, i64)> {
    let project = authz::require(app, caller, Action::AssetList, Some(project)).await?;
    let mut tx = app.db.read().await?;
    let changes = store::changes(&mut tx, project, kind, cursor, limit).await?;
    let next = match changes.last() {
        Some(last) => last.cursor,
        // Nothing of this kind: everything up to now was looked at.
        None => store::latest_cursor(&mut tx, project).await?.max(cursor),
    };
    Ok((changes, next))
}

/// What is looked for.
#[derive(Clone, Copy, Debug)]
pub enum Wanted<'a> {
    /// A name, and one version of it or any.
    Name(&'a str, Option<&'a str>),
    /// A package; without version any. Qualifiers are not looked at.
    Purl(&'a Purl),
}

impl Wanted<'_> {
    fn filters(self) -> Vec<Filter> {
        let equals = |column, text: &str| Filter::Equals(column, Value::Text(text.to_owned()));
        match self {
            Self::Name(name, version) => {
                let mut filters = vec![equals(Column::Name, name)];
                filters.extend(version.map(|version| equals(Column::Version, version)));
                filters
            }
            Self::Purl(purl) => {
                let package = purl.package().without_qualifiers();
                vec![Filter::Contains(Column::Purl, format!("{package}@"))]
            }
        }
    }

    fn is(self, seen: &Seen) -> bool {
        let Self::Purl(wanted) = self else { return true };
        let purl = seen.fact.get(Column::Purl);
        let Some(Value::Text(purl)) = purl else { return false };
        purl.parse().is_ok_and(|it: Purl| wanted.covers(&it))
    }
}

/// Where something is, on hosts and in containers: of one kind, or of any.
///
/// # Errors
/// Those of [`authz::require`]; `Invalid` for an empty name.
pub async fn whereabouts(
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    kind: Option<Kind>,
    wanted: Wanted<'_>,
    limit: u32,
) -> Result<Vec<Seen>> {
    let project = authz::require(app, caller, Action::AssetList, Some(project)).await?;
    if matches!(wanted, Wanted::Name("", _)) {
        return Err(Error::invalid("name", "is required"));
    }
    let filters = wanted.filters();
    let mut tx = app.db.read().await?;
    let mut found = Vec::new();
    for kind in Kind::ALL.into_iter().filter(|of| kind.is_none_or(|kind| kind == *of)) {
        for category in [Category::Host, Category::Container] {
            let left = limit.saturating_sub(u32::try_from(found.len()).unwrap_or(limit));
            if left == 0 {
                return Ok(found);
            }
            let query = Query {
                project,
                kind,
                category,
                enterprise_project: None,
                filters: filters.clone(),
            };
            let rows = store::list(&mut tx, &query, Paging { limit: left, offset: 0 }).await?;
            found.extend(rows.into_iter().filter(|row| wanted.is(row)));
        }
    }
    Ok(found)
}
