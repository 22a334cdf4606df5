//! Admitting an agent that holds a token.

use super::whose;
use crate::App;
use crate::audit::asked_from;
use crate::ingest::check;
use muster_model::id::{AgentId, HostId};
use muster_model::report::{EnrolReply, EnrolRequest};
use muster_model::{Action, Error, Micros, Result};
use muster_store::agents;
use muster_store::audit::{self, Record};
use muster_store::hosts::{self, Host, Ownership};
use muster_store::{Tx, transact};
use std::net::IpAddr;

/// Admits an agent that asks from `address` and names its host. The token is used up together with it, or not at all.
///
/// # Errors
/// `Invalid` for a malformed request, `Unauthenticated` when the token is unknown, used or expired (it does
/// not say which), `Conflict` when the key was enrolled before, or the token is for another machine.
pub async fn enrol(
    app: &App,
    request: &EnrolRequest,
    request_id: &str,
    address: Option<IpAddr>,
) -> Result<EnrolReply> {
    check::protocol(request.protocol)?;
    check::profile(&request.host)?;
    let mut public_key = [0; 32];
    hex::decode_to_slice(&request.public_key, &mut public_key)
        .map_err(|_| Error::invalid("public_key", "must be 64 hexadecimal digits"))?;
    let agent_id = AgentId::parse(&muster_vault::agent::id(&public_key))?;
    let hash = muster_vault::agent::token_hash(&request.token);
    let new_host = HostId::parse(&uuid::Uuid::new_v4().to_string())?;
    let now = app.now();
    let host = transact!(app.db, |tx| {
        if agents::by_id(tx, agent_id.as_str()).await?.is_some() {
            return Err(Error::conflict("this agent key was enrolled before: make a new key"));
        }
        let Some(token) = agents::take_token(tx, &hash, &agent_id, now).await? else {
            return Err(Error::unauthenticated("the enrolment token does not hold"));
        };
        let project = token.project;
        let known = match token.host {
            Some(key) => Some(whose::named(tx, key, token.created_at, &request.host).await?),
            None => whose::known(app, tx, project, &request.host, address, now).await?,
        };
        let (host, id) = match known {
            Some(host) => {
                take_over(tx, &host, now).await?;
                hosts::update_profile(tx, host.key, &request.host).await?;
                (host.key, host.id)
            }
            None => {
                let owner =
                    Ownership { enterprise_project_id: "0".to_owned(), ..Ownership::default() };
                let key = hosts::create(tx, project, &new_host, &request.host, &owner, now).await?;
                (key, new_host.clone())
            }
        };
        agents::create(tx, &agent_id, host, &public_key, now).await?;
        hosts::set_agent(tx, host, Some(&agent_id)).await?;
        hosts::set_installation(tx, host, None).await?;
        let project = app.identity.directory().project_by_key(project).cloned();
        let record = Record {
            at: now,
            request_id: request_id.to_owned(),
            domain_id: String::new(),
            project_id: project.map(|it| it.id.to_string()).unwrap_or_default(),
            user_id: agent_id.to_string(),
            user_name: request.host.name.clone(),
            credential: "agent".to_owned(),
            action: Action::AgentEnrol.name().to_owned(),
            target: format!("host/{id}"),
            outcome: "success".to_owned(),
            detail: asked_from(address),
        };
        audit::append(tx, &record).await?;
        Ok(id)
    })?;
    Ok(EnrolReply { host_id: host.to_string(), agent_id: agent_id.to_string() })
}

/// The agent that spoke for the host so far is shut out.
async fn take_over(tx: &mut Tx, host: &Host, now: Micros) -> Result<()> {
    for agent in agents::of_host(tx, host.key).await? {
        agents::revoke(tx, agent.key, "replaced", now).await?;
    }
    Ok(())
}
