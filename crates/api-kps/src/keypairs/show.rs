//! `GET /v3/{project_id}/keypairs/{keypair_name}`

use super::{Within, scope};
use axum::extract::State;
use muster_http::{Caller, Failure, Json, PathParams};
use muster_service::keypairs::Keypair;
use muster_service::{App, keypairs};
use serde::Serialize;

/// `KeypairDetail`. Times are milliseconds since 1970.
#[derive(Serialize)]
pub(crate) struct Detail {
    name: String,
    id: i64,
    #[serde(rename = "type")]
    kind: String,
    scope: &'static str,
    public_key: String,
    fingerprint: String,
    is_key_protection: bool,
    deleted: bool,
    description: String,
    user_id: String,
    create_time: i64,
    update_time: i64,
    /// A number here, a text in the list.
    frozen_state: i32,
    key_id: String,
    algorithm: String,
}

impl From<Keypair> for Detail {
    fn from(pair: Keypair) -> Self {
        Self {
            scope: scope(&pair),
            name: pair.name,
            id: pair.key,
            kind: pair.kind,
            public_key: pair.public_key,
            fingerprint: pair.fingerprint,
            is_key_protection: pair.has_private_key,
            deleted: false,
            description: pair.description,
            user_id: pair.created_by,
            create_time: pair.created_at.millis(),
            update_time: pair.updated_at.millis(),
            frozen_state: 0,
            key_id: pair.id,
            algorithm: pair.algorithm,
        }
    }
}

pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
) -> Result<Json<Within<Detail>>, Failure> {
    let project = path.project()?;
    let pair = keypairs::get(&app, &caller, &project, path.text("keypair_name")).await?;
    Ok(Json(Within { keypair: pair.into() }))
}
