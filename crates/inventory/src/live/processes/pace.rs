//! When to let events wake the thread.
//!
//! To be woken costs whoever made the event: on a virtual machine some 30 us, under a storm a tenth of the time it takes to start a
//! process.

use std::time::{Duration, Instant};

/// Times the thread is woken at once, in [`WINDOW`].
const WAKES: u32 = 10;
const WINDOW: Duration = Duration::from_millis(100);
/// How long it sleeps, deaf to events, once they are spent. A program of 5 ms is still read in its time.
const DEAF: Duration = Duration::from_millis(2);
/// How long processes that come and go wake nobody, once one did.
const CALM: Duration = Duration::from_millis(50);

/// What may wake the thread next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wake {
    /// A program that starts.
    pub(super) by_programs: bool,
    /// A process that comes or goes.
    pub(super) by_lives: bool,
    /// The time after which to look by oneself; none: never.
    pub(super) within: Option<Duration>,
}

/// Time is a parameter.
#[derive(Debug)]
pub(super) struct Pace {
    window: Instant,
    wakes: u32,
    /// Until when processes that come and go wake nobody.
    calm: Instant,
}

impl Pace {
    pub(super) const fn new(now: Instant) -> Self {
        Self { window: now, wakes: 0, calm: now }
    }

    /// The thread was at its work: because an event woke it, or by itself; `lives`: processes had come or gone.
    pub(super) fn woken(&mut self, now: Instant, by_event: bool, lives: bool) {
        if now.saturating_duration_since(self.window) >= WINDOW {
            (self.window, self.wakes) = (now, 0);
        }
        self.wakes += u32::from(by_event);
        if lives {
            self.calm = now + CALM;
        }
    }

    /// `next_look`: how long no program would be looked at.
    pub(super) fn wake(&self, now: Instant, next_look: Duration) -> Wake {
        let spent = self.wakes >= WAKES && now.saturating_duration_since(self.window) < WINDOW;
        let deaf = if spent { DEAF.max(next_look) } else { next_look };
        let calm = self.calm.saturating_duration_since(now);
        let within = [deaf, calm].into_iter().filter(|it| !it.is_zero()).min();
        Wake { by_programs: deaf.is_zero(), by_lives: calm.is_zero(), within }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn whoever_rests_is_woken_by_everything_and_by_nothing_else() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        let open = Wake { by_programs: true, by_lives: true, within: None };
        assert_eq!(pace.wake(start, ms(0)), open);
        pace.woken(start, true, true);
        let calm = Wake { by_programs: true, by_lives: false, within: Some(CALM) };
        assert_eq!(pace.wake(start, ms(0)), calm);
        pace.woken(start + CALM, false, false);
        assert_eq!(pace.wake(start + CALM, ms(0)), open);
    }

    #[test]
    fn a_storm_wakes_so_often_and_then_is_looked_at_now_and_then() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        for _ in 0..WAKES {
            assert!(pace.wake(start, ms(0)).by_programs);
            pace.woken(start, true, false);
        }
        let deaf = Wake { by_programs: false, by_lives: true, within: Some(DEAF) };
        assert_eq!(pace.wake(start, ms(0)), deaf);
        assert_eq!(pace.wake(start, ms(10)).within, Some(ms(10)), "nothing to be done before");
        assert!(pace.wake(start + WINDOW, ms(0)).by_programs);
    }
}
