//! Images on the disks of hosts, which the contract calls local ones.

pub(crate) mod scan;
pub(crate) mod tasks;

use crate::hosts::HostRow;
use crate::list::{Answer, DataList, int32, millis};
use crate::query::{enterprise_project, paging, paging_from, text, word};
use axum::extract::State;
use muster_http::{Caller, Json, Params, PathParams};
use muster_model::{Micros, Page, Result};
use muster_service::App;
use muster_service::containers::{self, Container};
use muster_service::hosts::{self, Known};
use muster_service::images::{self, Listed, Named, Scanned, State as ScanState, Wanted};
use serde::Serialize;

const SCAN_STATES: &[&str] = &[
    "unscan",
    "success",
    "scanning",
    "failed",
    "waiting_for_scan",
    "waiting",
    "download_failed",
    "image_oversized",
];
const TYPES: &[&str] = &["other_image", "swr_image"];
/// Where the registries of the contract's own cloud are.
const CLOUD: (&str, &str) = ("swr.", ".myhuaweicloud.com");
/// Largest time of thirteen digits.
const MAX_MILLIS: i64 = 9_999_999_999_999;

/// `ImageLocalInfo`, as far as it is known: neither settings nor malware are looked for in an image.
#[derive(Debug, Serialize)]
pub(crate) struct ImageRow {
    image_name: String,
    image_id: String,
    /// By which registries know it; where none does, its id, which is a digest as well.
    image_digest: String,
    image_version: String,
    local_image_type: &'static str,
    scan_status: &'static str,
    image_size: i64,
    latest_update_time: Option<i64>,
    latest_scan_time: i64,
    /// Only where all that is in it was compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    vul_num: Option<i32>,
    host_num: i32,
    container_num: i32,
    #[serde(skip_serializing_if = "Option::is_none")]
    component_num: Option<i32>,
    #[serde(skip_serializing_if = "String::is_empty")]
    scan_failed_desc: String,
    /// Only where something is known against it: that nothing is does not make it safe.
    #[serde(skip_serializing_if = "Option::is_none")]
    severity_level: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    host_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    host_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    agent_id: Option<String>,
}

impl From<&(Listed, Option<Known>)> for ImageRow {
    fn from((image, known): &(Listed, Option<Known>)) -> Self {
        let host = known.as_ref().map(HostRow::from);
        let digest = if image.digest.is_empty() { &image.id } else { &image.digest };
        let registry = image.name.split('/').next().unwrap_or_default();
        let scanned_at = image.scan.as_ref().and_then(|it| it.scanned_at);
        let of_cloud = registry.starts_with(CLOUD.0) && registry.ends_with(CLOUD.1);
        Self {
            image_name: image.name.clone(),
            image_id: image.id.clone(),
            image_digest: digest.clone(),
            image_version: image.version.clone(),
            local_image_type: if of_cloud { "swr_image" } else { "other_image" },
            scan_status: image.scan.as_ref().map_or("unscan", |it| it.state.name()),
            image_size: image.size,
            latest_update_time: millis(image.created),
            latest_scan_time: scanned_at.map_or(0, Micros::millis),
            vul_num: scanned_at.and(image.vulnerabilities).map(int32),
            host_num: int32(image.hosts),
            container_num: int32(image.containers),
            component_num: scanned_at.map(|_| int32(image.pieces)),
            scan_failed_desc: image.scan.as_ref().map(|it| it.reason.clone()).unwrap_or_default(),
            severity_level: image.worst.map(|grade| match grade {
                1 | 2 => "High",
                3 => "Medium",
                _ => "Low",
            }),
            agent_id: host.as_ref().map(|it| it.agent_id.clone()),
            host_id: host.as_ref().map(|it| it.host_id.clone()),
            host_name: host.map(|it| it.host_name),
        }
    }
}

fn own(params: &Params, name: &'static str) -> Result<Option<String>> {
    Ok(text(params, name)?.map(str::to_owned))
}

fn moment(params: &Params, name: &'static str) -> Result<Option<i64>> {
    params.int(name, 0..=MAX_MILLIS)
}

/// The images a `ListImageLocal` asks for; none if no image can match.
fn wanted(params: &Params) -> Result<Option<Wanted>> {
    let state = word(params, "scan_status", SCAN_STATES)?;
    let scan = state.and_then(|state| match state {
        "image_oversized" => Some(Scanned::Is(ScanState::Oversized)),
        "unscan" => Some(Scanned::Never),
        "success" => Some(Scanned::Is(ScanState::Success)),
        "scanning" => Some(Scanned::Is(ScanState::Scanning)),
        "failed" => Some(Scanned::Is(ScanState::Failed)),
        "waiting_for_scan" | "waiting" => Some(Scanned::Is(ScanState::Waiting)),
        // Nothing is downloaded here.
        _ => None,
    });
    let possible = state.is_none() || scan.is_some();
    let scanned = scan::scanned(params)?;
    // Each of the two alone says nothing, by the contract.
    let built =
        moment(params, "start_latest_update_time")?.zip(moment(params, "end_latest_update_time")?);
    let name = own(params, "image_name")?;
    let version = own(params, "image_version")?.filter(|_| name.is_some());
    let of_cloud = word(params, "local_image_type", TYPES)?.map(|it| it == "swr_image");
    let wanted = Wanted {
        name,
        named: Named { version, ..Named::default() },
        of_cloud,
        size: params.int("image_size", 0..=i64::MAX)?,
        since: built.map(|(start, _)| Micros(start * 1_000)),
        until: built.map(|(_, end)| Micros(end * 1_000 + 999)),
        used: params.flag("has_container")?,
        scan,
        scanned: scanned.map(|(start, end)| (Micros(start * 1_000), Micros(end * 1_000 + 999))),
        weak: params.flag("has_vul")?,
        software: own(params, "app_name")?,
        container_id: own(params, "container_id")?,
        container_name: own(params, "container_name")?,
        pod_id: own(params, "pod_id")?,
        pod_name: own(params, "pod_name")?,
        hosts: hosts::Wanted {
            id: own(params, "host_id")?,
            name: own(params, "host_name")?,
            ips: own(params, "host_ip")?.into_iter().collect(),
            enterprise_project_id: enterprise_project(params)?,
            ..hosts::Wanted::default()
        },
        ..Wanted::default()
    };
    Ok(possible.then_some(wanted))
}

/// `ListImageLocal`: a row for every name of an image.
pub(crate) async fn list_local(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    params: Params,
) -> Answer<DataList<ImageRow>> {
    let (wanted, paging) = (wanted(&params)?, paging(&params)?);
    let page = images::list(&app, &caller, &path.project()?, wanted.as_ref(), paging).await?;
    Ok(Json(DataList::of(&page)))
}

/// `ContainerImageInfo`.
#[derive(Debug, Serialize)]
pub(crate) struct NamedRow {
    image_id: String,
    image_name: String,
    image_version: String,
    create_time: Option<i64>,
}

impl From<&(Listed, Option<Known>)> for NamedRow {
    fn from((image, _): &(Listed, Option<Known>)) -> Self {
        Self {
            image_id: image.id.clone(),
            image_name: image.name.clone(),
            image_version: image.version.clone(),
            create_time: millis(image.created),
        }
    }
}

/// `ListContainerImages`: the same images in few words.
pub(crate) async fn list_named(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    params: Params,
) -> Answer<DataList<NamedRow>> {
    let wanted = Wanted { keyword: own(&params, "keyword")?, ..of_enterprise(&params)? };
    let paging = paging(&params)?;
    let page = images::list(&app, &caller, &path.project()?, Some(&wanted), paging).await?;
    Ok(Json(DataList::of(&page)))
}

fn of_enterprise(params: &Params) -> Result<Wanted> {
    let enterprise_project_id = enterprise_project(params)?;
    let hosts = hosts::Wanted { enterprise_project_id, ..hosts::Wanted::default() };
    Ok(Wanted { hosts, ..Wanted::default() })
}

/// `ShowImageAssetStatisticsResponse`.
#[derive(Debug, Serialize)]
pub(crate) struct Statistics {
    local_num: i32,
    cicd_num: i32,
    registry_num: i32,
}

/// `ShowImageAssetStatistics`. Neither registries nor pipelines are known of.
pub(crate) async fn count(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    params: Params,
) -> Answer<Statistics> {
    let wanted = of_enterprise(&params)?;
    let local_num = int32(images::count(&app, &caller, &path.project()?, &wanted).await?);
    Ok(Json(Statistics { local_num, cicd_num: 0, registry_num: 0 }))
}

/// The image whose hosts or containers are asked for. Its digest may be its id, too.
fn named(params: &Params) -> Result<Named> {
    Ok(Named {
        digest: own(params, "image_digest")?,
        name: own(params, "image_name")?,
        version: own(params, "image_version")?,
    })
}

/// `LocalImageHostInfo`.
#[derive(Debug, Serialize)]
pub(crate) struct HostOf {
    agent_id: String,
    agent_status: &'static str,
    host_name: String,
    host_id: String,
    version: String,
    private_ip: String,
    public_ip: String,
}

impl From<&Known> for HostOf {
    fn from(known: &Known) -> Self {
        let host = HostRow::from(known);
        Self {
            agent_id: host.agent_id,
            agent_status: known.status.name(),
            host_name: host.host_name,
            host_id: host.host_id,
            version: host.version,
            private_ip: host.private_ip,
            public_ip: host.public_ip,
        }
    }
}

/// `ListLocalImageHosts`: hosts an image lies on; without an image, those that any lies on.
pub(crate) async fn hosts_of(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    params: Params,
) -> Answer<DataList<HostOf>> {
    let paging = paging_from(&params, 1)?;
    let wanted = hosts::Wanted {
        has: Some(named(&params)?),
        name: own(&params, "host_name")?,
        agent_id: own(&params, "agent_id")?,
        enterprise_project_id: enterprise_project(&params)?,
        ..hosts::Wanted::default()
    };
    let page = images::hosts(&app, &caller, &path.project()?, &wanted, paging).await?;
    Ok(Json(DataList::of(&page)))
}

/// `LocalImageContainerInfo`; what a container was started with is not known.
#[derive(Debug, Serialize)]
pub(crate) struct ContainerOf {
    agent_id: String,
    container_name: String,
    container_id: String,
    host_id: String,
    host_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pod_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pod_name: Option<String>,
    private_ip: String,
    public_ip: String,
}

impl From<&(Container, Known)> for ContainerOf {
    fn from((container, known): &(Container, Known)) -> Self {
        let host = HostRow::from(known);
        Self {
            agent_id: host.agent_id,
            container_name: container.name().to_owned(),
            container_id: container.id().to_owned(),
            host_id: host.host_id,
            host_name: host.host_name,
            pod_id: container.details.labels.get("io.kubernetes.pod.uid").cloned(),
            pod_name: containers::pod(container).map(str::to_owned),
            private_ip: host.private_ip,
            public_ip: host.public_ip,
        }
    }
}

/// `ListLocalImageContainers`: containers of an image that run; without an image, those of any that is known.
pub(crate) async fn containers_of(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    params: Params,
) -> Answer<DataList<ContainerOf>> {
    let paging = paging_from(&params, 1)?;
    let wanted = containers::Wanted {
        of: Some(named(&params)?),
        id: own(&params, "container_id")?,
        hosts: hosts::Wanted {
            agent_id: own(&params, "agent_id")?,
            enterprise_project_id: enterprise_project(&params)?,
            ..hosts::Wanted::default()
        },
        ..containers::Wanted::default()
    };
    let page: Page<_> =
        images::containers(&app, &caller, &path.project()?, &wanted, paging).await?;
    Ok(Json(DataList::of(&page)))
}
