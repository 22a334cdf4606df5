//! `POST /v3/{project_id}/keypairs`

use super::{CreateAction, CreateResp, Within};
use axum::extract::State;
use axum::http::header::CACHE_CONTROL;
use axum::response::IntoResponse;
use muster_http::{Caller, Failure, Json, PathParams};
use muster_service::{App, keypairs};

pub(crate) async fn create(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    Json(body): Json<Within<CreateAction>>,
) -> Result<impl IntoResponse, Failure> {
    let project = path.project()?;
    let created = keypairs::create(&app, &caller, &project, body.keypair.into()).await?;
    let keypair = CreateResp::from(created);
    Ok(([(CACHE_CONTROL, "no-store")], Json(Within { keypair })))
}
