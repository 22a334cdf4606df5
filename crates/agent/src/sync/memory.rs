//! What an agent remembers over a restart: its counter and what the server is known to hold.

use super::Held;
use muster_model::host::HostProfile;
use muster_model::report::{Digest, RowKey, Scope};
use muster_model::{FactHash, Micros};
use serde::{Deserialize, Serialize};

/// Counters set aside with one write to the disk.
const RESERVE: u64 = 1_000;

/// The remembered part of the state machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Memory {
    /// No counter from here on was ever used.
    counter: u64,
    /// The latest date that was sent.
    date: Micros,
    /// Digest of the host's description, if the server holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    profile: Option<Digest>,
    /// The scopes the server holds.
    scopes: Vec<RememberedScope>,
}

/// A scope the server holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RememberedScope {
    /// Which.
    pub scope: Scope,
    /// Digest of its rows.
    pub digest: Digest,
    /// Its rows, 56 hexadecimal digits each.
    #[serde(with = "held_text")]
    pub held: Vec<Held>,
}

/// The counter and the date, which never go back.
pub(super) struct Counters {
    next: u64,
    reserved: u64,
    date: Micros,
}

/// Takes the memory apart. Without one the counter starts from the time: an agent that lost its memory
/// but not its key must not look like the second holder of it, and it never made a million reports a
/// second.
pub(super) fn restore(
    memory: Option<Memory>,
    now: Micros,
) -> (Counters, Option<Digest>, Vec<RememberedScope>) {
    match memory {
        Some(Memory { counter, date, profile, scopes }) => {
            (Counters { next: counter, reserved: counter, date }, profile, scopes)
        }
        None => {
            let next = u64::try_from(now.secs()).unwrap_or(0) << 20;
            (Counters { next, reserved: next, date: Micros(i64::MIN) }, None, Vec::new())
        }
    }
}

impl Counters {
    /// The next counter and date, and whether they must be written down before they are used.
    pub(super) fn next(&mut self, now: Micros) -> (u64, Micros, bool) {
        self.next += 1;
        let reserve = self.next >= self.reserved;
        if reserve {
            self.reserved = self.next + RESERVE;
        }
        self.date = Micros(now.0.max(self.date.0.saturating_add(1)));
        (self.next, self.date, reserve)
    }

    pub(super) fn remember(&self, profile: Option<Digest>, scopes: Vec<RememberedScope>) -> Memory {
        Memory { counter: self.reserved, date: self.date, profile, scopes }
    }
}

/// Digest of a host's description.
pub(super) fn profile_digest(profile: &HostProfile) -> Digest {
    let json = serde_json::to_vec(profile).unwrap_or_default();
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &json);
    let mut bytes = [0; 32];
    for (to, from) in bytes.iter_mut().zip(hash.as_ref()) {
        *to = *from;
    }
    Digest(bytes)
}

/// Rows as one hexadecimal text: fact hash (16 bytes), sequence (4), hash of the volatile part (8).
mod held_text {
    use super::{FactHash, Held, RowKey};
    use serde::{Deserialize, Deserializer, Serializer, de};

    const LENGTH: usize = 28;

    pub(super) fn serialize<S: Serializer>(held: &[Held], to: S) -> Result<S::Ok, S::Error> {
        let mut bytes = Vec::with_capacity(held.len() * LENGTH);
        for row in held {
            bytes.extend_from_slice(&row.key.fact.0);
            bytes.extend_from_slice(&row.key.seq.to_be_bytes());
            bytes.extend_from_slice(&row.volatile.to_be_bytes());
        }
        to.serialize_str(&hex::encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Held>, D::Error> {
        let text = String::deserialize(from)?;
        let bytes = hex::decode(text).map_err(de::Error::custom)?;
        let (rows, rest) = bytes.as_chunks::<LENGTH>();
        if !rest.is_empty() {
            return Err(de::Error::custom("a row is cut short"));
        }
        Ok(rows.iter().map(row).collect())
    }

    fn row(bytes: &[u8; LENGTH]) -> Held {
        let number = |range: std::ops::Range<usize>| {
            let bytes = bytes.get(range).unwrap_or_default();
            bytes.iter().fold(0u64, |sum, byte| (sum << 8) | u64::from(*byte))
        };
        let mut fact = [0; 16];
        fact.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
        let seq = u32::try_from(number(16..20)).unwrap_or_default();
        Held { key: RowKey { fact: FactHash(fact), seq }, volatile: number(20..28) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use muster_model::Kind;

    #[test]
    fn a_memory_survives_its_json() {
        let held = vec![
            Held {
                key: RowKey { fact: FactHash(*b"0123456789abcdef"), seq: 7 },
                volatile: u64::MAX - 5,
            },
            Held { key: RowKey { fact: FactHash([255; 16]), seq: u32::MAX }, volatile: 0 },
        ];
        let scope = Scope { kind: Kind::Port, container: None };
        let memory = Memory {
            counter: 9,
            date: Micros(4),
            profile: Some(Digest([3; 32])),
            scopes: vec![RememberedScope { scope, digest: Digest([1; 32]), held }],
        };
        let json = serde_json::to_string(&memory).unwrap();
        assert_eq!(serde_json::from_str::<Memory>(&json).unwrap(), memory);
        assert!(serde_json::from_str::<Memory>(&json.replace("00000000\"", "000000\"")).is_err());
    }

    #[test]
    fn no_counter_is_used_twice_and_no_date_goes_back() {
        let (mut counters, ..) = restore(None, Micros::from_secs(1_000));
        let (first, date, reserve) = counters.next(Micros(50));
        assert!(reserve && first > 1_000 << 20);
        let (second, later, reserve) = counters.next(Micros(10));
        assert!(!reserve && second == first + 1 && later > date);
        let memory = counters.remember(None, Vec::new());
        let (mut again, ..) = restore(Some(memory), Micros(0));
        assert!(again.next(Micros(10)).0 > second);
        let (mut lost, ..) = restore(None, Micros::from_secs(1_001));
        assert!(lost.next(Micros(10)).0 > second);
    }
}
