//! Errors as SCM writes them: flat, with a code of its own table or of the gateway in front of it.

use axum::http::StatusCode;
use axum::response::Response;
use muster_http::gateway::{Gateway, answer_of};
use muster_http::{ApiError, RequestInfo};
use muster_model::{Error, ErrorKind};

/// Longest message of the contract, in characters.
const MAX_MESSAGE: usize = 1024;

/// Renders errors of SCM.
pub(crate) struct ScmError;

impl ApiError for ScmError {
    /// The vendor's table has 400 for a record that is not there and 401 for a missing right; real clients take only
    /// 404 for "gone", and the page of the export names 403.
    fn render(error: &Error, request: &RequestInfo) -> Response {
        let message = error.message();
        let (status, code) = match error.kind() {
            ErrorKind::Invalid => (StatusCode::BAD_REQUEST, invalid(error.parameter(), message)),
            ErrorKind::NotFound if message.starts_with("certificate request") => {
                (StatusCode::NOT_FOUND, "SCM.0707")
            }
            ErrorKind::NotFound => (StatusCode::NOT_FOUND, "SCM.0020"),
            ErrorKind::Conflict if message.contains("without its private key") => {
                (StatusCode::BAD_REQUEST, "SCM.0059")
            }
            ErrorKind::Conflict => (StatusCode::BAD_REQUEST, "SCM.0010"),
            ErrorKind::Forbidden => (StatusCode::FORBIDDEN, "SCM.4002"),
            ErrorKind::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "SCM.0007"),
            ErrorKind::Unauthenticated
            | ErrorKind::TooLarge
            | ErrorKind::RateLimited
            | ErrorKind::Unsupported
            | ErrorKind::Unavailable => return Gateway::render(error, request),
        };
        let message: String = message.chars().take(MAX_MESSAGE).collect();
        answer_of(error, status, code, &message, request)
    }
}

/// The vendor's code for a bad parameter.
fn invalid(parameter: Option<&str>, message: &str) -> &'static str {
    match parameter.unwrap_or_default() {
        "certificate" if message.contains("no domain name is bound") => "SCM.0009",
        "certificate" | "enc_certificate" => "SCM.0006",
        "private_key" | "enc_private_key" if message.contains("does not match") => "SCM.0014",
        "private_key" | "enc_private_key" => "SCM.0012",
        "certificate_chain" => "SCM.0013",
        "certificate_id" => "SCM.0008",
        "domain" | "domain_name" | "sans" => "SCM.0015",
        "name" => "SCM.0032",
        "target_service" => "SCM.0030",
        "target_project" => "SCM.0069",
        _ => "SCM.0005",
    }
}
