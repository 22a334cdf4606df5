//! Failures in a row, and the lock they lead to.

use muster_model::Micros;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

/// Failures in a row that are let pass.
const ALLOWED: u32 = 5;
/// How long the lock lasts, in seconds.
const LOCK_SECS: i64 = 300;
/// Names held at most; the oldest failure is forgotten first.
const CAPACITY: usize = 10_000;

/// Counts failures by name.
pub(crate) struct Attempts<K>(Mutex<HashMap<K, (u32, Micros)>>);

impl<K: Hash + Eq + Clone> Attempts<K> {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(HashMap::new()))
    }

    /// Whether the name is locked now.
    pub(crate) fn is_locked(&self, name: &K, now: Micros) -> bool {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.get(name).is_some_and(|(n, at)| *n > ALLOWED && now < at.plus_secs(LOCK_SECS))
    }

    /// Notes a failure.
    pub(crate) fn failed(&self, name: K, now: Micros) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if held.len() >= CAPACITY && !held.contains_key(&name) {
            held.retain(|_, (_, at)| now < at.plus_secs(LOCK_SECS));
            if held.len() >= CAPACITY
                && let Some(oldest) =
                    held.iter().min_by_key(|(_, (_, at))| *at).map(|(name, _)| name.clone())
            {
                held.remove(&oldest);
            }
        }
        let entry = held.entry(name).or_insert((0, now));
        let fresh = now < entry.1.plus_secs(LOCK_SECS);
        *entry = (if fresh { entry.0.saturating_add(1) } else { 1 }, now);
    }

    /// Notes a success: the row is broken.
    pub(crate) fn succeeded(&self, name: &K) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !held.is_empty() {
            held.remove(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sixth_failure_in_a_row_locks_for_five_minutes() {
        let attempts = Attempts::new();
        let at = Micros::from_secs;
        for n in 0..5 {
            attempts.failed("ak", at(n));
            assert!(!attempts.is_locked(&"ak", at(n)));
        }
        attempts.succeeded(&"ak");
        for n in 0..6 {
            attempts.failed("ak", at(10 + n));
        }
        assert!(attempts.is_locked(&"ak", at(15)));
        assert!(attempts.is_locked(&"ak", at(15 + 299)));
        assert!(!attempts.is_locked(&"ak", at(15 + 300)));
        assert!(!attempts.is_locked(&"other", at(15)));
    }

    #[test]
    fn strangers_cannot_fill_the_memory() {
        let attempts = Attempts::new();
        for n in 0..CAPACITY + 50 {
            attempts.failed(n, Micros::from_secs(1));
        }
        assert_eq!(attempts.0.lock().unwrap().len(), CAPACITY);
    }
}
