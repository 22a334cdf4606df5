//! `/v3.0/OS-CREDENTIAL/credentials`: permanent access keys.

use axum::extract::State;
use axum::http::StatusCode;
use muster_http::{Caller, Failure, Json, Params, PathParams};
use muster_model::Error;
use muster_service::App;
use muster_service::identity::AccessKey;
use muster_service::identity::access_keys;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// An access key on the wire.
#[derive(Serialize)]
struct Credential<'a> {
    access: &'a str,
    user_id: &'a str,
    status: &'static str,
    create_time: String,
    description: &'a str,
    /// Only at creation.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<&'a str>,
    /// Only of one shown: empty if it was never used.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_use_time: Option<String>,
}

impl<'a> Credential<'a> {
    fn new(key: &'a AccessKey, user_id: &'a str) -> Self {
        Self {
            access: &key.access,
            user_id,
            status: if key.active { "active" } else { "inactive" },
            create_time: key.created_at.iso(),
            description: &key.description,
            secret: None,
            last_use_time: None,
        }
    }
}

pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    params: Params,
) -> Result<Json<Value>, Failure> {
    let user = params.text("user_id");
    let keys = access_keys::list(&app, &caller, user).await?;
    let user = user.unwrap_or(caller.user_id.as_str());
    let keys: Vec<_> = keys.iter().map(|key| Credential::new(key, user)).collect();
    Ok(Json(json!({"credentials": keys})))
}

#[derive(Deserialize)]
pub(crate) struct Create {
    credential: CreateOption,
}

#[derive(Deserialize)]
struct CreateOption {
    user_id: String,
    #[serde(default)]
    description: Option<String>,
}

pub(crate) async fn create(
    State(app): State<App>,
    caller: Caller,
    Json(body): Json<Create>,
) -> Result<(StatusCode, Json<Value>), Failure> {
    let option = body.credential;
    let description = option.description.unwrap_or_default();
    let (key, secret) = access_keys::create(&app, &caller, &option.user_id, &description).await?;
    let shown = Credential { secret: Some(&secret), ..Credential::new(&key, &option.user_id) };
    Ok((StatusCode::CREATED, Json(json!({"credential": shown}))))
}

pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
) -> Result<Json<Value>, Failure> {
    let (key, user) = access_keys::get(&app, &caller, path.text("access_key")).await?;
    let last_use_time = Some(key.last_used.map(|at| at.iso()).unwrap_or_default());
    let shown = Credential { last_use_time, ..Credential::new(&key, user.id.as_str()) };
    Ok(Json(json!({"credential": shown})))
}

#[derive(Deserialize)]
pub(crate) struct Update {
    credential: UpdateOption,
}

#[derive(Deserialize)]
struct UpdateOption {
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    description: Option<String>,
}

pub(crate) async fn update(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    Json(body): Json<Update>,
) -> Result<Json<Value>, Failure> {
    let active = match body.credential.status.as_deref() {
        None => None,
        Some("active") => Some(true),
        Some("inactive") => Some(false),
        Some(_) => return Err(Error::invalid("status", "must be active or inactive").into()),
    };
    let description = body.credential.description.as_deref();
    let access = path.text("access_key");
    let (key, user) = access_keys::update(&app, &caller, access, active, description).await?;
    Ok(Json(json!({"credential": Credential::new(&key, user.id.as_str())})))
}

pub(crate) async fn delete(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
) -> Result<StatusCode, Failure> {
    access_keys::delete(&app, &caller, path.text("access_key")).await?;
    Ok(StatusCode::NO_CONTENT)
}
