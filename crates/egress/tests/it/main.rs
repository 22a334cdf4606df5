//! Mail as a server receives it.
#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

mod mail;
