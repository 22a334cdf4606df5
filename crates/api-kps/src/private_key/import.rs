//! `POST /v3/{project_id}/keypairs/private-key/import`

use crate::keypairs::{KeyProtection, Within};
use axum::extract::State;
use muster_http::{Caller, Failure, Json, PathParams};
use muster_model::Error;
use muster_service::{App, keypairs};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
pub(crate) struct ImportBean {
    #[serde(default)]
    name: String,
    #[serde(default)]
    user_id: Option<String>,
    #[serde(default)]
    key_protection: Option<KeyProtection>,
}

pub(crate) async fn import(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    Json(body): Json<Within<ImportBean>>,
) -> Result<Json<Value>, Failure> {
    let project = path.project()?;
    let ImportBean { name, user_id, key_protection } = body.keypair;
    let protection = key_protection
        .ok_or_else(|| Error::invalid("keypair.key_protection", "is required"))?
        .into();
    let user = user_id.as_deref();
    let pair =
        keypairs::import_private_key(&app, &caller, &project, &name, user, protection).await?;
    // The contract would echo the private key; it does not have to.
    let protection = json!({"encryption": {"type": "default"}});
    Ok(Json(json!({"keypair": {
        "name": pair.name, "user_id": pair.created_by, "key_protection": protection}})))
}
