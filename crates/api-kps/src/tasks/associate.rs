//! `POST /v3/{project_id}/keypairs/associate`

use super::{AssociateBody, Ordered};
use axum::extract::State;
use axum::http::StatusCode;
use muster_http::{Caller, Failure, Json, PathParams};
use muster_service::{App, keypairs};

pub(crate) async fn associate(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    Json(body): Json<AssociateBody>,
) -> Result<(StatusCode, Json<Ordered>), Failure> {
    let project = path.project()?;
    let server = body.server.into();
    let task = keypairs::associate(&app, &caller, &project, &body.keypair_name, &server).await?;
    Ok((StatusCode::ACCEPTED, Json(task.into())))
}
