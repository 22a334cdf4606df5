//! Progress on standard error: one line that is written over, only on a terminal. Nothing of it stays.

use std::io::{IsTerminal as _, Write as _, stderr};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// How often the line is written at most.
const PERIOD: Duration = Duration::from_millis(200);

/// The line.
pub(crate) struct Line {
    shown: bool,
    start: Instant,
    last: Option<Instant>,
}

impl Line {
    pub(crate) fn new(quiet: bool) -> Self {
        Self { shown: !quiet && stderr().is_terminal(), start: Instant::now(), last: None }
    }

    /// Writes what is going on, unless it was written just now. `text` is told how long it has gone on.
    pub(crate) fn show(&mut self, text: impl FnOnce(Duration) -> String) {
        if !self.shown || self.last.is_some_and(|last| last.elapsed() < PERIOD) {
            return;
        }
        self.last = Some(Instant::now());
        let elapsed = self.start.elapsed();
        let text = text(elapsed);
        let _ = stderr().write_all(format!("\r\x1b[K{text}, {} s", elapsed.as_secs()).as_bytes());
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if self.last.is_some() {
            let _ = stderr().write_all(b"\r\x1b[K");
        }
    }
}

/// Does `work` and meanwhile shows what `text` says, which is told how long it has gone on.
pub(crate) fn beside<T>(
    quiet: bool,
    text: impl Fn(Duration) -> String + Send,
    work: impl FnOnce() -> T,
) -> T {
    let mut line = Line::new(quiet);
    if !line.shown {
        return work();
    }
    let (done, wait) = channel::<()>();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            while wait.recv_timeout(PERIOD) == Err(RecvTimeoutError::Timeout) {
                line.show(&text);
            }
        });
        let result = work();
        drop(done);
        result
    })
}
