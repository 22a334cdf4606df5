//! What tests share: both databases, each test with its own. A development dependency only.
#![forbid(unsafe_code)]
#![expect(clippy::expect_used, reason = "tests fail by panicking")]

pub mod database;
mod postgres;

pub use database::TestDb;
