//! `/muster/v1/certificates`: what the vendor's contract of certificates has not.

use axum::extract::State;
use muster_http::{Caller, Failure, Json, PathParams};
use muster_service::App;
use muster_service::certificates::{self, authorities, orders};
use serde::Deserialize;
use serde_json::{Value, json};

pub(crate) async fn found(State(app): State<App>, caller: Caller) -> Result<Json<Value>, Failure> {
    let found = certificates::found(&app, &caller).await?;
    let rows = found.into_iter().map(|it| {
        json!({
            "sha256": it.sha256,
            "subject": it.subject,
            "issuer": it.issuer,
            "not_after": it.not_after.map(|at| at.iso()),
            "hosts": it.hosts,
            "certificate_id": it.managed,
        })
    });
    Ok(Json(json!({"certificates": rows.collect::<Vec<_>>()})))
}

pub(crate) async fn authorities(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<Value>, Failure> {
    let all = authorities::list(&app, &caller).await?;
    let all = all.into_iter().map(|(kind, pem)| json!({"kind": kind, "certificate": pem}));
    Ok(Json(json!({"authorities": all.collect::<Vec<_>>()})))
}

pub(crate) async fn revocations(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
) -> Result<Json<Value>, Failure> {
    let list = authorities::revocations(&app, &caller, path.text("kind")).await?;
    Ok(Json(json!({"revocations": list})))
}

pub(crate) async fn approve(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
) -> Result<Json<Value>, Failure> {
    orders::approve(&app, &caller, path.text("certificate_id")).await?;
    Ok(Json(json!({})))
}

pub(crate) async fn reject(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
) -> Result<Json<Value>, Failure> {
    orders::reject(&app, &caller, path.text("certificate_id")).await?;
    Ok(Json(json!({})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Revoke {
    #[serde(default)]
    reason: String,
}

pub(crate) async fn revoke(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    Json(body): Json<Revoke>,
) -> Result<Json<Value>, Failure> {
    orders::revoke(&app, &caller, path.text("certificate_id"), &body.reason).await?;
    Ok(Json(json!({})))
}
