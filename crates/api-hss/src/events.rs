//! Security events of containers.

mod class;
mod row;

use crate::list::{Answer, DataList, Done, int32};
use crate::query::{enterprise_project, paging_from, text, word};
use axum::extract::State;
use class::{EVENT_TYPE, class, severity};
use muster_http::{Caller, Json, Params, PathParams};
use muster_model::container::{Severity, SignKind};
use muster_model::{Error, Micros, Result};
use muster_service::App;
use muster_service::events::{self, Chosen, Wanted};
use muster_service::hosts;
use row::EventRow;
use serde::Deserialize;
use serde::de::IgnoredAny;

/// Longest list of events of one call.
const MAX_EVENTS: usize = 200;
/// Longest list of details of one event.
const MAX_EVENT_DETAILS: usize = 100;
/// Largest time of thirteen digits.
const MAX_MILLIS: i64 = 9_999_999_999_999;
const DAY_SECS: i64 = 86_400;

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
        let it = class(*sign);
        let name = name.as_ref().map(|it| it.to_ascii_lowercase());
        (classes.is_empty() || classes.contains(&it.id))
            && name.is_none_or(|part| it.name.to_ascii_lowercase().contains(&part))
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
    #[serde(default)]
    event_white_rule_list: Option<Vec<IgnoredAny>>,
}

/// `OperateEventRequestInfo`: an event is known by its id; what else is said of its container must be true.
#[derive(Debug, Deserialize)]
struct ChangedEvent {
    event_id: String,
    #[serde(default)]
    operate_detail_list: Option<Vec<Detail>>,
}

/// `EventDetailRequestInfo`: what else is in it goes with ways of handling that are refused.
#[derive(Debug, Deserialize)]
struct Detail {
    #[serde(default)]
    container_id: Option<String>,
    #[serde(default)]
    container_name: Option<String>,
}

impl ChangedEvent {
    /// With the container that the call as a whole names.
    fn chosen(self, id: Option<&str>, name: Option<&str>) -> Result<Chosen> {
        let details = self.operate_detail_list.unwrap_or_default();
        if details.len() > MAX_EVENT_DETAILS {
            return Err(Error::invalid("operate_detail_list", "must have at most 100 entries"));
        }
        // Clients send an empty text where they have nothing to say.
        let said = |text: Option<String>| text.filter(|it| !it.is_empty());
        let mut chosen = Chosen { id: self.event_id, ..Chosen::default() };
        chosen.container_ids.extend(id.map(str::to_owned));
        chosen.container_names.extend(name.map(str::to_owned));
        for detail in details {
            chosen.container_ids.extend(said(detail.container_id));
            chosen.container_names.extend(said(detail.container_name));
        }
        Ok(chosen)
    }
}

/// `ChangeEvent`. An event that is not of the container the call names is not found, as nobody means to handle it.
pub(crate) async fn handle(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    params: Params,
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
    if body.event_white_rule_list.is_some_and(|rules| !rules.is_empty()) {
        let why = "must be empty: there are no rules that keep events away";
        return Err(Error::invalid("event_white_rule_list", why).into());
    }
    if !(1..=MAX_EVENTS).contains(&body.operate_event_list.len()) {
        return Err(Error::invalid("operate_event_list", "must have 1 to 200 entries").into());
    }
    let (id, name) = (text(&params, "container_id")?, text(&params, "container_name")?);
    let each = body.operate_event_list.into_iter().map(|it| it.chosen(id, name));
    let chosen = each.collect::<Result<Vec<_>>>()?;
    events::handle(&app, &caller, &path.project()?, &chosen, done).await?;
    Ok(Json(Done {}))
}
