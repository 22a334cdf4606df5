//! `/v3/users` and `/v3.0/OS-USER/users`: the account's users.

use axum::extract::State;
use axum::http::StatusCode;
use muster_http::{Caller, Failure, Json, Params, PathParams};
use muster_model::{Caller as Known, Error, ErrorKind, Role};
use muster_service::App;
use muster_service::identity::User;
use muster_service::identity::users::{self, Changes, Draft};
use serde::Deserialize;
use serde_json::{Value, json};
use zeroize::Zeroizing;

pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    params: Params,
) -> Result<Json<Value>, Failure> {
    let (name, enabled) = (params.text("name"), params.flag("enabled")?);
    let elsewhere =
        params.text("domain_id").is_some_and(|asked| asked != caller.domain_id.as_str());
    let found = users::list(&app, &caller)?;
    let found = found
        .iter()
        .filter(|_| !elsewhere)
        .filter(|user| name.is_none_or(|name| user.name == name))
        .filter(|user| enabled.is_none_or(|enabled| user.enabled == enabled));
    Ok(Json(many(&app, &caller, found)))
}

pub(crate) fn many<'a>(app: &App, caller: &Known, users: impl Iterator<Item = &'a User>) -> Value {
    let users: Vec<_> = users.map(|user| body(app, caller, user)).collect();
    let itself = format!("{}/v3/users", app.settings.endpoint);
    json!({"users": users, "links": {"self": itself, "previous": null, "next": null}})
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
        "is_domain_owner": user.role == Role::Admin,
        "create_time": user.created_at.iso(),
        "links": {"self": itself, "previous": null, "next": null},
    })
}

#[derive(Deserialize)]
pub(crate) struct Body {
    user: Fields,
}

/// What the calls for new and changed users carry. Of the newer form, contact data and identities of other
/// systems are not kept, so they are refused rather than lost.
#[derive(Deserialize)]
struct Fields {
    name: Option<String>,
    description: Option<String>,
    password: Option<Zeroizing<String>>,
    enabled: Option<bool>,
    email: Option<String>,
    phone: Option<String>,
    xuser_id: Option<String>,
}

impl Fields {
    fn check(&self) -> Result<(), Error> {
        let given = |field: &Option<String>| field.as_ref().is_some_and(|text| !text.is_empty());
        for (name, field) in
            [("email", &self.email), ("phone", &self.phone), ("xuser_id", &self.xuser_id)]
        {
            if given(field) {
                return Err(Error::invalid(name, "is not kept by this server"));
            }
        }
        Ok(())
    }

    fn changes(&mut self) -> Changes<'_> {
        Changes {
            password: self.password.take(),
            name: self.name.as_deref(),
            description: self.description.as_deref(),
            enabled: self.enabled,
            role: None,
        }
    }
}

/// A user made here has no rights but those of the groups it is put into.
pub(crate) async fn create(
    State(app): State<App>,
    caller: Caller,
    Json(Body { user }): Json<Body>,
) -> Result<(StatusCode, Json<Value>), Failure> {
    user.check()?;
    let name = user.name.unwrap_or_default();
    let description = user.description.unwrap_or_default();
    let draft = Draft {
        name: &name,
        description: &description,
        password: user.password,
        role: Role::None,
        enabled: user.enabled.unwrap_or(true),
    };
    let made = users::add(&app, &caller, draft).await?;
    Ok((StatusCode::CREATED, Json(json!({"user": body(&app, &caller, &made)}))))
}

pub(crate) async fn update(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    Json(Body { mut user }): Json<Body>,
) -> Result<Json<Value>, Failure> {
    user.check()?;
    let changed = users::change(&app, &caller, path.text("user_id"), user.changes()).await?;
    Ok(Json(json!({"user": body(&app, &caller, &changed)})))
}

pub(crate) async fn delete(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
) -> Result<StatusCode, Failure> {
    users::delete(&app, &caller, path.text("user_id")).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
pub(crate) struct Passwords {
    user: PasswordFields,
}

#[derive(Deserialize)]
struct PasswordFields {
    password: Zeroizing<String>,
    original_password: Zeroizing<String>,
}

pub(crate) async fn password(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    Json(Passwords { user }): Json<Passwords>,
) -> Result<StatusCode, Failure> {
    let (present, new) = (user.original_password, user.password);
    users::change_own_password(&app, &caller, path.text("user_id"), present, new).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// There is no login protection here, and clients take "not found" for that.
pub(crate) async fn login_protect(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
) -> Result<Json<Value>, Failure> {
    let user = users::get(&app, &caller, path.text("user_id"))?;
    let message = format!("Could not find login_protect of user: {}", user.id);
    Err(Error::new(ErrorKind::NotFound, message).into())
}
