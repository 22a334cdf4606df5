//! Opening envelopes in the shapes issuers write them.

use super::pkcs7;
use super::{BLOCK, EnvelopedKey, MAX_ENVELOPE, SM4, SM4_ECB, decrypt};
use crate::pem;
use crate::x509::{Flaw, PrivateKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use der::asn1::{AnyRef, OctetStringRef};
use der::{Decode as _, Sequence, Tag, Tagged as _};
use sm2::pke::{DecryptingKey, Mode};
use zeroize::Zeroizing;

/// `SM2Cipher`. Coordinates are taken as whatever integer stands there: shorter, longer by a zero, or without the
/// zero that keeps them positive.
#[derive(Sequence)]
struct Cipher<'a> {
    x: AnyRef<'a>,
    y: AnyRef<'a>,
    hash: &'a OctetStringRef,
    text: &'a OctetStringRef,
}

/// Opens an envelope: base64 or PEM of DER, or DER itself. `certified` is the point of the public key in the
/// encryption certificate.
///
/// Taken are SM2EnvelopedKey (GM/T 0009) with SM4 under any of its names, with a private key of 32 bytes or of 64 that
/// start with zeros, padded or not; and enveloped data of GM/T 0010, which needs `certified` because it holds no
/// public key. The SM4 key may be DER, C1C3C2 or the older C1C2C3.
///
/// # Errors
/// If it is none of these, was made for another signing key, was altered, or holds another key than `certified`.
pub fn open(
    envelope: &[u8],
    signing: &PrivateKey,
    certified: Option<&[u8]>,
) -> Result<PrivateKey, Flaw> {
    if envelope.len() > MAX_ENVELOPE {
        return Err(Flaw::new("is an envelope of more than 64 KiB"));
    }
    let der = binary(envelope)?;
    if let Ok(read) = EnvelopedKey::from_der(&der) {
        return enveloped_key(&read, signing, certified);
    }
    let Some(data) = pkcs7::read(&der) else {
        return Err(Flaw::new(
            "is neither an SM2EnvelopedKey (GM/T 0009) nor enveloped data (GM/T 0010)",
        ));
    };
    let certified = certified.ok_or_else(|| {
        Flaw::new(
            "holds no public key: give the encryption certificate, so that it can be compared",
        )
    })?;
    let decryptor = decryptor(signing)?;
    for wrapped in &data.keys {
        let Some(key) = wrapped_octets(&decryptor, wrapped) else { continue };
        let plain = decrypt(&key, data.vector, &data.content);
        let found = plain.iter().flat_map(|plain| candidates(plain));
        if let Some(found) = found.into_iter().find(|found| found.public() == certified) {
            return Ok(found);
        }
    }
    Err(altered())
}

fn enveloped_key(
    envelope: &EnvelopedKey<'_>,
    signing: &PrivateKey,
    certified: Option<&[u8]>,
) -> Result<PrivateKey, Flaw> {
    if ![SM4, SM4_ECB].contains(&envelope.algorithm.algorithm) {
        return Err(Flaw::new(format!(
            "is encrypted by {}, where SM4 (1.2.156.10197.1.104) is expected",
            envelope.algorithm.algorithm
        )));
    }
    let inside = envelope.public.as_bytes().unwrap_or_default();
    // Some leave out the 04 in front of the coordinates.
    let inside = if inside.len() == 64 { [&[4], inside].concat() } else { inside.to_vec() };
    if certified.is_some_and(|certified| certified != inside) {
        return Err(Flaw::new("belongs to another encryption certificate"));
    }
    let decryptor = decryptor(signing)?;
    let key = wrapped(&decryptor, envelope.key).ok_or_else(altered)?;
    let private = envelope.private.as_bytes().unwrap_or_default();
    let plain = decrypt(&key, None, private).ok_or_else(altered)?;
    let found = candidates(&plain).into_iter().find(|found| found.public() == inside);
    found.ok_or_else(altered)
}

/// One text for all that does not fit: which part it was is nobody's business.
fn altered() -> Flaw {
    Flaw::new("does not open: made for another signing key, or altered")
}

fn decryptor(signing: &PrivateKey) -> Result<DecryptingKey, Flaw> {
    DecryptingKey::from_slice(&Zeroizing::new(signing.sm2()?.to_bytes().to_vec()))
        .map_err(|_| altered())
}

/// The DER of an envelope, whatever it is written as.
fn binary(envelope: &[u8]) -> Result<Zeroizing<Vec<u8>>, Flaw> {
    if envelope.first() == Some(&0x30) {
        return Ok(Zeroizing::new(envelope.to_vec()));
    }
    let none = || Flaw::new("is neither base64 nor DER");
    let text = std::str::from_utf8(envelope).map_err(|_| none())?;
    if let Some(block) = pem::blocks(text)?.first() {
        return Ok(block.der.clone());
    }
    let base64: String = text.split_ascii_whitespace().collect();
    STANDARD.decode(base64.as_bytes()).map(Zeroizing::new).map_err(|_| none())
}

/// The SM4 key out of the place of an `SM2Cipher`.
fn wrapped(with: &DecryptingKey, cipher: AnyRef<'_>) -> Option<Zeroizing<Vec<u8>>> {
    match cipher.tag() {
        Tag::Sequence => {
            let parts: Cipher<'_> = cipher.decode_as().ok()?;
            let raw = [
                [4].as_slice(),
                &coordinate(parts.x)?,
                &coordinate(parts.y)?,
                parts.hash.as_bytes(),
                parts.text.as_bytes(),
            ];
            raw_key(with, &raw.concat())
        }
        Tag::OctetString => wrapped_octets(with, cipher.value()),
        _ => None,
    }
}

/// The SM4 key out of an octet string: DER inside, or the three parts one after another.
fn wrapped_octets(with: &DecryptingKey, octets: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    if let Ok(inner) = AnyRef::from_der(octets)
        && inner.tag() == Tag::Sequence
    {
        return wrapped(with, inner);
    }
    match octets.first() {
        Some(4) if octets.len() == 1 + 64 + 32 + BLOCK => raw_key(with, octets),
        _ => raw_key(with, &[&[4], octets].concat()),
    }
}

/// Tries both orders; the hash inside tells the right one.
fn raw_key(with: &DecryptingKey, raw: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    if raw.len() != 1 + 64 + 32 + BLOCK {
        return None;
    }
    let other = DecryptingKey::new_with_mode(*with.as_nonzero_scalar(), Mode::C1C2C3);
    let opened = with.decrypt(raw).or_else(|_| other.decrypt(raw)).ok()?;
    Some(Zeroizing::new(opened))
}

/// A coordinate in 32 bytes.
fn coordinate(integer: AnyRef<'_>) -> Option<[u8; 32]> {
    if integer.tag() != Tag::Integer {
        return None;
    }
    let zeros = integer.value().iter().take_while(|byte| **byte == 0).count();
    let digits = integer.value().get(zeros..)?;
    let mut padded = [0; 32];
    padded.get_mut(32_usize.checked_sub(digits.len())?..)?.copy_from_slice(digits);
    Some(padded)
}

/// Every key the decrypted bytes may be meant as.
fn candidates(plain: &[u8]) -> Vec<PrivateKey> {
    let mut found = Vec::new();
    let padding = plain.last().map_or(0, |last| usize::from(*last));
    let unpadded = plain.len().checked_sub(padding).and_then(|length| plain.get(..length));
    for bytes in [Some(plain), unpadded].into_iter().flatten() {
        found.extend(PrivateKey::from_pkcs8(bytes).ok());
        let number = match bytes.len() {
            32 => Some(bytes),
            64 if bytes.iter().take(32).all(|byte| *byte == 0) => bytes.get(32..),
            _ => None,
        };
        found.extend(number.and_then(|number| PrivateKey::from_sm2(number).ok()));
    }
    found
}
