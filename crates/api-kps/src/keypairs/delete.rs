//! `DELETE /v3/{project_id}/keypairs/{keypair_name}`

use axum::extract::State;
use axum::http::StatusCode;
use muster_http::{Caller, Failure, PathParams};
use muster_service::{App, keypairs};

pub(crate) async fn delete(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
) -> Result<StatusCode, Failure> {
    let project = path.project()?;
    keypairs::delete(&app, &caller, &project, path.text("keypair_name")).await?;
    Ok(StatusCode::NO_CONTENT)
}
