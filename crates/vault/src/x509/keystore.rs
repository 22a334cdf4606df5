//! Certificates with their key in one password-protected file: PKCS#12 and Java's own format.

mod jks;

pub use jks::jks;

use super::PrivateKey;
use crate::random;
use aws_lc_rs::cipher::{AES_256, DecryptionContext, PaddedBlockEncryptingKey, UnboundCipherKey};
use aws_lc_rs::{digest, hmac, pbkdf2};
use muster_model::{Error, Result};
use std::num::NonZeroU32;
use zeroize::Zeroizing;

/// Rounds of the derivation of keys from the password.
const ROUNDS: u32 = 100_000;

// Object identifiers, as their DER.
const DATA: &[u8] = &[0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1];
const ENCRYPTED_DATA: &[u8] = &[0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 6];
const PBES2: &[u8] = &[0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 5, 13];
const PBKDF2: &[u8] = &[0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 5, 12];
const HMAC_SHA256: &[u8] = &[0x06, 8, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 2, 9];
const AES_256_CBC: &[u8] = &[0x06, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 1, 42];
const SHA256: &[u8] = &[0x06, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1];
const SHROUDED_KEY: &[u8] = &[0x06, 11, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 10, 1, 2];
const CERTIFICATE: &[u8] = &[0x06, 11, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 10, 1, 3];
const X509: &[u8] = &[0x06, 10, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 22, 1];
const FRIENDLY_NAME: &[u8] = &[0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 20];
const LOCAL_KEY: &[u8] = &[0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 21];
const NULL: &[u8] = &[5, 0];
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const OCTETS: u8 = 4;

/// A PKCS#12 file (RFC 7292): AES-256-CBC under PBKDF2 with HMAC-SHA-256, as current tools write and read it. `chain`
/// are the certificates in DER, the key's own first.
///
/// # Errors
/// `Invalid` for a password that is not ASCII; `Internal` without randomness.
pub fn pkcs12(
    password: &str,
    name: &str,
    key: &PrivateKey,
    chain: &[Vec<u8>],
) -> Result<Zeroizing<Vec<u8>>> {
    check(password)?;
    let own = chain.first().map(Vec::as_slice).unwrap_or_default();
    let id = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, own);
    let attributes = tlv(
        SET,
        &[
            tlv(SEQUENCE, &[FRIENDLY_NAME.to_vec(), tlv(SET, &[tlv(0x1e, &[utf16(name)])])]),
            tlv(SEQUENCE, &[LOCAL_KEY.to_vec(), tlv(SET, &[tlv(OCTETS, &[id.as_ref().to_vec()])])]),
        ],
    );
    let mut bags = Vec::new();
    for (at, certificate) in chain.iter().enumerate() {
        let value = tlv(0xa0, &[tlv(OCTETS, std::slice::from_ref(certificate))]);
        let bag = tlv(0xa0, &[tlv(SEQUENCE, &[X509.to_vec(), value])]);
        let named = if at == 0 { attributes.clone() } else { Vec::new() };
        bags.push(tlv(SEQUENCE, &[CERTIFICATE.to_vec(), bag, named]));
    }
    let (algorithm, encrypted) = encrypt(password, &tlv(SEQUENCE, &bags))?;
    let content = tlv(SEQUENCE, &[DATA.to_vec(), algorithm, tlv(0x80, &[encrypted])]);
    let content = tlv(0xa0, &[tlv(SEQUENCE, &[integer(0), content])]);
    let certificates = tlv(SEQUENCE, &[ENCRYPTED_DATA.to_vec(), content]);

    let (algorithm, encrypted) = encrypt(password, &key.to_pkcs8()?)?;
    let shrouded = tlv(SEQUENCE, &[algorithm, tlv(OCTETS, &[encrypted])]);
    let bag = [SHROUDED_KEY.to_vec(), tlv(0xa0, &[shrouded]), attributes];
    let keys = data(&tlv(SEQUENCE, &[tlv(SEQUENCE, &bag)]));

    let safe = tlv(SEQUENCE, &[certificates, keys]);
    let mac = mac(password, &safe)?;
    Ok(Zeroizing::new(tlv(SEQUENCE, &[integer(3), data(&safe), mac])))
}

/// Both formats hold a password as UTF-16; ASCII is what every tool agrees on.
fn check(password: &str) -> Result<()> {
    let fits = (6..=128).contains(&password.len())
        && password.bytes().all(|byte| (0x20..0x7f).contains(&byte));
    if fits {
        return Ok(());
    }
    Err(Error::invalid("password", "must be 6 to 128 printable ASCII characters"))
}

/// Encrypts by PBES2. Answers the algorithm and the content.
fn encrypt(password: &str, content: &[u8]) -> Result<(Vec<u8>, Vec<u8>)> {
    let failed = |_| Error::internal("AES-256-CBC");
    let (salt, mut key) = (random::bytes::<16>()?, Zeroizing::new([0; 32]));
    let rounds = NonZeroU32::new(ROUNDS).ok_or_else(|| Error::internal("no rounds"))?;
    let algorithm = pbkdf2::PBKDF2_HMAC_SHA256;
    pbkdf2::derive(algorithm, rounds, salt.as_slice(), password.as_bytes(), key.as_mut_slice());
    let key = UnboundCipherKey::new(&AES_256, key.as_slice()).map_err(failed)?;
    let key = PaddedBlockEncryptingKey::cbc_pkcs7(key).map_err(failed)?;
    let mut content = content.to_vec();
    let context = key.encrypt(&mut content).map_err(failed)?;
    let vector = match &context {
        DecryptionContext::Iv128(vector) => vector.as_ref().to_vec(),
        _ => return Err(Error::internal("no initial vector")),
    };
    let derivation = tlv(
        SEQUENCE,
        &[
            tlv(OCTETS, &[salt.to_vec()]),
            integer(ROUNDS),
            tlv(SEQUENCE, &[HMAC_SHA256.to_vec(), NULL.to_vec()]),
        ],
    );
    let derivation = tlv(SEQUENCE, &[PBKDF2.to_vec(), derivation]);
    let cipher = tlv(SEQUENCE, &[AES_256_CBC.to_vec(), tlv(OCTETS, &[vector])]);
    let scheme = tlv(SEQUENCE, &[derivation, cipher]);
    Ok((tlv(SEQUENCE, &[PBES2.to_vec(), scheme]), content))
}

/// `MacData`: HMAC-SHA-256 under the derivation of RFC 7292, appendix B, of which one round gives all 32 bytes.
fn mac(password: &str, content: &[u8]) -> Result<Vec<u8>> {
    let salt = random::bytes::<16>()?;
    let mut secret = Zeroizing::new(utf16(password));
    secret.extend_from_slice(&[0, 0]);
    let mut block = Zeroizing::new(vec![3; 64]);
    for part in [salt.as_slice(), &secret] {
        let length = part.len().div_ceil(64) * 64;
        block.extend(part.iter().copied().cycle().take(length));
    }
    let mut key = Zeroizing::new(digest::digest(&digest::SHA256, &block).as_ref().to_vec());
    for _ in 1..ROUNDS {
        *key = digest::digest(&digest::SHA256, &key).as_ref().to_vec();
    }
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), content);
    let algorithm = tlv(SEQUENCE, &[SHA256.to_vec(), NULL.to_vec()]);
    let info = tlv(SEQUENCE, &[algorithm, tlv(OCTETS, &[tag.as_ref().to_vec()])]);
    Ok(tlv(SEQUENCE, &[info, tlv(OCTETS, &[salt.to_vec()]), integer(ROUNDS)]))
}

/// A content info of plain data.
fn data(content: &[u8]) -> Vec<u8> {
    tlv(SEQUENCE, &[DATA.to_vec(), tlv(0xa0, &[tlv(OCTETS, &[content.to_vec()])])])
}

fn integer(number: u32) -> Vec<u8> {
    let bytes = number.to_be_bytes();
    let zeros = bytes.iter().take(3).take_while(|byte| **byte == 0).count();
    let digits = bytes.get(zeros..).unwrap_or_default();
    let positive =
        if digits.first().is_some_and(|first| *first >= 0x80) { vec![0] } else { vec![] };
    tlv(2, &[positive, digits.to_vec()])
}

/// One DER value of its parts.
fn tlv(tag: u8, parts: &[Vec<u8>]) -> Vec<u8> {
    let length: usize = parts.iter().map(Vec::len).sum();
    let bytes = length.to_be_bytes();
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    let digits = bytes.get(zeros..).unwrap_or_default();
    let mut out = vec![tag];
    match u8::try_from(length) {
        Ok(short) if short < 0x80 => out.push(short),
        _ => {
            // At most eight digits.
            out.push(0x80 | u8::try_from(digits.len()).unwrap_or(8));
            out.extend_from_slice(digits);
        }
    }
    out.extend(parts.iter().flatten());
    out
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_be_bytes).collect()
}
