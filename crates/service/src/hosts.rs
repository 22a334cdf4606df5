//! Hosts: the list, the state of their agents, and what their owner says of them.

use crate::audit;
use crate::{App, ProjectKey, authz};
use muster_model::host::AgentStatus;
use muster_model::id::ProjectId;
use muster_model::{Action, Caller, Error, Micros, Page, Paging, Result};
pub use muster_store::agents::Agent;
pub use muster_store::collect::Swept;
use muster_store::hosts as store;
pub use muster_store::hosts::{
    AgentFilter as AgentState, Filter as Wanted, Host, Installation, Ownership, Registration,
};
use muster_store::{Tx, agents, collect, transact, vulnerabilities};
use std::collections::HashMap;

/// An agent that was heard of within this time is online: three heartbeats of a minute.
pub const ONLINE_FOR_SECS: i64 = 180;
/// An installation that did not tell its end within this time has failed: whoever installed was interrupted.
pub const INSTALLING_FOR_SECS: i64 = 1_800;

/// What is wanted, with what online means now.
pub(crate) fn at(wanted: &Wanted, now: Micros) -> Wanted {
    Wanted {
        online_since: now.plus_secs(-ONLINE_FOR_SECS),
        installing_since: now.plus_secs(-INSTALLING_FOR_SECS),
        ..wanted.clone()
    }
}

/// A host with what follows from the time and from its assets.
#[derive(Clone, Debug)]
pub struct Known {
    /// The host.
    pub host: Host,
    /// The state of its agent now.
    pub status: AgentStatus,
    /// Containers run on it, or its owner says so.
    pub is_node: bool,
}

/// The state of a host's agent at `now`.
pub fn status(host: &Host, now: Micros) -> AgentStatus {
    match (&host.agent_id, host.last_seen) {
        (None, _) => match &host.installation {
            None => AgentStatus::NotInstalled,
            Some(it) if !it.failed && it.since >= now.plus_secs(-INSTALLING_FOR_SECS) => {
                AgentStatus::Installing
            }
            Some(_) => AgentStatus::InstallFailed,
        },
        (Some(_), Some(seen)) if seen >= now.plus_secs(-ONLINE_FOR_SECS) => AgentStatus::Online,
        (Some(_), _) => AgentStatus::Offline,
    }
}

/// A page of hosts by name. With nothing wanted the page is empty, but the caller still has to be allowed.
///
/// # Errors
/// Those of [`authz::require`] and of the database.
pub async fn list(
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    wanted: Option<&Wanted>,
    paging: Paging,
) -> Result<Page<Known>> {
    let project = authz::require(app, caller, Action::HostList, Some(project)).await?;
    let Some(wanted) = wanted else { return Ok(Page { total: 0, rows: Vec::new() }) };
    let now = app.now();
    let mut tx = app.db.read().await?;
    page(&mut tx, project, &at(wanted, now), paging, now).await
}

/// What stands against a host, as far as that was looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Against {
    /// Vulnerabilities of its own software; none while nothing was compared with any knowledge.
    pub vulnerabilities: Option<i64>,
    /// Security events that nobody has handled; none if there are none and the host is not protected, so that nobody looks.
    pub open_events: Option<i64>,
}

/// [`list`], with what stands against each host.
///
/// # Errors
/// Those of [`authz::require`] and of the database.
pub async fn list_with_risks(
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    wanted: Option<&Wanted>,
    paging: Paging,
) -> Result<Page<(Known, Against)>> {
    let project = authz::require(app, caller, Action::HostList, Some(project)).await?;
    let Some(wanted) = wanted else { return Ok(Page { total: 0, rows: Vec::new() }) };
    let now = app.now();
    let mut tx = app.db.read().await?;
    let page = page(&mut tx, project, &at(wanted, now), paging, now).await?;
    let compared = vulnerabilities::state(&mut tx).await?.is_some();
    let keys: Vec<_> = page.rows.iter().map(|known| known.host.key).collect();
    let risks = store::risks(&mut tx, &keys).await?;
    let against = |known: Known| {
        let risks = risks.get(&known.host.key).copied().unwrap_or_default();
        let looked = known.host.protected_as.is_some() || risks.open_events > 0;
        let against = Against {
            vulnerabilities: compared.then_some(risks.vulnerabilities),
            open_events: looked.then_some(risks.open_events),
        };
        (known, against)
    };
    Ok(Page { total: page.total, rows: page.rows.into_iter().map(against).collect() })
}

/// A page of hosts by name, for a caller that was let in.
pub(crate) async fn page(
    tx: &mut Tx,
    project: ProjectKey,
    wanted: &Wanted,
    paging: Paging,
    now: Micros,
) -> Result<Page<Known>> {
    let page = store::list(tx, project, wanted, paging).await?;
    Ok(Page { total: page.total, rows: known_now(tx, page.rows, now).await? })
}

/// The hosts with these keys, by key.
pub(crate) async fn by_keys(tx: &mut Tx, keys: &[i64], now: Micros) -> Result<HashMap<i64, Known>> {
    let hosts = store::by_keys(tx, keys).await?.into_values().collect();
    let known = known_now(tx, hosts, now).await?.into_iter();
    Ok(known.map(|known| (known.host.key, known)).collect())
}

/// Hosts with what follows from the time and from their assets.
async fn known_now(tx: &mut Tx, hosts: Vec<Host>, now: Micros) -> Result<Vec<Known>> {
    let keys: Vec<_> = hosts.iter().map(|host| host.key).collect();
    let nodes = store::nodes(tx, &keys).await?;
    let known =
        |host: Host| Known { status: status(&host, now), is_node: nodes.contains(&host.key), host };
    Ok(hosts.into_iter().map(known).collect())
}

/// Hosts by the state of their agent, and containers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Agent heard of lately.
    pub online: i64,
    /// Agent not heard of lately.
    pub offline: i64,
    /// No agent.
    pub not_installed: i64,
    /// Hosts that run containers, or that their owners say do.
    pub nodes: i64,
    /// Those of them without agent.
    pub nodes_without_agent: i64,
    /// Those of the nodes that are protected.
    pub protected_nodes: i64,
    /// Hosts that are protected.
    pub protected: i64,
    /// Containers on all hosts.
    pub containers: i64,
    /// Those on protected ones.
    pub protected_containers: i64,
}

impl Counts {
    /// All hosts.
    pub const fn total(&self) -> i64 {
        self.online + self.offline + self.not_installed
    }
}

/// Counts the hosts of a project, or of one enterprise project of it.
///
/// # Errors
/// Those of [`authz::require`] and of the database.
pub async fn counts(
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    enterprise_project: Option<String>,
) -> Result<Counts> {
    let project = authz::require(app, caller, Action::HostList, Some(project)).await?;
    let all = Wanted { enterprise_project_id: enterprise_project, ..Wanted::default() };
    let all = at(&all, app.now());
    let mut tx = app.db.read().await?;
    let mut counted = [0; 7];
    for (slot, (agent, node, protected)) in counted.iter_mut().zip([
        (Some(AgentState::Online), None, None),
        (Some(AgentState::Offline), None, None),
        (Some(AgentState::Absent), None, None),
        (None, Some(true), None),
        (Some(AgentState::Absent), Some(true), None),
        (None, Some(true), Some(true)),
        (None, None, Some(true)),
    ]) {
        let wanted = Wanted { agent, node, protected, ..all.clone() };
        *slot = store::count(&mut tx, project, &wanted).await?;
    }
    let [online, offline, not_installed, nodes, nodes_without_agent, protected_nodes, protected] =
        counted;
    let containers = store::count_containers(&mut tx, project, &all).await?;
    let all = Wanted { protected: Some(true), ..all };
    let protected_containers = store::count_containers(&mut tx, project, &all).await?;
    Ok(Counts {
        online,
        offline,
        not_installed,
        nodes,
        nodes_without_agent,
        protected_nodes,
        protected,
        containers,
        protected_containers,
    })
}

/// How many hosts run each operating system, the most frequent first.
///
/// # Errors
/// Those of [`authz::require`] and of the database.
pub async fn systems(
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    enterprise_project: Option<String>,
) -> Result<Vec<(String, i64)>> {
    let project = authz::require(app, caller, Action::HostList, Some(project)).await?;
    let all = Wanted { enterprise_project_id: enterprise_project, ..Wanted::default() };
    let mut tx = app.db.read().await?;
    store::systems(&mut tx, project, &all).await
}

/// A host with all that its agent says of itself.
#[derive(Clone, Debug)]
pub struct Detail {
    /// The host.
    pub known: Known,
    /// The agent that speaks for it.
    pub agent: Option<Agent>,
    /// The kinds that were ever swept on it.
    pub swept: Vec<Swept>,
}

/// One host.
///
/// # Errors
/// `NotFound` for one that is not in the project; those of [`authz::require`] and of the database.
pub async fn show(app: &App, caller: &Caller, project: &ProjectId, id: &str) -> Result<Detail> {
    let project = authz::require(app, caller, Action::HostList, Some(project)).await?;
    let mut tx = app.db.read().await?;
    let host = in_project(&mut tx, project, id).await?;
    let agents = agents::of_host(&mut tx, host.key).await?;
    let agent = agents.into_iter().find(|agent| host.agent_id.as_ref() == Some(&agent.id));
    let swept = collect::swept(&mut tx, host.key).await?;
    let nodes = store::nodes(&mut tx, &[host.key]).await?;
    let (status, is_node) = (status(&host, app.now()), nodes.contains(&host.key));
    Ok(Detail { known: Known { status, is_node, host }, agent, swept })
}

/// Checks that a host is in the project.
///
/// # Errors
/// `NotFound` for one that is not; those of [`authz::require`] and of the database.
pub async fn known(app: &App, caller: &Caller, project: &ProjectId, id: &str) -> Result<()> {
    let key = authz::require(app, caller, Action::AssetList, Some(project)).await?;
    let mut tx = app.db.read().await?;
    in_project(&mut tx, key, id).await.map(drop)
}

/// The host, if it is in the project.
///
/// # Errors
/// `NotFound` otherwise.
pub(crate) async fn in_project(tx: &mut Tx, project: i64, id: &str) -> Result<Host> {
    let host = store::by_id(tx, id).await?.filter(|host| host.project == project);
    host.ok_or_else(|| Error::not_found("host_id"))
}

/// Says how important hosts are: all of them, or none if one does not exist.
///
/// # Errors
/// `NotFound` for a host that is not in the project; those of [`authz::require`] and of the database.
pub async fn set_importance(
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    hosts: &[String],
    importance: &str,
) -> Result<()> {
    let key = authz::require(app, caller, Action::HostUpdate, Some(project)).await?;
    transact!(app.db, |tx| {
        for id in hosts {
            let host = in_project(tx, key, id).await?;
            let owner = Ownership { importance: importance.to_owned(), ..host.owner };
            store::update_owner(tx, host.key, &owner).await?;
            audit::append(tx, app, caller, Action::HostUpdate, project.as_str(), id).await?;
        }
        Ok(())
    })
}

/// Says as what hosts are protected, or that they are not: all of them, or none if one does not exist. Their agents learn it
/// with the answer to their next report.
///
/// # Errors
/// `NotFound` for a host that is not in the project; those of [`authz::require`] and of the database.
pub async fn protect(
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    hosts: &[String],
    version: Option<&str>,
) -> Result<()> {
    let key = authz::require(app, caller, Action::HostProtect, Some(project)).await?;
    let now = app.now();
    transact!(app.db, |tx| {
        for id in hosts {
            let host = in_project(tx, key, id).await?;
            store::protect(tx, host.key, version, now).await?;
            audit::append(tx, app, caller, Action::HostProtect, project.as_str(), id).await?;
        }
        Ok(())
    })
}
