//! Changes on a host over SSH: who may log in by which key; an agent is put there.
//!
//! The connection is OpenSSH's own client, run as a child with every setting given and none read (see
//! `docs/adr`). A private key never leaves this process: the child asks an agent of ours for signatures. The
//! host's key is pinned, and the change on the host happens whole or not at all.
#![forbid(unsafe_code)]

mod agent;
mod askpass;
mod edit;
mod install;
mod operator;
mod output;
mod ssh;
mod target;
mod trouble;

pub use edit::Edit;
pub use install::{Binary, FOLDER, Install};
pub use operator::{Destination, Installed, Operator};
pub use ssh::Ssh;
pub use target::{Credential, Target, check_account};
pub use trouble::Trouble;
