//! Signed check points of an audit trail: "at this moment the chain of this node stood at this record".
//!
//! A chain of hashes shows what was changed in the middle, but not that its end was cut off or that all of it was
//! written anew. A check point kept elsewhere does. It is one line of JSON:
//!
//! ```text
//! {"v":1,"node":…,"seq":…,"hash":"<64 hex>","at":…,"key":"<64 hex>","signature":"<128 hex>"}
//! ```
//!
//! The signature is Ed25519 over `muster audit check point` and a line feed, followed by the bytes before
//! `,"signature":`.

use crate::random;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use muster_model::{Error, Micros, Result};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

const VERSION: u32 = 1;
const PURPOSE: &[u8] = b"muster audit check point\n";
const BEFORE_SIGNATURE: &str = ",\"signature\":\"";
const AFTER_SIGNATURE: &str = "\"}";
/// The longest line that is read, in bytes.
pub const MAX_LINE: usize = 1024;

/// Where a chain stood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckPoint {
    /// Whose chain.
    pub node: String,
    /// Place of its last record.
    pub seq: u64,
    /// Hash of that record.
    pub hash: [u8; 32],
    /// When it was looked at.
    pub at: Micros,
}

#[derive(Serialize, Deserialize)]
struct Wire {
    v: u32,
    node: String,
    seq: u64,
    hash: String,
    at: String,
    key: String,
}

/// What signs check points. No `Debug`.
pub struct CheckPointKey(Ed25519KeyPair);

impl CheckPointKey {
    /// Makes one. Answers also its seed, to be sealed and stored.
    ///
    /// # Errors
    /// `Internal` without randomness.
    pub fn generate() -> Result<(Self, Zeroizing<[u8; 32]>)> {
        let seed = random::bytes::<32>()?;
        Ok((Self::restore(seed.as_slice())?, seed))
    }

    /// One that was stored.
    ///
    /// # Errors
    /// `Internal`, if `seed` is not 32 bytes.
    pub fn restore(seed: &[u8]) -> Result<Self> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed);
        pair.map(Self).map_err(|_| Error::internal("the key of the audit's check points"))
    }

    /// The public key in lower hexadecimal: what a reader compares.
    pub fn public(&self) -> String {
        hex::encode(self.0.public_key())
    }

    /// The signed line, without a line feed.
    ///
    /// # Errors
    /// `Internal`, if it cannot be JSON; it always can.
    pub fn sign(&self, point: &CheckPoint) -> Result<String> {
        let wire = Wire {
            v: VERSION,
            node: point.node.clone(),
            seq: point.seq,
            hash: hex::encode(point.hash),
            at: point.at.iso(),
            key: self.public(),
        };
        let mut line = serde_json::to_string(&wire).map_err(Error::internal)?;
        // The closing brace comes after the signature.
        line.pop();
        let signature = hex::encode(self.0.sign(&signed(&line)));
        line.push_str(BEFORE_SIGNATURE);
        line.push_str(&signature);
        line.push_str(AFTER_SIGNATURE);
        Ok(line)
    }
}

fn signed(body: &str) -> Vec<u8> {
    [PURPOSE, body.as_bytes()].concat()
}

/// Reads a line, given without its line feed, and checks its signature by the key it names. Answers the check point
/// and that key, which the reader has to compare with one it knows: anybody can sign with some key.
pub fn read(line: &str) -> Option<(CheckPoint, String)> {
    if line.len() > MAX_LINE {
        return None;
    }
    let (body, signature) = line.strip_suffix(AFTER_SIGNATURE)?.rsplit_once(BEFORE_SIGNATURE)?;
    let wire: Wire = serde_json::from_str(&format!("{body}}}")).ok()?;
    let key = hex::decode(&wire.key).ok().filter(|key| key.len() == 32)?;
    let signature = hex::decode(signature).ok()?;
    UnparsedPublicKey::new(&ED25519, key).verify(&signed(body), &signature).ok()?;
    let mut hash = [0; 32];
    hex::decode_to_slice(&wire.hash, &mut hash).ok()?;
    let at = Micros::from_iso(&wire.at)?;
    let known = wire.v == VERSION;
    known.then_some((CheckPoint { node: wire.node, seq: wire.seq, hash, at }, wire.key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn point() -> CheckPoint {
        CheckPoint { node: "n1".into(), seq: 7, hash: [3; 32], at: Micros(1_767_225_600_000_001) }
    }

    #[test]
    fn what_was_signed_is_read_and_names_its_key() {
        let (key, seed) = CheckPointKey::generate().unwrap();
        let line = CheckPointKey::restore(seed.as_slice()).unwrap().sign(&point()).unwrap();
        assert_eq!(read(&line), Some((point(), key.public())));
        // Somebody else's signature holds too, but under another name.
        let (other, _) = CheckPointKey::generate().unwrap();
        assert_ne!(read(&other.sign(&point()).unwrap()).unwrap().1, key.public());
    }

    proptest! {
        #[test]
        fn no_changed_byte_is_overlooked(at: prop::sample::Index, bit in 0..7_u8) {
            let (key, _) = CheckPointKey::generate().unwrap();
            let mut line = key.sign(&point()).unwrap().into_bytes();
            let at = at.index(line.len());
            line[at] ^= 1 << bit;
            // Capital hexadecimal digits in the signature itself say the same.
            prop_assume!(!line[at].is_ascii_uppercase() || at < line.len() - 130);
            let line = String::from_utf8(line).unwrap();
            prop_assert_eq!(read(&line), None);
        }

        #[test]
        fn any_text_is_refused_quietly(text: String) {
            prop_assert_eq!(read(&text), None);
        }
    }
}
