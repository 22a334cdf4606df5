//! Certificates, their keys and requests: read, checked against each other, made.
//!
//! RSA, ECDSA and Ed25519 are the general provider's; SM2 is signed and verified with the user id
//! `1234567812345678` (GM/T 0009).

pub mod certificate;
pub mod chain;
pub mod double;
pub mod issue;
pub mod key;
pub mod keystore;
pub mod name;
pub mod request;
pub(crate) mod verify;

pub use certificate::Certificate;
pub use key::{Algorithm, PrivateKey};

use muster_model::Error;
use std::borrow::Cow;
use std::fmt;

/// The user id of SM2 signatures in certificates.
pub const SM2_USER: &str = "1234567812345678";

/// Object identifiers, dotted.
pub(crate) mod oid {
    use der::asn1::ObjectIdentifier as Oid;

    const fn oid(text: &str) -> Oid {
        Oid::new_unwrap(text)
    }

    pub(crate) const RSA: Oid = oid("1.2.840.113549.1.1.1");
    pub(crate) const RSA_PSS: Oid = oid("1.2.840.113549.1.1.10");
    pub(crate) const RSA_SHA1: Oid = oid("1.2.840.113549.1.1.5");
    pub(crate) const RSA_SHA256: Oid = oid("1.2.840.113549.1.1.11");
    pub(crate) const RSA_SHA384: Oid = oid("1.2.840.113549.1.1.12");
    pub(crate) const RSA_SHA512: Oid = oid("1.2.840.113549.1.1.13");
    pub(crate) const EC: Oid = oid("1.2.840.10045.2.1");
    pub(crate) const P256: Oid = oid("1.2.840.10045.3.1.7");
    pub(crate) const P384: Oid = oid("1.3.132.0.34");
    pub(crate) const P521: Oid = oid("1.3.132.0.35");
    pub(crate) const ECDSA_SHA256: Oid = oid("1.2.840.10045.4.3.2");
    pub(crate) const ECDSA_SHA384: Oid = oid("1.2.840.10045.4.3.3");
    pub(crate) const ECDSA_SHA512: Oid = oid("1.2.840.10045.4.3.4");
    pub(crate) const ED25519: Oid = oid("1.3.101.112");
    pub(crate) const SM2: Oid = oid("1.2.156.10197.1.301");
    pub(crate) const SM2_SM3: Oid = oid("1.2.156.10197.1.501");
}

/// What is wrong with a certificate, key or chain that somebody gave. Fit to be shown, never with key material.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw(Cow<'static, str>);

impl Flaw {
    /// A flaw that reads after the name of the parameter: `is encrypted`.
    pub fn new(why: impl Into<Cow<'static, str>>) -> Self {
        Self(why.into())
    }

    /// The error that blames `parameter`.
    pub fn of(&self, parameter: &'static str) -> Error {
        Error::invalid(parameter, self)
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
