//! A budget of CPU time: the agent slows itself down and is never killed.
//!
//! A token bucket over the agent's own CPU time. Work is done in small steps (one kind at a time); a step
//! may overdraw the bucket, and the next one waits until it is paid back. A full bucket lets the first
//! sweep after a start run at once.
//!
//! What has just happened need not wait for what was spent before: it may overdraw an empty bucket by as much as a full one
//! holds, and everything else waits until that is paid back. So no stretch of time costs more than its share and twice what
//! the bucket holds.

use std::time::Duration;

/// A whole core, in millionths.
const UNLIMITED: u32 = 1_000_000;

/// Nanoseconds of CPU time that may be spent.
#[derive(Clone, Debug)]
pub struct Throttle {
    /// Share of one core, millionths.
    share: u32,
    capacity: i64,
    level: i64,
    filled: Duration,
}

impl Throttle {
    /// `percent` of one core on average, with `burst` of CPU time to start with. 0 % and more than 100 %
    /// are taken as 100 %: no limit.
    pub fn new(percent: f64, burst: Duration, now: Duration) -> Self {
        let share =
            if percent > 0.0 && percent < 100.0 { (percent * 10_000.0).round() } else { 1e6 };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 0 and 1,000,000 by the line above"
        )]
        let share = (share as u32).max(1);
        let capacity = nanos(burst);
        Self { share, capacity, level: capacity, filled: now }
    }

    /// Takes off what a step cost. `now` counts from any fixed moment.
    pub fn spend(&mut self, cpu: Duration, now: Duration) {
        self.fill(now);
        self.level = self.level.saturating_sub(nanos(cpu));
    }

    /// How long to wait before the next step.
    pub fn wait(&mut self, now: Duration) -> Duration {
        self.wait_for(0, now)
    }

    /// How long to wait before the next step, if that is for something that has just happened.
    pub fn wait_urgently(&mut self, now: Duration) -> Duration {
        self.wait_for(self.capacity.saturating_neg(), now)
    }

    fn wait_for(&mut self, level: i64, now: Duration) -> Duration {
        self.fill(now);
        if self.level >= level || self.share == UNLIMITED {
            return Duration::ZERO;
        }
        let owed = u128::from(self.level.abs_diff(level)) * 1_000_000 / u128::from(self.share);
        Duration::from_nanos(u64::try_from(owed).unwrap_or(u64::MAX))
    }

    fn fill(&mut self, now: Duration) {
        let passed = nanos(now.saturating_sub(self.filled));
        self.filled = self.filled.max(now);
        let gained = i128::from(passed) * i128::from(self.share) / 1_000_000;
        let gained = i64::try_from(gained).unwrap_or(i64::MAX);
        self.level = self.level.saturating_add(gained).min(self.capacity);
    }
}

fn nanos(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn the_average_keeps_to_the_share() {
        let mut throttle = Throttle::new(2.0, ms(100), ms(0));
        let (mut now, mut spent) = (ms(0), ms(0));
        for _ in 0..1_000 {
            let wait = throttle.wait(now);
            now += wait + ms(10);
            throttle.spend(ms(10), now);
            spent += ms(10);
        }
        let allowed = now.mul_f64(0.02) + ms(110);
        assert!(spent <= allowed, "{spent:?} of {allowed:?}");
        assert!(spent >= now.mul_f64(0.019), "{spent:?} in {now:?}: slower than asked");
    }

    #[test]
    fn a_full_bucket_pays_for_a_burst_and_never_overflows() {
        let mut throttle = Throttle::new(2.0, ms(1_000), ms(0));
        throttle.spend(ms(900), ms(0));
        assert_eq!(throttle.wait(ms(0)), Duration::ZERO);
        throttle.spend(ms(200), ms(0));
        assert_eq!(throttle.wait(ms(0)), ms(5_000));
        let later = Duration::from_secs(86_400);
        throttle.spend(ms(1_001), later);
        assert_eq!(throttle.wait(later), ms(50), "a day of rest saves no more than one burst");
    }

    #[test]
    fn what_is_urgent_overdraws_by_one_burst_and_all_else_pays_it_back() {
        let mut throttle = Throttle::new(2.0, ms(100), ms(0));
        throttle.spend(ms(150), ms(0));
        assert_eq!(throttle.wait(ms(0)), ms(2_500));
        assert_eq!(throttle.wait_urgently(ms(0)), Duration::ZERO);
        throttle.spend(ms(60), ms(0));
        assert_eq!(throttle.wait_urgently(ms(0)), ms(500));
        assert_eq!(throttle.wait(ms(0)), ms(5_500));
        let mut throttle = Throttle::new(2.0, ms(0), ms(0));
        throttle.spend(ms(1), ms(0));
        assert_eq!(throttle.wait_urgently(ms(0)), ms(50), "no burst, no reserve");
    }

    #[test]
    fn a_hundred_percent_is_no_limit() {
        let mut throttle = Throttle::new(0.0, ms(0), ms(0));
        throttle.spend(ms(10), ms(10));
        assert_eq!(throttle.wait(ms(10)), Duration::ZERO);
    }
}
