//! How a host joins: one-time tokens, and the agents that came with them.
//!
//! A token says who may be trusted, where the host will belong and until when; the server keeps its hash
//! and takes it once. An agent's id is the hash of its key, so a key can be enrolled once and never again,
//! not even after it was revoked.

mod admit;
mod whose;

pub use admit::enrol;

use crate::{App, audit, authz};
use muster_model::id::{HostId, ProjectId};
use muster_model::{Action, Caller, EnrolToken, Error, Result, Scope};
use muster_store::agents::{self, EnrolmentToken};
use muster_store::{hosts, transact};
use muster_vault::random;
use zeroize::Zeroizing;

/// Longest life of a token, in seconds: 30 days.
pub const LONGEST: i64 = 30 * 24 * 3600;
/// Life of a token if nothing else is asked, in seconds: an hour.
pub const USUAL: i64 = 3600;
/// Longest description, in characters.
const MAX_DESCRIPTION: usize = 255;

/// A new token. The text is shown once and kept nowhere.
pub struct NewToken {
    /// The text to enrol with.
    pub text: Zeroizing<String>,
    /// Everything else about it.
    pub token: EnrolmentToken,
}

/// Makes a token for one host of a project (none: that of the caller's scope), good for `secs` seconds: for any host, or
/// for `host` and no other, whose agent it replaces if there is one.
///
/// # Errors
/// Those of [`authz::require`], which asks for the right to revoke, too, where an agent speaks for `host`; `Invalid` for
/// a life of less than a minute or more than [`LONGEST`], `NotFound` when there is no such host in the project.
pub async fn create_token(
    app: &App,
    caller: &Caller,
    project: Option<&ProjectId>,
    secs: i64,
    description: &str,
    host: Option<&HostId>,
) -> Result<NewToken> {
    let key = authz::require(app, caller, Action::AgentEnrol, project).await?;
    if !(60..=LONGEST).contains(&secs) {
        return Err(Error::invalid("valid_secs", "must be 60 to 2592000"));
    }
    if description.chars().count() > MAX_DESCRIPTION {
        return Err(Error::invalid("description", "must have at most 255 characters"));
    }
    let project = named(caller, project)?;
    if let Some(host) = host {
        let found = crate::hosts::in_project(&mut app.db.read().await?, key, host.as_str()).await?;
        // An agent that joins after this is not replaced.
        if found.agent_id.is_some() {
            authz::require(app, caller, Action::AgentRevoke, Some(project)).await?;
        }
    }
    let text = Zeroizing::new(
        EnrolToken {
            expires: app.now().plus_secs(secs),
            project: project.clone(),
            ca_sha256: app.settings.ca.as_ref().map(|ca| ca.sha256.clone()),
            secret: hex::encode(*random::bytes::<32>()?),
        }
        .text(),
    );
    let token = EnrolmentToken {
        hash: muster_vault::agent::token_hash(&text),
        project: key,
        created_by: caller.user_id.to_string(),
        description: description.to_owned(),
        created_at: app.now(),
        expires_at: app.now().plus_secs(secs),
        used_at: None,
        used_by: None,
        host: host.cloned(),
    };
    transact!(app.db, |tx| {
        let mut target = format!("enrolment_token/{}", name(&token));
        if let Some(host) = host {
            crate::hosts::in_project(tx, key, host.as_str()).await?;
            target.push_str(&format!("/host/{host}"));
        }
        agents::create_token(tx, &token).await?;
        audit::append(tx, app, caller, Action::AgentEnrol, project.as_str(), &target).await
    })?;
    Ok(NewToken { text, token })
}

/// What a token is called in lists and records: the start of its hash.
pub fn name(token: &EnrolmentToken) -> String {
    hex::encode(token.hash.get(..8).unwrap_or_default())
}

/// The tokens of a project, newest first, without their texts.
///
/// # Errors
/// Those of [`authz::require`].
pub async fn tokens(
    app: &App,
    caller: &Caller,
    project: Option<&ProjectId>,
) -> Result<Vec<EnrolmentToken>> {
    let key = authz::require(app, caller, Action::HostList, project).await?;
    agents::tokens(&mut app.db.read().await?, key).await
}

/// Whether an agent with this id was ever enrolled here, be it shut out since.
///
/// # Errors
/// Those of the database.
pub async fn is_known(app: &App, agent: &str) -> Result<bool> {
    Ok(agents::by_id(&mut app.db.read().await?, agent).await?.is_some())
}

/// Shuts the agent of a host out for good; the host stays, with what is known of it.
///
/// # Errors
/// Those of [`authz::require`]; `NotFound` when there is no such host in the project, `Conflict` when no
/// agent speaks for it.
pub async fn revoke(
    app: &App,
    caller: &Caller,
    project: Option<&ProjectId>,
    host: &HostId,
) -> Result<()> {
    let key = authz::require(app, caller, Action::AgentRevoke, project).await?;
    let project = named(caller, project)?;
    let now = app.now();
    transact!(app.db, |tx| {
        let found = hosts::by_id(tx, host.as_str()).await?.filter(|found| found.project == key);
        let found = found.ok_or_else(|| Error::not_found(format_args!("host {host}")))?;
        let Some(agent) = found.agent_id else {
            return Err(Error::conflict("no agent speaks for this host"));
        };
        if let Some(agent) = agents::by_id(tx, agent.as_str()).await? {
            agents::revoke(tx, agent.key, "revoked", now).await?;
        }
        hosts::set_agent(tx, found.key, None).await?;
        let target = format!("agent/{agent}");
        audit::append(tx, app, caller, Action::AgentRevoke, project.as_str(), &target).await
    })
}

/// The project meant, [`authz::require`] having let the caller in.
fn named<'a>(caller: &'a Caller, project: Option<&'a ProjectId>) -> Result<&'a ProjectId> {
    match (project, &caller.scope) {
        (Some(project), _) | (None, Scope::Project(project)) => Ok(project),
        (None, Scope::Domain) => Err(Error::invalid("project_id", "is required")),
    }
}
