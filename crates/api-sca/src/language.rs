//! The language of a caller's texts: Chinese unless English is asked for, as the origin of this API has it.

use axum::extract::FromRequestParts;
use axum::http::header::ACCEPT_LANGUAGE;
use axum::http::request::Parts;
use std::convert::Infallible;

/// The caller wants Chinese.
pub(crate) struct Chinese(pub(crate) bool);

impl<S: Send + Sync> FromRequestParts<S> for Chinese {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let asked = parts.headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        let english = asked.and_then(|tag| tag.trim_start().get(..2));
        Ok(Self(!english.is_some_and(|tag| tag.eq_ignore_ascii_case("en"))))
    }
}
