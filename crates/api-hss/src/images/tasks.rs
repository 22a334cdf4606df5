//! Scan tasks of images: asked for, followed, stopped.

use super::scan::{Image, MAX_NAMED, named};
use super::{moment, of_enterprise, own, wanted};
use crate::list::{Answer, DataList, Done, int32, millis};
use crate::query::{paging, word};
use axum::extract::State;
use muster_http::{Caller, Json, Params, PathParams};
use muster_model::{Error, Micros, Result};
use muster_service::images::{self, Task, TaskKind, Wanted, WantedTasks};
use muster_service::{App, hosts};
use serde::{Deserialize, Serialize};

/// What a scan looks for, of the contract's risks: vulnerabilities. Neither settings, malware, secrets nor licences are looked for.
const VULNERABILITIES: i64 = 0x000f_0000;
/// All risks of the contract.
const ALL_RISKS: i64 = 0x7fff_ffff;
/// Longest reason of the contract, characters.
const MAX_REASON: usize = 128;
const TYPES: &[&str] = &["image_scan", "image_sync"];
const TASK_TYPES: &[&str] = &["manual", "cycle", "autoSync", "manualSync"];
const IMAGE_TYPES: &[&str] = &["local", "registry"];
const STATES: &[&str] = &["scanning", "finished"];

/// What the contract says of how a task ended, beside 100: it is done.
const STOPPED: i32 = -1;
const TIMED_OUT: i32 = -2;
const FAILED: i32 = -3;

/// `ImageScanTaskInfo`, as far as it is known: nothing limits its rate, and no policy made it.
#[derive(Debug, Serialize)]
pub(crate) struct TaskRow {
    task_id: String,
    task_name: String,
    begin_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_time: Option<i64>,
    task_type: &'static str,
    image_type: &'static str,
    /// How many of a hundred images have ended; 100 where all have and one went well, negative where none did.
    task_status: i32,
    scan_scope: i64,
    is_all: bool,
    failed_num: i32,
    success_num: i32,
    total_num: i32,
    risky_num: i32,
    #[serde(skip_serializing_if = "String::is_empty")]
    failed_reason: String,
    failed_images: Vec<FailedImage>,
}

/// `ImageScanTaskInfoFailedImages`; no registry is known.
#[derive(Debug, Serialize)]
struct FailedImage {
    image_name: String,
    image_version: String,
    failed_reason: String,
}

fn cut(reason: &str) -> String {
    reason.chars().take(MAX_REASON).collect()
}

impl From<&Task> for TaskRow {
    fn from(task: &Task) -> Self {
        let none_went_well = task.succeeded == 0 && task.open == 0;
        let late = |it: &images::Failure| it.reason == images::TIMED_OUT;
        let status = if task.stopped {
            STOPPED
        } else if none_went_well && task.failures.iter().all(late) {
            TIMED_OUT
        } else if none_went_well {
            FAILED
        } else {
            let ended = task.total - task.open;
            int32(ended.saturating_mul(100).checked_div(task.total).unwrap_or(100))
        };
        let first = task.failures.first().filter(|_| none_went_well && !task.stopped);
        let failed = task.failures.iter().map(|it| FailedImage {
            image_name: it.name.clone(),
            image_version: it.version.clone(),
            failed_reason: cut(&it.reason),
        });
        Self {
            task_id: task.id.clone(),
            task_name: task.name.clone(),
            begin_time: task.begun_at.millis(),
            end_time: millis(task.ended_at),
            task_type: task.kind.name(),
            image_type: "local",
            task_status: status,
            scan_scope: VULNERABILITIES,
            is_all: task.whole,
            failed_num: int32(task.failed),
            success_num: int32(task.succeeded),
            total_num: int32(task.total),
            risky_num: int32(task.weak),
            failed_reason: first.map(|it| cut(&it.reason)).unwrap_or_default(),
            failed_images: failed.collect(),
        }
    }
}

/// `ListImageScanTask`.
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    params: Params,
) -> Answer<DataList<TaskRow>> {
    params.required("type")?;
    // Nothing is fetched from registries here, so nothing is synchronised either.
    let mut possible = word(&params, "type", TYPES)? != Some("image_sync");
    possible &= word(&params, "global_image_type", IMAGE_TYPES)? != Some("registry");
    let kind = match word(&params, "task_type", TASK_TYPES)? {
        None => None,
        Some("manual") => Some(TaskKind::Manual),
        Some("cycle") => Some(TaskKind::Cycle),
        Some(_) => {
            possible = false;
            None
        }
    };
    let scope = params.int("scan_scope", 0..=ALL_RISKS)?;
    possible &= scope.is_none_or(|scope| scope & VULNERABILITIES != 0);
    let paging = paging(&params)?;
    let wanted = WantedTasks {
        id: own(&params, "task_id")?,
        name: own(&params, "task_name")?,
        kind,
        since: moment(&params, "create_time")?.map(|it| Micros(it * 1_000)),
        until: moment(&params, "end_time")?.map(|it| Micros(it * 1_000 + 999)),
        ended: word(&params, "task_status", STATES)?.map(|it| it == "finished"),
        hosts: of_enterprise(&params)?.hosts,
        ..WantedTasks::default()
    };
    let wanted = possible.then_some(wanted);
    let page = images::tasks(&app, &caller, &path.project()?, wanted.as_ref(), paging).await?;
    Ok(Json(DataList::of(&page)))
}

/// `CreateManualImageScanTaskReqInfo`. `rate_limit` is for registries alone, by the contract.
#[derive(Debug, Deserialize)]
pub(crate) struct Order {
    scan_scope: Option<i64>,
    is_all: Option<bool>,
    query_info: Option<Query>,
    image_info: Option<Vec<Image>>,
}

/// `CreateManualImageScanTaskReqInfoQueryInfo`.
#[derive(Debug, Default, Deserialize)]
struct Query {
    local_image_type: Option<String>,
    host_id: Option<String>,
    host_name: Option<String>,
    public_ip: Option<String>,
    private_ip: Option<String>,
    cluster_id: Option<String>,
    container_id: Option<String>,
    container_name: Option<String>,
    pod_id: Option<String>,
    pod_name: Option<String>,
    app_name: Option<String>,
    has_vul: Option<bool>,
    namespace: Option<String>,
    image_name: Option<String>,
    image_version: Option<String>,
    image_type: Option<String>,
    scan_status: Option<String>,
    image_size: Option<i64>,
    start_latest_update_time: Option<i64>,
    end_latest_update_time: Option<i64>,
    start_latest_scan_time: Option<i64>,
    end_latest_scan_time: Option<i64>,
}

impl Query {
    /// The filters, as the list would get them.
    fn params(self) -> Params {
        let of = |number: Option<i64>| number.map(|it| it.to_string());
        let all = [
            ("local_image_type", self.local_image_type),
            ("host_id", self.host_id),
            ("host_name", self.host_name),
            ("host_ip", self.private_ip.or(self.public_ip)),
            ("container_id", self.container_id),
            ("container_name", self.container_name),
            ("pod_id", self.pod_id),
            ("pod_name", self.pod_name),
            ("app_name", self.app_name),
            ("has_vul", self.has_vul.map(|it| it.to_string())),
            ("image_name", self.image_name),
            ("image_version", self.image_version),
            ("scan_status", self.scan_status),
            ("image_size", of(self.image_size)),
            ("start_latest_update_time", of(self.start_latest_update_time)),
            ("end_latest_update_time", of(self.end_latest_update_time)),
            ("start_latest_scan_time", of(self.start_latest_scan_time)),
            ("end_latest_scan_time", of(self.end_latest_scan_time)),
        ];
        let given = all.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        given.filter(|(_, value)| !value.is_empty()).collect()
    }

    /// What images on hosts do not have cannot be asked of them.
    fn of_registries(&self) -> Option<&'static str> {
        let all = [
            ("image_type", &self.image_type),
            ("namespace", &self.namespace),
            ("cluster_id", &self.cluster_id),
        ];
        all.into_iter().find(|(_, it)| it.as_ref().is_some_and(|it| !it.is_empty())).map(|it| it.0)
    }
}

impl Order {
    /// The images that are ordered, within those of `within`; and whether that is all there are.
    fn wanted(self, within: &Wanted) -> Result<(Vec<Wanted>, bool)> {
        let images = self.image_info.unwrap_or_default();
        if self.is_all == Some(true) {
            let query = self.query_info.unwrap_or_default();
            if let Some(name) = query.of_registries() {
                return Err(Error::invalid(name, "images on hosts are not known by it"));
            }
            let params = query.params();
            let whole = params == Params::default();
            let all = wanted(&params)?;
            let within_hosts = |it: Wanted| {
                let id = within.hosts.enterprise_project_id.clone();
                let hosts = hosts::Wanted { enterprise_project_id: id, ..it.hosts };
                Wanted { hosts, ..it }
            };
            return Ok((all.map(within_hosts).into_iter().collect(), whole));
        }
        if !(1..=MAX_NAMED).contains(&images.len()) {
            return Err(Error::invalid(
                "image_info",
                "must name 1 to 200 images, unless is_all is true",
            ));
        }
        let each = images.iter().map(|it| named("image_info", it, within));
        Ok((each.collect::<Result<_>>()?, false))
    }
}

/// `CreateManualImageScanTask`.
pub(crate) async fn create(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    params: Params,
    Json(order): Json<Order>,
) -> Answer<Done> {
    // By the contract those of registries are meant where nothing is said.
    if word(&params, "global_image_type", IMAGE_TYPES)? != Some("local") {
        let why = "must be local: images of registries are not known";
        return Err(Error::invalid("global_image_type", why).into());
    }
    if order.scan_scope.is_some_and(|scope| scope & VULNERABILITIES == 0) {
        let why = "must have the bits of 0x000f0000: only vulnerabilities are looked for";
        return Err(Error::invalid("scan_scope", why).into());
    }
    let (wanted, whole) = order.wanted(&of_enterprise(&params)?)?;
    images::scan(&app, &caller, &path.project()?, &wanted, whole).await?;
    Ok(Json(Done {}))
}

/// `StopImageScanTask`.
pub(crate) async fn stop(State(app): State<App>, caller: Caller, path: PathParams) -> Answer<Done> {
    images::stop(&app, &caller, &path.project()?, path.text("task_id")).await?;
    Ok(Json(Done {}))
}
