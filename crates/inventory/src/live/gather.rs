//! When to tell what has gathered: soon after the first of it, and not too often.

use std::time::{Duration, Instant};

/// How long news gather before they are told.
pub(super) const SOON: Duration = Duration::from_millis(200);
/// Time between two tellings under a storm of news.
pub(super) const PAUSE: Duration = Duration::from_secs(1);

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
