//! `/muster/v1/certificates`: what the vendor's contract of certificates has not.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, header};
use muster_http::{Caller, Failure, Json, Origin, PathParams};
use muster_service::App;
use muster_service::certificates::{self, authorities, orders, revocations};
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
    let list = revocations::show(&app, &caller, path.text("kind")).await?;
    Ok(Json(json!({"revocations": list})))
}

/// How long a proxy or client may hand a list on, in seconds.
const LIST_AGE: &str = "public, max-age=300";

/// Anybody's: what a certificate's distribution point leads to.
pub(crate) async fn open_revocations(
    State(app): State<App>,
    Origin(info): Origin,
    path: PathParams,
) -> Result<([(HeaderName, HeaderValue); 3], Bytes), Failure> {
    let (domain, file) = (path.text("domain_id"), path.text("file"));
    let list = revocations::open(&app, info.address, domain, file).await?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/pkix-crl")),
        (header::CACHE_CONTROL, HeaderValue::from_static(LIST_AGE)),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    Ok((headers, list))
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
