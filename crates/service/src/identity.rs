//! Who is who: accounts, projects, users, their keys and tokens.
//!
//! The whole directory lies in memory ([`directory::Directory`]), so that proving a caller costs no
//! query. Every change bumps an epoch in its transaction and replaces the directory before it returns:
//! on this server a changed password or a switched-off key is void at once. Servers that share a
//! PostgreSQL look at the epoch every half second.

pub mod access_keys;
pub mod agencies;
pub mod assume;
pub mod bootstrap;
pub mod builtin;
pub mod catalog;
pub mod directory;
pub mod groups;
pub mod login;
pub mod policies;
pub mod projects;
pub mod rights;
pub mod signatures;
pub mod simulate;
pub mod temporary;
pub mod tokens;
pub mod users;

mod attempts;
mod spare;
mod state;

pub(crate) use directory::sealing as access_key_sealing;
pub(crate) use state::sealing as token_key_sealing;

pub(crate) use attempts::Attempts;
pub use bootstrap::{Credentials, add_account, bootstrap};
pub(crate) use login::caller as caller_of_user;
pub use login::{DomainRef, Login, ProjectRef, ScopeRef, UserRef, issue_token};
pub use muster_store::identity::groups::Group;
pub use muster_store::identity::policies::Reach;
pub use muster_store::identity::{AccessKey, Agency, Domain, Project, User};
pub use state::Identity;
pub use tokens::{TokenInfo, inspect_token, validate_token};

use muster_model::Error;

/// The gateway's opening of every refusal of credentials.
pub(crate) fn refused(why: impl std::fmt::Display) -> Error {
    Error::unauthenticated(format!("Incorrect IAM authentication information: {why}"))
}
