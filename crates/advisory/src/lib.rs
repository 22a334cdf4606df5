//! The knowledge base: what is known against which package in which version, compiled into one file and asked offline.
//!
//! Sync, no database, no network. [`version`] orders the versions of every ecosystem.
#![deny(unsafe_code)]

pub mod version;

pub use version::{Scheme, VersionKey};
