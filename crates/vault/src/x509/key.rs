//! Private keys of certificates: PKCS#1, SEC1 and PKCS#8 in, the usual form of each kind out.

mod generate;
mod read;
mod write;

use super::{Flaw, SM2_USER, oid};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa;
use aws_lc_rs::signature::{EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256};
use der::asn1::{AnyRef, BitStringRef, ObjectIdentifier};
use der::{Encode as _, Sequence};
use muster_model::{Error, Result};
use sm2::dsa::signature::Signer as _;
use std::fmt;

/// A kind of key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// RSA with this many bits, 2048 to 8192.
    Rsa(u32),
    /// NIST P-256.
    EcP256,
    /// NIST P-384.
    EcP384,
    /// NIST P-521.
    EcP521,
    /// Ed25519.
    Ed25519,
    /// SM2 (GB/T 32918).
    Sm2,
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rsa(bits) => write!(f, "RSA_{bits}"),
            Self::EcP256 => f.write_str("EC_P256"),
            Self::EcP384 => f.write_str("EC_P384"),
            Self::EcP521 => f.write_str("EC_P521"),
            Self::Ed25519 => f.write_str("ED25519"),
            Self::Sm2 => f.write_str("SM2"),
        }
    }
}

/// A private key. No `Debug`; its material is wiped by whoever keeps it.
pub struct PrivateKey(Kind);

enum Kind {
    Rsa(Box<rsa::KeyPair>),
    Ec(Algorithm, Box<EcdsaKeyPair>),
    Ed25519(Box<Ed25519KeyPair>),
    Sm2(Box<sm2::SecretKey>),
}

/// `AlgorithmIdentifier`.
#[derive(Clone, Copy, Sequence)]
pub(crate) struct AlgorithmId<'a> {
    pub(crate) algorithm: ObjectIdentifier,
    pub(crate) parameters: Option<AnyRef<'a>>,
}

#[derive(Sequence)]
struct PublicKeyInfo<'a> {
    algorithm: AlgorithmId<'a>,
    key: BitStringRef<'a>,
}

impl PrivateKey {
    /// What kind of key it is.
    pub fn algorithm(&self) -> Algorithm {
        match &self.0 {
            Kind::Rsa(pair) => {
                Algorithm::Rsa(u32::try_from(pair.public_modulus_len() * 8).unwrap_or(0))
            }
            Kind::Ec(algorithm, _) => *algorithm,
            Kind::Ed25519(_) => Algorithm::Ed25519,
            Kind::Sm2(_) => Algorithm::Sm2,
        }
    }

    /// The public key as the bit string of a certificate holds it.
    pub fn public(&self) -> Vec<u8> {
        match &self.0 {
            Kind::Rsa(pair) => pair.public_key().as_ref().to_vec(),
            Kind::Ec(_, pair) => pair.public_key().as_ref().to_vec(),
            Kind::Ed25519(pair) => pair.public_key().as_ref().to_vec(),
            Kind::Sm2(secret) => secret.public_key().to_sec1_bytes().to_vec(),
        }
    }

    /// The public key with its algorithm, in DER.
    ///
    /// # Errors
    /// `Internal` if it cannot be encoded.
    pub fn public_info(&self) -> Result<Vec<u8>> {
        let curve = |curve: &'static ObjectIdentifier| (oid::EC, Some(AnyRef::from(curve)));
        let (algorithm, parameters) = match self.algorithm() {
            Algorithm::Rsa(_) => (oid::RSA, Some(AnyRef::NULL)),
            Algorithm::EcP256 => curve(&oid::P256),
            Algorithm::EcP384 => curve(&oid::P384),
            Algorithm::EcP521 => curve(&oid::P521),
            Algorithm::Ed25519 => (oid::ED25519, None),
            Algorithm::Sm2 => curve(&oid::SM2),
        };
        let key = self.public();
        let info = PublicKeyInfo {
            algorithm: AlgorithmId { algorithm, parameters },
            key: BitStringRef::from_bytes(&key).map_err(Error::internal)?,
        };
        info.to_der().map_err(Error::internal)
    }

    /// The algorithm [`PrivateKey::sign`] signs by, in DER.
    ///
    /// # Errors
    /// `Internal` if it cannot be encoded.
    pub(crate) fn signature_algorithm(&self) -> AlgorithmId<'static> {
        let bare = |algorithm| AlgorithmId { algorithm, parameters: None };
        match self.algorithm() {
            Algorithm::Rsa(_) => {
                AlgorithmId { algorithm: oid::RSA_SHA256, parameters: Some(AnyRef::NULL) }
            }
            Algorithm::EcP256 => bare(oid::ECDSA_SHA256),
            Algorithm::EcP384 => bare(oid::ECDSA_SHA384),
            Algorithm::EcP521 => bare(oid::ECDSA_SHA512),
            Algorithm::Ed25519 => bare(oid::ED25519),
            Algorithm::Sm2 => bare(oid::SM2_SM3),
        }
    }

    /// Signs as certificates and requests are signed: RSA by SHA-256, a curve by the hash of its size.
    ///
    /// # Errors
    /// `Internal` if the provider refuses.
    pub fn sign(&self, content: &[u8]) -> Result<Vec<u8>> {
        let refused = |_| Error::internal("a private key that does not sign");
        match &self.0 {
            Kind::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), content, &mut signature)
                    .map_err(refused)?;
                Ok(signature)
            }
            Kind::Ec(_, pair) => {
                let signature = pair.sign(&SystemRandom::new(), content).map_err(refused)?;
                Ok(signature.as_ref().to_vec())
            }
            Kind::Ed25519(pair) => Ok(pair.sign(content).as_ref().to_vec()),
            Kind::Sm2(secret) => {
                let key = sm2::dsa::SigningKey::new(SM2_USER, secret).map_err(Error::internal)?;
                let signature = key.try_sign(content).map_err(Error::internal)?;
                Ok(signature.to_der().as_bytes().to_vec())
            }
        }
    }

    /// The key as SM2 arithmetic wants it.
    ///
    /// # Errors
    /// For a key of another kind.
    pub(crate) fn sm2(&self) -> std::result::Result<&sm2::SecretKey, Flaw> {
        match &self.0 {
            Kind::Sm2(secret) => Ok(secret),
            _ => Err(Flaw::new(format!("is {}, but SM2 is needed", self.algorithm()))),
        }
    }
}
