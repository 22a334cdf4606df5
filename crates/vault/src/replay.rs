//! A signature is good for one change.
//!
//! The signed date has whole seconds and there is no nonce, so whoever sees a request can send it again
//! for 15 minutes. Calls that change or hand something out therefore pass here: the same signed content
//! passes again only within five seconds of its first sight, which is a client's retry.
//!
//! The guard belongs to one server process. Behind a balancer a replay is found by the server that saw
//! the first; that is written down in `docs/SECURITY.md`.

use crate::signature::{SKEW_SECS, Verified};
use muster_model::Micros;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

/// How long after its first sight a signature still passes, in seconds.
const RETRY_SECS: i64 = 5;

/// Remembers what passed, by the minute of its date.
pub struct ReplayGuard {
    capacity: usize,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    /// Minute of the signed date → fingerprint → first sight.
    minutes: BTreeMap<i64, HashMap<[u8; 16], Micros>>,
    held: usize,
    /// Dates of this minute and before were forgotten: they do not pass any more.
    forgotten: i64,
}

impl ReplayGuard {
    /// Holds at most `capacity` signatures, some 60 bytes each. When it is full the oldest minute is
    /// forgotten and, to be safe, refused from then on; fresh requests pass unless one minute alone fills
    /// it.
    pub fn new(capacity: usize) -> Self {
        let seen = Seen { forgotten: i64::MIN, ..Seen::default() };
        Self { capacity, seen: Mutex::new(seen) }
    }

    /// Whether the signature may act now.
    pub fn admit(&self, verified: &Verified, now: Micros) -> bool {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let minute = verified.signed_at.secs().div_euclid(60);
        if minute <= seen.forgotten {
            return false;
        }
        // What is older than the skew was refused before it came here.
        let dead = (now.secs() - SKEW_SECS).div_euclid(60) - 1;
        while let Some(oldest) = seen.minutes.first_entry().filter(|entry| *entry.key() <= dead) {
            let gone = oldest.remove().len();
            seen.held -= gone;
        }
        let minutes = seen.minutes.entry(minute).or_default();
        if let Some(first) = minutes.get(&verified.fingerprint) {
            return now.secs() - first.secs() <= RETRY_SECS;
        }
        if minutes.len() >= self.capacity {
            return false;
        }
        minutes.insert(verified.fingerprint, now);
        seen.held += 1;
        while seen.held > self.capacity && seen.minutes.len() > 1 {
            if let Some((minute, gone)) = seen.minutes.pop_first() {
                seen.held -= gone.len();
                seen.forgotten = minute;
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verified(name: u8, at: i64) -> Verified {
        Verified { fingerprint: [name; 16], signed_at: Micros::from_secs(at) }
    }

    #[test]
    fn passes_again_only_as_a_retry() {
        let guard = ReplayGuard::new(100);
        let at = |secs| Micros::from_secs(secs);
        assert!(guard.admit(&verified(1, 1000), at(1000)));
        assert!(guard.admit(&verified(1, 1000), at(1005)));
        assert!(!guard.admit(&verified(1, 1000), at(1006)));
        assert!(!guard.admit(&verified(1, 1000), at(1000 + SKEW_SECS)));
        assert!(guard.admit(&verified(2, 1000), at(1006)));
    }

    #[test]
    fn a_full_guard_refuses_the_old_and_lets_the_fresh_pass() {
        let guard = ReplayGuard::new(10);
        let now = Micros::from_secs(1200);
        for name in 0..10 {
            assert!(guard.admit(&verified(name, 1000), now));
        }
        assert!(guard.admit(&verified(10, 1200), now));
        assert!(!guard.admit(&verified(11, 1000), now), "its minute was forgotten");
        assert!(guard.admit(&verified(12, 1200), now));
    }

    #[test]
    fn what_is_past_the_skew_is_let_go() {
        let guard = ReplayGuard::new(10);
        assert!(guard.admit(&verified(1, 0), Micros::from_secs(0)));
        assert!(guard.admit(&verified(2, 5000), Micros::from_secs(5000)));
        let seen = guard.seen.lock().unwrap();
        assert_eq!((seen.held, seen.minutes.len()), (1, 1));
    }
}
