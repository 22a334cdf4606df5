//! `/muster/v1/{project_id}/hosts`

use crate::assets::paging;
use axum::extract::State;
use muster_http::{Caller, Failure, Json, Params, PathParams};
use muster_model::host::{AgentStatus, HostProfile};
use muster_model::id::HostId;
use muster_model::{Diagnostic, Error};
use muster_service::hosts::{AgentState, Known, Wanted};
use muster_service::roster::{self, Entry, Outcome, OwnerChange, Told};
use muster_service::{App, enrol, hosts};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashSet};

#[derive(Serialize)]
struct HostView {
    id: String,
    #[serde(flatten)]
    profile: HostProfile,
    agent_status: &'static str,
    agent_id: Option<String>,
    agent_version: String,
    /// Two machines use this host's agent key.
    agent_cloned: bool,
    last_seen: Option<String>,
    department: String,
    importance: String,
    location: String,
    group: String,
    tags: BTreeMap<String, String>,
    /// Containers run on it, or its owner says so.
    container_node: bool,
    /// Its containers are watched for signs of ways out.
    protected: bool,
    /// The name it was entered by, whatever its agent calls it.
    entered_name: Option<String>,
    /// What an agent must have to become this host, where it was said.
    expected_address: Option<String>,
    expected_machine_id: Option<String>,
    /// An installation of its agent that is under way or failed, why, and since when.
    installation: Option<Value>,
    created_at: String,
}

fn view(known: Known, cloned: &HashSet<HostId>) -> HostView {
    let host = known.host;
    let said = |text: String| Some(text).filter(|text| !text.is_empty());
    HostView {
        agent_cloned: cloned.contains(&host.id),
        id: host.id.to_string(),
        profile: host.profile,
        agent_status: known.status.name(),
        agent_id: host.agent_id.map(|id| id.to_string()),
        agent_version: host.agent_version,
        last_seen: host.last_seen.map(|at| at.iso()),
        department: host.owner.department,
        importance: host.owner.importance,
        location: host.owner.location,
        group: host.owner.group,
        tags: host.owner.tags,
        container_node: known.is_node,
        protected: host.protected_as.is_some(),
        entered_name: said(host.registration.name),
        expected_address: said(host.registration.address),
        expected_machine_id: said(host.registration.machine_id),
        // Of an agent that is heard of nobody has to know how it came.
        installation: host.installation.filter(|_| known.status != AgentStatus::Online).map(|it| {
            let reason = match known.status {
                AgentStatus::InstallFailed if !it.failed => "its end was never told".to_owned(),
                _ => it.reason,
            };
            json!({"reason": reason, "since": it.since.iso()})
        }),
        created_at: host.created_at.iso(),
    }
}

fn agent_state(params: &Params) -> Result<Option<AgentState>, Error> {
    Ok(Some(match params.text("agent_status") {
        None => return Ok(None),
        Some("online") => AgentState::Online,
        Some("offline") => AgentState::Offline,
        Some("not_installed") => AgentState::NotInstalled,
        Some("installing") => AgentState::Installing,
        Some("install_failed") => AgentState::InstallFailed,
        Some(_) => {
            let words = "must be online, offline, not_installed, installing or install_failed";
            return Err(Error::invalid("agent_status", words));
        }
    }))
}

pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    params: Params,
) -> Result<Json<Value>, Failure> {
    let project = path.project()?;
    let wanted = Wanted {
        name: params.text("name").map(str::to_owned),
        agent: agent_state(&params)?,
        node: params.flag("container_node")?,
        // A tag without a value is its key alone.
        tag: params
            .text("tag")
            .map(|it| if it.contains('=') { it.to_owned() } else { format!("{it}=") }),
        ..Wanted::default()
    };
    let page = hosts::list(&app, &caller, &project, Some(&wanted), paging(&params)?).await?;
    let cloned = roster::cloned(&app, &caller, &project).await?.into_iter().collect();
    let hosts: Vec<_> = page.rows.into_iter().map(|known| view(known, &cloned)).collect();
    Ok(Json(json!({"total": page.total, "hosts": hosts})))
}

/// What only the page of one host has.
#[derive(Serialize)]
struct DetailView {
    #[serde(flatten)]
    host: HostView,
    /// CPU time of the agent in all, and its memory now.
    agent_cpu_us: Option<i64>,
    agent_rss_bytes: Option<i64>,
    kinds: Vec<Value>,
    diagnostics: Vec<Diagnostic>,
}

pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
) -> Result<Json<Value>, Failure> {
    let detail = hosts::show(&app, &caller, &path.project()?, path.text("host_id")).await?;
    let agent = detail.agent.as_ref();
    let cloned =
        agent.filter(|agent| agent.cloned_at.is_some()).map(|_| detail.known.host.id.clone());
    let kinds = detail
        .swept
        .iter()
        .map(|it| json!({"kind": it.kind, "assets": it.assets, "swept_at": it.swept_at.iso()}));
    let view = DetailView {
        agent_cpu_us: agent.map(|agent| agent.cpu_us),
        agent_rss_bytes: agent.map(|agent| agent.rss_bytes),
        kinds: kinds.collect(),
        diagnostics: agent.map(|agent| agent.diagnostics.clone()).unwrap_or_default(),
        host: view(detail.known, &cloned.into_iter().collect()),
    };
    Ok(Json(serde_json::to_value(view).map_err(Error::internal)?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Owner {
    department: Option<String>,
    importance: Option<String>,
    location: Option<String>,
    group: Option<String>,
    container_node: Option<bool>,
    tags: Option<BTreeMap<String, String>>,
}

impl From<Owner> for OwnerChange {
    fn from(owner: Owner) -> Self {
        let Owner { department, importance, location, group, container_node, tags } = owner;
        Self { department, importance, location, group, container_node, tags }
    }
}

/// The owner's fields are not flattened into it: a misspelt one would be lost.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewHost {
    name: String,
    #[serde(default)]
    address: String,
    #[serde(default)]
    machine_id: String,
    department: Option<String>,
    importance: Option<String>,
    location: Option<String>,
    group: Option<String>,
    container_node: Option<bool>,
    tags: Option<BTreeMap<String, String>>,
}

impl From<NewHost> for Entry {
    fn from(new: NewHost) -> Self {
        let NewHost { name, address, machine_id, department, importance, location, .. } = new;
        let (group, container_node, tags) = (new.group, new.container_node, new.tags);
        let owner = OwnerChange { department, importance, location, group, container_node, tags };
        Self { name, address, machine_id, owner }
    }
}

pub(crate) async fn add(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    Json(new): Json<NewHost>,
) -> Result<Json<Value>, Failure> {
    let id = roster::add(&app, &caller, &path.project()?, new.into()).await?;
    Ok(Json(json!({"id": id})))
}

pub(crate) async fn update(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    Json(owner): Json<Owner>,
) -> Result<Json<Value>, Failure> {
    let id = HostId::parse(path.text("host_id"))?;
    roster::change(&app, &caller, &path.project()?, &id, &owner.into()).await?;
    Ok(Json(json!({"id": id})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct List {
    hosts: Vec<NewHost>,
    #[serde(default)]
    dry_run: bool,
}

pub(crate) async fn import(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    Json(list): Json<List>,
) -> Result<Json<Value>, Failure> {
    let entries = list.hosts.into_iter().map(Entry::from).collect();
    let done = roster::import(&app, &caller, &path.project()?, entries, list.dry_run).await?;
    let count = |outcome| done.iter().filter(|line| line.outcome == outcome).count();
    let word = |outcome| match outcome {
        Outcome::Added => "added",
        Outcome::Changed => "changed",
        Outcome::Unchanged => "unchanged",
    };
    let hosts: Vec<_> = done
        .iter()
        .map(|it| json!({"id": it.id, "name": it.name, "outcome": word(it.outcome)}))
        .collect();
    Ok(Json(json!({
        "added": count(Outcome::Added),
        "changed": count(Outcome::Changed),
        "unchanged": count(Outcome::Unchanged),
        "hosts": hosts,
    })))
}

pub(crate) async fn remove(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
) -> Result<Json<Value>, Failure> {
    let id = HostId::parse(path.text("host_id"))?;
    roster::remove(&app, &caller, &path.project()?, &id).await?;
    Ok(Json(json!({"id": id})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct InstallationState {
    state: String,
    #[serde(default)]
    reason: String,
}

pub(crate) async fn installation(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    Json(to): Json<InstallationState>,
) -> Result<Json<Value>, Failure> {
    let id = HostId::parse(path.text("host_id"))?;
    let told = match to.state.as_str() {
        "installing" => Told::Begun,
        "failed" => Told::Failed(to.reason),
        "none" => Told::GivenUp,
        _ => return Err(Error::invalid("state", "must be installing, failed or none").into()),
    };
    roster::installation(&app, &caller, &path.project()?, &id, told).await?;
    Ok(Json(json!({"id": id})))
}

pub(crate) async fn revoke(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
) -> Result<Json<Value>, Failure> {
    let id = HostId::parse(path.text("host_id"))?;
    enrol::revoke(&app, &caller, Some(&path.project()?), &id).await?;
    Ok(Json(json!({"id": id})))
}
