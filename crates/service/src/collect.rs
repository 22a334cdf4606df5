//! Sweeps on demand: asked for here, fetched by the agent with its next report.

use crate::hosts::in_project;
use crate::{App, audit, authz};
use muster_model::id::ProjectId;
use muster_model::{Action, Caller, Error, Kind, Micros, Result};
use muster_store::hosts::{self as store_hosts, AgentFilter, Filter};
use muster_store::{collect as store, transact};
use uuid::Uuid;

/// After so long without an end a sweep counts as late.
const LATE_SECS: i64 = 600;

/// How a sweep goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// The kind was never looked at on this host.
    Never,
    /// Asked for and not ended.
    Running,
    /// Looked at.
    Done,
    /// The agent could not.
    Failed,
    /// Asked for ten minutes ago and not ended.
    Late,
}

/// How a sweep of one kind of a host goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The latest request, or what regular sweeps brought.
    pub status: Status,
    /// When the kind was last looked at.
    pub swept_at: Option<Micros>,
}

/// Asks a host's agent to sweep some kinds now.
///
/// # Errors
/// `NotFound` for a host that is not in the project, `Invalid` for one without agent; those of
/// [`authz::require`] and of the database.
pub async fn request(
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    host: &str,
    kinds: &[Kind],
) -> Result<()> {
    let key = authz::require(app, caller, Action::AssetCollect, Some(project)).await?;
    let (now, task) = (app.now(), Uuid::new_v4().to_string());
    transact!(app.db, |tx| {
        let known = in_project(tx, key, host).await?;
        if known.agent_id.is_none() {
            let why = "The selected server is not associated with any agent.";
            return Err(Error::invalid("host_id", why));
        }
        store::request(tx, known.key, kinds, &task, now).await?;
        let target = format!("host/{host}");
        audit::append(tx, app, caller, Action::AssetCollect, project.as_str(), &target).await
    })
}

/// Asks the agents of all hosts of some groups, or of the whole project if none is named, to sweep
/// everything now. Answers how many were asked.
///
/// # Errors
/// Those of [`authz::require`] and of the database.
pub async fn request_all(
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    groups: &[String],
) -> Result<usize> {
    let key = authz::require(app, caller, Action::AssetCollect, Some(project)).await?;
    let (now, task) = (app.now(), Uuid::new_v4().to_string());
    transact!(app.db, |tx| {
        let of = |group: Option<&String>| Filter {
            group: group.cloned(),
            agent: Some(AgentFilter::Installed),
            ..Filter::default()
        };
        let mut hosts = Vec::new();
        if groups.is_empty() {
            hosts = store_hosts::keys(tx, key, &of(None)).await?;
        }
        for group in groups {
            hosts.extend(store_hosts::keys(tx, key, &of(Some(group))).await?);
        }
        for host in &hosts {
            store::request(tx, *host, &Kind::ALL, &task, now).await?;
        }
        let target = format!("hosts {}", hosts.len());
        audit::append(tx, app, caller, Action::AssetCollect, project.as_str(), &target).await?;
        Ok(hosts.len())
    })
}

/// How the sweep of one kind of a host goes.
///
/// # Errors
/// `NotFound` for a host that is not in the project; those of [`authz::require`] and of the database.
pub async fn status(
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    host: &str,
    kind: Kind,
) -> Result<Progress> {
    let key = crate::assets::let_in(app, caller, project, kind.name()).await?;
    let mut tx = app.db.read().await?;
    let host = in_project(&mut tx, key, host).await?;
    let state = store::state(&mut tx, host.key, kind).await?;
    Ok(Progress { status: state_of(&state, app.now()), swept_at: state.swept_at })
}

fn state_of(state: &store::State, now: Micros) -> Status {
    match &state.request {
        Some(request) if request.finished_at.is_none() => {
            if now >= request.requested_at.plus_secs(LATE_SECS) {
                Status::Late
            } else {
                Status::Running
            }
        }
        Some(request) if request.error.is_some() => Status::Failed,
        Some(_) => Status::Done,
        None if state.swept_at.is_some() => Status::Done,
        None => Status::Never,
    }
}

/// Whether any requested sweep of the project has not ended and is not late.
///
/// # Errors
/// Those of [`authz::require`] and of the database.
pub async fn any_running(app: &App, caller: &Caller, project: &ProjectId) -> Result<bool> {
    let key = crate::assets::let_in(app, caller, project, "").await?;
    let mut tx = app.db.read().await?;
    store::any_running(&mut tx, key, app.now().plus_secs(-LATE_SECS)).await
}
