//! `/v3/users`: the account's users.

use axum::extract::State;
use muster_http::{Caller, Failure, Json, Params, PathParams};
use muster_model::Caller as Known;
use muster_service::App;
use muster_service::identity::User;
use muster_service::identity::users;
use serde_json::{Value, json};

pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    params: Params,
) -> Result<Json<Value>, Failure> {
    let (name, enabled) = (params.text("name"), params.flag("enabled")?);
    let elsewhere =
        params.text("domain_id").is_some_and(|asked| asked != caller.domain_id.as_str());
    let found = users::list(&app, &caller)?;
    let found: Vec<_> = found
        .iter()
        .filter(|_| !elsewhere)
        .filter(|user| name.is_none_or(|name| user.name == name))
        .filter(|user| enabled.is_none_or(|enabled| user.enabled == enabled))
        .map(|user| body(&app, &caller, user))
        .collect();
    let itself = format!("{}/v3/users", app.settings.endpoint);
    let links = json!({"self": itself, "previous": null, "next": null});
    Ok(Json(json!({"users": found, "links": links})))
}

pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
) -> Result<Json<Value>, Failure> {
    let user = users::get(&app, &caller, path.text("user_id"))?;
    Ok(Json(json!({"user": body(&app, &caller, &user)})))
}

fn body(app: &App, caller: &Known, user: &User) -> Value {
    let itself = format!("{}/v3/users/{}", app.settings.endpoint, user.id);
    json!({
        "id": user.id,
        "name": user.name,
        "domain_id": caller.domain_id,
        "description": user.description,
        "enabled": user.enabled,
        "password_expires_at": "",
        "pwd_status": true,
        "last_project_id": "",
        "access_mode": "default",
        "links": {"self": itself, "previous": null, "next": null},
    })
}
