//! The shared edge: everything about HTTP that is the same for every API.
//!
//! A request comes in through [`mod@edge`], which names it, bounds it and logs it. The API's own table
//! ([`Operation`]) says which path it is; [`Routes`] proves the caller before the handler runs and
//! renders whatever [`Failure`] comes back in that API's own error form ([`ApiError`]).
#![forbid(unsafe_code)]

pub mod edge;
pub mod failure;
pub mod gateway;
pub mod json;
pub mod operation;
pub mod params;
pub mod path;
pub mod probes;
pub mod request;
pub mod routes;
pub mod serve;

mod caller;
mod gate;

pub use caller::{Caller, Offered};
pub use edge::edge;
pub use failure::{ApiError, Failure};
pub use json::Json;
pub use operation::{Needs, Operation, State, Verb};
pub use params::Params;
pub use path::PathParams;
pub use request::{Origin, RequestInfo};
pub use routes::Routes;
