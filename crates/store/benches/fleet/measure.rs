//! Measures and prints.

use rustix::time::{ClockId, clock_gettime};
use std::time::{Duration, Instant};

fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.cast_unsigned(), u32::try_from(time.tv_nsec).unwrap())
}

/// Begins to measure.
pub(crate) struct Meter {
    wall: Instant,
    cpu: Duration,
}

/// One line of the answer.
pub(crate) struct Figure {
    name: String,
    unit: &'static str,
    value: f64,
    wall: Option<f64>,
    bar: Option<f64>,
}

impl Meter {
    pub(crate) fn start() -> Self {
        Self { wall: Instant::now(), cpu: cpu() }
    }

    /// CPU milliseconds for each of `n`.
    pub(crate) fn stop(self, name: &str, n: usize, bar: Option<f64>) -> Figure {
        let n = f64::from(u32::try_from(n.max(1)).unwrap());
        Figure {
            name: name.to_owned(),
            unit: "ms CPU",
            value: (cpu() - self.cpu).as_secs_f64() * 1e3 / n,
            wall: Some(self.wall.elapsed().as_secs_f64() * 1e3 / n),
            bar,
        }
    }
}

impl Figure {
    pub(crate) fn plain(name: &str, unit: &'static str, value: f64, bar: f64) -> Self {
        Self { name: name.to_owned(), unit, value, wall: None, bar: Some(bar) }
    }

    pub(crate) fn print(&self) {
        let wall = self.wall.map(|wall| format!("{wall:.3}")).unwrap_or_default();
        let (bar, miss) = match self.bar {
            Some(bar) => (format!("{bar}"), if self.value > bar { " MISSED" } else { "" }),
            None => (String::new(), ""),
        };
        println!(
            "{:<44} {:>10.3} {:<7} {wall:>10} {bar:>8}{miss}",
            self.name, self.value, self.unit
        );
    }
}

pub(crate) fn header() {
    println!("{:<44} {:>10} {:<7} {:>10} {:>8}", "", "value", "unit", "wall ms", "bar");
}

/// The best of seven runs: others use this machine, too. With PostgreSQL, whose server's time this process
/// does not see, look at the wall time.
pub(crate) async fn best(name: &str, bar: f64, mut work: impl AsyncFnMut()) {
    let mut best: Option<Figure> = None;
    for _ in 0..7 {
        let meter = Meter::start();
        work().await;
        let figure = meter.stop(name, 1, Some(bar));
        if best.as_ref().is_none_or(|best| figure.value < best.value) {
            best = Some(figure);
        }
    }
    if let Some(best) = best {
        best.print();
    }
}
