//! One line of a trail.
//!
//! `{"v":1,"node":…,"seq":…, …,"prev":"<64 hex>","hash":"<64 hex>"}`: the hash is SHA-256 over the bytes of
//! the line before `,"hash":`, and `prev` is the hash of the line before. So a chain can be checked with
//! nothing but `sha256sum`, and no rule about the form of JSON is needed.

use crate::audit::Record;
use aws_lc_rs::digest::{SHA256, digest};
use muster_model::{Error, Micros, Result};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// SHA-256 of a line.
pub type Hash = [u8; 32];

/// The longest line that is read, in bytes. None that is written comes near.
pub(super) const MAX_LINE: usize = 256 * 1024;
/// The longest text of a field that is written, in bytes; the rest is cut off.
const MAX_TEXT: usize = 8 * 1024;
const VERSION: u32 = 1;
const BEFORE_HASH: &[u8] = b",\"hash\":\"";
const AFTER_HASH: &[u8] = b"\"}";

/// A line of the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The node whose chain it is.
    pub node: String,
    /// Its place in the chain, from 1.
    pub seq: u64,
    /// What is recorded.
    pub record: Record,
    /// Hash of the line before, zeros at the first.
    pub prev: Hash,
    /// Its own.
    pub hash: Hash,
}

#[derive(Serialize, Deserialize)]
struct Wire<'a> {
    v: u32,
    #[serde(borrow)]
    node: Cow<'a, str>,
    seq: u64,
    at: Cow<'a, str>,
    action: Cow<'a, str>,
    outcome: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "empty")]
    target: Cow<'a, str>,
    user_id: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "empty")]
    user_name: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "empty")]
    credential: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "empty")]
    domain_id: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "empty")]
    project_id: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "empty")]
    request_id: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "empty")]
    detail: Cow<'a, str>,
    prev: Cow<'a, str>,
}

fn empty(text: &str) -> bool {
    text.is_empty()
}

fn clipped(text: &str) -> Cow<'_, str> {
    if text.len() <= MAX_TEXT {
        return Cow::Borrowed(text);
    }
    let mut end = MAX_TEXT;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    Cow::Owned(format!("{}…", text.get(..end).unwrap_or_default()))
}

/// Writes the line that follows `prev` to the end of `out` and answers its hash.
///
/// # Errors
/// `Internal`, if the record cannot be JSON; it always can.
pub(super) fn encode(
    out: &mut Vec<u8>,
    node: &str,
    seq: u64,
    record: &Record,
    prev: &Hash,
) -> Result<Hash> {
    let wire = Wire {
        v: VERSION,
        node: node.into(),
        seq,
        at: record.at.iso().into(),
        action: clipped(&record.action),
        outcome: clipped(&record.outcome),
        target: clipped(&record.target),
        user_id: clipped(&record.user_id),
        user_name: clipped(&record.user_name),
        credential: clipped(&record.credential),
        domain_id: clipped(&record.domain_id),
        project_id: clipped(&record.project_id),
        request_id: clipped(&record.request_id),
        detail: clipped(&record.detail),
        prev: hex::encode(prev).into(),
    };
    let start = out.len();
    serde_json::to_writer(&mut *out, &wire).map_err(Error::internal)?;
    // The closing brace comes after the hash.
    out.pop();
    let hash = sha256(out.get(start..).unwrap_or_default());
    out.extend_from_slice(BEFORE_HASH);
    out.extend_from_slice(hex::encode(hash).as_bytes());
    out.extend_from_slice(AFTER_HASH);
    out.push(b'\n');
    Ok(hash)
}

fn sha256(bytes: &[u8]) -> Hash {
    let mut hash = [0; 32];
    hash.iter_mut().zip(digest(&SHA256, bytes).as_ref()).for_each(|(to, from)| *to = *from);
    hash
}

/// What is wrong with a line taken by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// It is no line of a trail.
    Form,
    /// It is not what was hashed.
    Hash,
}

/// Reads a line, given without its line feed, and checks its hash.
pub(super) fn decode(bytes: &[u8]) -> std::result::Result<Line, Fault> {
    let body = bytes.strip_suffix(AFTER_HASH).ok_or(Fault::Form)?;
    let (body, claimed) = body.split_at_checked(body.len().wrapping_sub(64)).ok_or(Fault::Form)?;
    let body = body.strip_suffix(BEFORE_HASH).ok_or(Fault::Form)?;
    let hash = from_hex(claimed).ok_or(Fault::Form)?;
    if sha256(body) != hash {
        return Err(Fault::Hash);
    }
    let mut json = body.to_vec();
    json.push(b'}');
    let wire: Wire<'_> = serde_json::from_slice(&json).map_err(|_| Fault::Form)?;
    if wire.v != VERSION {
        return Err(Fault::Form);
    }
    Ok(Line {
        seq: wire.seq,
        prev: from_hex(wire.prev.as_bytes()).ok_or(Fault::Form)?,
        hash,
        record: Record {
            at: Micros::from_iso(&wire.at).ok_or(Fault::Form)?,
            action: wire.action.into_owned(),
            outcome: wire.outcome.into_owned(),
            target: wire.target.into_owned(),
            user_id: wire.user_id.into_owned(),
            user_name: wire.user_name.into_owned(),
            credential: wire.credential.into_owned(),
            domain_id: wire.domain_id.into_owned(),
            project_id: wire.project_id.into_owned(),
            request_id: wire.request_id.into_owned(),
            detail: wire.detail.into_owned(),
        },
        node: wire.node.into_owned(),
    })
}

fn from_hex(text: &[u8]) -> Option<Hash> {
    let mut hash = [0; 32];
    hex::decode_to_slice(text, &mut hash).ok()?;
    Some(hash)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn record(text: &str) -> Record {
        Record {
            at: Micros(1_767_225_600_000_001),
            request_id: "r".into(),
            domain_id: "d".into(),
            project_id: String::new(),
            user_id: "u".into(),
            user_name: text.into(),
            credential: "token".into(),
            action: "scm:cert:export".into(),
            target: text.into(),
            outcome: "intent".into(),
            detail: String::new(),
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(text in ".{0,40}", seq: u64, prev: Hash) {
            let (record, mut bytes) = (record(&text), Vec::new());
            let hash = encode(&mut bytes, "n1", seq, &record, &prev).unwrap();
            prop_assert_eq!(bytes.iter().filter(|byte| **byte == b'\n').count(), 1);
            let line = decode(&bytes[..bytes.len() - 1]).unwrap();
            prop_assert_eq!(line, Line { node: "n1".into(), seq, record, prev, hash });
        }

        #[test]
        fn no_changed_byte_is_overlooked(at: prop::sample::Index, bit in 0..8_u8) {
            let mut bytes = Vec::new();
            encode(&mut bytes, "n1", 7, &record("x"), &[1; 32]).unwrap();
            bytes.pop();
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
            // Capital hexadecimal digits in the hash itself say the same.
            prop_assume!(!bytes[at].is_ascii_uppercase() || at < bytes.len() - 66);
            prop_assert!(decode(&bytes).is_err());
        }

        #[test]
        fn any_bytes_are_refused_quietly(bytes: Vec<u8>) {
            prop_assert!(decode(&bytes).is_err());
        }
    }

    #[test]
    fn a_text_without_end_is_cut_between_characters() {
        let long = "é".repeat(MAX_TEXT);
        let mut bytes = Vec::new();
        encode(&mut bytes, "n1", 1, &record(&long), &[0; 32]).unwrap();
        assert!(bytes.len() < MAX_LINE);
        let line = decode(&bytes[..bytes.len() - 1]).unwrap();
        assert!(line.record.target.ends_with("é…"));
    }
}
