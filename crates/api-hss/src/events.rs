//! Security events of containers.

use crate::hosts::HostRow;
use crate::list::{Answer, DataList, Done, int32, millis};
use crate::query::{enterprise_project, paging_from, text, word};
use axum::extract::State;
use muster_http::{Caller, Json, Params, PathParams};
use muster_model::container::{Severity, SignKind};
use muster_model::{Error, Micros, Result};
use muster_service::App;
use muster_service::events::{self, Event, Wanted};
use muster_service::hosts::{self, Known};
use serde::{Deserialize, Serialize};

/// Abnormal behaviour of processes: the document has classes for containers started with too much, and no type.
const EVENT_TYPE: i32 = 3007;
/// Longest list of events of one call.
const MAX_EVENTS: usize = 200;
/// Largest time of thirteen digits.
const MAX_MILLIS: i64 = 9_999_999_999_999;
const DAY_SECS: i64 = 86_400;

/// What the contract calls a sign: its class, its name, what to do about it.
const fn class(sign: SignKind) -> (&'static str, &'static str, &'static str) {
    match sign {
        SignKind::HostNamespace => (
            "container_1001",
            "Container shares a namespace of its host",
            "Start the container with namespaces of its own.",
        ),
        SignKind::Privileged => (
            "container_1003",
            "Privileged container",
            "Start the container without --privileged, with the capabilities it needs.",
        ),
        SignKind::Capability => (
            "container_1003",
            "Container with a capability that leads out of it",
            "Start the container without this capability.",
        ),
        SignKind::HostMount => (
            "container_1004",
            "Container mounts a path of its host",
            "Mount a folder made for the container instead.",
        ),
        SignKind::RuntimeSocket => (
            "container_1004",
            "Container reaches the socket of its runtime",
            "Take the socket away: whoever reaches it is root of the host.",
        ),
        SignKind::ReleaseAgent => (
            "containerescape_0004",
            "Container can write control groups of its host",
            "Mount control groups read-only.",
        ),
        SignKind::KernelHelper => (
            "containerescape_0004",
            "Container can set a program that the kernel of its host starts",
            "Start the container with /proc/sys and /sys read-only, as runtimes do by themselves.",
        ),
        SignKind::CorePattern => (
            "containerescape_0004",
            "Crashes on the host start a program of a container",
            "Set kernel.core_pattern back, and treat the host as taken over.",
        ),
        SignKind::KernelModule => (
            "containerescape_0001",
            "Kernel module loaded while a container had the right to",
            "Find out who loaded it; start the container without CAP_SYS_MODULE.",
        ),
        SignKind::EnteredHost => (
            "containerescape_0001",
            "Process of a container in a namespace of its host",
            "Find out what it did there; treat the host as taken over unless it was an administrator.",
        ),
        SignKind::ProtectedFile => (
            "dockerfile_001",
            "Protected file changed in a container",
            "Find out who changed it; start the container anew from its image.",
        ),
        SignKind::UnknownProgram => (
            "dockerproc_001",
            "Program unknown to the container's image",
            "Find out who started it; where it belongs there, mark the event as handled.",
        ),
        SignKind::BlockedProgram => (
            "dockerproc_001",
            "Program unknown to the container's image was kept from running",
            "Find out who tried to start it; where it belongs there, allow the image to run it.",
        ),
    }
}

const fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Low => "Low",
        Severity::Medium => "Medium",
        Severity::High => "High",
        Severity::Critical => "Critical",
    }
}

/// `EventManagementResponseInfo`, as far as there is something to say.
#[derive(Debug, Serialize)]
pub(crate) struct EventRow {
    event_id: String,
    event_class_id: &'static str,
    event_type: i32,
    event_name: &'static str,
    severity: &'static str,
    container_name: String,
    image_name: String,
    host_name: String,
    host_id: String,
    private_ip: String,
    os_type: &'static str,
    host_status: Option<&'static str>,
    agent_status: &'static str,
    protect_status: &'static str,
    asset_value: String,
    attack_tag: &'static str,
    occur_time: i64,
    handle_time: Option<i64>,
    handle_status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    handle_method: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    handler: Option<String>,
    operate_accept_list: [&'static str; 2],
    forensic_info: Evidence,
    recommendation: &'static str,
    event_details: String,
    event_count: i32,
}

/// By what an event was seen.
#[derive(Debug, Serialize)]
struct Evidence {
    sign: &'static str,
    evidence: String,
    container_id: String,
}

impl From<&(Event, Known)> for EventRow {
    fn from((event, known): &(Event, Known)) -> Self {
        let host = HostRow::from(known);
        let (event_class_id, event_name, recommendation) = class(event.sign.kind);
        let handled = event.handled.as_ref();
        Self {
            event_id: event.id.clone(),
            event_class_id,
            event_type: EVENT_TYPE,
            event_name,
            severity: severity(event.sign.kind.severity()),
            container_name: event.container.name.clone(),
            image_name: event.image.clone(),
            host_name: host.host_name,
            host_id: host.host_id,
            private_ip: host.private_ip,
            os_type: "Linux",
            host_status: host.host_status,
            agent_status: known.status.name(),
            protect_status: host.protect_status,
            asset_value: known.host.owner.importance.clone(),
            attack_tag: "abnormal_behavior",
            occur_time: event.occurred_at.millis(),
            handle_time: millis(handled.map(|it| it.at)),
            handle_status: if handled.is_some() { "handled" } else { "unhandled" },
            handle_method: handled.map(|it| it.method.clone()),
            handler: handled.map(|it| it.remark.clone()),
            operate_accept_list: ["mark_as_handled", "ignore"],
            forensic_info: Evidence {
                sign: event.sign.kind.name(),
                evidence: event.sign.evidence.clone(),
                container_id: event.container.id.clone(),
            },
            recommendation,
            event_details: event.sign.evidence.clone(),
            event_count: 1,
        }
    }
}

/// The events a `ListSecurityEvents` asks for; none if no event can match.
fn wanted(params: &Params, now: Micros) -> Result<Option<Wanted>> {
    let own = |name| Ok::<_, Error>(text(params, name)?.map(str::to_owned));
    // All that is found is in containers.
    let mut possible = word(params, "category", &["host", "container"])? != Some("host");
    possible &= ["public_ip", "att_ck", "tag_list"].iter().all(|name| params.text(name).is_none());
    possible &= params.flag("auto_block")? != Some(true);
    possible &= text(params, "attack_tag")?.is_none_or(|tag| tag == "abnormal_behavior");
    let types = params.all("event_types").collect::<Vec<_>>();
    possible &= types.is_empty() || types.iter().any(|it| *it == EVENT_TYPE.to_string());
    let (classes, name) = (params.all("event_class_ids").collect::<Vec<_>>(), own("event_name")?);
    let signs = SignKind::ALL.iter().copied().filter(|sign| {
        let (class, called, _) = class(*sign);
        let name = name.as_ref().map(|it| it.to_ascii_lowercase());
        (classes.is_empty() || classes.contains(&class))
            && name.is_none_or(|it| called.to_ascii_lowercase().contains(&it))
    });
    let mut grades: Vec<&str> = params.all("severity_list").collect();
    grades.extend(params.text("severity"));
    let of_grade = |it: &Severity| grades.contains(&severity(*it));
    let severities = Severity::ALL.iter().copied().filter(of_grade).collect();
    let days = params.int("last_days", 1..=30)?;
    let since = params.int("begin_time", 0..=MAX_MILLIS)?.map(|ms| Micros(ms * 1_000));
    let until = params.int("end_time", 0..=MAX_MILLIS)?.map(|ms| Micros(ms * 1_000 + 999));
    let wanted = Wanted {
        hosts: hosts::Wanted {
            id: own("host_id")?,
            name: own("host_name")?,
            ip: own("private_ip")?,
            importance: own("asset_value")?,
            enterprise_project_id: enterprise_project(params)?,
            ..hosts::Wanted::default()
        },
        container: own("container_name")?,
        handled: word(params, "handle_status", &["unhandled", "handled"])?
            .map(|it| it == "handled"),
        signs: Some(signs.collect()),
        severities: (!grades.is_empty()).then_some(severities),
        since: since.or(days.map(|days| now.plus_secs(-days * DAY_SECS))),
        until,
    };
    Ok(possible.then_some(wanted))
}

/// `ListSecurityEvents`.
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    params: Params,
) -> Answer<DataList<EventRow>> {
    let (wanted, paging) = (wanted(&params, app.now())?, paging_from(&params, 1)?);
    let page = events::list(&app, &caller, &path.project()?, wanted.as_ref(), paging).await?;
    Ok(Json(DataList {
        total_num: int32(page.total),
        data_list: page.rows.iter().map(EventRow::from).collect(),
    }))
}

/// `ChangeEventRequestInfo`.
#[derive(Debug, Deserialize)]
pub(crate) struct Change {
    operate_type: String,
    #[serde(default)]
    handler: String,
    operate_event_list: Vec<ChangedEvent>,
}

/// `OperateEventRequestInfo`: an event is known by its id alone.
#[derive(Debug, Deserialize)]
struct ChangedEvent {
    event_id: String,
}

/// `ChangeEvent`.
pub(crate) async fn handle(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    Json(body): Json<Change>,
) -> Answer<Done> {
    let done = match body.operate_type.as_str() {
        method @ ("mark_as_handled" | "ignore") => Some((method, body.handler.as_str())),
        "unhandle" | "do_not_ignore" => None,
        _ => {
            let why = "must be mark_as_handled, ignore, unhandle or do_not_ignore";
            return Err(Error::invalid("operate_type", why).into());
        }
    };
    if body.handler.chars().count() > 256 || body.handler.contains('\0') {
        return Err(Error::invalid("handler", "must have at most 256 characters, no NUL").into());
    }
    if !(1..=MAX_EVENTS).contains(&body.operate_event_list.len()) {
        return Err(Error::invalid("operate_event_list", "must have 1 to 200 entries").into());
    }
    let ids: Vec<String> = body.operate_event_list.into_iter().map(|it| it.event_id).collect();
    events::handle(&app, &caller, &path.project()?, &ids, done).await?;
    Ok(Json(Done {}))
}
