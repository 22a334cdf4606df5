//! How messages reach the server: over HTTP, or inside one process.

pub mod http;

use muster_model::report::{EnrolReply, EnrolRequest, Reply, Report};
use muster_model::{Micros, Result};

/// A way to the server. Errors tell what to do next: `Unavailable` and `RateLimited` try again later;
/// anything else is refused for good until somebody acts.
pub trait Transport {
    /// Joins. Needs no key yet.
    ///
    /// # Errors
    /// See the trait.
    fn enrol(&mut self, request: &EnrolRequest) -> Result<EnrolReply>;

    /// Sends a report, signed with the agent's key.
    ///
    /// # Errors
    /// See the trait.
    fn report(&mut self, report: &Report, date: Micros) -> Result<Reply>;
}
