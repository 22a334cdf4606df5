//! What tests share: both databases, each test with its own. A development dependency only.
#![forbid(unsafe_code)]

pub mod database;
mod postgres;

pub use database::TestDb;
