//! Containers that run, on all hosts.

use crate::clusters;
use crate::list::{Answer, int32, millis};
use crate::query::{enterprise_project, paging_from, text};
use axum::extract::State;
use muster_http::{Caller, Json, Params, PathParams};
use muster_service::App;
use muster_service::containers::{self, Container, Wanted};
use muster_service::hosts;
use serde::Serialize;

/// `ContainerBaseInfo`, as far as it is known: limits and restarts are not.
#[derive(Debug, Serialize)]
pub(crate) struct ContainerRow {
    id: String,
    container_id: String,
    container_name: String,
    #[serde(skip_serializing_if = "str::is_empty")]
    image_name: String,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    create_time: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pod_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cluster_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cluster_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cluster_type: Option<&'static str>,
}

impl From<&Container> for ContainerRow {
    fn from(container: &Container) -> Self {
        let pod_name = containers::pod(container).map(str::to_owned);
        let cluster = clusters::of(container);
        Self {
            // Ids are the runtime's own: two hosts may have the same one.
            id: format!("{}/{}", container.host_id, container.id()),
            container_id: container.id().to_owned(),
            container_name: container.name().to_owned(),
            image_name: container.details.image.clone(),
            status: "Running",
            create_time: millis(container.details.created),
            pod_name,
            cluster_name: cluster.map(|it| it.name.clone()),
            cluster_id: cluster.map(|it| it.id.clone()),
            cluster_type: cluster.map(|_| clusters::TYPE),
        }
    }
}

/// `ListContainersResponse`.
#[derive(Debug, Serialize)]
pub(crate) struct ContainerList {
    total_num: i32,
    /// The latest look at one of those on the page; none without one.
    last_update_time: Option<i64>,
    data_list: Vec<ContainerRow>,
}

/// `ListContainers`. A container without a process is not seen; so all that are listed run.
pub(crate) async fn list_containers(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    params: Params,
) -> Answer<ContainerList> {
    let paging = paging_from(&params, 1)?;
    let wanted = Wanted {
        name: text(&params, "container_name")?.map(str::to_owned),
        image: text(&params, "image_name")?.map(str::to_owned),
        pod: text(&params, "pod_name")?.map(str::to_owned),
        in_pod: params.flag("cluster_container")?,
        hosts: hosts::Wanted {
            enterprise_project_id: enterprise_project(&params)?,
            ..hosts::Wanted::default()
        },
        ..Wanted::default()
    };
    let page = containers::list(&app, &caller, &path.project()?, &wanted, paging).await?;
    Ok(Json(ContainerList {
        total_num: int32(page.total),
        last_update_time: millis(page.rows.iter().map(|row| row.looked_at).max()),
        data_list: page.rows.iter().map(ContainerRow::from).collect(),
    }))
}
