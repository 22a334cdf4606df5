//! `/muster/v1/{project_id}/protected-files`: what containers are not to change.

use axum::extract::State;
use muster_http::{Caller, Failure, Json, Params, PathParams};
use muster_model::Error;
use muster_service::{App, protected_files};
use serde::Deserialize;
use serde_json::{Value, json};

pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
) -> Result<Json<Value>, Failure> {
    let paths = protected_files::list(&app, &caller, &path.project()?).await?;
    let view = paths.iter().map(|path| json!({"path": path}));
    Ok(Json(json!({"files": view.collect::<Vec<_>>()})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Added {
    paths: Vec<String>,
}

pub(crate) async fn add(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    Json(added): Json<Added>,
) -> Result<Json<Value>, Failure> {
    protected_files::add(&app, &caller, &path.project()?, &added.paths).await?;
    Ok(Json(json!({})))
}

pub(crate) async fn remove(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    params: Params,
) -> Result<Json<Value>, Failure> {
    let file = params.text("path").ok_or_else(|| Error::invalid("path", "the path is missing"))?;
    protected_files::remove(&app, &caller, &path.project()?, file).await?;
    Ok(Json(json!({})))
}
