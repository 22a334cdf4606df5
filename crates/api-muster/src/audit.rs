//! `/muster/v1/audit`: the log, and check points of the trail behind it.

use crate::assets::paging;
use axum::extract::State;
use muster_http::{Caller, Failure, Json, Params};
use muster_model::{Error, Micros};
use muster_service::App;
use muster_service::audit::checkpoints;
use muster_service::audit_log::{self, Filter, Part};
use serde_json::{Value, json};

pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    params: Params,
) -> Result<Json<Value>, Failure> {
    let paging = paging(&params)?;
    let part = match params.int("before", 1..=i64::MAX)? {
        Some(seq) => Part::Before(seq, paging.limit),
        None => Part::Page(paging),
    };
    let page = audit_log::list(&app, &caller, filter(&params)?, part).await?;
    let view = page
        .rows
        .iter()
        .map(|entry| audit_log::view(entry.seq.unsigned_abs(), &entry.record, &entry.hash));
    Ok(Json(json!({"total": page.total, "entries": view.collect::<Vec<_>>()})))
}

pub(crate) async fn checkpoint(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<Value>, Failure> {
    Ok(Json(json!({"checkpoint": checkpoints::show(&app, &caller).await?})))
}

fn filter(params: &Params) -> Result<Filter, Error> {
    let text = |name: &str| params.text(name).map(str::to_owned);
    let moment = |name: &'static str| {
        let parsed = params.text(name).map(|text| {
            Micros::from_iso(text)
                .ok_or_else(|| Error::invalid(name, "must be a time as 2026-01-31T12:00:00Z"))
        });
        parsed.transpose()
    };
    Ok(Filter {
        domain_id: None,
        project_id: text("project_id"),
        user: text("user"),
        action: text("action"),
        target: text("target"),
        outcome: text("outcome"),
        request_id: text("request_id"),
        from: moment("from")?,
        until: moment("until")?,
    })
}
