//! The agent protocol against a real server on a real database.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that fails may say so at once"
)]

mod agent;
mod clones;
mod converge;
mod group;
mod guard;
mod images;
mod joining;
mod registered;
