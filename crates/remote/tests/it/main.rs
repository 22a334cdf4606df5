//! Real SSH servers and real shells, changed.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that panics has failed")]

mod install;
mod program;
mod server;
