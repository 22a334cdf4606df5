//! Who is asking.

use crate::id::{DomainId, ProjectId, UserId};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// What a user may do by itself. The policies of its groups come on top.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Everything.
    Admin,
    /// Whatever changes nothing.
    Reader,
    /// Nothing but what the policies of its groups allow.
    None,
}

impl Role {
    /// The stored and shown name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Reader => "reader",
            Self::None => "none",
        }
    }

    /// Back from [`Role::name`].
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Admin, Self::Reader, Self::None].into_iter().find(|role| role.name() == name)
    }
}

/// What a token or key reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// One project.
    Project(ProjectId),
    /// The account and all its projects.
    Domain,
}

/// How the caller proved who it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credential {
    /// A token; its id stands in the audit log, never the token.
    Token,
    /// A request signature by this access key.
    AccessKey(String),
    /// The operator on the machine itself.
    Local,
}

/// The user behind a caller that acts as an agency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assumer {
    /// Its account, which the agency trusts.
    pub domain_id: DomainId,
    /// Its account's name.
    pub domain_name: String,
    /// The user.
    pub user_id: UserId,
    /// Its name.
    pub user_name: String,
}

/// An authenticated caller. Only the identity service makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Account.
    pub domain_id: DomainId,
    /// Its name.
    pub domain_name: String,
    /// User, or the agency it acts as.
    pub user_id: UserId,
    /// Its name; of an agency `<account>/<agency>`.
    pub user_name: String,
    /// Who acts as the agency.
    pub assumed_by: Option<Assumer>,
    /// Rights.
    pub role: Role,
    /// Reach.
    pub scope: Scope,
    /// Proof.
    pub credential: Credential,
    /// Where it asks from; none on the machine itself.
    pub address: Option<IpAddr>,
    /// The request this caller came with: stands in the log, the audit record and the answer.
    pub request_id: String,
}
