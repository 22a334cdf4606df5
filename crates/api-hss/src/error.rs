//! Errors as HSS writes them: flat, with a code of its own table or of the gateway in front of it.

use axum::http::StatusCode;
use axum::response::Response;
use muster_http::gateway::{Gateway, answer_of};
use muster_http::{ApiError, RequestInfo};
use muster_model::{Error, ErrorKind};

/// The form of HSS and CGS.
pub(crate) struct Hss;

impl ApiError for Hss {
    /// The vendor's table gives 400 for everything. Two rows leave it: what does not exist for the caller
    /// is 404, because real clients take only that for "gone", and a missing right is 403, naming the
    /// action.
    fn render(error: &Error, request: &RequestInfo) -> Response {
        let (status, code, words) = match error.kind() {
            ErrorKind::Invalid if error.parameter() == Some("body") => {
                (StatusCode::BAD_REQUEST, "HSS.0002", "Failed to parse the request.")
            }
            ErrorKind::Invalid => (StatusCode::BAD_REQUEST, "HSS.0001", "Invalid parameter."),
            ErrorKind::Conflict => (StatusCode::CONFLICT, "HSS.0010", "Access denied."),
            ErrorKind::Forbidden => {
                (StatusCode::FORBIDDEN, "HSS.0013", "Insufficient permissions.")
            }
            ErrorKind::NotFound => {
                (StatusCode::NOT_FOUND, "HSS.0011", "Requested resource not found.")
            }
            ErrorKind::Internal => {
                (StatusCode::INTERNAL_SERVER_ERROR, "HSS.0041", "The query failed:")
            }
            ErrorKind::Unauthenticated
            | ErrorKind::TooLarge
            | ErrorKind::RateLimited
            | ErrorKind::Unsupported
            | ErrorKind::Unavailable => return Gateway::render(error, request),
        };
        answer_of(error, status, code, &format!("{words} {}", error.message()), request)
    }
}
