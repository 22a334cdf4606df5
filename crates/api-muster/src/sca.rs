//! `/muster/v1/{project_id}/sca`: what the SCA open API has no call for.

use crate::assets::paging;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use muster_http::{Caller, Failure, Json, Params, PathParams};
use muster_model::{Error, Micros};
use muster_service::App;
use muster_service::sca::{Key, Status, Task, keys, results, tasks};
use serde::Deserialize;
use serde_json::{Value, json};

fn view(task: &Task, ahead: i64) -> Value {
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
        "ahead": ahead,
        "error": task.error,
        "components": task.components,
        "vulnerabilities": task.vulnerabilities,
        "licences": task.licences,
        "created_by": task.created_by,
        "created_at": task.created_at.iso(),
        "started_at": task.started_at.map(Micros::iso),
        "ended_at": task.ended_at.map(Micros::iso),
    })
}

pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    params: Params,
) -> Result<Json<Value>, Failure> {
    let page = paging(&params)?;
    let (total, all) =
        tasks::list(&app, &caller, &path.project()?, page.limit, page.offset).await?;
    let all: Vec<_> = all.iter().map(|(task, ahead)| view(task, *ahead)).collect();
    Ok(Json(json!({"total": total, "tasks": all})))
}

pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
) -> Result<Json<Value>, Failure> {
    let (task, ahead) =
        tasks::position(&app, &caller, &path.project()?, path.text("task_id")).await?;
    let coverage = task.coverage.as_deref().map(serde_json::from_str::<Value>);
    let coverage = coverage.transpose().map_err(Error::internal)?;
    Ok(Json(json!({"task": view(&task, ahead), "coverage": coverage})))
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

pub(crate) async fn sbom(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
) -> Result<impl IntoResponse, Failure> {
    let text = results::cyclonedx(&app, &caller, &path.project()?, path.text("task_id")).await?;
    Ok(([(CONTENT_TYPE, "application/vnd.cyclonedx+json; version=1.6")], text))
}

/// What of a component's details says where it is.
#[derive(Deserialize)]
struct Kept {
    relation: String,
    scope: String,
    places: Value,
}

pub(crate) async fn find(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    params: Params,
) -> Result<Json<Value>, Failure> {
    let name = params.text("name").unwrap_or_default();
    let version = params.text("version").filter(|version| !version.is_empty());
    let all = results::places(&app, &caller, &path.project()?, name, version).await?;
    let rows = all.into_iter().map(|place| {
        let kept: Kept = serde_json::from_str(&place.detail).map_err(Error::internal)?;
        Ok(json!({
            "purl": place.component.purl,
            "group": place.component.group,
            "name": place.component.name,
            "version": place.component.version,
            "uuid": place.component.uuid,
            "task_id": place.task,
            "task_name": place.task_name,
            "ended_at": place.at.map(Micros::iso),
            "relation": kept.relation,
            "scope": kept.scope,
            "places": kept.places,
        }))
    });
    Ok(Json(json!({"found": rows.collect::<Result<Vec<_>, Error>>()?})))
}

fn key(key: &Key) -> Value {
    json!({
        "access_key_id": key.access,
        "active": key.active,
        "allow_md5": key.allow_md5,
        "description": key.description,
        "created_at": key.created_at.iso(),
    })
}

pub(crate) async fn keys(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
) -> Result<Json<Value>, Failure> {
    let all = keys::list(&app, &caller, &path.project()?).await?;
    Ok(Json(json!({"keys": all.iter().map(key).collect::<Vec<_>>()})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewKey {
    #[serde(default)]
    description: String,
}

pub(crate) async fn create_key(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    Json(new): Json<NewKey>,
) -> Result<Json<Value>, Failure> {
    let (made, secret) = keys::create(&app, &caller, &path.project()?, &new.description).await?;
    Ok(Json(json!({"key": key(&made), "access_key_secret": secret.as_str()})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Change {
    active: Option<bool>,
    allow_md5: Option<bool>,
}

pub(crate) async fn update_key(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    Json(change): Json<Change>,
) -> Result<Json<Value>, Failure> {
    let access = path.text("access_key_id");
    let project = path.project()?;
    let changed =
        keys::update(&app, &caller, &project, access, change.active, change.allow_md5).await?;
    Ok(Json(key(&changed)))
}

pub(crate) async fn delete_key(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
) -> Result<Json<Value>, Failure> {
    keys::delete(&app, &caller, &path.project()?, path.text("access_key_id")).await?;
    Ok(Json(json!({})))
}
