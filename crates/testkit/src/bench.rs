//! Figures of benchmarks beside their bars.
//!
//! A benchmark prints each figure as it comes. Where [`FILE`] names a file, it is also appended there for
//! the one table of `make bench`: area, figure, value, unit, bar (`<= 4`, `>= 25000` or nothing) and a note,
//! between tabs.

use crate::postgres;
use rustix::time::{ClockId, clock_gettime};
use std::io::Write;
use std::time::{Duration, Instant};

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
    fn is_met(self, value: f64) -> bool {
        match self {
            Self::AtMost(bar) => value <= bar,
            Self::AtLeast(bar) => value >= bar,
            Self::None => true,
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
    /// CPU time of the PostgreSQL this process started.
    pub server: Duration,
    /// Time on the wall, for what it is worth on a busy machine.
    pub wall: Duration,
}

impl Spent {
    fn now(since: Instant) -> Self {
        let time = clock_gettime(ClockId::ProcessCPUTime);
        let cpu = Duration::new(
            time.tv_sec.unsigned_abs(),
            u32::try_from(time.tv_nsec).unwrap_or_default(),
        );
        Self { cpu, server: postgres::cpu(), wall: since.elapsed() }
    }

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

/// What `work` costs.
pub async fn spent(work: impl AsyncFnOnce()) -> Spent {
    let began = Instant::now();
    let before = Spent::now(began);
    work().await;
    let after = Spent::now(began);
    Spent {
        cpu: after.cpu - before.cpu,
        server: after.server.saturating_sub(before.server),
        wall: after.wall - before.wall,
    }
}

/// What `work` costs at best: others use this machine, too.
pub async fn best_of(runs: u32, mut work: impl AsyncFnMut()) -> Spent {
    let mut best: Option<Spent> = None;
    for _ in 0..runs {
        let run = spent(&mut work).await;
        if best.is_none_or(|best| run.total() < best.total()) {
            best = Some(run);
        }
    }
    best.unwrap_or_default()
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
        let of_one = |time: Duration| time.as_secs_f64() * 1e3 / f64::from(number(n.max(1)));
        let mut note = format!("{:.3} ms on the wall", of_one(spent.wall));
        if spent.server > Duration::ZERO {
            let (client, server) = (of_one(spent.cpu), of_one(spent.server));
            note = format!("client {client:.3}, server {server:.3}; {note}");
        }
        self.plain(name, of_one(spent.total()), "ms CPU", bar, &note);
    }

    /// Any figure.
    #[expect(clippy::print_stdout, reason = "a benchmark is for people")]
    pub fn plain(&self, name: &str, value: f64, unit: &str, bar: Bar, note: &str) {
        let met = if bar.is_met(value) { "" } else { " MISSED" };
        println!("  {name:<52} {value:>12.3} {unit:<8} {:<10}{met:<7} {note}", bar.text());
        if let Some(path) = std::env::var_os(FILE) {
            let line =
                format!("{}\t{name}\t{value:.3}\t{unit}\t{}\t{note}\n", self.area, bar.text());
            let file = std::fs::OpenOptions::new().create(true).append(true).open(path);
            let written = file.and_then(|mut file| file.write_all(line.as_bytes()));
            written.expect("the file of figures to be written");
        }
    }
}

/// A number of things as a divisor.
fn number(n: usize) -> u32 {
    u32::try_from(n).expect("fewer than four thousand million")
}
