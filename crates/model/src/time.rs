//! Time as the whole product keeps it: microseconds since 1970, UTC, in an `i64`.

use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// Microseconds since 1970-01-01T00:00:00Z. Storage and the agent protocol use this; vendors' wires use
/// milliseconds ([`Micros::millis`]).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Micros(pub i64);

impl Micros {
    /// From whole seconds.
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs.saturating_mul(1_000_000))
    }

    /// From milliseconds.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis.saturating_mul(1_000))
    }

    /// Whole milliseconds, rounded down: the unit of the vendors' row times.
    pub const fn millis(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    /// Whole seconds, rounded down.
    pub const fn secs(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// This moment plus a number of seconds.
    #[must_use]
    pub const fn plus_secs(self, secs: i64) -> Self {
        Self(self.0.saturating_add(secs.saturating_mul(1_000_000)))
    }

    /// ISO 8601 in UTC with microseconds, `2026-11-21T12:00:00.000000Z`: the form of token times.
    pub fn iso(self) -> String {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(at) => format!("{at:.6}"),
            Err(_) => String::new(),
        }
    }

    /// Back from [`Micros::iso`]; any other RFC 3339 form with a zone is read as well.
    pub fn from_iso(text: &str) -> Option<Self> {
        let at: jiff::Timestamp = text.parse().ok()?;
        Some(Self(at.as_microsecond()))
    }
}

/// The source of the current time. A parameter everywhere, so that tests are exact.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Micros;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    fn now(&self) -> Micros {
        let since =
            std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }
}

/// A clock that stands until it is moved. For tests.
#[derive(Clone, Debug, Default)]
pub struct ManualClock(Arc<AtomicI64>);

impl ManualClock {
    /// A clock standing at `at`.
    pub fn at(at: Micros) -> Self {
        Self(Arc::new(AtomicI64::new(at.0)))
    }

    /// Moves the clock on.
    pub fn advance_secs(&self, secs: i64) {
        self.0.fetch_add(secs.saturating_mul(1_000_000), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Micros {
        Micros(self.0.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iso_always_has_six_fractional_digits() {
        assert_eq!(Micros::from_secs(1_795_262_400).iso(), "2026-11-21T12:00:00.000000Z");
        assert_eq!(Micros(1).iso(), "1970-01-01T00:00:00.000001Z");
        assert_eq!(Micros::from_iso(&Micros(-1).iso()), Some(Micros(-1)));
        assert_eq!(Micros::from_iso("1970-01-01"), None);
    }

    #[test]
    fn milliseconds_round_down_before_the_epoch_too() {
        assert_eq!(Micros(-1).millis(), -1);
        assert_eq!(Micros(1_999).millis(), 1);
    }
}
