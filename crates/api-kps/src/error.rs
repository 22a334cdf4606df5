//! Errors as KPS writes them: flat, with a code of its own table or of the gateway in front of it.

use axum::http::StatusCode;
use axum::response::Response;
use muster_http::gateway::{Gateway, answer_of};
use muster_http::{ApiError, RequestInfo};
use muster_model::{Error, ErrorKind};
use muster_service::keypairs::Fault;

/// The form of KPS.
pub(crate) struct Kps;

impl ApiError for Kps {
    /// The vendor's table gives 400 for nearly everything. Two rows leave it: what a path names and does not
    /// exist for the caller is 404, because real clients take only that for "gone", and a missing right is
    /// 403, naming the action. What a body names stays 400.
    fn render(error: &Error, request: &RequestInfo) -> Response {
        match place(error) {
            Some((status, code, words)) => {
                answer_of(error, status, code, &format!("{words}{}", error.message()), request)
            }
            None => Gateway::render(error, request),
        }
    }
}

/// Status, code and opening words by the vendor's table; none for what the gateway answers.
pub(crate) fn place(error: &Error) -> Option<(StatusCode, &'static str, &'static str)> {
    Some(match (error.kind(), Fault::of(error)) {
        (ErrorKind::Invalid, Some(Fault::NoKeypair)) => {
            (StatusCode::BAD_REQUEST, "KPS.6004", "No Keypair find: ")
        }
        (ErrorKind::Invalid, Some(Fault::NoPrivateKey)) => {
            (StatusCode::BAD_REQUEST, "KPS.6005", "No private key managed: ")
        }
        (ErrorKind::Invalid, Some(Fault::Mismatch)) => (StatusCode::BAD_REQUEST, "KPS.6011", ""),
        (ErrorKind::Invalid, Some(Fault::NoUser)) => {
            (StatusCode::BAD_REQUEST, "KPS.0006", "User not found: ")
        }
        (ErrorKind::Invalid, _) => (StatusCode::BAD_REQUEST, "KPS.0002", "parameter error: "),
        (ErrorKind::Conflict, _) => (StatusCode::CONFLICT, "KPS.0002", "parameter error: "),
        (ErrorKind::NotFound, Some(Fault::NoPrivateKey)) => (StatusCode::NOT_FOUND, "KPS.6005", ""),
        (ErrorKind::NotFound, Some(Fault::NoTask)) => {
            (StatusCode::NOT_FOUND, "KPS.0005", "Failed task is not found: ")
        }
        (ErrorKind::NotFound, _) => {
            (StatusCode::NOT_FOUND, "KPS.4016", "The key pair is not exist: ")
        }
        (ErrorKind::Forbidden, _) => {
            (StatusCode::FORBIDDEN, "KPS.9003", "No operation permission: ")
        }
        (ErrorKind::Internal, _) => {
            (StatusCode::INTERNAL_SERVER_ERROR, "KPS.5001", "Query database record error: ")
        }
        (
            ErrorKind::Unauthenticated
            | ErrorKind::TooLarge
            | ErrorKind::RateLimited
            | ErrorKind::Unsupported
            | ErrorKind::Unavailable,
            _,
        ) => return None,
    })
}
