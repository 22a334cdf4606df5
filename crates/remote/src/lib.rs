//! Changes on a host over SSH: who may log in by which key.
//!
//! The connection is OpenSSH's own client, run as a child with every setting given and none read (see
//! `docs/adr`). A private key never leaves this process: the child asks an agent of ours for signatures. The
//! host's key is pinned, and the change on the host happens whole or not at all.
#![forbid(unsafe_code)]

mod agent;
mod askpass;
mod edit;
mod output;
mod ssh;
mod target;
mod trouble;

pub use edit::Edit;
pub use ssh::Ssh;
pub use target::{Credential, Target, check_account};
pub use trouble::Trouble;
