//! Path parameters, read by name.

use crate::failure::Failure;
use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use muster_model::id::ProjectId;
use muster_model::{Error, Result};

/// The decoded `{parameters}` of the path.
#[derive(Clone, Debug)]
pub struct PathParams(Vec<(String, String)>);

impl<S: Send + Sync> FromRequestParts<S> for PathParams {
    type Rejection = Failure;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &S,
    ) -> std::result::Result<Self, Failure> {
        let raw = RawPathParams::from_request_parts(parts, state)
            .await
            .map_err(|_| Error::invalid("path", "must be UTF-8"))?;
        Ok(Self(raw.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()))
    }
}

impl PathParams {
    /// The parameter's text. A name the path does not have is empty.
    pub fn text(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    /// `{project_id}`.
    ///
    /// # Errors
    /// `Invalid` if it cannot be one, as when a client left the placeholder in place.
    pub fn project(&self) -> Result<ProjectId> {
        ProjectId::parse(self.text("project_id"))
    }
}
