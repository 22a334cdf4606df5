//! Whether a signature in a certificate or request is one of a public key.

use super::certificate::PublicKey;
use super::{Flaw, SM2_USER, oid};
use aws_lc_rs::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use der::asn1::ObjectIdentifier;
use sm2::dsa::signature::Verifier as _;

/// Checks `signature` over `content`.
///
/// # Errors
/// Saying that it does not fit, or that its algorithm is not supported.
pub(crate) fn check(
    key: &PublicKey,
    algorithm: &str,
    content: &[u8],
    signature: &[u8],
) -> Result<(), Flaw> {
    let Ok(algorithm) = ObjectIdentifier::new(algorithm) else {
        return Err(Flaw::new("has a signature algorithm that makes no sense"));
    };
    if algorithm == oid::SM2_SM3 {
        return sm2(key, content, signature);
    }
    let candidates = candidates(key, algorithm);
    if candidates.is_empty() {
        return Err(Flaw::new(format!("is signed by {algorithm}, which is not supported")));
    }
    let fits = candidates.iter().any(|&candidate| {
        UnparsedPublicKey::new(candidate, &key.bits).verify(content, signature).is_ok()
    });
    if fits { Ok(()) } else { Err(Flaw::new("has a signature that does not fit")) }
}

/// What the provider may verify it by. RSA-PSS says its hash in parameters; trying three is simpler.
fn candidates(
    key: &PublicKey,
    algorithm: ObjectIdentifier,
) -> Vec<&'static dyn VerificationAlgorithm> {
    match algorithm {
        oid::RSA_SHA1 => vec![&signature::RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY],
        oid::RSA_SHA256 => vec![&signature::RSA_PKCS1_2048_8192_SHA256],
        oid::RSA_SHA384 => vec![&signature::RSA_PKCS1_2048_8192_SHA384],
        oid::RSA_SHA512 => vec![&signature::RSA_PKCS1_2048_8192_SHA512],
        oid::RSA_PSS => vec![
            &signature::RSA_PSS_2048_8192_SHA256,
            &signature::RSA_PSS_2048_8192_SHA384,
            &signature::RSA_PSS_2048_8192_SHA512,
        ],
        oid::ED25519 => vec![&signature::ED25519],
        oid::ECDSA_SHA256 if key.is_on(oid::P256) => vec![&signature::ECDSA_P256_SHA256_ASN1],
        oid::ECDSA_SHA256 if key.is_on(oid::P384) => vec![&signature::ECDSA_P384_SHA256_ASN1],
        oid::ECDSA_SHA256 if key.is_on(oid::P521) => vec![&signature::ECDSA_P521_SHA256_ASN1],
        oid::ECDSA_SHA384 if key.is_on(oid::P256) => vec![&signature::ECDSA_P256_SHA384_ASN1],
        oid::ECDSA_SHA384 if key.is_on(oid::P384) => vec![&signature::ECDSA_P384_SHA384_ASN1],
        oid::ECDSA_SHA384 if key.is_on(oid::P521) => vec![&signature::ECDSA_P521_SHA384_ASN1],
        oid::ECDSA_SHA512 if key.is_on(oid::P521) => vec![&signature::ECDSA_P521_SHA512_ASN1],
        _ => vec![],
    }
}

fn sm2(key: &PublicKey, content: &[u8], signature: &[u8]) -> Result<(), Flaw> {
    let read = sm2::dsa::Signature::from_der(signature);
    let read = read.map_err(|_| Flaw::new("has an SM2 signature that makes no sense"))?;
    let fits = |user: &str| {
        let key = sm2::dsa::VerifyingKey::from_sec1_bytes(user, &key.bits);
        key.is_ok_and(|key| key.verify(content, &read).is_ok())
    };
    if fits(SM2_USER) {
        return Ok(());
    }
    if fits("") {
        return Err(Flaw::new(
            "is signed with an empty SM2 user id; national verifiers expect 1234567812345678 \
             (openssl ... -sigopt distid:1234567812345678)",
        ));
    }
    Err(Flaw::new("has an SM2 signature that does not fit"))
}
