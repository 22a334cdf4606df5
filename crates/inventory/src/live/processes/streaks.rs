//! Processes that start the same program over and over, as loops of scripts do.
//!
//! To look at a program takes the kernel some 30 us more when it ends, and of a hundred that are alike each after the first tells
//! nothing. Which program it is cannot be known without a look, but who starts it can.

use crate::live::programs::Key;
use std::collections::HashMap;

/// So many in a row that were known already make a streak.
const ALIKE: u32 = 64;
/// Of a streak one in so many is looked at: whether it is one still.
const ONE_IN: u32 = 16;
/// Processes remembered at a time.
const MOST: usize = 1_024;

/// By the number of the process that starts them.
#[derive(Debug, Default)]
pub(super) struct Streaks(HashMap<u32, Streak>);

#[derive(Debug)]
struct Streak {
    program: Key,
    alike: u32,
    passed_over: u32,
}

impl Streaks {
    /// Whether the next program this process starts may be passed over.
    pub(super) fn passes_over(&mut self, parent: u32) -> bool {
        let Some(streak) = self.0.get_mut(&parent).filter(|it| it.alike >= ALIKE) else {
            return false;
        };
        streak.passed_over = (streak.passed_over + 1) % ONE_IN;
        streak.passed_over != 0
    }

    /// It started this program, which was known.
    pub(super) fn known(&mut self, parent: u32, program: Key) {
        if self.0.len() >= MOST {
            self.0.clear();
        }
        let streak = self.0.entry(parent).or_insert(Streak { program, alike: 0, passed_over: 0 });
        if streak.program == program {
            streak.alike = streak.alike.saturating_add(1);
        } else {
            *streak = Streak { program, alike: 1, passed_over: 0 };
        }
    }

    /// It started one that was not, or it has ended itself.
    pub(super) fn end(&mut self, parent: u32) {
        self.0.remove(&parent);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn program(inode: u64) -> Key {
        Key { exe: (1, inode), mntns: 1, uid: 0 }
    }

    #[test]
    fn of_a_long_streak_one_in_some_is_looked_at_until_it_ends() {
        let mut streaks = Streaks::default();
        for _ in 0..ALIKE {
            assert!(!streaks.passes_over(7));
            streaks.known(7, program(1));
        }
        let looked_at = (0..10 * ONE_IN).filter(|_| !streaks.passes_over(7)).count();
        assert_eq!(looked_at, 10);
        assert!(!streaks.passes_over(8), "another process's");
        streaks.known(7, program(2));
        assert!(!streaks.passes_over(7), "another program");
        for _ in 0..ALIKE {
            streaks.known(7, program(2));
        }
        assert!(streaks.passes_over(7));
        streaks.end(7);
        assert!(!streaks.passes_over(7));
    }
}
