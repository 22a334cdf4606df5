//! From a [`muster_model::Error`] to an answer in the form of the API that was asked.
//!
//! A handler or extractor returns a [`Failure`], which travels inside the response until the API's own
//! layer ([`crate::Routes`]) renders it. So one extractor serves every API.

use crate::request::RequestInfo;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use muster_model::{Error, ErrorKind};
use std::sync::Arc;

/// How an API writes its errors. Implementations match [`ErrorKind`] exhaustively.
pub trait ApiError: Send + Sync + 'static {
    /// The answer for `error`. Must be JSON with `error_code`, `error_msg` and `request_id`, all texts.
    fn render(error: &Error, request: &RequestInfo) -> Response;
}

/// The error side of every handler. `?` turns any [`Error`] into one.
#[derive(Debug)]
pub struct Failure(pub Error);

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

/// The error on its way to the layer that renders it, and later to the log.
#[derive(Clone)]
pub(crate) struct Unrendered(pub(crate) Arc<Error>);

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = status(self.0.kind()).into_response();
        response.extensions_mut().insert(Unrendered(Arc::new(self.0)));
        response
    }
}

/// The usual status of a kind of error; vendors differ in places.
pub const fn status(kind: ErrorKind) -> StatusCode {
    match kind {
        ErrorKind::Invalid => StatusCode::BAD_REQUEST,
        ErrorKind::Unauthenticated => StatusCode::UNAUTHORIZED,
        ErrorKind::Forbidden => StatusCode::FORBIDDEN,
        ErrorKind::NotFound => StatusCode::NOT_FOUND,
        ErrorKind::Conflict => StatusCode::CONFLICT,
        ErrorKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorKind::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        ErrorKind::Unsupported => StatusCode::NOT_IMPLEMENTED,
        ErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        ErrorKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
