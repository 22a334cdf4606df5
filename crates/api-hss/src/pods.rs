//! Pods of Kubernetes, as far as their nodes know them.

use crate::clusters;
use crate::containers::ContainerRow;
use crate::list::{Answer, DataList, millis};
use crate::query::{enterprise_project, paging, text};
use axum::extract::State;
use muster_http::{Caller, Json, Params, PathParams};
use muster_model::Result;
use muster_service::App;
use muster_service::containers::{self, Pod, Wanted, WantedPods};
use muster_service::hosts::{self, Known};
use serde::Serialize;

/// What the list and the detail tell alike, as far as it is known: a pod's address and its limits are not.
#[derive(Debug, Serialize)]
struct Common {
    pod_name: String,
    namespace_name: String,
    node_name: String,
    node_ip: String,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    create_time: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cluster_name: Option<String>,
}

/// `PodBaseInfo`.
#[derive(Debug, Serialize)]
pub(crate) struct PodRow {
    id: String,
    #[serde(flatten)]
    pod: Common,
    #[serde(skip_serializing_if = "Option::is_none")]
    cluster_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cluster_type: Option<&'static str>,
}

impl Common {
    fn new(pod: &Pod, known: &Known) -> Self {
        let profile = &known.host.profile;
        Self {
            pod_name: pod.name.clone(),
            namespace_name: pod.namespace.clone(),
            node_name: profile.name.clone(),
            node_ip: profile.addresses.first().cloned().unwrap_or_default(),
            status: "Running",
            create_time: millis(pod.created),
            cluster_name: profile.cluster.as_ref().map(|it| it.name.clone()),
        }
    }
}

impl From<&(Pod, Known)> for PodRow {
    fn from((pod, known): &(Pod, Known)) -> Self {
        let cluster = known.host.profile.cluster.as_ref();
        Self {
            // Names are the cluster's own: two clusters may have the same one.
            id: format!("{}/{}/{}", known.host.id, pod.namespace, pod.name),
            pod: Common::new(pod, known),
            cluster_id: cluster.map(|it| it.id.clone()),
            cluster_type: cluster.map(|_| clusters::TYPE),
        }
    }
}

fn of_enterprise(params: &Params) -> Result<hosts::Wanted> {
    let enterprise_project_id = enterprise_project(params)?;
    Ok(hosts::Wanted { enterprise_project_id, ..hosts::Wanted::default() })
}

/// `ListK8sPods`. One without a process is not seen; so all that are listed run.
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    params: Params,
) -> Answer<DataList<PodRow>> {
    let own = |name| Ok::<_, muster_model::Error>(text(&params, name)?.map(str::to_owned));
    let wanted = WantedPods {
        name: own("pod_name")?,
        namespace: own("namespace_name")?,
        containers: Wanted {
            cluster_name: own("cluster_name")?,
            hosts: of_enterprise(&params)?,
            ..Wanted::default()
        },
    };
    let (project, paging) = (path.project()?, paging(&params)?);
    let page = containers::pods(&app, &caller, &project, &wanted, paging).await?;
    Ok(Json(DataList::of(&page)))
}

/// What the names of labels begin with that no pod has given itself.
const OF_RUNTIMES: &[&str] = &["io.kubernetes.", "io.cri-containerd."];

/// `ShowK8sPodDetailResponse`.
#[derive(Debug, Serialize)]
pub(crate) struct PodDetail {
    #[serde(flatten)]
    pod: Common,
    /// As a selector has them: `app=cart,tier=web`.
    label: String,
    containers: Vec<ContainerRow>,
}

/// `ShowK8sPodDetail`: of several with one name the first by namespace.
pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    params: Params,
) -> Answer<PodDetail> {
    let (project, name) = (path.project()?, path.text("pod_name"));
    let hosts = of_enterprise(&params)?;
    let (pod, known, held) = containers::pod_of(&app, &caller, &project, name, hosts).await?;
    let labels = held.iter().find(|it| it.name().matches('/').count() == 1).or(held.first());
    let labels = labels.into_iter().flat_map(|it| &it.details.labels);
    // Kubelets and runtimes have labels of their own beside those of the pod.
    let is_own = |key: &str| !OF_RUNTIMES.iter().any(|prefix| key.starts_with(prefix));
    let labels = labels.filter(|(key, _)| is_own(key));
    Ok(Json(PodDetail {
        label: labels.map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(","),
        pod: Common::new(&pod, &known),
        containers: held.iter().map(ContainerRow::from).collect(),
    }))
}
