//! Private keys on the wire.

pub(crate) mod batch_export;
pub(crate) mod clear;
pub(crate) mod export;
pub(crate) mod import;

use serde::Deserialize;

/// `KeypairBean`, and `Keypair` where only its name counts.
#[derive(Deserialize)]
pub(crate) struct Named {
    #[serde(default)]
    pub(crate) name: String,
}
