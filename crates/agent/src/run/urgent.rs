//! What the watch found, which goes before what is due.

use muster_model::Kind;
use std::collections::BTreeSet;
use std::time::Duration;

/// How long what is due by its period is held back by what is urgent before it may overdraw the budget, too.
const PATIENCE: Duration = Duration::from_secs(60);

/// The kinds to be swept and told before all others.
#[derive(Debug, Default)]
pub(super) struct Urgent {
    kinds: BTreeSet<Kind>,
    /// Some were swept and what is new is yet to be told.
    swept: bool,
    /// The last sweep was of them, while others waited.
    had_its_turn: bool,
    /// Since when there are others that wait.
    waiting: Option<Duration>,
}

impl Urgent {
    pub(super) fn add(&mut self, kinds: impl IntoIterator<Item = Kind>) {
        self.kinds.extend(kinds);
    }

    pub(super) const fn kinds(&self) -> &BTreeSet<Kind> {
        &self.kinds
    }

    pub(super) fn holds(&self, kind: Kind) -> bool {
        self.kinds.contains(&kind)
    }

    /// Of the pending kinds those that come first, and the others.
    pub(super) fn part(&self, pending: &BTreeSet<Kind>) -> (Vec<Kind>, Vec<Kind>) {
        pending.iter().partition(|kind| self.holds(**kind))
    }

    /// Whether the others are next: under a storm they have every second turn, as far as the budget has it for them.
    pub(super) const fn had_its_turn(&self) -> bool {
        self.had_its_turn
    }

    /// Whether the others, if there are `any`, have waited too long.
    pub(super) fn keeps_waiting(&mut self, any: bool, now: Duration) -> bool {
        self.waiting = self.waiting.filter(|_| any).or_else(|| any.then_some(now));
        self.waiting.is_some_and(|since| now.saturating_sub(since) >= PATIENCE)
    }

    /// These were swept; `others`: there are kinds that still wait.
    pub(super) fn swept(&mut self, kinds: &[Kind], others: bool) {
        let before = self.kinds.len();
        self.kinds.retain(|kind| !kinds.contains(kind));
        let any = self.kinds.len() < before;
        self.swept |= any;
        self.had_its_turn = any && others;
    }

    /// Whether what is new is to be told at once; asked once.
    pub(super) fn take_swept(&mut self) -> bool {
        std::mem::take(&mut self.swept)
    }
}
