//! The form of every answer: `{"code", "msg", "data", "ok"}`.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use muster_http::failure::status;
use muster_http::{ApiError, Json, RequestInfo};
use muster_model::{Error, ErrorKind};
use serde::Serialize;

/// The codes of answers. Zero is success, everything else says what was wrong.
pub mod code {
    /// Done.
    pub const OK: u32 = 0;
    /// A parameter is missing or out of its bounds; `msg` names it.
    pub const INVALID: u32 = 1001;
    /// What was named is not there, or is another project's.
    pub const NOT_FOUND: u32 = 1002;
    /// It clashes with what is there: another task of this id, a task that has not ended.
    pub const CONFLICT: u32 = 1003;
    /// Too large.
    pub const TOO_LARGE: u32 = 1004;
    /// Asked too often.
    pub const RATE_LIMITED: u32 = 1005;
    /// Not supported here.
    pub const UNSUPPORTED: u32 = 1006;
    /// Access key, signature or timestamp is wrong.
    pub const UNAUTHENTICATED: u32 = 2001;
    /// The key's owner may not do this.
    pub const FORBIDDEN: u32 = 2002;
    /// Our fault.
    pub const INTERNAL: u32 = 5000;
    /// Not now.
    pub const UNAVAILABLE: u32 = 5001;
}

#[derive(Serialize)]
struct Envelope<T> {
    code: u32,
    msg: String,
    data: Option<T>,
    ok: bool,
}

/// A success.
pub(crate) struct Answer<T>(pub(crate) T);

impl<T: Serialize> IntoResponse for Answer<T> {
    fn into_response(self) -> Response {
        let (code, msg) = (code::OK, "success".to_owned());
        Json(Envelope { code, msg, data: Some(self.0), ok: true }).into_response()
    }
}

/// How this API writes its errors.
pub(crate) struct Sca;

impl ApiError for Sca {
    fn render(error: &Error, request: &RequestInfo) -> Response {
        let (code, http) = match error.kind() {
            ErrorKind::Invalid => (code::INVALID, StatusCode::OK),
            ErrorKind::NotFound => (code::NOT_FOUND, StatusCode::OK),
            ErrorKind::Conflict => (code::CONFLICT, StatusCode::OK),
            ErrorKind::Forbidden => (code::FORBIDDEN, StatusCode::OK),
            ErrorKind::Unsupported => (code::UNSUPPORTED, StatusCode::OK),
            ErrorKind::TooLarge => (code::TOO_LARGE, status(error.kind())),
            ErrorKind::RateLimited => (code::RATE_LIMITED, status(error.kind())),
            ErrorKind::Unauthenticated => (code::UNAUTHENTICATED, status(error.kind())),
            ErrorKind::Internal => (code::INTERNAL, status(error.kind())),
            ErrorKind::Unavailable => (code::UNAVAILABLE, status(error.kind())),
        };
        let msg = match error.kind() {
            ErrorKind::Internal => format!("{}: request {}", error.message(), request.request_id),
            _ => error.message().to_owned(),
        };
        (http, Json(Envelope::<()> { code, msg, data: None, ok: false })).into_response()
    }
}
