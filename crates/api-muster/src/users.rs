//! `/muster/v1/users`: what the vendor's identity API has no call for.

use axum::extract::State;
use muster_http::{Caller, Failure, Json, PathParams};
use muster_model::Role;
use muster_service::App;
use muster_service::identity::users;
use serde::Deserialize;
use serde_json::{Value, json};
use zeroize::Zeroizing;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewUser {
    name: String,
    password: Zeroizing<String>,
    role: Role,
}

pub(crate) async fn create(
    State(app): State<App>,
    caller: Caller,
    Json(new): Json<NewUser>,
) -> Result<Json<Value>, Failure> {
    let user = users::create(&app, &caller, &new.name, new.password, new.role).await?;
    Ok(Json(json!({"id": user.id, "name": user.name, "role": user.role.name()})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct UserChange {
    password: Option<Zeroizing<String>>,
    role: Option<Role>,
    enabled: Option<bool>,
}

pub(crate) async fn update(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    Json(change): Json<UserChange>,
) -> Result<Json<Value>, Failure> {
    let id = path.text("user_id");
    if let Some(password) = change.password {
        users::set_password(&app, &caller, id, password).await?;
    }
    if let Some(role) = change.role {
        users::set_role(&app, &caller, id, role).await?;
    }
    if let Some(enabled) = change.enabled {
        users::set_enabled(&app, &caller, id, enabled).await?;
    }
    Ok(Json(json!({"id": id})))
}
