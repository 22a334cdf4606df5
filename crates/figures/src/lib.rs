//! Figures of benchmarks beside their bars.
//!
//! A benchmark prints each figure as it comes. Where [`FILE`] names a file, it is also appended there for
//! the one table of `make bench`: area, figure, value, unit, bar (`<= 4`, `>= 25000` or nothing), whether it
//! is met (`met`, `MISSED` or nothing) and a note, between tabs.

#![expect(
    clippy::expect_used,
    reason = "only benchmarks use this: they stop where they cannot go on"
)]

use rustix::time::{ClockId, clock_gettime};
use std::io::Write;
use std::time::Duration;

/// The one the binary has (ADR 18): memory is measured as it is used there.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The environment variable.
pub const FILE: &str = "MUSTER_BENCH_FIGURES";

/// What a figure must be.
#[derive(Clone, Copy, Debug)]
pub enum Bar {
    /// At most.
    AtMost(f64),
    /// At least.
    AtLeast(f64),
    /// Only to be known.
    None,
}

impl Bar {
    fn verdict(self, value: f64) -> &'static str {
        match self {
            Self::AtMost(bar) if value > bar => "MISSED",
            Self::AtLeast(bar) if value < bar => "MISSED",
            Self::None => "",
            Self::AtMost(_) | Self::AtLeast(_) => "met",
        }
    }

    fn text(self) -> String {
        match self {
            Self::AtMost(bar) => format!("<= {bar}"),
            Self::AtLeast(bar) => format!(">= {bar}"),
            Self::None => String::new(),
        }
    }
}

/// Time that went by.
#[derive(Clone, Copy, Debug, Default)]
pub struct Spent {
    /// CPU time of this process.
    pub cpu: Duration,
    /// CPU time of a server this process started, where there is one.
    pub server: Duration,
    /// Time on the wall, for what it is worth on a busy machine.
    pub wall: Duration,
}

impl Spent {
    /// CPU time of both.
    pub fn total(&self) -> Duration {
        self.cpu + self.server
    }

    /// Adds another piece of work.
    pub fn add(&mut self, other: Self) {
        self.cpu += other.cpu;
        self.server += other.server;
        self.wall += other.wall;
    }
}

/// CPU time of this process so far, user and system together.
pub fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or_default())
}

/// A line of `/proc/self/status` that tells memory (proc(5)), `VmRSS` or `VmHWM`, in MB of a million bytes.
pub fn memory(line: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let found = status.lines().find_map(|text| text.strip_prefix(line)?.strip_prefix(':'));
    let kib: Option<f64> = found.and_then(|text| text.trim().trim_end_matches(" kB").parse().ok());
    kib.unwrap_or(f64::NAN) * 1024.0 / 1e6
}

/// The figures of one area.
pub struct Figures {
    area: String,
}

impl Figures {
    /// Begins an area.
    #[expect(clippy::print_stdout, reason = "a benchmark is for people")]
    pub fn of(area: &str) -> Self {
        println!("{area}");
        Self { area: area.to_owned() }
    }

    /// CPU milliseconds for each of `n`.
    pub fn cpu(&self, name: &str, spent: Spent, n: usize, bar: Bar) {
        let of_one = |time: Duration| time.as_secs_f64() * 1e3 / number(n);
        let mut note = format!("{:.3} ms on the wall", of_one(spent.wall));
        if spent.server > Duration::ZERO {
            let (client, server) = (of_one(spent.cpu), of_one(spent.server));
            note = format!("client {client:.3}, server {server:.3}; {note}");
        }
        self.plain(name, of_one(spent.total()), "ms CPU", bar, &note);
    }

    /// How many of `n` a second of CPU does.
    pub fn rate(&self, name: &str, cpu: Duration, n: usize, bar: Bar) {
        let note = format!("{:.2} us CPU", cpu.as_secs_f64() * 1e6 / number(n));
        self.plain(name, number(n) / cpu.as_secs_f64(), "/s core", bar, &note);
    }

    /// Any figure.
    #[expect(clippy::print_stdout, reason = "a benchmark is for people")]
    pub fn plain(&self, name: &str, value: f64, unit: &str, bar: Bar, note: &str) {
        let (text, verdict) = (bar.text(), bar.verdict(value));
        println!("  {name:<52} {value:>12.3} {unit:<8} {text:<10} {verdict:<7} {note}");
        if let Some(path) = std::env::var_os(FILE) {
            let line =
                format!("{}\t{name}\t{value:.3}\t{unit}\t{text}\t{verdict}\t{note}\n", self.area);
            let file = std::fs::OpenOptions::new().create(true).append(true).open(path);
            let written = file.and_then(|mut file| file.write_all(line.as_bytes()));
            written.expect("the file of figures to be written");
        }
    }
}

/// A number of things as a divisor.
fn number(n: usize) -> f64 {
    f64::from(u32::try_from(n.max(1)).expect("fewer than four thousand million"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_met_at_its_own_value() {
        assert_eq!(Bar::AtMost(4.0).verdict(4.0), "met");
        assert_eq!(Bar::AtMost(4.0).verdict(4.1), "MISSED");
        assert_eq!(Bar::AtLeast(4.0).verdict(4.0), "met");
        assert_eq!(Bar::AtLeast(4.0).verdict(3.9), "MISSED");
        assert_eq!(Bar::None.verdict(1e9), "");
    }

    #[test]
    fn memory_of_this_process_is_read() {
        assert!(memory("VmRSS") > 0.5);
        assert!(memory("VmNothing").is_nan());
    }
}
