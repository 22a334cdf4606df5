//! How much of the machine the process may take.

use rustix::process::{Resource, Rlimit, setrlimit};

/// Address space beyond what the process may write to: the program itself, stacks, what is reserved and never used.
const SPARE: u64 = 8 << 30;
/// Files it may have open: its three, and a few of the runtime's.
const FILES: u64 = 32;

/// The share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// Memory it may write to, bytes.
    pub memory: u64,
    /// Bytes it maps to read only: the artifact.
    pub mapped: u64,
    /// Processor time, all threads together, seconds.
    pub cpu_secs: u64,
}

impl Share {
    pub(crate) fn take(self) -> Result<(), String> {
        let space = self.memory.saturating_add(self.mapped).saturating_add(SPARE);
        for (resource, most) in [
            (Resource::Data, self.memory),
            (Resource::As, space),
            (Resource::Cpu, self.cpu_secs.max(1)),
            (Resource::Fsize, 0),
            (Resource::Nofile, FILES),
            (Resource::Core, 0),
        ] {
            let limit = Rlimit { current: Some(most), maximum: Some(most) };
            setrlimit(resource, limit).map_err(|error| format!("{resource:?}: {error}"))?;
        }
        Ok(())
    }
}
