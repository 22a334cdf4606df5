//! `PUT /v3/{project_id}/keypairs/{keypair_name}`

use super::Within;
use axum::extract::State;
use muster_http::{Caller, Failure, Json, PathParams};
use muster_model::Error;
use muster_service::{App, keypairs};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
pub(crate) struct UpdateReq {
    #[serde(default)]
    description: Option<String>,
}

pub(crate) async fn update(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    Json(body): Json<Within<UpdateReq>>,
) -> Result<Json<Value>, Failure> {
    let project = path.project()?;
    let description = body.keypair.description;
    let description =
        description.ok_or_else(|| Error::invalid("keypair.description", "is required"))?;
    let name = path.text("keypair_name");
    keypairs::describe(&app, &caller, &project, name, &description).await?;
    Ok(Json(json!({})))
}
