//! Scan tasks of images.

use super::{SCANNING_FOR_SECS, store};
use crate::hosts::at;
use crate::{App, audit, authz};
use muster_model::id::ProjectId;
use muster_model::{Action, Caller, Error, Page, Paging, Result};
use muster_store::transact;
use store::tasks::Filter;

/// The scan tasks of a project, the newest first. With nothing wanted the page is empty, but the caller still has to be allowed.
///
/// # Errors
/// Those of [`authz::require`] and of the database.
pub async fn tasks(
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    wanted: Option<&Filter>,
    paging: Paging,
) -> Result<Page<store::Task>> {
    let project = authz::require(app, caller, Action::AssetList, Some(project)).await?;
    let Some(wanted) = wanted else { return Ok(Page { total: 0, rows: Vec::new() }) };
    let now = app.now();
    let late = now.plus_secs(-SCANNING_FOR_SECS);
    let wanted = Filter { hosts: at(&wanted.hosts, now), late, ..wanted.clone() };
    store::tasks::list(&mut app.db.read().await?, project, &wanted, paging).await
}

/// Ends a scan task before its time. One that has ended stays as it is.
///
/// # Errors
/// `NotFound` where the project has no such task; those of [`authz::require`] and of the database.
pub async fn stop(app: &App, caller: &Caller, project: &ProjectId, id: &str) -> Result<()> {
    let key = authz::require(app, caller, Action::AssetCollect, Some(project)).await?;
    let now = app.now();
    let late = now.plus_secs(-SCANNING_FOR_SECS);
    let target = format!("image-task/{id}");
    transact!(app.db, |tx| {
        if !store::tasks::stop(tx, key, id, late, now).await? {
            return Err(Error::not_found("task_id"));
        }
        audit::append(tx, app, caller, Action::AssetCollect, project.as_str(), &target).await
    })
}
