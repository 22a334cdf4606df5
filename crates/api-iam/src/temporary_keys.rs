//! `/v3.0/OS-CREDENTIAL/securitytokens`: temporary access keys.

use crate::assumed::AssumeRole;
use axum::extract::State;
use axum::http::StatusCode;
use muster_http::{Caller, Failure, Json};
use muster_model::{Error, ErrorKind};
use muster_service::App;
use muster_service::identity::{assume, temporary};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
pub(crate) struct Request {
    auth: Auth,
}

#[derive(Deserialize)]
struct Auth {
    identity: Identity,
}

#[derive(Deserialize)]
struct Identity {
    methods: Vec<String>,
    #[serde(default)]
    token: Option<Token>,
    #[serde(default)]
    assume_role: Option<AssumeRole>,
    /// A narrower policy for the key.
    #[serde(default)]
    policy: Option<Value>,
}

#[derive(Default, Deserialize)]
struct Token {
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    duration_seconds: Option<i64>,
}

pub(crate) async fn create(
    State(app): State<App>,
    caller: Caller,
    Json(request): Json<Request>,
) -> Result<(StatusCode, Json<Value>), Failure> {
    let Identity { methods, token, assume_role, policy } = request.auth.identity;
    let unsupported = |message: String| Failure(Error::new(ErrorKind::Unsupported, message));
    if policy.is_some() {
        let message = "auth.identity.policy: a temporary key has the rights of its token or agency";
        return Err(unsupported(message.to_owned()));
    }
    let methods: Vec<_> = methods.iter().map(String::as_str).collect();
    let key = match *methods {
        ["token"] => {
            let Token { id, duration_seconds } = token.unwrap_or_default();
            let id = id.filter(|id| !id.is_empty());
            temporary::issue(&app, &caller, id.as_deref(), duration_seconds).await?
        }
        ["assume_role"] => {
            let named = AssumeRole::named(assume_role.as_ref())?;
            let secs = assume_role.and_then(|it| it.duration_seconds);
            assume::key(&app, &caller, &named, secs).await?
        }
        _ => {
            let methods = methods.join(", ");
            return Err(unsupported(format!(
                "auth.identity.methods: token and assume_role are supported, not {methods}"
            )));
        }
    };
    let credential = json!({
        "access": key.access,
        "secret": key.secret.as_str(),
        "securitytoken": key.security_token.as_str(),
        "expires_at": key.expires.iso(),
    });
    Ok((StatusCode::CREATED, Json(json!({"credential": credential}))))
}
