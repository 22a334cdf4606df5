//! `POST /v3/{project_id}/keypairs/private-key/export`

use super::Named;
use crate::keypairs::Within;
use axum::extract::State;
use axum::http::header::CACHE_CONTROL;
use axum::response::IntoResponse;
use muster_http::{Caller, Failure, Json, PathParams};
use muster_model::Error;
use muster_service::{App, keypairs};
use serde::Serialize;
use zeroize::Zeroizing;

/// `ExportPrivateKeyKeypairBean`.
#[derive(Serialize)]
struct Bean {
    name: String,
    private_key: Zeroizing<String>,
}

pub(crate) async fn export(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    Json(body): Json<Within<Named>>,
) -> Result<impl IntoResponse, Failure> {
    let project = path.project()?;
    let names = [body.keypair.name];
    let exported = keypairs::export(&app, &caller, &project, &names).await?.pop();
    let exported = exported.ok_or_else(|| Error::internal("an export without a key"))?;
    let keypair = Bean { name: exported.name, private_key: exported.private_key };
    Ok(([(CACHE_CONTROL, "no-store")], Json(Within { keypair })))
}
