//! Sweeps on demand.

use crate::list::{Answer, Done};
use crate::query::category;
use axum::extract::State;
use muster_http::{Caller, Json, Params, PathParams};
use muster_model::{Error, Kind, Result};
use muster_service::App;
use muster_service::collect::{self, Status};
use serde::{Deserialize, Serialize};

/// `{type}` of the path, which differs from the export's words.
fn kind(path: &PathParams) -> Result<Kind> {
    match path.text("type") {
        "web-app" => Ok(Kind::WebCms),
        "web-service" => Ok(Kind::WebService),
        "web-framework" => Ok(Kind::WebFramework),
        "web-site" => Ok(Kind::WebSite),
        "midware" => Ok(Kind::JarPackage),
        "database" => Ok(Kind::Database),
        "kernel-module" => Ok(Kind::KernelModule),
        _ => Err(Error::invalid(
            "type",
            "must be web-app, web-service, web-framework, web-site, midware, database or kernel-module",
        )),
    }
}

/// `RunHostAssetManualCollect`.
pub(crate) async fn run(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    params: Params,
) -> Answer<Done> {
    let kind = kind(&path)?;
    let host = params.required("host_id")?;
    collect::request(&app, &caller, &path.project()?, host, &[kind]).await?;
    Ok(Json(Done {}))
}

/// `ShowHostAssetManualCollectStatus`.
#[derive(Debug, Serialize)]
pub(crate) struct Sweep {
    scan_status: &'static str,
    scanned_time: Option<i64>,
}

pub(crate) async fn status(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    params: Params,
) -> Answer<Sweep> {
    let kind = kind(&path)?;
    let host = params.required("host_id")?;
    let progress = collect::status(&app, &caller, &path.project()?, host, kind).await?;
    Ok(Json(Sweep {
        scan_status: match progress.status {
            Status::Never => "neverscan",
            Status::Running => "scanning",
            Status::Done => "scanned",
            Status::Failed => "failed",
            Status::Late => "longscanning",
        },
        scanned_time: progress.swept_at.map(muster_model::Micros::millis),
    }))
}

/// `CreateGlobalAssetScanTaskRequestInfo`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Scan {
    host_ids: Option<Vec<String>>,
    server_group: Option<Vec<String>>,
    all_hosts: Option<bool>,
}

/// Hosts or groups one call may name.
const MAX_NAMED: usize = 200;

/// `CreateGlobalAssetScanTask`. A sweep looks at the host and its containers alike, whatever the category.
pub(crate) async fn scan(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    params: Params,
    Json(scan): Json<Scan>,
) -> Answer<Done> {
    category(&params)?;
    let hosts = scan.host_ids.unwrap_or_default();
    let groups = scan.server_group.unwrap_or_default();
    for (name, list) in [("host_ids", &hosts), ("server_group", &groups)] {
        if list.len() > MAX_NAMED {
            return Err(Error::invalid(name, "must have at most 200 entries").into());
        }
    }
    let project = path.project()?;
    if scan.all_hosts == Some(true) {
        collect::request_all(&app, &caller, &project, &[]).await?;
    } else if hosts.is_empty() && groups.is_empty() {
        let why = "must be true unless host_ids or server_group name hosts";
        return Err(Error::invalid("all_hosts", why).into());
    } else {
        if !groups.is_empty() {
            collect::request_all(&app, &caller, &project, &groups).await?;
        }
        for host in &hosts {
            collect::request(&app, &caller, &project, host, &Kind::ALL).await?;
        }
    }
    Ok(Json(Done {}))
}

/// `ListGlobalAssetScanTaskResponse`.
#[derive(Debug, Serialize)]
pub(crate) struct Exists {
    exist: bool,
}

/// `ListGlobalAssetScanTask`.
pub(crate) async fn scanning(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    params: Params,
) -> Answer<Exists> {
    category(&params)?;
    let exist = collect::any_running(&app, &caller, &path.project()?).await?;
    Ok(Json(Exists { exist }))
}
