//! National double certificates: one SM2 pair signs, another, whose key the issuer knows, encrypts.

use super::chain::issued_by;
use super::{Certificate, Flaw, PrivateKey};
use crate::pem;
use muster_model::{Error, Micros, Result};

/// Reads the encryption half and checks that it belongs to the signing half.
///
/// # Errors
/// `Invalid` naming `certificate`, `enc_certificate` or `enc_private_key`: another algorithm than SM2, another
/// issuer, key usages that are missing or swapped, a key that does not fit, out of time.
pub fn check(
    signing: &Certificate,
    issuers: &[Certificate],
    enc_certificate: &str,
    enc_key: &PrivateKey,
    now: Micros,
) -> Result<Certificate> {
    let encryption = read(enc_certificate).map_err(|flaw| flaw.of("enc_certificate"))?;
    let refuse = |parameter: &'static str, why: &'static str| Err(Error::invalid(parameter, why));
    if !signing.public.is_sm2() {
        return refuse("certificate", "is not SM2, but an encryption certificate was given");
    }
    if !encryption.public.is_sm2() {
        return refuse("enc_certificate", "is not SM2");
    }
    if encryption.public.bits != enc_key.public() {
        return refuse("enc_private_key", "does not match the encryption certificate");
    }
    if encryption.public.bits == signing.public.bits {
        return refuse("enc_certificate", "holds the signing key: the two pairs must differ");
    }
    if signing.usage.is_some_and(|usage| !usage.sign) {
        return refuse("certificate", "lacks the key usage digitalSignature: are the two swapped?");
    }
    if encryption.usage.is_none_or(|usage| !usage.encrypt) {
        let why = "lacks the key usages keyEncipherment, dataEncipherment, keyAgreement: are the two swapped?";
        return refuse("enc_certificate", why);
    }
    if encryption.issuer_raw != signing.issuer_raw {
        return refuse("enc_certificate", "is of another issuer than the signing certificate");
    }
    encryption.check_time(now).map_err(|flaw| flaw.of("enc_certificate"))?;
    if let Some(issuer) = issuers.first() {
        issued_by(&encryption, issuer).map_err(|flaw| flaw.of("enc_certificate"))?;
    }
    Ok(encryption)
}

fn read(text: &str) -> std::result::Result<Certificate, Flaw> {
    let blocks = pem::blocks(text)?;
    let mut found = blocks.iter().filter(|block| block.label.ends_with("CERTIFICATE"));
    match (found.next(), found.next()) {
        (Some(block), None) => Certificate::from_der(&block.der),
        (None, _) => Err(Flaw::new("holds no PEM certificate")),
        (Some(_), Some(_)) => Err(Flaw::new("holds more than one certificate")),
    }
}
