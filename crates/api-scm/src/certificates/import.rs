//! Importing a certificate.

use axum::extract::State;
use muster_http::{Caller, Failure, Json};
use muster_service::App;
use muster_service::certificates::import::{Import, import as import_certificate};
use serde::Deserialize;
use serde_json::{Value, json};
use zeroize::Zeroizing;

#[derive(Deserialize)]
pub(crate) struct Body {
    name: String,
    certificate: String,
    private_key: Zeroizing<String>,
    #[serde(default)]
    certificate_chain: Option<String>,
    #[serde(default)]
    enc_certificate: Option<String>,
    #[serde(default)]
    enc_private_key: Option<Zeroizing<String>>,
    /// True refuses duplicates, as the SDK says; a page of the manual says the opposite.
    #[serde(default)]
    duplicate_check: Option<bool>,
    #[serde(default)]
    enterprise_project_id: Option<String>,
}

pub(crate) async fn import(
    State(app): State<App>,
    caller: Caller,
    Json(body): Json<Body>,
) -> Result<Json<Value>, Failure> {
    let import = Import {
        name: body.name,
        certificate: body.certificate,
        chain: body.certificate_chain.unwrap_or_default(),
        private_key: body.private_key,
        enc_certificate: body.enc_certificate.unwrap_or_default(),
        enc_private_key: body.enc_private_key.unwrap_or_default(),
        refuse_duplicate: body.duplicate_check.unwrap_or(false),
        enterprise_project_id: body.enterprise_project_id,
    };
    let id = import_certificate(&app, &caller, import).await?;
    Ok(Json(json!({"certificate_id": id})))
}
