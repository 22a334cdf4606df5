//! When to try again, so that a thousand agents do not come back at once.

use std::time::Duration;

/// First pause after a failure.
const FIRST: Duration = Duration::from_secs(5);
/// Longest pause between two tries.
const LONGEST: Duration = Duration::from_secs(900);

/// Growing pauses with full jitter.
#[derive(Clone, Debug, Default)]
pub struct Backoff {
    failures: u32,
}

impl Backoff {
    /// Another failure. `chance` is uniform in 0..=65535; the pause lies between half and all of the
    /// present step, which doubles with every failure.
    pub fn fail(&mut self, chance: u16) -> Duration {
        let step = FIRST.saturating_mul(1 << self.failures.min(16)).min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        step / 2 + step.mul_f64(f64::from(chance) / 131_070.0)
    }

    /// It worked.
    pub fn succeed(&mut self) {
        self.failures = 0;
    }

    /// How often it failed in a row.
    pub fn failures(&self) -> u32 {
        self.failures
    }
}

/// `period` give or take a tenth.
pub fn spread(period: Duration, chance: u16) -> Duration {
    period.mul_f64(0.9 + f64::from(chance) / 327_675.0)
}

/// A uniform chance for the functions above.
pub fn chance() -> u16 {
    let mut bytes = [0; 2];
    // Without chance the pause is the shortest allowed: no reason to stop working.
    let _ = aws_lc_rs::rand::fill(&mut bytes);
    u16::from_le_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_limit_and_start_over_after_success() {
        let mut backoff = Backoff::default();
        assert_eq!(backoff.fail(0), FIRST / 2);
        assert_eq!(backoff.fail(u16::MAX), FIRST * 2);
        for _ in 0..100 {
            let pause = backoff.fail(u16::MAX);
            assert!(pause <= LONGEST);
        }
        assert_eq!(backoff.fail(0), LONGEST / 2);
        backoff.succeed();
        assert_eq!(backoff.fail(u16::MAX), FIRST);
    }

    #[test]
    fn periods_are_spread_by_a_tenth() {
        let minute = Duration::from_secs(60);
        assert_eq!(spread(minute, 0), Duration::from_secs(54));
        assert_eq!(spread(minute, u16::MAX), Duration::from_secs(66));
    }
}
