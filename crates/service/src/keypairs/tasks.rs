//! Tasks as whoever ordered them sees them.

use super::{Fault, Place};
use crate::{App, audit};
use muster_model::id::ProjectId;
use muster_model::{Action, Caller, Error, Page, Paging, Result};
use muster_store::keypairs::tasks::{self, State, Task, Viewer};
use muster_store::transact;

fn no_task() -> Error {
    Error::not_found("task_id").with_source(Fault::NoTask)
}

/// How far a task is. Those that succeeded are forgotten after a week, those that failed when somebody says so.
///
/// # Errors
/// `NotFound`; those of [`crate::authz::require`] and of the database.
pub async fn task(app: &App, caller: &Caller, project: &ProjectId, id: &str) -> Result<Task> {
    let place = Place::enter(app, caller, Action::KeypairTaskList, project).await?;
    let viewer = viewer(&place, caller);
    tasks::seen(&mut app.db.read().await?, viewer, id).await?.ok_or_else(no_task)
}

/// What is about a pair of somebody else's own is not there for the caller, as the pair is not.
fn viewer<'a>(place: &Place<'_>, caller: &'a Caller) -> Viewer<'a> {
    Viewer { project: place.key, user: place.user, id: caller.user_id.as_str() }
}

/// Tasks under way, oldest first.
///
/// # Errors
/// Those of [`crate::authz::require`] and of the database.
pub async fn running_tasks(
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    paging: Paging,
) -> Result<Page<Task>> {
    list(app, caller, project, [State::Ready, State::Running], paging).await
}

/// Tasks that failed, oldest first.
///
/// # Errors
/// Those of [`crate::authz::require`] and of the database.
pub async fn failed_tasks(
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    paging: Paging,
) -> Result<Page<Task>> {
    list(app, caller, project, [State::Failed, State::Failed], paging).await
}

async fn list(
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    states: [State; 2],
    paging: Paging,
) -> Result<Page<Task>> {
    let place = Place::enter(app, caller, Action::KeypairTaskList, project).await?;
    let mut tx = app.db.read().await?;
    let (total, rows) =
        tasks::list(&mut tx, viewer(&place, caller), states, paging.limit, paging.offset).await?;
    Ok(Page { total, rows })
}

/// Forgets a failed task the caller sees.
///
/// # Errors
/// `NotFound` for one that is not there or has not failed; those of [`crate::authz::require`] and of the
/// database.
pub async fn delete_failed(
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    id: &str,
) -> Result<()> {
    let action = Action::KeypairTaskDelete;
    let place = Place::enter(app, caller, action, project).await?;
    transact!(app.db, |tx| {
        if !tasks::delete_failed(tx, viewer(&place, caller), id).await? {
            return Err(no_task());
        }
        let target = format!("keypair_task/{id}");
        audit::append(tx, app, caller, action, project.as_str(), &target).await
    })
}

/// Forgets all failed tasks the caller sees.
///
/// # Errors
/// Those of [`crate::authz::require`] and of the database.
pub async fn delete_all_failed(app: &App, caller: &Caller, project: &ProjectId) -> Result<()> {
    let action = Action::KeypairTaskDelete;
    let place = Place::enter(app, caller, action, project).await?;
    transact!(app.db, |tx| {
        tasks::delete_all_failed(tx, viewer(&place, caller)).await?;
        audit::append(tx, app, caller, action, project.as_str(), "keypair_task/*").await
    })
}
