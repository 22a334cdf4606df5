//! The signature of the SCA open API: a keyed hash over the parameters of a JSON body, and nothing else.
//!
//! The message is the body as one compact object: names in ASCII order, nulls left out, values as they are.
//! Writers of JSON escape differently, so the exact bytes of the body count as well. Neither the path nor
//! the method is covered: whoever holds a signed body can send it to any call that takes these parameters,
//! which is why nothing beyond the document's own calls accepts this proof.

use aws_lc_rs::hmac as sha2;
use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use muster_model::{Error, Result};
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use sm3::Sm3;
use std::collections::BTreeMap;
use std::fmt;
use zeroize::Zeroizing;

/// How far a body's `timestamp` may be from now, in milliseconds (the document, 3.2.1).
pub const WINDOW_MS: i64 = 5 * 60 * 1000;
/// Most parameters of one body.
const MAX_PARAMETERS: usize = 256;
/// Deepest value of a parameter: each level is read once more.
const MAX_DEPTH: usize = 16;

/// The hash inside the HMAC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// What the document asks for, and what an absent `signatureAlgorithm` header means.
    HmacMd5,
    /// `HMAC-SHA256`.
    HmacSha256,
    /// `HMAC-SM3`.
    HmacSm3,
}

impl Algorithm {
    /// The name in the header `signatureAlgorithm`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::HmacMd5 => "HMAC-MD5",
            Self::HmacSha256 => "HMAC-SHA256",
            Self::HmacSm3 => "HMAC-SM3",
        }
    }

    /// Back from [`Algorithm::name`], whatever the case.
    pub fn from_name(name: &str) -> Option<Self> {
        let all = [Self::HmacMd5, Self::HmacSha256, Self::HmacSm3];
        all.into_iter().find(|algorithm| algorithm.name().eq_ignore_ascii_case(name))
    }
}

/// The lower hexadecimal signature of `message`.
///
/// # Errors
/// `Internal` if the secret cannot be a key.
pub fn sign(algorithm: Algorithm, secret: &[u8], message: &[u8]) -> Result<String> {
    Ok(match algorithm {
        Algorithm::HmacMd5 => {
            hex::encode(mac::<Hmac<Md5>>(secret, message)?.finalize().into_bytes())
        }
        Algorithm::HmacSha256 => {
            let key = sha2::Key::new(sha2::HMAC_SHA256, secret);
            hex::encode(sha2::sign(&key, message))
        }
        Algorithm::HmacSm3 => {
            hex::encode(mac::<Hmac<Sm3>>(secret, message)?.finalize().into_bytes())
        }
    })
}

/// Whether `signature` (hexadecimal of either case) is that of `message`, in time that does not tell how
/// much of it fits.
fn fits(algorithm: Algorithm, secret: &[u8], message: &[u8], signature: &[u8]) -> Result<bool> {
    Ok(match algorithm {
        Algorithm::HmacMd5 => mac::<Hmac<Md5>>(secret, message)?.verify_slice(signature).is_ok(),
        Algorithm::HmacSha256 => {
            let key = sha2::Key::new(sha2::HMAC_SHA256, secret);
            sha2::verify(&key, message, signature).is_ok()
        }
        Algorithm::HmacSm3 => mac::<Hmac<Sm3>>(secret, message)?.verify_slice(signature).is_ok(),
    })
}

fn mac<M: Mac + KeyInit>(secret: &[u8], message: &[u8]) -> Result<M> {
    let mut mac = <M as KeyInit>::new_from_slice(secret)
        .map_err(|_| Error::internal("the secret is no key of an HMAC"))?;
    mac.update(message);
    Ok(mac)
}

/// Whether `signature` is that of the body, in its canonical form or byte for byte.
///
/// # Errors
/// `Invalid` for a body that is no object, names a parameter twice or has too many.
pub fn verify(algorithm: Algorithm, secret: &[u8], body: &[u8], signature: &str) -> Result<bool> {
    let canonical = canonical(body)?;
    let Ok(signature) = hex::decode(signature.trim()) else { return Ok(false) };
    // Both are computed: which of them fits is nobody's business.
    let by_form = fits(algorithm, secret, &canonical, &signature)?;
    let by_bytes = fits(algorithm, secret, body, &signature)?;
    Ok(by_form | by_bytes)
}

/// The body as it is signed: one compact object, names in ASCII order, nulls left out.
///
/// # Errors
/// `Invalid` for a body that is no object, names a parameter twice or has too many.
pub fn canonical(body: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    let mut reader = serde_json::Deserializer::from_slice(body);
    let mut parameters = reader
        .deserialize_map(Parameters)
        .and_then(|parameters| reader.end().map(|()| parameters))
        .map_err(|error| Error::invalid("body", error))?;
    parameters.sort_by(|(one, _), (other, _)| one.cmp(other));
    let mut out = Zeroizing::new(Vec::with_capacity(body.len()));
    out.push(b'{');
    for (name, value) in &parameters {
        if out.len() > 1 {
            out.push(b',');
        }
        text(name, &mut out)?;
        out.push(b':');
        written(value, 0, &mut out)?;
    }
    out.push(b'}');
    Ok(out)
}

/// A value as the canonical form has it: numbers in the digits they came in, texts without needless
/// escapes, no blanks, members of inner objects in ASCII order.
fn written(value: &RawValue, depth: usize, out: &mut Vec<u8>) -> Result<()> {
    let raw = value.get();
    let invalid = |error| Error::invalid("body", error);
    match raw.as_bytes().first() {
        Some(b'"') => text(&serde_json::from_str::<String>(raw).map_err(invalid)?, out),
        Some(b'{' | b'[') if depth == MAX_DEPTH => {
            Err(Error::invalid("body", format_args!("nests more than {MAX_DEPTH} deep")))
        }
        Some(b'{') => {
            let members: BTreeMap<String, &RawValue> =
                serde_json::from_str(raw).map_err(invalid)?;
            let mut before = b'{';
            for (name, value) in &members {
                out.push(before);
                text(name, out)?;
                out.push(b':');
                written(value, depth + 1, out)?;
                before = b',';
            }
            out.extend_from_slice(if members.is_empty() { b"{}" } else { b"}" });
            Ok(())
        }
        Some(b'[') => {
            let items: Vec<&RawValue> = serde_json::from_str(raw).map_err(invalid)?;
            let mut before = b'[';
            for value in &items {
                out.push(before);
                written(value, depth + 1, out)?;
                before = b',';
            }
            out.extend_from_slice(if items.is_empty() { b"[]" } else { b"]" });
            Ok(())
        }
        _ => {
            out.extend_from_slice(raw.as_bytes());
            Ok(())
        }
    }
}

fn text(text: &str, out: &mut Vec<u8>) -> Result<()> {
    serde_json::to_writer(out, text).map_err(Error::internal)
}

/// Reads an object's members in their order, refuses one that comes twice, passes over nulls.
struct Parameters;

impl<'de> Visitor<'de> for Parameters {
    type Value = Vec<(String, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of parameters")
    }

    fn visit_map<A: MapAccess<'de>>(
        self,
        mut map: A,
    ) -> std::result::Result<Self::Value, A::Error> {
        use serde::de::Error as _;
        let (mut found, mut names) = (Vec::new(), std::collections::HashSet::new());
        while let Some((name, value)) = map.next_entry::<String, &'de RawValue>()? {
            if names.len() >= MAX_PARAMETERS {
                return Err(A::Error::custom(format_args!(
                    "more than {MAX_PARAMETERS} parameters"
                )));
            }
            if !names.insert(name.clone()) {
                return Err(A::Error::custom(format_args!("{name} is there twice")));
            }
            if value.get() != "null" {
                found.push((name, value));
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn form(body: &str) -> String {
        String::from_utf8(canonical(body.as_bytes()).unwrap().to_vec()).unwrap()
    }

    #[test]
    fn the_form_is_the_documents() {
        let body =
            r#"{ "timestamp": 1724728924857, "taskId": "api-test-001", "callbackUrl": null }"#;
        assert_eq!(form(body), r#"{"taskId":"api-test-001","timestamp":1724728924857}"#);
        assert_eq!(form(r#"{"b":"é\/","a":1.50,"B":[1, 2]}"#), r#"{"B":[1,2],"a":1.50,"b":"é/"}"#);
        assert_eq!(form("{}"), "{}");
        // Whoever reads it refuses the number; here it is what was signed.
        assert_eq!(form(r#"{"a": 1E400}"#), r#"{"a":1E400}"#);
        let body =
            r#"{"a": [ {"z": 1.50, "b": 12345678901234567890123, "\u0041": [], "n": null}, {} ]}"#;
        assert_eq!(
            form(body),
            r#"{"a":[{"A":[],"b":12345678901234567890123,"n":null,"z":1.50},{}]}"#
        );
    }

    #[test]
    fn a_parameter_that_comes_twice_is_refused() {
        for body in [r#"{"a":1,"a":2}"#, r#"{"a":null,"a":2}"#, "[1]", "", r#"{"a":1}x"#] {
            assert!(canonical(body.as_bytes()).is_err(), "{body}");
        }
        let nested = |depth| format!("{{\"a\":{}1{}}}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(form(&nested(MAX_DEPTH)), nested(MAX_DEPTH));
        assert!(canonical(nested(MAX_DEPTH + 1).as_bytes()).is_err());
        assert!(canonical(nested(1_000_000).as_bytes()).is_err());
        let many: Vec<_> = (0..=MAX_PARAMETERS).map(|n| format!("\"{n}\":1")).collect();
        assert!(canonical(format!("{{{}}}", many.join(",")).as_bytes()).is_err());
    }

    /// RFC 2202, test case 2: what any HMAC-MD5 must give.
    #[test]
    fn md5_is_that_of_the_standard() {
        let made = sign(Algorithm::HmacMd5, b"Jefe", b"what do ya want for nothing?").unwrap();
        assert_eq!(made, "750c783e6ab0b503eaa86e310a5db738");
    }

    #[test]
    fn either_form_is_accepted_and_nothing_else() {
        let body = br#"{"timestamp":1,"taskId":"a"}"#;
        for algorithm in [Algorithm::HmacMd5, Algorithm::HmacSha256, Algorithm::HmacSm3] {
            let by_form = sign(algorithm, b"secret", &canonical(body).unwrap()).unwrap();
            let by_bytes = sign(algorithm, b"secret", body).unwrap();
            assert_ne!(by_form, by_bytes);
            for good in [&by_form, &by_bytes, &by_form.to_uppercase()] {
                assert!(verify(algorithm, b"secret", body, good).unwrap());
                assert!(!verify(algorithm, b"other", body, good).unwrap());
                assert!(
                    !verify(algorithm, b"secret", br#"{"timestamp":2,"taskId":"a"}"#, good)
                        .unwrap()
                );
            }
            for bad in ["", "00", "zz", &by_form[..30]] {
                assert!(!verify(algorithm, b"secret", body, bad).unwrap());
            }
        }
    }

    proptest! {
        #[test]
        fn takes_any_bytes(body in proptest::collection::vec(any::<u8>(), 0..200), by in ".{0,40}") {
            let _ = verify(Algorithm::HmacMd5, b"secret", &body, &by);
        }

        #[test]
        fn the_form_of_a_form_is_itself(
            names in proptest::collection::btree_set("[a-zA-Z]{1,8}", 0..6),
            text in "\\PC{0,20}",
        ) {
            let mut object = serde_json::Map::new();
            for name in names {
                object.insert(name, serde_json::Value::from(text.clone()));
            }
            let once = canonical(serde_json::Value::from(object).to_string().as_bytes()).unwrap();
            prop_assert_eq!(&*canonical(&once).unwrap(), &*once);
        }
    }
}
