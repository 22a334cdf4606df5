//! Kubernetes clusters, as their nodes tell of them.

use crate::list::{Answer, int32, millis};
use crate::query::{enterprise_project, paging_from, text, word};
use axum::extract::State;
use muster_http::{Caller, Json, Params, PathParams};
use muster_model::host::Cluster;
use muster_service::App;
use muster_service::containers::{self, Container, Gathered};
use muster_service::hosts;
use serde::Serialize;

/// The contract's word for a cluster that none of the clouds it knows has made, as far as a node can tell.
pub(crate) const TYPE: &str = "k8s";

/// The cluster a container belongs to: what runs on a node beside its pods is not the cluster's.
pub(crate) fn of(container: &Container) -> Option<&Cluster> {
    container.cluster.as_ref().filter(|_| containers::pod(container).is_some())
}

/// `KubernetesClusterInfo`, as far as nodes know it: there is no agent of the cluster itself.
#[derive(Debug, Serialize)]
pub(crate) struct ClusterRow {
    id: String,
    cluster_id: String,
    cluster_name: String,
    cluster_type: &'static str,
    /// `Available` while a node is online.
    status: &'static str,
    total_nodes_number: i32,
    active_nodes_number: i32,
    #[serde(skip_serializing_if = "Option::is_none")]
    agent_installed_num: Option<i32>,
}

impl ClusterRow {
    fn new(gathered: &Gathered, with_agents: bool) -> Self {
        Self {
            id: gathered.cluster.id.clone(),
            cluster_id: gathered.cluster.id.clone(),
            cluster_name: gathered.cluster.name.clone(),
            cluster_type: TYPE,
            status: if gathered.online > 0 { "Available" } else { "Unavailable" },
            total_nodes_number: int32(gathered.nodes),
            active_nodes_number: int32(gathered.online),
            // A node is known by its agent.
            agent_installed_num: with_agents.then(|| int32(gathered.nodes)),
        }
    }
}

/// `ListKubernetesClusterDetailsResponse`.
#[derive(Debug, Serialize)]
pub(crate) struct ClusterList {
    total_num: i32,
    last_update_time: Option<i64>,
    cluster_info_list: Vec<ClusterRow>,
}

/// `ListKubernetesClusterDetails`.
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    params: Params,
) -> Answer<ClusterList> {
    let paging = paging_from(&params, 10)?;
    word(&params, "scene", &["cluster_risk"])?;
    let wanted = hosts::Wanted {
        enterprise_project_id: enterprise_project(&params)?,
        ..hosts::Wanted::default()
    };
    let name = text(&params, "cluster_name")?;
    let with_agents = params.flag("load_agent_info")?.unwrap_or(false);
    let project = path.project()?;
    let page = containers::clusters(&app, &caller, &project, &wanted, name, paging).await?;
    let rows = page.rows.iter();
    Ok(Json(ClusterList {
        total_num: int32(page.total),
        last_update_time: millis(rows.clone().filter_map(|it| it.last_seen).max()),
        cluster_info_list: rows.map(|it| ClusterRow::new(it, with_agents)).collect(),
    }))
}
