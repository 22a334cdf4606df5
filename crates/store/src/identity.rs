//! Accounts (domains), projects, users and their access keys.

pub mod access_keys;
pub mod domains;
pub mod groups;
pub mod policies;
pub mod users;

pub use access_keys::AccessKey;
pub use domains::{Domain, Project};
pub use users::User;
