//! The service on real databases.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that panics has failed"
)]

mod audit;
mod copies;
mod identity;
mod intent;
mod rights;
mod sealing;
mod vault;
