//! What the watch found, which goes before what is due.

use muster_model::Kind;
use std::collections::BTreeSet;

/// The kinds to be swept and told before all others.
#[derive(Debug, Default)]
pub(super) struct Urgent {
    kinds: BTreeSet<Kind>,
    /// Some were swept and what is new is yet to be told.
    swept: bool,
    /// The last sweep was of them, while others waited.
    had_its_turn: bool,
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

    /// Of the pending kinds those that come first, and the others. Under a storm the others have every second turn.
    pub(super) fn part(&self, pending: &BTreeSet<Kind>) -> (Vec<Kind>, Vec<Kind>) {
        let (urgent, others): (Vec<Kind>, Vec<Kind>) =
            pending.iter().partition(|kind| self.holds(**kind));
        if self.had_its_turn && !others.is_empty() {
            (Vec::new(), others)
        } else {
            (urgent, others)
        }
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
