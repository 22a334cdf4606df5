//! Making key pairs.

use super::algorithm::Algorithm;
use super::openssh;
use super::pem;
use super::private::{Pair, signing};
use super::public::{Curve, PublicKey};
use aws_lc_rs::encoding::{AsBigEndian, AsDer};
use aws_lc_rs::rsa::{self, KeySize};
use aws_lc_rs::signature::{EcdsaKeyPair, Ed25519KeyPair, KeyPair};
use muster_model::{Error, Result};
use pkcs8::PrivateKeyInfoRef;
use zeroize::Zeroizing;

/// Letters a line of PEM.
const WIDTH: usize = 64;

/// A new key pair. No `Debug`.
pub struct Generated {
    /// The private key: RSA as PKCS#1, ECDSA as SEC 1, Ed25519 as `openssh-key-v1`.
    pub private: Zeroizing<String>,
    /// The public key.
    pub public: PublicKey,
}

/// Makes a key pair. Blocks: RSA of 4096 bits takes about a second of a processor, so that it belongs on a
/// bounded pool.
///
/// # Errors
/// `Internal` if the provider fails.
pub fn generate(algorithm: Algorithm, comment: &str) -> Result<Generated> {
    match algorithm {
        Algorithm::Rsa2048 => rsa(KeySize::Rsa2048, comment),
        Algorithm::Rsa3072 => rsa(KeySize::Rsa3072, comment),
        Algorithm::Rsa4096 => rsa(KeySize::Rsa4096, comment),
        Algorithm::EcdsaP256 => ecdsa(Curve::P256, comment),
        Algorithm::EcdsaP384 => ecdsa(Curve::P384, comment),
        Algorithm::EcdsaP521 => ecdsa(Curve::P521, comment),
        Algorithm::Ed25519 => ed25519(comment),
    }
}

fn failed(_: impl Sized) -> Error {
    Error::internal("a key pair could not be made")
}

fn rsa(size: KeySize, comment: &str) -> Result<Generated> {
    let pair = rsa::KeyPair::generate(size).map_err(failed)?;
    let pkcs8 = pair.as_der().map_err(failed)?;
    // PKCS#1 lies inside.
    let info = PrivateKeyInfoRef::try_from(pkcs8.as_ref()).map_err(Error::internal)?;
    let private = pem::write("RSA PRIVATE KEY", info.private_key.as_bytes(), WIDTH);
    finish(private, &Pair::Rsa(pair), comment)
}

fn ecdsa(curve: Curve, comment: &str) -> Result<Generated> {
    let pair = EcdsaKeyPair::generate(signing(curve)).map_err(failed)?;
    let der = pair.private_key().as_der().map_err(failed)?;
    let private = pem::write("EC PRIVATE KEY", der.as_ref(), WIDTH);
    finish(private, &Pair::Ecdsa(curve, pair), comment)
}

fn ed25519(comment: &str) -> Result<Generated> {
    let pair = Ed25519KeyPair::generate().map_err(failed)?;
    let seed = pair.seed().map_err(failed)?.as_be_bytes().map_err(failed)?;
    let key = pair.public_key().as_ref();
    let public = PublicKey::ed25519(key, comment).map_err(Error::internal)?;
    let private = openssh::write_ed25519(seed.as_ref(), &public, key)?;
    Ok(Generated { private, public })
}

fn finish(private: Zeroizing<String>, pair: &Pair, comment: &str) -> Result<Generated> {
    Ok(Generated { private, public: pair.public(comment).map_err(Error::internal)? })
}
