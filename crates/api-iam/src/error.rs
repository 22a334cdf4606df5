//! Keystone's error form, with the flat form beside it.
//!
//! The vendor's own clients read `error_code` and `error_msg` first and must find texts there; Keystone's
//! clients read `error` and expect its code to be the status as a number. One body serves both.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use muster_http::failure::status;
use muster_http::gateway::missing;
use muster_http::{ApiError, Json, RequestInfo};
use muster_model::{Error, ErrorKind};
use serde::Serialize;

/// Renders errors of the identity API.
pub(crate) struct IamError;

#[derive(Serialize)]
struct Body<'a> {
    error: Keystone<'a>,
    error_code: &'static str,
    error_msg: &'a str,
    request_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    encoded_authorization_message: Option<String>,
}

#[derive(Serialize)]
struct Keystone<'a> {
    code: u16,
    message: &'a str,
    title: &'static str,
}

impl ApiError for IamError {
    fn render(error: &Error, request: &RequestInfo) -> Response {
        let message = error.message();
        let (status, error_code) = place(error.kind(), message);
        let title = status.canonical_reason().unwrap_or("");
        let body = Body {
            error: Keystone { code: status.as_u16(), message, title },
            error_code,
            error_msg: message,
            request_id: &request.request_id,
            encoded_authorization_message: missing(error),
        };
        (status, Json(body)).into_response()
    }
}

/// Status and code by the vendor's tables.
fn place(kind: ErrorKind, message: &str) -> (StatusCode, &'static str) {
    let code = match kind {
        ErrorKind::Invalid => "IAM.0007",
        ErrorKind::Unauthenticated if message.starts_with("Incorrect IAM") => "APIGW.0301",
        ErrorKind::Unauthenticated => "IAM.0001",
        ErrorKind::Forbidden => "IAM.0003",
        ErrorKind::NotFound => "IAM.0004",
        // The vendor has the limit on access keys as a bad request.
        ErrorKind::Conflict if message == "akSkNumExceed" => {
            return (StatusCode::BAD_REQUEST, "IAM.0005");
        }
        ErrorKind::Conflict => "IAM.0005",
        ErrorKind::TooLarge => "APIGW.0201",
        ErrorKind::RateLimited => "APIGW.0308",
        ErrorKind::Unsupported => "APIGW.0101",
        ErrorKind::Unavailable => "APIGW.0613",
        ErrorKind::Internal => "IAM.0006",
    };
    (status(kind), code)
}
