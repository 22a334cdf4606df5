//! Exporting a certificate with its key.

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use muster_http::{Caller, Failure, Json, PathParams};
use muster_service::App;
use muster_service::certificates::export::{Export, export as export_certificate};
use serde::Serialize;

/// What is there of a certificate. An SM2 double one has the encryption half; the key of one whose request was the
/// customer's own is not there.
#[derive(Serialize)]
struct Exported<'a> {
    entire_certificate: &'a str,
    certificate: &'a str,
    certificate_chain: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    private_key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    enc_certificate: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    enc_private_key: Option<&'a str>,
}

/// The body, if there is one, is not looked at: clients send none or `{}`.
pub(crate) async fn export(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
) -> Result<Response, Failure> {
    let it: Export = export_certificate(&app, &caller, path.text("certificate_id")).await?;
    let exported = Exported {
        entire_certificate: &it.entire,
        certificate: &it.certificate,
        certificate_chain: &it.chain,
        private_key: it.private_key.as_ref().map(|key| key.as_str()),
        enc_certificate: it.enc_certificate.as_deref(),
        enc_private_key: it.enc_private_key.as_ref().map(|key| key.as_str()),
    };
    let mut response = Json(exported).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
