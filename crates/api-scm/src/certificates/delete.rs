//! Deleting a certificate.

use axum::extract::State;
use axum::http::StatusCode;
use muster_http::{Caller, Failure, PathParams};
use muster_service::{App, certificates};

pub(crate) async fn delete(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
) -> Result<StatusCode, Failure> {
    certificates::delete(&app, &caller, path.text("certificate_id")).await?;
    Ok(StatusCode::NO_CONTENT)
}
