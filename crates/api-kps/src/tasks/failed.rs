//! `GET /v3/{project_id}/failed-tasks`

use super::{Rows, paging};
use axum::extract::State;
use muster_http::{Caller, Failure, Json, Params, PathParams};
use muster_service::{App, keypairs};

pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    params: Params,
) -> Result<Json<Rows>, Failure> {
    let project = path.project()?;
    let page = keypairs::failed_tasks(&app, &caller, &project, paging(&params)?).await?;
    Ok(Json(page.into()))
}
