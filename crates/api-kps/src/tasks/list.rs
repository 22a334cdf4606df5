//! `GET /v3/{project_id}/running-tasks` and `/failed-tasks`

use super::{Rows, paging};
use axum::extract::State;
use muster_http::{Caller, Failure, Json, Params, PathParams};
use muster_service::{App, keypairs};

pub(crate) async fn running(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    params: Params,
) -> Result<Json<Rows>, Failure> {
    let (project, paging) = (path.project()?, paging(&params)?);
    Ok(Json(keypairs::running_tasks(&app, &caller, &project, paging).await?.into()))
}

pub(crate) async fn failed(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    params: Params,
) -> Result<Json<Rows>, Failure> {
    let (project, paging) = (path.project()?, paging(&params)?);
    Ok(Json(keypairs::failed_tasks(&app, &caller, &project, paging).await?.into()))
}
