//! `POST /v3/{project_id}/keypairs/disassociate`

use super::{Ordered, ServerInfo};
use axum::extract::State;
use axum::http::StatusCode;
use muster_http::{Caller, Failure, Json, PathParams};
use muster_service::{App, keypairs};
use serde::Deserialize;

#[derive(Deserialize)]
pub(crate) struct DisassociateBody {
    server: ServerInfo,
}

pub(crate) async fn disassociate(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    Json(body): Json<DisassociateBody>,
) -> Result<(StatusCode, Json<Ordered>), Failure> {
    let project = path.project()?;
    let task = keypairs::disassociate(&app, &caller, &project, &body.server.into()).await?;
    Ok((StatusCode::ACCEPTED, Json(task.into())))
}
