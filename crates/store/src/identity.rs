//! Accounts (domains), projects, users and their access keys, groups, policies, agencies.

pub mod access_keys;
pub mod agencies;
pub mod domains;
pub mod groups;
pub mod policies;
pub mod users;

pub use access_keys::AccessKey;
pub use agencies::Agency;
pub use domains::{Domain, Project};
pub use users::User;
