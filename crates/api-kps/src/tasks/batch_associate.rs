//! `POST /v3/{project_id}/keypairs/batch-associate`

use super::{AssociateBody, Ordered};
use crate::error::place;
use axum::extract::State;
use axum::http::StatusCode;
use muster_http::{Caller, Failure, Json, PathParams};
use muster_model::{Error, ErrorKind};
use muster_service::keypairs::Server;
use muster_service::{App, keypairs};
use serde::{Deserialize, Serialize};

const MAX_BATCH: usize = 10;

#[derive(Deserialize)]
pub(crate) struct BatchBody {
    #[serde(default)]
    batch_keypairs: Vec<AssociateBody>,
}

#[derive(Serialize)]
pub(crate) struct Tasks {
    tasks: Vec<Ordered>,
}

pub(crate) async fn associate(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    Json(body): Json<BatchBody>,
) -> Result<(StatusCode, Json<Tasks>), Failure> {
    let project = path.project()?;
    keypairs::may_bind(&app, &caller, &project).await?;
    if !(1..=MAX_BATCH).contains(&body.batch_keypairs.len()) {
        return Err(Error::invalid("batch_keypairs", "must be 1 to 10").into());
    }
    let mut tasks = Vec::with_capacity(body.batch_keypairs.len());
    for one in body.batch_keypairs {
        let server = Server::from(one.server);
        let name = one.keypair_name;
        match keypairs::associate(&app, &caller, &project, &name, &server).await {
            Ok(task) => tasks.push(task.into()),
            // What is not the order's own fault is that of the call.
            Err(error) if matches!(error.kind(), ErrorKind::Internal | ErrorKind::Unavailable) => {
                return Err(error.into());
            }
            Err(error) => tasks.push(Ordered {
                task_id: None,
                server_id: server.id,
                status: "FAILED",
                error_code: Some(place(&error).map_or("KPS.0002", |(_, code, _)| code)),
                error_msg: Some(error.message().to_owned()),
            }),
        }
    }
    Ok((StatusCode::ACCEPTED, Json(Tasks { tasks })))
}
