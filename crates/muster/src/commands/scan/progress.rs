//! Progress of a scan on standard error: one line that is written over, only on a terminal.

use muster_sca::Budget;
use std::io::{IsTerminal, Write, stderr};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// How often the line is written.
const PERIOD: Duration = Duration::from_millis(250);

/// Does `work` and shows how far `budget` says it got.
pub(crate) fn show<T>(budget: &Budget, quiet: bool, work: impl FnOnce() -> T) -> T {
    if quiet || !stderr().is_terminal() {
        return work();
    }
    let (done, wait) = channel::<()>();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let start = Instant::now();
            while wait.recv_timeout(PERIOD) == Err(RecvTimeoutError::Timeout) {
                line(budget, start.elapsed());
            }
            // Nothing of it stays.
            let _ = stderr().write_all(b"\r\x1b[K");
        });
        let result = work();
        drop(done);
        result
    })
}

fn line(budget: &Budget, elapsed: Duration) {
    let megabytes = budget.bytes() >> 20;
    let rate = megabytes * 1_000 / u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX).max(1);
    let (files, archives) = (budget.members(), budget.archives());
    let seconds = elapsed.as_secs();
    let text = format!(
        "\r\x1b[K{files} files, {archives} archives, {megabytes} MiB, {rate} MiB/s, {seconds} s"
    );
    let _ = stderr().write_all(text.as_bytes());
}
