//! `POST /v3/{project_id}/keypairs/batch-import`

use super::{CreateAction, CreateResp, Within};
use axum::extract::State;
use muster_http::{Caller, Failure, Json, PathParams};
use muster_model::ErrorKind;
use muster_service::{App, keypairs};
use serde::Serialize;

#[derive(Default, Serialize)]
pub(crate) struct Imported {
    succeeded_keypairs: Vec<Within<CreateResp>>,
    failed_keypairs: Vec<FailedKeypair>,
}

#[derive(Serialize)]
struct FailedKeypair {
    keypair_name: String,
    failed_reason: String,
}

pub(crate) async fn import(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    Json(body): Json<Vec<Within<CreateAction>>>,
) -> Result<Json<Imported>, Failure> {
    let project = path.project()?;
    let all = body.into_iter().map(|it| it.keypair.into()).collect();
    let mut imported = Imported::default();
    for (keypair_name, done) in keypairs::import_all(&app, &caller, &project, all).await? {
        match done {
            Ok(created) => {
                let keypair = CreateResp::from(created);
                imported.succeeded_keypairs.push(Within { keypair });
            }
            // What is not the key pair's own fault is that of the call.
            Err(error) if matches!(error.kind(), ErrorKind::Internal | ErrorKind::Unavailable) => {
                return Err(error.into());
            }
            Err(error) => {
                let failed_reason = error.message().to_owned();
                imported.failed_keypairs.push(FailedKeypair { keypair_name, failed_reason });
            }
        }
    }
    Ok(Json(imported))
}
