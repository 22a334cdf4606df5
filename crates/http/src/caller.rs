//! The authenticated caller as an extractor.

use crate::failure::Failure;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use muster_model::Error;
use std::ops::Deref;
use std::sync::Arc;

/// The caller that [`crate::Routes`] proved before the handler ran. Handlers pass it on to the service.
#[derive(Clone, Debug)]
pub struct Caller(pub Arc<muster_model::Caller>);

impl Deref for Caller {
    type Target = muster_model::Caller;

    fn deref(&self) -> &muster_model::Caller {
        &self.0
    }
}

/// The caller of an operation that needs one only for some requests ([`crate::Needs::Perhaps`]).
#[derive(Clone, Debug)]
pub struct Offered(pub(crate) Result<Caller, Arc<Error>>);

impl Offered {
    /// The caller.
    ///
    /// # Errors
    /// Why there is none.
    pub fn caller(&self) -> Result<&Caller, Error> {
        self.0.as_ref().map_err(|error| Error::new(error.kind(), error.message().to_owned()))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Offered {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let offered = parts.extensions.get::<Self>().cloned();
        Ok(offered
            .ok_or_else(|| Error::internal("an operation asks for a caller it may not have"))?)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        // Absent only where the operation's table says that it needs no caller: a fault of the table.
        let caller = parts.extensions.get::<Self>().cloned();
        Ok(caller
            .ok_or_else(|| Error::internal("an operation without needs asks for its caller"))?)
    }
}
