//! What tasks found, as it is asked for.

use super::tasks::find;
use crate::app::App;
use crate::authz;
use muster_model::{Action, Caller, Error, Result};
use muster_store::Tx;
use muster_store::sca::{Finding, Found, Status, Task, Vulnerability, results};

/// Longest id of a component or number of a vulnerability.
const MAX_ID: usize = 128;

/// A part of a list: page `current` of pages of `size`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// From 1.
    pub current: u32,
    /// 1 to 500.
    pub size: u32,
}

impl Page {
    /// Checks the bounds.
    ///
    /// # Errors
    /// `Invalid` naming the parameter.
    pub fn new(current: i64, size: i64) -> Result<Self> {
        let current = u32::try_from(current).ok().filter(|&current| current >= 1);
        let size = u32::try_from(size).ok().filter(|size| (1..=500).contains(size));
        Ok(Self {
            current: current.ok_or_else(|| Error::invalid("current", "must be 1 or more"))?,
            size: size.ok_or_else(|| Error::invalid("size", "must be 1 to 500"))?,
        })
    }

    pub(super) fn offset(self) -> i64 {
        i64::from(self.current.saturating_sub(1)) * i64::from(self.size)
    }
}

/// A task that has results.
///
/// # Errors
/// `Conflict` if it has none (yet), saying why; `NotFound`; those of [`authz::require`] and of the database.
pub async fn finished(app: &App, caller: &Caller, task: &str) -> Result<Task> {
    ended(app, caller, task).await.map(|(task, _)| task)
}

async fn ended(app: &App, caller: &Caller, task: &str) -> Result<(Task, Tx)> {
    let project = authz::require(app, caller, Action::ScaTaskGet, None).await?;
    let mut tx = app.db.read().await?;
    let task = with_results(find(&mut tx, project, task).await?)?;
    Ok((task, tx))
}

pub(super) fn with_results(task: Task) -> Result<Task> {
    match task.status {
        Status::Done => Ok(task),
        Status::Queued | Status::Running => {
            Err(Error::conflict("taskId: the task has not ended: ask for its status"))
        }
        Status::Failed => {
            let why = task.error.unwrap_or_default();
            Err(Error::conflict(format!("taskId: the task has failed and has no results: {why}")))
        }
    }
}

/// A page of a task's components, worst first, and how many there are.
///
/// # Errors
/// As [`finished`].
pub async fn components(
    app: &App,
    caller: &Caller,
    task: &str,
    page: Page,
) -> Result<(i64, Vec<Found>)> {
    let (task, mut tx) = ended(app, caller, task).await?;
    let rows = results::page_components(&mut tx, task.key, page.size, page.offset()).await?;
    Ok((task.components, rows))
}

/// A page of a task's vulnerabilities, worst first, and how many there are; of one component if one is named.
///
/// # Errors
/// As [`finished`]; `Invalid` for an impossible component.
pub async fn vulnerabilities(
    app: &App,
    caller: &Caller,
    task: &str,
    component: Option<&str>,
    page: Page,
) -> Result<(i64, Vec<Finding>)> {
    check("componentUuid", component)?;
    let (task, mut tx) = ended(app, caller, task).await?;
    let (size, offset) = (page.size, page.offset());
    results::page_vulnerabilities(&mut tx, task.key, component, size, offset).await
}

/// The licences of a task with the number of components under each; of one component if one is named.
///
/// # Errors
/// As [`finished`]; `Invalid` for an impossible component.
pub async fn licences(
    app: &App,
    caller: &Caller,
    task: &str,
    component: Option<&str>,
) -> Result<Vec<(String, i64)>> {
    check("componentUuid", component)?;
    let (task, mut tx) = ended(app, caller, task).await?;
    results::licences(&mut tx, task.key, component).await
}

/// A component as the newest task of the caller's project found it.
///
/// # Errors
/// `NotFound`; `Invalid`; those of [`authz::require`] and of the database.
pub async fn component(app: &App, caller: &Caller, uuid: &str) -> Result<Found> {
    let project = authz::require(app, caller, Action::ScaTaskGet, None).await?;
    check("componentUuid", Some(uuid))?;
    let found = results::latest(&mut app.db.read().await?, project, uuid).await?;
    found.ok_or_else(|| Error::not_found(format_args!("component {uuid}")))
}

/// A vulnerability that a task of the caller's project found.
///
/// # Errors
/// `NotFound`; `Invalid`; those of [`authz::require`] and of the database.
pub async fn vulnerability(app: &App, caller: &Caller, number: &str) -> Result<Vulnerability> {
    let project = authz::require(app, caller, Action::ScaTaskGet, None).await?;
    check("customSzNo", Some(number))?;
    let found = results::vulnerability(&mut app.db.read().await?, project, number).await?;
    found.ok_or_else(|| Error::not_found(format_args!("vulnerability {number}")))
}

fn check(parameter: &'static str, id: Option<&str>) -> Result<()> {
    match id {
        Some(id) if id.is_empty() || id.len() > MAX_ID => {
            Err(Error::invalid(parameter, "must be 1 to 128 bytes"))
        }
        _ => Ok(()),
    }
}
