//! `DELETE /v3/{project_id}/failed-tasks` and `/failed-tasks/{task_id}`

use axum::extract::State;
use axum::http::StatusCode;
use muster_http::{Caller, Failure, PathParams};
use muster_service::{App, keypairs};

pub(crate) async fn one(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
) -> Result<StatusCode, Failure> {
    let project = path.project()?;
    keypairs::delete_failed(&app, &caller, &project, path.text("task_id")).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn all(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
) -> Result<StatusCode, Failure> {
    keypairs::delete_all_failed(&app, &caller, &path.project()?).await?;
    Ok(StatusCode::NO_CONTENT)
}
