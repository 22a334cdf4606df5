//! `/muster/v1/{project_id}/sca/tasks`: tasks made, followed, kept, cancelled, forgotten.

use crate::assets::paging;
use axum::extract::State;
use muster_http::{Caller, Failure, Json, Origin, Params, PathParams};
use muster_model::{Error, Micros};
use muster_service::App;
use muster_service::sca::tasks::{self, Order};
use muster_service::sca::waiting::{self, Waiting};
use muster_service::sca::{Status, policies};
use serde::Deserialize;
use serde_json::{Value, json};

/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

fn view(it: &Waiting) -> Value {
    let task = &it.task;
    let status = match task.status {
        Status::Queued => "queued",
        Status::Running => "running",
        Status::Done => "done",
        Status::Failed => "failed",
    };
    json!({
        "id": task.id,
        "name": task.name,
        "status": status,
        "percent": task.percent,
        "ahead": it.ahead,
        "likely_end": it.likely_end.map(Micros::iso),
        "error": task.error,
        "components": task.components,
        "vulnerabilities": task.vulnerabilities,
        "licences": task.licences,
        "created_by": task.created_by,
        "created_at": task.created_at.iso(),
        "started_at": task.started_at.map(Micros::iso),
        "ended_at": task.ended_at.map(Micros::iso),
        "expires_at": it.expires_at.map(Micros::iso),
    })
}

pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    params: Params,
) -> Result<Json<Value>, Failure> {
    let page = paging(&params)?;
    let (total, all) = waiting::list(&app, &caller, &path.project()?, page).await?;
    Ok(Json(json!({"total": total, "tasks": all.iter().map(view).collect::<Vec<_>>()})))
}

pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
) -> Result<Json<Value>, Failure> {
    let (project, id) = (path.project()?, path.text("task_id"));
    let it = waiting::show(&app, &caller, &project, id).await?;
    let coverage = it.task.coverage.as_deref().map(serde_json::from_str::<Value>);
    let coverage = coverage.transpose().map_err(Error::internal)?;
    let verdicts = match it.task.status {
        Status::Done => policies::verdicts(&app, &caller, &project, id, None).await?,
        _ => Vec::new(),
    };
    Ok(Json(json!({"task": view(&it), "coverage": coverage, "verdicts": verdicts})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct New {
    artifact_id: String,
    name: String,
    id: Option<String>,
}

pub(crate) async fn create(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    Origin(info): Origin,
    Json(new): Json<New>,
) -> Result<Json<Value>, Failure> {
    let project = path.project()?;
    let id = new.id.unwrap_or_else(|| info.request_id.clone());
    let order = Order { id, name: new.name, file: new.artifact_id, callback: None };
    let task = tasks::create(&app, &caller, Some(&project), order).await?;
    Ok(Json(json!({"id": task.id})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Keep {
    keep_days: Option<u16>,
}

pub(crate) async fn keep(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    Json(keep): Json<Keep>,
) -> Result<Json<Value>, Failure> {
    let (project, id) = (path.project()?, path.text("task_id"));
    let until = keep.keep_days.map(|days| Micros(app.now().0 + i64::from(days) * DAY));
    tasks::keep(&app, &caller, &project, id, until).await?;
    let it = waiting::show(&app, &caller, &project, id).await?;
    Ok(Json(json!({"task": view(&it)})))
}

pub(crate) async fn cancel(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
) -> Result<Json<Value>, Failure> {
    tasks::cancel(&app, &caller, &path.project()?, path.text("task_id")).await?;
    Ok(Json(json!({})))
}

pub(crate) async fn delete(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
) -> Result<Json<Value>, Failure> {
    tasks::delete(&app, &caller, &path.project()?, path.text("task_id")).await?;
    Ok(Json(json!({})))
}
