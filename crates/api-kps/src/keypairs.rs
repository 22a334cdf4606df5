//! `/v3/{project_id}/keypairs`: what several operations share of the wire.

pub(crate) mod batch_import;
pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod list;
pub(crate) mod show;
pub(crate) mod update;

use muster_service::keypairs::{Created, Keypair, New, Protection};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// A body with a `keypair` in it.
#[derive(Deserialize, Serialize)]
pub(crate) struct Within<T> {
    pub(crate) keypair: T,
}

/// `CreateKeypairAction`.
#[derive(Deserialize)]
pub(crate) struct CreateAction {
    #[serde(default)]
    name: String,
    #[serde(default, rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    public_key: Option<String>,
    #[serde(default)]
    scope: Option<String>,
    #[serde(default)]
    user_id: Option<String>,
    #[serde(default)]
    key_protection: Option<KeyProtection>,
}

impl From<CreateAction> for New {
    fn from(action: CreateAction) -> Self {
        Self {
            name: action.name,
            kind: action.kind,
            public_key: action.public_key.filter(|text| !text.is_empty()),
            scope: action.scope,
            user_id: action.user_id,
            protection: action.key_protection.map(Protection::from),
        }
    }
}

/// `KeyProtection`.
#[derive(Deserialize)]
pub(crate) struct KeyProtection {
    #[serde(default)]
    private_key: Option<Zeroizing<String>>,
    #[serde(default)]
    encryption: Encryption,
}

#[derive(Default, Deserialize)]
struct Encryption {
    #[serde(default, rename = "type")]
    kind: String,
}

impl From<KeyProtection> for Protection {
    fn from(protection: KeyProtection) -> Self {
        Self {
            private_key: protection.private_key.filter(|text| !text.is_empty()),
            encryption: protection.encryption.kind,
        }
    }
}

/// `CreateKeypairResp`.
#[derive(Serialize)]
pub(crate) struct CreateResp {
    name: String,
    #[serde(rename = "type")]
    kind: String,
    public_key: String,
    /// Only of a pair that was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    private_key: Option<Zeroizing<String>>,
    fingerprint: String,
    user_id: String,
}

impl From<Created> for CreateResp {
    fn from(created: Created) -> Self {
        let Created { pair, private_key } = created;
        Self {
            name: pair.name,
            kind: pair.kind,
            public_key: pair.public_key,
            private_key,
            fingerprint: pair.fingerprint,
            user_id: pair.created_by,
        }
    }
}

/// The vendor's word for whom a pair is for.
pub(crate) const fn scope(pair: &Keypair) -> &'static str {
    if pair.owner.is_some() { "user" } else { "domain" }
}
