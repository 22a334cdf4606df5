//! A certificate as it was read, and what is asked of it.

use super::{Algorithm, Flaw, oid};
use aws_lc_rs::digest;
use der::Decode as _;
use der::asn1::{AnyRef, ObjectIdentifier, UintRef};
use muster_model::Micros;
use std::net::{Ipv4Addr, Ipv6Addr};
use x509_parser::oid_registry::asn1_rs::Oid;
use x509_parser::prelude::{FromDer as _, GeneralName, X509Certificate};
use x509_parser::x509::{SubjectPublicKeyInfo, X509Name};

/// Largest certificate worth reading, in bytes of DER.
pub const MAX_CERTIFICATE: usize = 64 * 1024;
/// Most names taken from one certificate.
pub const MAX_NAMES: usize = 1_000;

/// What a key may be used for, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// `digitalSignature` or `nonRepudiation`.
    pub sign: bool,
    /// `keyEncipherment`, `dataEncipherment` or `keyAgreement`.
    pub encrypt: bool,
    /// `keyCertSign`.
    pub certify: bool,
}

/// A public key as a certificate or request holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    /// Its algorithm, dotted.
    pub algorithm: String,
    /// Its curve, dotted, where it has one.
    pub curve: Option<String>,
    /// The bit string.
    pub bits: Vec<u8>,
    /// Algorithm and bit string, in DER.
    pub info: Vec<u8>,
}

impl PublicKey {
    pub(crate) fn of(info: &SubjectPublicKeyInfo<'_>) -> Self {
        let parameters = info.algorithm.parameters.as_ref();
        let curve = parameters.and_then(|any| Oid::try_from(any.clone()).ok());
        Self {
            algorithm: info.algorithm.algorithm.to_id_string(),
            curve: curve.map(|curve| curve.to_id_string()),
            bits: info.subject_public_key.data.to_vec(),
            info: info.raw.to_vec(),
        }
    }

    /// Whether it is a key on the SM2 curve.
    pub fn is_sm2(&self) -> bool {
        self.is_on(oid::SM2)
    }

    /// What kind of key it is.
    ///
    /// # Errors
    /// For a kind that is not supported.
    pub fn algorithm(&self) -> Result<Algorithm, Flaw> {
        let named = |oid: ObjectIdentifier| self.algorithm == oid.to_string();
        if named(oid::RSA) {
            return rsa_bits(&self.bits)
                .filter(|bits| (2048..=8192).contains(bits))
                .map(Algorithm::Rsa)
                .ok_or_else(|| {
                    Flaw::new("has an RSA key of less than 2048 or more than 8192 bits")
                });
        }
        let curves = [
            (oid::P256, Algorithm::EcP256),
            (oid::P384, Algorithm::EcP384),
            (oid::P521, Algorithm::EcP521),
            (oid::SM2, Algorithm::Sm2),
        ];
        let curve = curves.into_iter().find(|(curve, _)| self.is_on(*curve));
        match curve {
            Some((_, algorithm)) => Ok(algorithm),
            None if named(oid::ED25519) => Ok(Algorithm::Ed25519),
            None => Err(Flaw::new("has a key of a kind that is not supported")),
        }
    }

    /// The word for its kind, as the contract has it; empty for one that is not supported.
    pub fn kind(&self) -> String {
        self.algorithm().map(|algorithm| algorithm.to_string()).unwrap_or_default()
    }

    pub(super) fn is_on(&self, curve: ObjectIdentifier) -> bool {
        self.curve.as_deref() == Some(curve.to_string().as_str())
    }
}

/// A certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// The whole of it.
    pub der: Vec<u8>,
    /// For people, `CN=a.example, O=Example`.
    pub subject: String,
    /// The first common name of the subject.
    pub common_name: Option<String>,
    /// DNS names and IP addresses it holds for.
    pub names: Vec<String>,
    /// Issuer, for people.
    pub issuer: String,
    /// The issuer's organisation or common name.
    pub issuer_short: String,
    /// Serial number, lower hexadecimal.
    pub serial: String,
    /// Valid from.
    pub not_before: Micros,
    /// Valid until.
    pub not_after: Micros,
    /// Whether it may sign certificates; none if it does not say.
    pub is_ca: Option<bool>,
    /// What its key may be used for; none if it does not say.
    pub usage: Option<Usage>,
    /// The public key.
    pub public: PublicKey,
    /// How it was signed, dotted.
    pub signed_by: String,
    pub(super) subject_raw: Vec<u8>,
    pub(super) issuer_raw: Vec<u8>,
}

impl Certificate {
    /// Reads one certificate.
    ///
    /// # Errors
    /// If it is none, has something behind it, or is over [`MAX_CERTIFICATE`] or [`MAX_NAMES`].
    pub fn from_der(der: &[u8]) -> Result<Self, Flaw> {
        if der.len() > MAX_CERTIFICATE {
            return Err(Flaw::new("is a certificate of more than 64 KiB"));
        }
        let read = X509Certificate::from_der(der);
        let (rest, read) = read.map_err(|_| Flaw::new("is not an X.509 certificate"))?;
        if !rest.is_empty() {
            return Err(Flaw::new("has something behind the certificate"));
        }
        let names = read.subject_alternative_name().ok().flatten();
        let names = names.iter().flat_map(|names| &names.value.general_names).filter_map(name);
        let names: Vec<_> = names.take(MAX_NAMES + 1).collect();
        if names.len() > MAX_NAMES {
            return Err(Flaw::new("is a certificate with more than 1000 names"));
        }
        let usage = read.key_usage().ok().flatten().map(|usage| Usage {
            sign: usage.value.digital_signature() || usage.value.non_repudiation(),
            encrypt: usage.value.key_encipherment()
                || usage.value.data_encipherment()
                || usage.value.key_agreement(),
            certify: usage.value.key_cert_sign(),
        });
        let time = |secs: i64| Micros(secs.saturating_mul(1_000_000));
        Ok(Self {
            subject: read.subject().to_string(),
            common_name: first(read.subject().iter_common_name()),
            names,
            issuer: read.issuer().to_string(),
            issuer_short: short(read.issuer()),
            serial: hex::encode(read.raw_serial()),
            not_before: time(read.validity().not_before.timestamp()),
            not_after: time(read.validity().not_after.timestamp()),
            is_ca: read.basic_constraints().ok().flatten().map(|basic| basic.value.ca),
            usage,
            public: PublicKey::of(read.public_key()),
            signed_by: read.signature_algorithm.algorithm.to_id_string(),
            subject_raw: read.subject().as_raw().to_vec(),
            issuer_raw: read.issuer().as_raw().to_vec(),
            der: der.to_vec(),
        })
    }

    /// Whether it names itself as its issuer.
    pub fn is_self_issued(&self) -> bool {
        self.subject_raw == self.issuer_raw
    }

    /// The subject in DER, as an issuer's name is written.
    pub fn subject_der(&self) -> &[u8] {
        &self.subject_raw
    }

    /// SHA-1 over the whole, upper hexadecimal: what the vendor calls the fingerprint.
    pub fn sha1(&self) -> String {
        let digest = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, &self.der);
        hex::encode_upper(digest.as_ref())
    }

    /// SHA-256 over the whole, lower hexadecimal.
    pub fn sha256(&self) -> String {
        hex::encode(digest::digest(&digest::SHA256, &self.der).as_ref())
    }

    /// The name of the algorithm it was signed by, as OpenSSL writes it; the dotted number of others.
    pub fn signature_name(&self) -> &str {
        const NAMES: &[(ObjectIdentifier, &str)] = &[
            (oid::RSA_SHA1, "SHA1withRSA"),
            (oid::RSA_SHA256, "SHA256withRSA"),
            (oid::RSA_SHA384, "SHA384withRSA"),
            (oid::RSA_SHA512, "SHA512withRSA"),
            (oid::RSA_PSS, "RSASSA-PSS"),
            (oid::ECDSA_SHA256, "SHA256withECDSA"),
            (oid::ECDSA_SHA384, "SHA384withECDSA"),
            (oid::ECDSA_SHA512, "SHA512withECDSA"),
            (oid::ED25519, "Ed25519"),
            (oid::SM2_SM3, "SM3withSM2"),
        ];
        let known = NAMES.iter().find(|(oid, _)| oid.to_string() == self.signed_by);
        known.map_or(self.signed_by.as_str(), |(_, name)| name)
    }

    /// Refuses a certificate that does not hold at `now`.
    ///
    /// # Errors
    /// Saying since when or from when.
    pub fn check_time(&self, now: Micros) -> Result<(), Flaw> {
        if self.not_after <= now {
            return Err(Flaw::new(format!("expired at {}", self.not_after.iso())));
        }
        if self.not_before > now {
            return Err(Flaw::new(format!("is not valid before {}", self.not_before.iso())));
        }
        Ok(())
    }
}

/// Bits of the modulus of an RSA public key in PKCS#1.
fn rsa_bits(key: &[u8]) -> Option<u32> {
    let numbers = AnyRef::from_der(key).ok()?;
    let modulus: UintRef<'_> =
        AnyRef::from_der_partial(numbers.value()).ok()?.0.decode_as().ok()?;
    let first = modulus.as_bytes().first()?;
    let bits = u32::try_from(modulus.as_bytes().len()).ok()?.checked_mul(8)?;
    Some(bits - first.leading_zeros())
}

pub(super) fn name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => {
            if let Ok(octets) = <[u8; 4]>::try_from(*bytes) {
                return Some(Ipv4Addr::from(octets).to_string());
            }
            <[u8; 16]>::try_from(*bytes).ok().map(|octets| Ipv6Addr::from(octets).to_string())
        }
        _ => None,
    }
}

pub(super) fn first<'a>(
    mut names: impl Iterator<Item = &'a x509_parser::x509::AttributeTypeAndValue<'a>>,
) -> Option<String> {
    names.next().and_then(|name| name.as_str().ok()).map(str::to_owned)
}

fn short(name: &X509Name<'_>) -> String {
    first(name.iter_organization()).or_else(|| first(name.iter_common_name())).unwrap_or_default()
}
