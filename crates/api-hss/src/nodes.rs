//! Container nodes: hosts that containers run on. One handler for HSS and for CGS, whose one call it is.

use crate::hosts::{HostRow, Protection, agent_state, passes};
use crate::list::{Answer, DataList, int32};
use crate::query::{enterprise_project, paging_from, text};
use axum::extract::State;
use muster_http::{Caller, Json, Params, PathParams, RequestInfo};
use muster_model::host::AgentStatus;
use muster_service::App;
use muster_service::hosts::{self, Against, AgentState, Known, Wanted};
use serde::Serialize;
use std::sync::Arc;

/// `ContainerNodeInfo` of HSS, of which CGS knows the first five that both have. Risks of assets are not graded: there is no `asset`.
#[derive(Debug, Serialize)]
pub(crate) struct NodeRow {
    agent_id: String,
    host_id: String,
    host_name: String,
    host_status: Option<&'static str>,
    agent_status: &'static str,
    protect_status: &'static str,
    protect_interrupt: bool,
    protect_degradation: bool,
    container_tags: &'static str,
    private_ip: String,
    public_ip: String,
    group_name: String,
    enterprise_project_name: String,
    detect_result: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    vulnerability: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    intrusion: Option<i32>,
    is_container_node: bool,
    version: String,
}

impl NodeRow {
    fn new((known, against): &(Known, Against), cgs: bool) -> Self {
        let host = HostRow::from(known);
        Self {
            agent_id: host.agent_id,
            host_id: host.host_id,
            host_name: host.host_name,
            host_status: host.host_status,
            agent_status: match known.status {
                AgentStatus::Online | AgentStatus::Offline => known.status.name(),
                // It has a word of its own, and none for what is on its way.
                _ if cgs => "not_register",
                status => status.name(),
            },
            protect_status: host.protect_status,
            protect_interrupt: false,
            protect_degradation: false,
            // `cce` is a node of the vendor's managed clusters. The kubelet's files name a cluster by its CA and address
            // alone, and the labels that would tell its maker are kept by the API server, which nobody asks.
            container_tags: "self",
            private_ip: host.private_ip,
            public_ip: host.public_ip,
            group_name: host.group_name,
            enterprise_project_name: host.enterprise_project_name,
            detect_result: host.detect_result,
            vulnerability: against.vulnerabilities.map(int32),
            intrusion: against.open_events.map(int32),
            is_container_node: known.is_node,
            version: host.version,
        }
    }
}

/// `ListContainerNodes` of HSS and of CGS. A host is a node when containers run on it or its owner
/// says so. The two documents differ in their word for a host without agent; the name in the `Host` header tells who is asked.
pub(crate) async fn list_nodes(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    params: Params,
    request: axum::Extension<Arc<RequestInfo>>,
) -> Answer<DataList<NodeRow>> {
    let paging = paging_from(&params, 1)?;
    let mut possible = passes(&params, &[("container_tags", &["cce", "self", "other"], "self")])?;
    let cgs = request.host.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("cgs."));
    let agent = agent_state(&params)?.map(|state| match state {
        AgentState::NotInstalled if cgs => AgentState::Absent,
        state => state,
    });
    let protection = Protection::wanted(&params)?;
    possible &= protection.is_some();
    let Protection { protected, version } = protection.unwrap_or_default();
    let wanted = Wanted {
        name: text(&params, "host_name")?.map(str::to_owned),
        enterprise_project_id: enterprise_project(&params)?,
        agent,
        node: Some(params.flag("container_node")?.unwrap_or(true)),
        protected,
        version,
        ..Wanted::default()
    };
    let wanted = possible.then_some(wanted);
    let (project, wanted) = (path.project()?, wanted.as_ref());
    let page = hosts::list_with_risks(&app, &caller, &project, wanted, paging).await?;
    Ok(Json(DataList {
        total_num: int32(page.total),
        data_list: page.rows.iter().map(|row| NodeRow::new(row, cgs)).collect(),
    }))
}

/// `ShowContainerNodeStatisticsResponse`.
#[derive(Debug, Serialize)]
pub(crate) struct NodeCounts {
    unprotected_num: i32,
    protected_num: i32,
    protected_num_on_demand: i32,
    protected_num_packet_cycle: i32,
    cluster_node_not_installed_num: i32,
    not_cluster_node_not_installed_num: i32,
}

/// `ShowContainerNodeStatistics`.
pub(crate) async fn count_nodes(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    params: Params,
) -> Answer<NodeCounts> {
    let enterprise_project = enterprise_project(&params)?;
    let counts = hosts::counts(&app, &caller, &path.project()?, enterprise_project).await?;
    Ok(Json(NodeCounts {
        unprotected_num: int32(counts.nodes - counts.protected_nodes),
        protected_num: int32(counts.protected_nodes),
        protected_num_on_demand: int32(counts.protected_nodes),
        protected_num_packet_cycle: 0,
        cluster_node_not_installed_num: 0,
        not_cluster_node_not_installed_num: int32(counts.nodes_without_agent),
    }))
}
