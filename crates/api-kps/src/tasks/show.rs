//! `GET /v3/{project_id}/tasks/{task_id}`

use super::status;
use axum::extract::State;
use muster_http::{Caller, Failure, Json, PathParams};
use muster_service::{App, keypairs};
use serde::Serialize;

#[derive(Serialize)]
pub(crate) struct Progress {
    server_id: String,
    task_id: String,
    task_status: String,
}

pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
) -> Result<Json<Progress>, Failure> {
    let project = path.project()?;
    let task = keypairs::task(&app, &caller, &project, path.text("task_id")).await?;
    let task_status = status(&task);
    Ok(Json(Progress { server_id: task.host_id, task_id: task.id, task_status }))
}
