//! Hosts and container nodes.

use crate::list::{Answer, DataList, Done, millis};
use crate::query::{enterprise_project, paging, text, word};
use axum::extract::State;
use muster_http::{Caller, Json, Params, PathParams};
use muster_model::host::AgentStatus;
use muster_model::{Error, Result};
use muster_service::App;
use muster_service::hosts::{self, AgentState, Known, Wanted};
use serde::{Deserialize, Serialize};

const AGENT_STATUSES: &[&str] =
    &["installed", "not_installed", "online", "offline", "install_failed", "installing"];
const ASSET_VALUES: &[&str] = &["important", "common", "test"];
const HOST_STATUSES: &[&str] = &["ACTIVE", "SHUTOFF", "BUILDING", "ERROR"];
const PROTECT_STATUSES: &[&str] = &["closed", "opened", "protection_exception"];
const DETECT_RESULTS: &[&str] = &["undetected", "clean", "risk", "scanning"];
/// The version of a host that is not protected.
pub(crate) const UNPROTECTED: &str = "hss.version.null";
pub(crate) const VERSIONS: &[&str] = &[
    UNPROTECTED,
    "hss.version.basic",
    "hss.version.advanced",
    "hss.version.enterprise",
    "hss.version.premium",
    "hss.version.wtp",
    "hss.version.container.enterprise",
];

/// `Host`, as far as there is something to say. A host is protected as the version somebody chose, which says nothing more:
/// nothing is bought, and none was searched for risks.
#[derive(Debug, Serialize)]
pub(crate) struct HostRow {
    pub(crate) host_name: String,
    pub(crate) host_id: String,
    pub(crate) agent_id: String,
    pub(crate) private_ip: String,
    pub(crate) public_ip: String,
    enterprise_project_id: String,
    pub(crate) enterprise_project_name: String,
    os_name: String,
    os_version: String,
    kernel_version: String,
    /// Known only while an agent speaks for the host.
    pub(crate) host_status: Option<&'static str>,
    agent_status: &'static str,
    pub(crate) version: String,
    pub(crate) protect_status: &'static str,
    os_type: &'static str,
    os_bit: &'static str,
    pub(crate) detect_result: &'static str,
    outside_host: bool,
    group_id: String,
    pub(crate) group_name: String,
    asset_value: String,
    labels: Vec<String>,
    agent_create_time: Option<i64>,
    agent_update_time: Option<i64>,
    agent_version: String,
    upgradable: bool,
}

impl From<&Known> for HostRow {
    fn from(known: &Known) -> Self {
        let (host, profile) = (&known.host, &known.host.profile);
        let enterprise_project_id = host.owner.enterprise_project_id.clone();
        Self {
            host_name: profile.name.clone(),
            host_id: host.id.to_string(),
            agent_id: host.agent_id.as_ref().map(ToString::to_string).unwrap_or_default(),
            private_ip: profile.addresses.first().cloned().unwrap_or_default(),
            public_ip: String::new(),
            enterprise_project_name: match enterprise_project_id.as_str() {
                "0" => "default".to_owned(),
                id => id.to_owned(),
            },
            enterprise_project_id,
            os_name: profile.os_name.clone(),
            os_version: profile.os_version.clone(),
            kernel_version: profile.kernel.clone(),
            host_status: (known.status == AgentStatus::Online).then_some("ACTIVE"),
            agent_status: known.status.name(),
            version: host.protected_as.clone().unwrap_or_else(|| UNPROTECTED.to_owned()),
            protect_status: if host.protected_as.is_some() { "opened" } else { "closed" },
            os_type: "Linux",
            os_bit: if profile.arch.contains("64") || profile.arch == "s390x" { "64" } else { "" },
            detect_result: "undetected",
            outside_host: true,
            group_id: host.owner.group.clone(),
            group_name: host.owner.group.clone(),
            asset_value: host.owner.importance.clone(),
            labels: host.owner.tags.iter().map(|(key, value)| label(key, value)).collect(),
            agent_create_time: host.agent_id.is_some().then(|| host.created_at.millis()),
            agent_update_time: millis(host.last_seen),
            agent_version: host.agent_version.clone(),
            upgradable: false,
        }
    }
}

/// A tag in one word.
fn label(key: &str, value: &str) -> String {
    if value.is_empty() { key.to_owned() } else { format!("{key}={value}") }
}

/// What the agent's state must be.
pub(crate) fn agent_state(params: &Params) -> Result<Option<AgentState>> {
    let word = word(params, "agent_status", AGENT_STATUSES)?;
    Ok(word.map(|word| match word {
        "installed" => AgentState::Installed,
        "online" => AgentState::Online,
        "offline" => AgentState::Offline,
        "installing" => AgentState::Installing,
        "install_failed" => AgentState::InstallFailed,
        _ => AgentState::NotInstalled,
    }))
}

/// Whether every host passes the filters on what is the same for all of them.
pub(crate) fn passes(
    params: &Params,
    table: &[(&'static str, &'static [&'static str], &str)],
) -> Result<bool> {
    let mut all = true;
    for (name, words, ours) in table {
        all &= word(params, name, words)?.is_none_or(|word| word == *ours);
    }
    Ok(all)
}

/// What the protection of a host must be.
#[derive(Default)]
pub(crate) struct Protection {
    pub(crate) protected: Option<bool>,
    pub(crate) version: Option<String>,
}

impl Protection {
    /// As `protect_status` and `version` ask; none if no host can be both.
    pub(crate) fn wanted(params: &Params) -> Result<Option<Self>> {
        let by_status = match word(params, "protect_status", PROTECT_STATUSES)? {
            None => None,
            Some("closed") => Some(false),
            Some("opened") => Some(true),
            Some(_) => return Ok(None),
        };
        let (by_version, version) = match word(params, "version", VERSIONS)? {
            None => (None, None),
            Some(UNPROTECTED) => (Some(false), None),
            Some(version) => (Some(true), Some(version.to_owned())),
        };
        let possible = by_status.is_none() || by_version.is_none() || by_status == by_version;
        Ok(possible.then(|| Self { protected: by_status.or(by_version), version }))
    }
}

/// Filters on things no host has: asking for one finds nothing.
const HAS_NOT: &[&str] = &[
    "public_ip",
    "public_ip_list",
    "vpc_id",
    "policy_group_id",
    "policy_group_name",
    "charging_mode",
    "server_group",
    "cluster_id",
];
/// Flags that are false for every host.
const IS_NOT: &[&str] = &[
    "has_intrusion",
    "has_vul",
    "has_baseline",
    "agent_upgradable",
    "install_mode",
    "binding_key",
    "protect_interrupt",
    "incluster",
    "protect_degradation",
];

/// A comma-joined list of 1 to `max` texts.
fn list(params: &Params, name: &'static str, max: usize) -> Result<Vec<String>> {
    let Some(joined) = params.text(name) else { return Ok(Vec::new()) };
    let list: Vec<_> = joined.split(',').map(|text| text.trim().to_owned()).collect();
    if list.len() > max || list.iter().any(|text| text.is_empty() || text.len() > 128) {
        let why = format_args!("must be 1 to {max} comma-separated texts").to_string();
        return Err(Error::invalid(name, why));
    }
    Ok(list)
}

/// The hosts a `ListHostStatus` asks for; none if no host can match.
fn wanted(params: &Params) -> Result<Option<Wanted>> {
    let own = |name| Ok::<_, Error>(text(params, name)?.map(str::to_owned));
    let mut possible = passes(
        params,
        &[
            ("os_type", &["Linux", "Windows"], "Linux"),
            ("detect_result", DETECT_RESULTS, "undetected"),
        ],
    )?;
    let protection = Protection::wanted(params)?;
    possible &= protection.is_some();
    let Protection { protected, version } = protection.unwrap_or_default();
    possible &= HAS_NOT.iter().all(|name| params.text(name).is_none());
    for name in IS_NOT {
        possible &= params.flag(name)? != Some(true);
    }
    possible &= params.flag("outside_host")? != Some(false);
    word(params, "sort_key", &["risk_num"])?;
    word(params, "sort_dir", &["asc", "desc"])?;
    let mut agent = agent_state(params)?;
    match (word(params, "host_status", HOST_STATUSES)?, agent) {
        (None, _) => {}
        (Some("ACTIVE"), None | Some(AgentState::Installed | AgentState::Online)) => {
            agent = Some(AgentState::Online);
        }
        _ => possible = false,
    }
    let mut groups = own("group_id")?;
    if let Some(name) = own("group_name")? {
        possible &= groups.as_ref().is_none_or(|group| *group == name);
        groups = Some(name);
    }
    let wanted = Wanted {
        id: own("host_id")?,
        ids: list(params, "host_id_list", 100)?,
        name: own("host_name")?,
        names: list(params, "host_name_list", 60)?,
        ip: own("private_ip")?.or(own("ip_addr")?),
        ips: list(params, "private_ip_list", 100)?,
        group: groups,
        importance: word(params, "asset_value", ASSET_VALUES)?.map(str::to_owned),
        enterprise_project_id: enterprise_project(params)?,
        // A tag without a value is its key alone.
        tag: own("label")?.map(|it| if it.contains('=') { it } else { it + "=" }),
        agent,
        protected,
        version,
        ..Wanted::default()
    };
    Ok(possible.then_some(wanted))
}

/// `ListHostStatus`.
pub(crate) async fn list_hosts(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    params: Params,
) -> Answer<DataList<HostRow>> {
    let (wanted, paging) = (wanted(&params)?, paging(&params)?);
    let page = hosts::list(&app, &caller, &path.project()?, wanted.as_ref(), paging).await?;
    Ok(Json(DataList::of(&page)))
}

/// `AssociateHostAssetValueRequestInfo`.
#[derive(Debug, Deserialize)]
pub(crate) struct AssetValue {
    asset_value: String,
    host_id_list: Vec<String>,
}

/// `AssociateHostAssetValue`.
pub(crate) async fn set_asset_value(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    Json(body): Json<AssetValue>,
) -> Answer<Done> {
    if !ASSET_VALUES.contains(&body.asset_value.as_str()) {
        let why = format_args!("must be {}", ASSET_VALUES.join(", ")).to_string();
        return Err(Error::invalid("asset_value", why).into());
    }
    if !(1..=200).contains(&body.host_id_list.len()) {
        return Err(Error::invalid("host_id_list", "must have 1 to 200 entries").into());
    }
    let project = path.project()?;
    hosts::set_importance(&app, &caller, &project, &body.host_id_list, &body.asset_value).await?;
    Ok(Json(Done {}))
}
