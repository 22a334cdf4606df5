//! The work still to be done, shared by the threads of a scan. The last put in is the first taken out, so that
//! an archive's members are done before the next archive is opened and little is held in memory.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

pub(crate) struct Queue<T> {
    state: Mutex<State<T>>,
    wake: Condvar,
}

struct State<T> {
    waiting: Vec<T>,
    /// Threads that are working and may put in more.
    busy: usize,
    /// Threads that wait for something to do. To wake nobody costs as much as to wake one.
    idle: usize,
}

impl<T> Queue<T> {
    pub(crate) fn new(first: T) -> Self {
        let state = State { waiting: vec![first], busy: 0, idle: 0 };
        Self { state: Mutex::new(state), wake: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        // Nothing can panic while the lock is held, so a poisoned state is a good one.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn push(&self, task: T) {
        self.push_all([task]);
    }

    /// Puts in several at once: whoever is idle takes the last of them.
    pub(crate) fn push_all(&self, tasks: impl IntoIterator<Item = T>) {
        let mut state = self.lock();
        let before = state.waiting.len();
        state.waiting.extend(tasks);
        let wanted = state.idle.min(state.waiting.len() - before);
        drop(state);
        for _ in 0..wanted {
            self.wake.notify_one();
        }
    }

    /// Hands tasks to `work` until none is left and no thread can add one.
    pub(crate) fn drain(&self, mut work: impl FnMut(T)) {
        let mut state = self.lock();
        loop {
            if let Some(task) = state.waiting.pop() {
                state.busy += 1;
                drop(state);
                work(task);
                state = self.lock();
                state.busy -= 1;
            } else if state.busy == 0 {
                self.wake.notify_all();
                return;
            } else {
                state.idle += 1;
                state = self.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
                state.idle -= 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};

    #[test]
    fn everything_is_done_once_by_however_many() {
        for threads in 1..4 {
            let queue = Queue::new(12_u64);
            let done = AtomicU64::new(0);
            std::thread::scope(|scope| {
                for _ in 0..threads {
                    scope.spawn(|| {
                        queue.drain(|task| {
                            done.fetch_add(1, Ordering::Relaxed);
                            if task > 0 {
                                queue.push(task - 1);
                                queue.push(task - 1);
                            }
                        });
                    });
                }
            });
            assert_eq!(done.into_inner(), (1 << 13) - 1);
        }
    }
}
