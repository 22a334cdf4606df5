//! Key pairs of type x509: the public half is a certificate, for machines that let in by certificate.

use super::pem;
use super::public::{PublicKey, colons};
use super::refusal::Refusal;
use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use muster_model::{Error, Micros, Result as ModelResult};
use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose,
};
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs1KeyDer};
use x509_parser::parse_x509_certificate;
use zeroize::Zeroizing;

/// Life of a certificate that is made here, in years.
const YEARS: i16 = 10;

/// A certificate as the public half of a pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// The text as it came, or as it was made.
    pub pem: String,
    /// SHA-1 of it, in pairs with colons: the vendor's fingerprint of an x509 pair. A name, not a protection.
    pub fingerprint: String,
    /// The key it certifies.
    pub key: PublicKey,
}

impl Certificate {
    /// Reads a PEM certificate.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        if text.len() > super::MAX_PUBLIC {
            return Err(Refusal::TooLong { most: super::MAX_PUBLIC });
        }
        let wanted = Refusal::NotAKey("a certificate in PEM");
        let block = pem::first(text, &[])?.ok_or(wanted.clone())?;
        if block.label != "CERTIFICATE" {
            return Err(wanted);
        }
        let damaged = || Refusal::Damaged("it is no certificate");
        let (rest, certificate) = parse_x509_certificate(&block.contents).map_err(|_| damaged())?;
        if !rest.is_empty() {
            return Err(damaged());
        }
        let key = PublicKey::spki(certificate.public_key().raw, "")?;
        let fingerprint = colons(digest(&SHA1_FOR_LEGACY_USE_ONLY, &block.contents).as_ref());
        Ok(Self { pem: text.to_owned(), fingerprint, key })
    }
}

/// Makes a certificate of the key in `private` (PKCS#1, PEM) that says `name` and is good for logging in.
///
/// # Errors
/// `Internal` if the provider fails.
pub fn certify(private: &str, name: &str, now: Micros) -> ModelResult<Certificate> {
    let block = pem::first(private, &[]).map_err(Error::internal)?;
    let block = block.ok_or_else(|| Error::internal("no private key to certify"))?;
    let der = Zeroizing::new(block.contents.to_vec());
    let der = PrivateKeyDer::Pkcs1(PrivatePkcs1KeyDer::from(der.as_slice()));
    let pair = KeyPair::from_der_and_sign_algo(&der, &rcgen::PKCS_RSA_SHA256);
    let pair = pair.map_err(Error::internal)?;
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let at = jiff::Timestamp::from_microsecond(now.0).unwrap_or_default();
    let date = at.to_zoned(jiff::tz::TimeZone::UTC).date();
    // From the first of the month: clocks of other machines may be behind.
    let day = |years: i16| {
        let month = u8::try_from(date.month()).unwrap_or(1);
        rcgen::date_time_ymd(i32::from(date.year()) + i32::from(years), month, 1)
    };
    params.not_before = day(0);
    params.not_after = day(YEARS);
    let made = params.self_signed(&pair).map_err(Error::internal)?;
    Certificate::parse(&made.pem()).map_err(Error::internal)
}
