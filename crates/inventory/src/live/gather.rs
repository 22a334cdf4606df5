//! When to tell what has gathered: soon after the first of it, and not too often.

use std::time::{Duration, Instant};

/// How long news gather before they are told.
pub(super) const SOON: Duration = Duration::from_millis(200);
/// Time between two tellings under a storm of news.
pub(super) const PAUSE: Duration = Duration::from_secs(1);

/// The same where something is to be told that nobody should wait for: a container's start, mostly.
pub(super) const HURRY: Duration = Duration::from_millis(400);

/// Time is a parameter.
#[derive(Debug, Default)]
pub(super) struct Gather {
    due: Option<Instant>,
    last: Option<Instant>,
}

impl Gather {
    /// There is something to tell, unless that is known already.
    pub(super) fn begin(&mut self, now: Instant) {
        let soon = now + SOON;
        self.due = self.due.or_else(|| Some(self.last.map_or(soon, |last| soon.max(last + PAUSE))));
    }

    /// There is something to tell that does not wait for its turn under a storm.
    pub(super) fn hurry(&mut self, now: Instant) {
        let soon = now + SOON;
        let soon = self.last.map_or(soon, |last| soon.max(last + HURRY));
        self.due = Some(self.due.map_or(soon, |due| due.min(soon)));
    }

    /// How long until it is time; none: there is nothing to tell.
    pub(super) fn wait(&self, now: Instant) -> Option<Duration> {
        self.due.map(|due| due.saturating_duration_since(now))
    }

    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.due.is_some_and(|due| due <= now)
    }

    /// It was told.
    pub(super) fn done(&mut self, now: Instant) {
        *self = Self { due: None, last: Some(now) };
    }

    /// It may turn out to be nothing: to be looked at again after this time, or not at all.
    pub(super) fn put_off(&mut self, until: Option<Instant>) {
        self.due = until;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn news_come_once_a_second_and_what_is_in_a_hurry_sooner() {
        let start = Instant::now();
        let mut gather = Gather::default();
        gather.begin(start);
        assert_eq!(gather.wait(start), Some(SOON));
        gather.done(start);
        gather.begin(start);
        assert_eq!(gather.wait(start), Some(PAUSE));
        gather.hurry(start);
        assert_eq!(gather.wait(start), Some(HURRY));
        gather.hurry(start + PAUSE);
        assert_eq!(gather.wait(start), Some(HURRY), "no later than it was");
    }
}
