//! What tests share: both databases, each test with its own; a running product with callers; the check
//! that no operation answers without rights. A development dependency only.
#![forbid(unsafe_code)]
#![expect(clippy::expect_used, reason = "tests fail by panicking")]

pub mod app;
pub mod authz_coverage;
pub mod bench;
pub mod client;
pub mod contract;
pub mod database;
pub mod fleet;
mod postgres;
pub mod sshd;
pub mod strangers;
pub mod webhook;

pub use app::TestApp;
pub use authz_coverage::{Call, authz_coverage};
pub use client::{Answer, Client};
pub use contract::Contract;
pub use database::TestDb;
pub use strangers::stranger_coverage;
pub use webhook::webhook_server;
