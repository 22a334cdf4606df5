//! Memory that password checks hand on to each other while there are several, and give back when there is none.

use muster_vault::password::Memory;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// The memory nobody uses at the moment.
#[derive(Default)]
pub(crate) struct Spare {
    waiting: AtomicUsize,
    free: Mutex<Vec<Memory>>,
}

impl Spare {
    /// One more waits for its turn.
    pub(super) fn wait(&self) -> Waiting<'_> {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        Waiting(self)
    }

    fn free(&self) -> std::sync::MutexGuard<'_, Vec<Memory>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One that waits or has its turn.
pub(super) struct Waiting<'a>(&'a Spare);

impl Waiting<'_> {
    /// What another one left, or new memory.
    pub(super) fn take(&self) -> Memory {
        self.0.free().pop().unwrap_or_default()
    }

    /// Leaves the memory to the next one.
    pub(super) fn done(self, memory: Memory) {
        self.0.free().push(memory);
    }
}

impl Drop for Waiting<'_> {
    /// The last one takes all of it away: a server at rest does not keep it.
    fn drop(&mut self) {
        if self.0.waiting.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.0.free().clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_handed_on_while_somebody_waits_and_then_given_back() {
        let spare = Spare::default();
        let (one, other) = (spare.wait(), spare.wait());
        let memory = one.take();
        one.done(memory);
        assert_eq!(spare.free().len(), 1);
        let memory = other.take();
        assert!(spare.free().is_empty());
        other.done(memory);
        assert!(spare.free().is_empty(), "nobody waits");
        // One who gives up leaves nothing behind, either.
        let (one, other) = (spare.wait(), spare.wait());
        one.done(Memory::default());
        drop(other);
        assert!(spare.free().is_empty());
    }
}
