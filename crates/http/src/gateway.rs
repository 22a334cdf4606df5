//! The gateway's error form, `APIGW.NNNN`: what a caller sees before any one service answers.

use crate::failure::{ApiError, status};
use crate::json::Json;
use crate::request::RequestInfo;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use muster_model::{Error, ErrorKind};
use serde::Serialize;

/// The flat error body of the gateway and of most services. All three are texts, never null.
#[derive(Debug, Serialize)]
pub struct FlatError<'a> {
    /// `APIGW.0301`, `HSS.0001` ...
    pub error_code: &'a str,
    /// For people; names the parameter and its limit.
    pub error_msg: &'a str,
    /// The request's id, as in the header.
    pub request_id: &'a str,
}

/// An answer in the flat form.
pub fn answer(
    status: StatusCode,
    error_code: &str,
    error_msg: &str,
    request: &RequestInfo,
) -> Response {
    (status, Json(FlatError { error_code, error_msg, request_id: &request.request_id }))
        .into_response()
}

/// Errors of the gateway itself.
pub struct Gateway;

impl ApiError for Gateway {
    fn render(error: &Error, request: &RequestInfo) -> Response {
        answer(status(error.kind()), code(error.kind()), error.message(), request)
    }
}

/// The gateway's code for a kind of error (the vendor's table of gateway codes).
pub const fn code(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Invalid => "APIGW.0106",
        ErrorKind::Unauthenticated => "APIGW.0301",
        ErrorKind::Forbidden => "APIGW.0306",
        ErrorKind::NotFound | ErrorKind::Unsupported => "APIGW.0101",
        ErrorKind::Conflict => "APIGW.0602",
        ErrorKind::TooLarge => "APIGW.0201",
        ErrorKind::RateLimited => "APIGW.0308",
        ErrorKind::Unavailable => "APIGW.0613",
        ErrorKind::Internal => "APIGW.0601",
    }
}

/// A path nobody serves.
pub(crate) fn unknown_path(request: &RequestInfo) -> Response {
    let message = "The API does not exist or has not been published in the environment";
    answer(StatusCode::NOT_FOUND, "APIGW.0101", message, request)
}

/// A path that exists, asked with a method that does not. The vendor answers 404 here, not 405.
pub(crate) fn unknown_method(request: &RequestInfo) -> Response {
    answer(StatusCode::NOT_FOUND, "APIGW.0101", "The API does not exist", request)
}
