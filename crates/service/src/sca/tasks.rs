//! Tasks: made, followed, cancelled, forgotten.

use super::queue;
use crate::app::App;
use crate::{audit, authz};
use muster_model::id::ProjectId;
use muster_model::{Action, Caller, Credential, Error, Micros, Result};
use muster_store::sca::{Status, Task, files, tasks};
use muster_store::{Tx, jobs, transact};

/// Longest id of a task.
const MAX_ID: usize = 128;
/// Longest name of a task in characters.
const MAX_NAME: usize = 255;
/// Attempts at an analysis: the workers of three have died with it.
pub(super) const ATTEMPTS: u32 = 3;

/// What a caller wants analysed.
#[derive(Clone, Debug)]
pub struct Order {
    /// The caller's own name for the task, unique in the project: 1 to 128 letters, digits, `.`, `_`, `-`.
    pub id: String,
    /// For people, 1 to 255 characters.
    pub name: String,
    /// Id of an artifact that has come in.
    pub file: String,
    /// Where its end is to be told.
    pub callback: Option<String>,
}

/// Makes a task, or finds the same one made before.
///
/// # Errors
/// `Invalid` naming the parameter; `Conflict` when the project has another task of this id; those of
/// [`authz::require`] and of the database.
pub async fn create(
    app: &App,
    caller: &Caller,
    project: Option<&ProjectId>,
    order: Order,
) -> Result<Task> {
    let project = authz::require(app, caller, Action::ScaTaskCreate, project).await?;
    let callback = check(app, caller, &order)?;
    let now = app.now();
    let made = transact!(app.db, |tx| {
        if let Some(known) = tasks::get(tx, project, &order.id).await? {
            return same(known, &order);
        }
        let file = files::get(tx, &order.file, now).await?;
        let file = match file.filter(|file| file.project == project) {
            None => return Err(Error::invalid("fileId", "no such artifact, or it has expired")),
            Some(file) if file.content.is_none() => {
                return Err(Error::invalid(
                    "fileId",
                    "nothing has been uploaded to its address yet",
                ));
            }
            Some(file) => file,
        };
        let mut task = Task {
            key: 0,
            project,
            id: order.id.clone(),
            name: order.name.clone(),
            file: order.file.clone(),
            callback: callback.clone(),
            status: Status::Queued,
            percent: 0,
            error: None,
            coverage: None,
            components: 0,
            vulnerabilities: 0,
            licences: 0,
            created_by: caller.user_id.to_string(),
            created_at: now,
            started_at: None,
            ended_at: None,
            keep_until: None,
        };
        task.key = tasks::create(tx, &task).await?;
        files::keep(tx, &order.file, now.plus_secs(app.settings.sca.keep_secs)).await?;
        jobs::enqueue(tx, &queue(&file.place), &task.key.to_string(), ATTEMPTS, now, now).await?;
        let target = format!("sca_task/{}", order.id);
        audit::append(tx, app, caller, Action::ScaTaskCreate, "", &target).await?;
        Ok(task)
    })?;
    app.sca.ordered.notify_one();
    Ok(made)
}

/// Checks an order's texts. Answers the callback with the key that will sign it.
fn check(app: &App, caller: &Caller, order: &Order) -> Result<Option<(String, String)>> {
    check_id(&order.id)?;
    let long = order.name.chars().count();
    if !(1..=MAX_NAME).contains(&long) || order.name.chars().any(char::is_control) {
        return Err(Error::invalid(
            "taskName",
            "must be 1 to 255 characters, none of them a control",
        ));
    }
    let Some(url) = order.callback.as_deref().filter(|url| !url.is_empty()) else {
        return Ok(None);
    };
    app.sca.egress.check("callbackUrl", url)?;
    match &caller.credential {
        Credential::AccessKey(access) => Ok(Some((url.to_owned(), access.clone()))),
        Credential::Token | Credential::Local => Err(Error::invalid(
            "callbackUrl",
            "is signed by the access key that makes the task: a token has none",
        )),
    }
}

/// Ids of tasks are names in addresses and logs.
pub(super) fn check_id(id: &str) -> Result<()> {
    let fits = (1..=MAX_ID).contains(&id.len())
        && id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
    if fits {
        Ok(())
    } else {
        Err(Error::invalid("taskId", "must be 1 to 128 letters, digits, '.', '_' and '-'"))
    }
}

fn same(known: Task, order: &Order) -> Result<Task> {
    let callback = order.callback.as_deref().filter(|url| !url.is_empty());
    let equal = known.name == order.name
        && known.file == order.file
        && known.callback.as_ref().map(|(url, _)| url.as_str()) == callback;
    if equal {
        Ok(known)
    } else {
        Err(Error::conflict("taskId: the project has another task of this id"))
    }
}

/// A task of the caller's project.
///
/// # Errors
/// `NotFound`; those of [`authz::require`] and of the database.
pub async fn get(app: &App, caller: &Caller, id: &str) -> Result<Task> {
    let project = authz::require(app, caller, Action::ScaTaskGet, None).await?;
    find(&mut app.db.read().await?, project, id).await
}

/// Ends a task that waits or runs. The worker that is at it lets go of it within seconds.
///
/// # Errors
/// `Conflict` when it has ended; `NotFound`; those of [`authz::require`] and of the database.
pub async fn cancel(app: &App, caller: &Caller, project: &ProjectId, id: &str) -> Result<()> {
    let in_project = authz::require(app, caller, Action::ScaTaskCreate, Some(project)).await?;
    let now = app.now();
    transact!(app.db, |tx| {
        let task = find(tx, in_project, id).await?;
        if !tasks::fail(tx, task.key, "cancelled", now).await? {
            return Err(Error::conflict("the task has ended"));
        }
        super::callback::enqueue(tx, &task, now).await?;
        finish(tx, app, caller, project, id).await
    })
}

/// Keeps a task and its results until a moment, instead of as long as the server keeps them; None is as long as that.
/// One that has not ended is kept until its end in any case.
///
/// # Errors
/// `Invalid` for a moment that has passed; `NotFound`; those of [`authz::require`] and of the database.
pub async fn keep(
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    id: &str,
    until: Option<Micros>,
) -> Result<()> {
    let in_project = authz::require(app, caller, Action::ScaTaskCreate, Some(project)).await?;
    if until.is_some_and(|until| until <= app.now()) {
        return Err(Error::invalid("keep_until", "has passed"));
    }
    transact!(app.db, |tx| {
        let task = find(tx, in_project, id).await?;
        tasks::keep(tx, task.key, until).await?;
        finish(tx, app, caller, project, id).await
    })
}

/// Forgets a task that has ended, and its results.
///
/// # Errors
/// `Conflict` while it has not ended; `NotFound`; those of [`authz::require`] and of the database.
pub async fn delete(app: &App, caller: &Caller, project: &ProjectId, id: &str) -> Result<()> {
    let in_project = authz::require(app, caller, Action::ScaTaskCreate, Some(project)).await?;
    transact!(app.db, |tx| {
        let task = find(tx, in_project, id).await?;
        if !matches!(task.status, Status::Done | Status::Failed) {
            return Err(Error::conflict("the task has not ended: cancel it first"));
        }
        tasks::delete(tx, task.key).await?;
        finish(tx, app, caller, project, id).await
    })
}

async fn finish(
    tx: &mut Tx,
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    id: &str,
) -> Result<()> {
    let target = format!("sca_task/{id}");
    audit::append(tx, app, caller, Action::ScaTaskCreate, project.as_str(), &target).await
}

/// The task of a project with this id.
pub(super) async fn find(tx: &mut Tx, project: i64, id: &str) -> Result<Task> {
    check_id(id)?;
    tasks::get(tx, project, id).await?.ok_or_else(|| Error::not_found(format_args!("task {id}")))
}
