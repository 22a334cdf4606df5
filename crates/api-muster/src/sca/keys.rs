//! `/muster/v1/{project_id}/sca/keys`: access keys of the SCA open API.

use axum::extract::State;
use muster_http::{Caller, Failure, Json, PathParams};
use muster_service::App;
use muster_service::sca::{Key, keys};
use serde::Deserialize;
use serde_json::{Value, json};

fn key(key: &Key) -> Value {
    json!({
        "access_key_id": key.access,
        "active": key.active,
        "allow_md5": key.allow_md5,
        "description": key.description,
        "created_at": key.created_at.iso(),
    })
}

pub(crate) async fn list(
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

pub(crate) async fn create(
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

pub(crate) async fn update(
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

pub(crate) async fn delete(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
) -> Result<Json<Value>, Failure> {
    keys::delete(&app, &caller, &path.project()?, path.text("access_key_id")).await?;
    Ok(Json(json!({})))
}
