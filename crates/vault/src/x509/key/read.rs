//! Reading private keys.

use super::super::{Flaw, oid};
use super::{Algorithm, Kind, PrivateKey};
use crate::pem;
use aws_lc_rs::rsa;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, ECDSA_P521_SHA512_ASN1_SIGNING,
    EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair,
};
use der::asn1::ObjectIdentifier;
use der::{Decode as _, Encode as _};
use sec1::{EcParameters, EcPrivateKey};
use sm2::pkcs8::PrivateKeyInfoRef;
use zeroize::Zeroizing;

/// Largest key worth reading, in bytes of DER: RSA of 8192 bits needs 4.7 KiB.
const MAX_KEY: usize = 16 * 1024;

type Read<T> = Result<T, Flaw>;

impl PrivateKey {
    /// The one private key of a PEM text, whatever stands around it.
    ///
    /// # Errors
    /// If there is none or more than one, it is encrypted, of an unknown kind, too small or damaged.
    pub fn from_pem(text: &str) -> Read<Self> {
        let blocks = pem::blocks(text)?;
        let mut keys = blocks.iter().filter(|block| block.label.ends_with("PRIVATE KEY"));
        let key = keys.next().ok_or_else(|| {
            Flaw::new("holds no PEM private key (-----BEGIN ... PRIVATE KEY-----)")
        })?;
        if keys.next().is_some() {
            return Err(Flaw::new("holds more than one private key"));
        }
        if key.encrypted || key.label.starts_with("ENCRYPTED") {
            return Err(Flaw::new(
                "is encrypted: take the passphrase off first (openssl pkey -in key.pem -out plain.pem)",
            ));
        }
        // `openssl ecparam` writes the curve in a block of its own.
        let curve = blocks.iter().find(|block| block.label == "EC PARAMETERS");
        let curve = curve.and_then(|block| ObjectIdentifier::from_der(&block.der).ok());
        match key.label {
            "PRIVATE KEY" => Self::from_pkcs8(&key.der),
            "RSA PRIVATE KEY" => rsa_key(&key.der),
            "EC PRIVATE KEY" => sec1_key(&key.der, curve),
            "SM2 PRIVATE KEY" => sec1_key(&key.der, Some(oid::SM2)),
            "OPENSSH PRIVATE KEY" => {
                Err(Flaw::new("is an OpenSSH key; a certificate's key is PKCS#1, SEC1 or PKCS#8"))
            }
            other => Err(Flaw::new(format!("is a {other}, which is not supported"))),
        }
    }

    /// A PKCS#8 key in DER.
    ///
    /// # Errors
    /// As [`PrivateKey::from_pem`].
    pub fn from_pkcs8(der: &[u8]) -> Read<Self> {
        let info = PrivateKeyInfoRef::try_from(bounded(der)?);
        let info = info.map_err(|_| Flaw::new("is not a PKCS#8 private key"))?;
        let inner = info.private_key.as_bytes();
        match info.algorithm.oid {
            oid::RSA | oid::RSA_PSS => rsa_key(inner),
            oid::EC => match info.algorithm.parameters_oid() {
                Ok(curve) => sec1_key(inner, Some(curve)),
                Err(_) => Err(Flaw::new("is an EC key that does not name its curve")),
            },
            oid::SM2 => sec1_key(inner, Some(oid::SM2)),
            oid::ED25519 => Ed25519KeyPair::from_pkcs8_maybe_unchecked(der)
                .map(|pair| Self(Kind::Ed25519(Box::new(pair))))
                .map_err(|_| Flaw::new("is a damaged Ed25519 key")),
            other => Err(Flaw::new(format!("is of algorithm {other}, which is not supported"))),
        }
    }

    /// An SM2 key from its number, 32 bytes.
    ///
    /// # Errors
    /// If the number is not in the range of the curve.
    pub fn from_sm2(number: &[u8]) -> Read<Self> {
        let secret = sm2::SecretKey::from_slice(number).ok().filter(|_| number.len() == 32);
        let secret = secret.ok_or_else(|| Flaw::new("is a damaged SM2 key"))?;
        Ok(Self(Kind::Sm2(Box::new(secret))))
    }
}

fn bounded(der: &[u8]) -> Read<&[u8]> {
    if der.len() > MAX_KEY { Err(Flaw::new("holds a key of more than 16 KiB")) } else { Ok(der) }
}

fn rsa_key(pkcs1: &[u8]) -> Read<PrivateKey> {
    match rsa::KeyPair::from_der(bounded(pkcs1)?) {
        Ok(pair) => Ok(PrivateKey(Kind::Rsa(Box::new(pair)))),
        Err(_) => {
            Err(Flaw::new("is damaged, or an RSA key of less than 2048 or more than 8192 bits"))
        }
    }
}

fn sec1_key(der: &[u8], outside: Option<ObjectIdentifier>) -> Read<PrivateKey> {
    let damaged = || Flaw::new("is a damaged EC key");
    let key = EcPrivateKey::try_from(bounded(der)?).map_err(|_| damaged())?;
    let inside = key.parameters.and_then(EcParameters::named_curve);
    let curve = match (inside, outside) {
        (Some(inside), Some(outside)) if inside != outside => {
            return Err(Flaw::new("is an EC key that names two curves"));
        }
        (None, None) => return Err(Flaw::new("is an EC key that does not name its curve")),
        (inside, outside) => inside.or(outside),
    };
    let (algorithm, signing): (_, &'static EcdsaSigningAlgorithm) = match curve {
        Some(oid::P256) => (Algorithm::EcP256, &ECDSA_P256_SHA256_ASN1_SIGNING),
        Some(oid::P384) => (Algorithm::EcP384, &ECDSA_P384_SHA384_ASN1_SIGNING),
        Some(oid::P521) => (Algorithm::EcP521, &ECDSA_P521_SHA512_ASN1_SIGNING),
        Some(oid::SM2) => return PrivateKey::from_sm2(key.private_key),
        _ => {
            return Err(Flaw::new("is on a curve other than P-256, P-384, P-521 and SM2"));
        }
    };
    // The provider wants the curve inside, which a key within PKCS#8 leaves out.
    let whole = EcPrivateKey { parameters: curve.map(EcParameters::NamedCurve), ..key };
    let whole = Zeroizing::new(whole.to_der().map_err(|_| damaged())?);
    let pair = EcdsaKeyPair::from_private_key_der(signing, &whole).map_err(|_| damaged())?;
    Ok(PrivateKey(Kind::Ec(algorithm, Box::new(pair))))
}
