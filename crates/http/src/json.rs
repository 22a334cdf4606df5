//! JSON bodies in and out.

use crate::failure::Failure;
use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use muster_model::{Error, ErrorKind};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A JSON body. As an extractor it does not insist on a content type (the vendors' clients send POST
/// without one), takes an empty body for `{}`, and names the field at fault.
#[derive(Debug)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let body = Bytes::from_request(request, state).await.map_err(|rejection| {
            if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
                too_large()
            } else {
                Error::new(ErrorKind::Invalid, "the request body could not be read")
            }
        })?;
        Ok(Self(decode(&body)?))
    }
}

/// The error for a body beyond the limit.
pub(crate) fn too_large() -> Error {
    Error::new(ErrorKind::TooLarge, "Request entity too large.")
}

/// Reads a body. Nesting is bounded by the parser (128).
pub fn decode<T: DeserializeOwned>(body: &[u8]) -> Result<T, Error> {
    let body = if body.iter().all(u8::is_ascii_whitespace) { b"{}" } else { body };
    let mut reader = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        let error = error.into_inner();
        // Where the text is no JSON, the field it broke off in is not to blame.
        let parameter = if path == "." || !error.is_data() { "body".to_owned() } else { path };
        Error::invalid(parameter, error)
    })?;
    reader.end().map_err(|error| Error::invalid("body", error))?;
    Ok(value)
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(body) => {
                let json = HeaderValue::from_static("application/json");
                ([(header::CONTENT_TYPE, json)], body).into_response()
            }
            Err(error) => Failure(Error::internal(error)).into_response(),
        }
    }
}
