//! Private keys, read from their texts.

use super::openssh;
use super::pem::{self, Block};
use super::public::{Curve, DSA, PublicKey};
use super::refusal::Refusal;
use aws_lc_rs::error::KeyRejected;
use aws_lc_rs::rsa;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING,
    ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair,
};

/// Longest text of a private key, in bytes: the vendor's limit.
pub const MAX_PRIVATE: usize = 65_535;

const WANTED: &str = "a private key of OpenSSH or PEM (PKCS#1, SEC 1, PKCS#8)";

/// A private key: consistent in itself. No `Debug`; the provider wipes it when it is dropped.
pub struct PrivateKey {
    pub(super) pair: Pair,
    comment: String,
}

pub(super) enum Pair {
    Rsa(rsa::KeyPair),
    Ecdsa(Curve, EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl Pair {
    pub(super) fn public(&self, comment: &str) -> Result<PublicKey, Refusal> {
        match self {
            Self::Rsa(pair) => PublicKey::pkcs1(pair.public_key().as_ref(), comment),
            Self::Ecdsa(curve, pair) => {
                PublicKey::ecdsa(*curve, pair.public_key().as_ref(), comment)
            }
            Self::Ed25519(pair) => PublicKey::ed25519(pair.public_key().as_ref(), comment),
        }
    }
}

pub(super) fn signing(curve: Curve) -> &'static EcdsaSigningAlgorithm {
    match curve {
        Curve::P256 => &ECDSA_P256_SHA256_FIXED_SIGNING,
        Curve::P384 => &ECDSA_P384_SHA384_FIXED_SIGNING,
        Curve::P521 => &ECDSA_P521_SHA512_FIXED_SIGNING,
    }
}

impl PrivateKey {
    /// Reads a key in one of the forms `ssh-keygen` reads. One with a passphrase is refused.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        if text.len() > MAX_PRIVATE {
            return Err(Refusal::TooLong { most: MAX_PRIVATE });
        }
        if text.trim_start().starts_with("PuTTY-User-Key-File-") {
            return Err(Refusal::Unsupported(
                "is a PuTTY key: convert it first (puttygen FILE -O private-openssh)",
            ));
        }
        let block = pem::first(text, &["EC PARAMETERS"])?.ok_or(Refusal::NotAKey(WANTED))?;
        if block.encrypted || block.label == "ENCRYPTED PRIVATE KEY" {
            return Err(Refusal::Encrypted);
        }
        Self::from_block(&block)
    }

    fn from_block(block: &Block<'_>) -> Result<Self, Refusal> {
        let der = block.contents.as_slice();
        let damaged = || Refusal::Damaged("it does not hold a consistent key");
        let pair = match block.label {
            "OPENSSH PRIVATE KEY" => {
                let (pair, comment) = openssh::read(der)?;
                return Ok(Self { pair, comment });
            }
            "RSA PRIVATE KEY" => Pair::Rsa(rsa::KeyPair::from_der(der).map_err(rejected)?),
            "EC PRIVATE KEY" => ecdsa(der).ok_or_else(damaged)?,
            "PRIVATE KEY" => match rsa::KeyPair::from_pkcs8(der) {
                Ok(pair) => Pair::Rsa(pair),
                Err(error) if rejected(error) == Refusal::Size => return Err(Refusal::Size),
                Err(_) => Ed25519KeyPair::from_pkcs8(der)
                    .ok()
                    .map(Pair::Ed25519)
                    .or_else(|| ecdsa(der))
                    .ok_or_else(damaged)?,
            },
            "DSA PRIVATE KEY" => return Err(Refusal::Unsupported(DSA)),
            "PUBLIC KEY" | "RSA PUBLIC KEY" => {
                return Err(Refusal::Unsupported("is a public key: the private one is wanted"));
            }
            _ => return Err(Refusal::NotAKey(WANTED)),
        };
        Ok(Self { pair, comment: String::new() })
    }

    /// The public key that belongs to it, with the comment of the file if it had one.
    ///
    /// # Errors
    /// [`Refusal::Size`] for an RSA key that is too small or too large.
    pub fn public(&self) -> Result<PublicKey, Refusal> {
        self.pair.public(&self.comment)
    }

    /// Whether it belongs to `public`, whatever the comments.
    pub fn fits(&self, public: &PublicKey) -> bool {
        self.public().is_ok_and(|own| own.blob() == public.blob())
    }
}

/// SEC 1 or PKCS#8, on whichever curve.
fn ecdsa(der: &[u8]) -> Option<Pair> {
    Curve::ALL.into_iter().find_map(|curve| {
        let pair = EcdsaKeyPair::from_private_key_der(signing(curve), der).ok()?;
        Some(Pair::Ecdsa(curve, pair))
    })
}

pub(super) fn rejected(error: KeyRejected) -> Refusal {
    match error.to_string().as_str() {
        "TooSmall" | "TooLarge" => Refusal::Size,
        _ => Refusal::Damaged("it does not hold a consistent key"),
    }
}
