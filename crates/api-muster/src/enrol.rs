//! `/muster/v1/{project_id}/enrol-tokens`

use axum::extract::State;
use muster_http::{Caller, Failure, Json, PathParams};
use muster_model::id::HostId;
use muster_service::{App, enrol};
use serde::Deserialize;
use serde_json::{Value, json};

pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
) -> Result<Json<Value>, Failure> {
    let tokens = enrol::tokens(&app, &caller, Some(&path.project()?)).await?;
    let view = tokens.iter().map(|token| {
        json!({
            "name": enrol::name(token),
            "description": token.description,
            "created_by": token.created_by,
            "created_at": token.created_at.iso(),
            "expires_at": token.expires_at.iso(),
            "used_at": token.used_at.map(|at| at.iso()),
            "used_by": token.used_by,
            "host_id": token.host.as_ref().map(ToString::to_string),
        })
    });
    Ok(Json(json!({"enrol_tokens": view.collect::<Vec<_>>()})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewToken {
    #[serde(default = "usual")]
    valid_secs: i64,
    #[serde(default)]
    description: String,
    host_id: Option<String>,
}

fn usual() -> i64 {
    enrol::USUAL
}

pub(crate) async fn create(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    Json(new): Json<NewToken>,
) -> Result<Json<Value>, Failure> {
    let project = path.project()?;
    let host = new.host_id.as_deref().map(HostId::parse).transpose()?;
    let NewToken { valid_secs, description, .. } = &new;
    let made =
        enrol::create_token(&app, &caller, Some(&project), *valid_secs, description, host.as_ref());
    let made = made.await?;
    Ok(Json(json!({
        "name": enrol::name(&made.token),
        "token": made.text.as_str(),
        "expires_at": made.token.expires_at.iso(),
        "endpoint": app.settings.endpoint,
    })))
}
