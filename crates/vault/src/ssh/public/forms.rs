//! The texts public keys come as.

use super::{Curve, PublicKey};
use crate::ssh::pem;
use crate::ssh::refusal::Refusal;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use der::asn1::UintRef;
use der::{Decode, Reader, SliceReader};
use pkcs8::spki::{ObjectIdentifier, SubjectPublicKeyInfoRef};

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const P521: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");

const WANTED: &str = "a public key of OpenSSH, RFC 4716 or PEM";
const RFC4716: &str = "---- BEGIN SSH2 PUBLIC KEY ----";

pub(super) fn parse(text: &str) -> Result<PublicKey, Refusal> {
    let text = text.trim();
    // Armour begins a line: the same words in a comment are a comment.
    let armour = || text.lines().map(str::trim_start).filter(|line| line.starts_with("-----"));
    if armour().any(|line| line.contains("PRIVATE KEY-----")) {
        return Err(Refusal::Unsupported("is a private key: the public one is wanted"));
    }
    if let Some(body) = text.strip_prefix(RFC4716) {
        return rfc4716(body);
    }
    if armour().any(|line| line.starts_with("-----BEGIN "))
        && let Some(block) = pem::first(text, &[])?
    {
        return match block.label {
            "PUBLIC KEY" => spki(&block.contents, ""),
            "RSA PUBLIC KEY" => pkcs1(&block.contents, ""),
            _ => Err(Refusal::NotAKey(WANTED)),
        };
    }
    let mut lines = text.lines().map(str::trim).filter(|it| !it.is_empty() && !it.starts_with('#'));
    let line = lines.next().ok_or(Refusal::NotAKey(WANTED))?;
    if lines.next().is_some() {
        return Err(Refusal::Unsupported("holds more than one key"));
    }
    one_line(line)
}

fn one_line(line: &str) -> Result<PublicKey, Refusal> {
    let (name, rest) = line.split_once([' ', '\t']).ok_or(Refusal::NotAKey(WANTED))?;
    let rest = rest.trim_start();
    let (blob, comment) = rest.split_once([' ', '\t']).unwrap_or((rest, ""));
    if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-@.".contains(&byte)) {
        return Err(Refusal::NotAKey(WANTED));
    }
    let blob = STANDARD.decode(blob).map_err(|_| Refusal::NotAKey(WANTED))?;
    // The blob names its kind again, behind its length.
    let same = blob.get(4..4 + name.len()) == Some(name.as_bytes());
    let key = PublicKey::from_blob(&blob, comment.trim())?;
    if same { Ok(key) } else { Err(Refusal::Damaged("it says two kinds of itself")) }
}

/// RFC 4716: headers, which may go on over several lines, then base64.
fn rfc4716(body: &str) -> Result<PublicKey, Refusal> {
    let (body, _) = body
        .split_once("---- END SSH2 PUBLIC KEY ----")
        .ok_or(Refusal::Damaged("its end is missing"))?;
    let mut lines = body.lines().map(str::trim);
    let (mut comment, mut base64) = (String::new(), String::new());
    while let Some(line) = lines.next() {
        let Some((name, value)) = line.split_once(':') else {
            base64.push_str(line);
            continue;
        };
        let mut value = value.trim().to_owned();
        while value.ends_with('\\') {
            value.pop();
            value.push_str(lines.next().unwrap_or_default());
        }
        if name.eq_ignore_ascii_case("comment") {
            comment = value.trim_matches('"').to_owned();
        }
    }
    let blob = STANDARD.decode(base64).map_err(|_| Refusal::Damaged("its text is not base64"))?;
    PublicKey::from_blob(&blob, &comment)
}

pub(super) fn pkcs1(der: &[u8], comment: &str) -> Result<PublicKey, Refusal> {
    let numbers = || -> der::Result<(UintRef<'_>, UintRef<'_>)> {
        let mut reader = SliceReader::new(der)?;
        let numbers = reader.sequence(|reader| {
            Ok::<_, der::Error>((UintRef::decode(reader)?, UintRef::decode(reader)?))
        })?;
        reader.finish()?;
        Ok(numbers)
    };
    let (modulus, exponent) = numbers().map_err(|_| Refusal::Damaged("it is no RSA key"))?;
    PublicKey::rsa(exponent.as_bytes(), modulus.as_bytes(), comment)
}

pub(super) fn spki(der: &[u8], comment: &str) -> Result<PublicKey, Refusal> {
    let damaged = || Refusal::Damaged("it is no SubjectPublicKeyInfo");
    let info = SubjectPublicKeyInfoRef::from_der(der).map_err(|_| damaged())?;
    let bits = info.subject_public_key.as_bytes().ok_or_else(damaged)?;
    match info.algorithm.oid {
        RSA => pkcs1(bits, comment),
        ED25519 => PublicKey::ed25519(bits, comment),
        EC => {
            let named = info.algorithm.parameters_oid().map_err(|_| damaged())?;
            let curve = match named {
                P256 => Curve::P256,
                P384 => Curve::P384,
                P521 => Curve::P521,
                _ => return Err(Refusal::Unsupported("is on a curve OpenSSH does not know")),
            };
            PublicKey::ecdsa(curve, bits, comment)
        }
        _ => Err(Refusal::Unsupported("is of a kind OpenSSH does not know")),
    }
}
