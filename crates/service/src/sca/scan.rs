//! The engine's work on one artifact: what the process does that has it to itself.

use muster_model::{Clock, Error, Result, SystemClock};
use muster_sca::output::{Document, json};
use muster_sca::{Budget, Input, Limits, Options};
use std::io::{BufWriter, Write};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

pub use muster_sca::classes::open as open_index;
pub use muster_sca::{Blob, ClassIndex};

/// How often progress is told.
const PERIOD: Duration = Duration::from_millis(500);

/// What one analysis may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Time, seconds.
    pub timeout_secs: u64,
    /// Memory, MiB.
    pub memory_mb: u64,
    /// Threads.
    pub threads: usize,
}

impl Bounds {
    fn limits(self) -> Limits {
        Limits {
            // The other half is for what extractors make of the members, and for the report.
            memory: (self.memory_mb << 20) / 2,
            time: Duration::from_secs(self.timeout_secs),
            ..Limits::default()
        }
    }
}

/// Takes the artifact apart and writes the report. With an `index` it also says which artifacts lie inside by their classes.
/// `progress` is told the percentage twice a second.
///
/// # Errors
/// `Internal` if the report cannot be written.
pub fn scan(
    artifact: &Blob,
    name: &str,
    bounds: Bounds,
    index: Option<ClassIndex>,
    progress: &(dyn Fn(u8) + Sync),
    out: &mut dyn Write,
) -> Result<()> {
    let budget = Budget::new(bounds.limits(), Instant::now());
    let threads = bounds.threads.clamp(1, 64);
    let options = Options { threads, files: true, index, ..Options::default() };
    let (done, wait) = channel::<()>();
    let report = std::thread::scope(|scope| {
        let budget = &budget;
        scope.spawn(move || {
            while wait.recv_timeout(PERIOD) == Err(RecvTimeoutError::Timeout) {
                progress(budget.percent());
            }
        });
        let report = muster_sca::scan(Input::Mapped(name, artifact), &options, budget);
        drop(done);
        report
    });
    let document =
        Document { name, tool_version: env!("CARGO_PKG_VERSION"), created: SystemClock.now() };
    let mut out = BufWriter::new(out);
    let written = json::write(&report, &document, &mut out).and_then(|()| out.flush());
    written.map_err(Error::internal)
}
