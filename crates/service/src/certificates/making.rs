//! The kinds of keys that are made for certificates.

use crate::app::App;
use muster_model::{Error, Result};
use muster_vault::x509::{Algorithm, PrivateKey};

/// Makes a key when it is its turn.
///
/// # Errors
/// `Unavailable` when too many wait already.
pub(super) async fn key(app: &App, algorithm: Algorithm) -> Result<PrivateKey> {
    app.keypairs.making.run(move || PrivateKey::generate(algorithm)).await
}

/// A kind of key by the contract's word.
///
/// # Errors
/// `Invalid` naming the parameter.
pub(super) fn algorithm(parameter: &'static str, name: &str) -> Result<Algorithm> {
    const OFFERED: [Algorithm; 6] = [
        Algorithm::Rsa(2048),
        Algorithm::Rsa(3072),
        Algorithm::Rsa(4096),
        Algorithm::EcP256,
        Algorithm::EcP384,
        Algorithm::Sm2,
    ];
    let found = OFFERED.into_iter().find(|offered| offered.to_string() == name);
    found.ok_or_else(|| {
        let why = "must be RSA_2048, RSA_3072, RSA_4096, EC_P256, EC_P384 or SM2";
        Error::invalid(parameter, why)
    })
}
