//! `GET /muster/agent/v1/ca`

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use muster_http::Failure;
use muster_model::Error;
use muster_service::App;

pub(crate) async fn show(State(app): State<App>) -> Result<impl IntoResponse, Failure> {
    let ca = app.settings.ca.as_ref();
    let ca = ca.ok_or_else(|| Error::not_found("the CA certificate"))?;
    Ok(([(header::CONTENT_TYPE, "application/x-pem-file")], ca.pem.clone()))
}
