//! The body of a login.

use crate::assumed::AssumeRole;
use serde::Deserialize;

#[derive(Deserialize)]
pub(crate) struct Request {
    pub(super) auth: Auth,
}

#[derive(Deserialize)]
pub(super) struct Auth {
    pub(super) identity: Identity,
    #[serde(default)]
    pub(super) scope: Option<Scope>,
}

#[derive(Deserialize)]
pub(super) struct Identity {
    pub(super) methods: Vec<String>,
    #[serde(default)]
    pub(super) password: Option<Password>,
    #[serde(default)]
    pub(super) assume_role: Option<AssumeRole>,
}

#[derive(Deserialize)]
pub(super) struct Password {
    pub(super) user: User,
}

#[derive(Deserialize)]
pub(super) struct User {
    #[serde(default)]
    pub(super) id: Option<String>,
    #[serde(default)]
    pub(super) name: Option<String>,
    #[serde(default)]
    pub(super) domain: Option<Named>,
    pub(super) password: String,
}

#[derive(Deserialize)]
pub(super) struct Scope {
    #[serde(default)]
    pub(super) project: Option<Named>,
    #[serde(default)]
    pub(super) domain: Option<Named>,
}

/// Something by id or name.
#[derive(Deserialize)]
pub(super) struct Named {
    #[serde(default)]
    pub(super) id: Option<String>,
    #[serde(default)]
    pub(super) name: Option<String>,
}
