//! The agent's parts together, without a host and without a network.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails may say so at once"
)]
mod alone;
mod converge;
mod dependencies;
mod life;
mod world;
