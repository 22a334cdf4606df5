//! The protocol between our agents and our server: joining, reporting, and the CA to trust.
//!
//! The messages are [`muster_model::report`]; the proof every report carries is [`muster_model::proof`].
//! Nothing here is for people or other programs, and nothing of it acts on a host: an agent asks, the server
//! answers.
#![forbid(unsafe_code)]

mod body;
mod ca;
mod enrol;
pub mod operations;
mod report;

pub use operations::OPERATIONS;

use axum::Router;
use muster_http::Routes;
use muster_http::gateway::Gateway;
use muster_service::App;

/// The protocol's routes.
pub fn router(app: &App) -> Router {
    Routes::<Gateway>::new(app, OPERATIONS)
        .on("ShowCa", ca::show)
        .on("EnrolAgent", enrol::enrol)
        .on("Report", report::report)
        .finish()
}
