//! How the installation of a host's agent goes, as whoever installs it tells.

use crate::{App, audit, authz};
use muster_model::id::{HostId, ProjectId};
use muster_model::{Action, Caller, Error, Result};
use muster_store::hosts::{self, Installation};
use muster_store::transact;

/// Longest reason, in characters.
const MAX_REASON: usize = 500;

/// What is told of an installation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// It began.
    Begun,
    /// It failed, for this reason.
    Failed(String),
    /// It was given up: the host is as if nobody had tried.
    GivenUp,
}

/// Notes how an installation goes. That it went well nobody tells: the agent enrols.
///
/// # Errors
/// Those of [`authz::require`]; `Invalid` for a reason of no or more than 500 characters, `NotFound` when there is no such
/// host in the project.
pub async fn installation(
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    id: &HostId,
    told: Told,
) -> Result<()> {
    let key = authz::require(app, caller, Action::AgentEnrol, Some(project)).await?;
    let since = app.now();
    let to = match told {
        Told::Begun => Some(Installation { failed: false, reason: String::new(), since }),
        Told::GivenUp => None,
        Told::Failed(reason) if (1..=MAX_REASON).contains(&reason.chars().count()) => {
            // It is what a foreign machine said, and is shown in terminals.
            let reason = reason.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
            Some(Installation { failed: true, reason, since })
        }
        Told::Failed(_) => {
            return Err(Error::invalid("reason", "must be 1 to 500 characters"));
        }
    };
    transact!(app.db, |tx| {
        let host = crate::hosts::in_project(tx, key, id.as_str()).await?;
        hosts::set_installation(tx, host.key, to.as_ref()).await?;
        let target = format!("host/{id}/installation");
        audit::append(tx, app, caller, Action::AgentEnrol, project.as_str(), &target).await
    })
}
