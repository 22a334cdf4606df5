//! The service on real databases.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that panics has failed")]

mod audit;
mod identity;
mod sealing;
