//! What the agent itself has cost.

use muster_model::report::Cost;
use rustix::time::{ClockId, clock_gettime};
use std::time::Duration;

/// Whose CPU time counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meter {
    /// The whole process: the agent alone in it.
    Process,
    /// The calling thread: the agent beside a server in one process.
    Thread,
}

impl Meter {
    /// CPU time used so far.
    pub fn cpu(self) -> Duration {
        let clock = match self {
            Self::Process => ClockId::ProcessCPUTime,
            Self::Thread => ClockId::ThreadCPUTime,
        };
        let time = clock_gettime(clock);
        let secs = u64::try_from(time.tv_sec).unwrap_or(0);
        Duration::new(secs, u32::try_from(time.tv_nsec).unwrap_or(0))
    }

    /// `cpu` and the memory held now (0 where it cannot be told apart), as the report has it.
    pub fn cost(self, cpu: Duration) -> Cost {
        let rss_bytes = if self == Self::Process { resident_bytes() } else { 0 };
        Cost { cpu_us: u64::try_from(cpu.as_micros()).unwrap_or(u64::MAX), rss_bytes }
    }
}

/// `VmRSS` of `/proc/self/status`, in kB there (proc(5)).
fn resident_bytes() -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    kib.unwrap_or(0).saturating_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_costs_time_and_memory() {
        for meter in [Meter::Process, Meter::Thread] {
            let before = meter.cpu();
            let mut sum = 0u64;
            while meter.cpu() <= before {
                sum = std::hint::black_box(sum.wrapping_add(1));
            }
            assert_eq!(meter.cost(Duration::ZERO).rss_bytes > 0, meter == Meter::Process);
        }
    }
}
