//! Rust: lock files, and the crates in programs.

pub(super) mod binary;
pub(super) mod lock;
