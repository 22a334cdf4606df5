//! The gateway's error form, `APIGW.NNNN`: what a caller sees before any one service answers.

use crate::failure::{ApiError, status};
use crate::json::Json;
use crate::request::RequestInfo;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use muster_model::{Error, ErrorKind};
use serde::Serialize;
use serde_json::json;

/// How the message of [`Error::forbidden`] begins.
const REFUSED: &str = "not allowed to perform ";

/// The flat error body of the gateway and of most services. All three are texts, never null.
#[derive(Debug, Serialize)]
pub struct FlatError<'a> {
    /// `APIGW.0301`, `HSS.0001` ...
    pub error_code: &'a str,
    /// For people; names the parameter and its limit.
    pub error_msg: &'a str,
    /// The request's id, as in the header.
    pub request_id: &'a str,
    /// Which right was missing, see [`missing`]; left out for all else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoded_authorization_message: Option<String>,
}

/// An answer in the flat form.
pub fn answer(
    status: StatusCode,
    error_code: &str,
    error_msg: &str,
    request: &RequestInfo,
) -> Response {
    flat(status, error_code, error_msg, request, None)
}

/// The same for an error, telling which right was missing where one was.
pub fn answer_of(
    error: &Error,
    status: StatusCode,
    error_code: &str,
    error_msg: &str,
    request: &RequestInfo,
) -> Response {
    flat(status, error_code, error_msg, request, missing(error))
}

fn flat(
    status: StatusCode,
    error_code: &str,
    error_msg: &str,
    request: &RequestInfo,
    encoded_authorization_message: Option<String>,
) -> Response {
    let request_id = &request.request_id;
    let body = FlatError { error_code, error_msg, request_id, encoded_authorization_message };
    (status, Json(body)).into_response()
}

/// What the vendor's clients show as `encoded_authorization_message`: base64 of `{"action":"…","allowed":false}`. There is
/// nothing secret in it, so nobody has to be asked to decode it; the message names the action in plain words too.
pub fn missing(error: &Error) -> Option<String> {
    let action = error.message().strip_prefix(REFUSED)?;
    let refused = error.kind() == ErrorKind::Forbidden;
    refused.then(|| STANDARD.encode(json!({"action": action, "allowed": false}).to_string()))
}

/// Errors of the gateway itself.
pub struct Gateway;

impl ApiError for Gateway {
    fn render(error: &Error, request: &RequestInfo) -> Response {
        answer_of(error, status(error.kind()), code(error.kind()), error.message(), request)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_missing_right_is_named() {
        let encoded = missing(&Error::forbidden("scm:cert:export")).unwrap();
        let decoded = STANDARD.decode(encoded).unwrap();
        assert_eq!(decoded, br#"{"action":"scm:cert:export","allowed":false}"#);
        assert_eq!(missing(&Error::new(ErrorKind::Forbidden, "an address inside")), None);
        assert_eq!(missing(&Error::invalid("x", "not allowed to perform a")), None);
    }
}
