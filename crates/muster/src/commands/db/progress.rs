//! Progress of an update on standard error: one line that is written over, only on a terminal.

use std::io::{IsTerminal as _, Write as _, stderr};
use std::time::{Duration, Instant};

/// How often the line is written at most.
const PERIOD: Duration = Duration::from_millis(200);

/// The line.
pub(super) struct Line {
    shown: bool,
    start: Instant,
    last: Option<Instant>,
}

impl Line {
    pub(super) fn new(quiet: bool) -> Self {
        Self { shown: !quiet && stderr().is_terminal(), start: Instant::now(), last: None }
    }

    /// Writes what is going on, unless it was written just now.
    pub(super) fn show(&mut self, text: impl FnOnce() -> String) {
        if !self.shown || self.last.is_some_and(|last| last.elapsed() < PERIOD) {
            return;
        }
        self.last = Some(Instant::now());
        let seconds = self.start.elapsed().as_secs();
        let _ = stderr().write_all(format!("\r\x1b[K{}, {seconds} s", text()).as_bytes());
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if self.shown {
            // Nothing of it stays.
            let _ = stderr().write_all(b"\r\x1b[K");
        }
    }
}
