//! What it costs a loop that starts processes to be watched: `cargo bench -p muster-inventory --bench watch`.
//!
//! The watch runs in a process of its own, and with it, as in the agent, the sweeps it asks for. The loop is counted in CPU
//! time, its own and its children's, in many short pairs without and with the watch, because others use this machine, too.
//! Needs root's rights; `-- PAIRS` asks for another number of pairs.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a program for people, run by hand, that starts what is to be seen"
)]

use muster_figures::{Bar, Figures};
use muster_inventory::live::Options;
use muster_inventory::{Inventory, Options as Sweeps};
use muster_model::Kind;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;

/// Starts of a process in one half of a pair.
const STARTS: usize = 2_000;
const PAIRS: usize = 20;
/// Clock ticks a second in what the kernel tells of processes.
const USER_HZ: f64 = 100.0;

fn main() {
    let args: Vec<String> = std::env::args().collect();
    if let Some(what) = args.iter().find_map(|arg| arg.strip_prefix("watch=")) {
        return watch(what == "sweeps");
    }
    let pairs = args.iter().find_map(|arg| arg.parse().ok()).unwrap_or(PAIRS);
    let figures = Figures::of("the watch beside a loop of process starts");
    for (what, bar) in [("events", Bar::None), ("sweeps", Bar::AtMost(3.0))] {
        let (mut alone, mut beside, mut own) = (Vec::new(), Vec::new(), Duration::ZERO);
        let mut ratios = Vec::new();
        let mut troubles = String::new();
        for _ in 0..pairs {
            let without = starts();
            let watch = Watch::start(what);
            let before = watch.cpu();
            let with = starts();
            own += watch.cpu() - before;
            troubles = watch.end();
            ratios.push(with / without);
            alone.push(without);
            beside.push(with);
        }
        let each = 1e6 / STARTS as f64;
        let (alone, beside) = (median(&mut alone) * each, median(&mut beside) * each);
        let own = own.as_secs_f64() / pairs as f64 * each;
        let note = format!("median of {pairs} pairs");
        let row = |name: &str, value, unit, bar| {
            figures.plain(&format!("{what}: {name}"), value, unit, bar, &note);
        };
        row("a start, alone", alone, "us CPU", Bar::None);
        row("a start, watched", beside, "us CPU", Bar::None);
        row("overhead", (median(&mut ratios) - 1.0) * 100.0, "%", bar);
        row("the watch itself, a start", own, "us CPU", Bar::None);
        println!("{troubles}");
    }
}

/// The watch, until its standard input ends: with nobody who sweeps, or with the sweeps it asks for.
fn watch(sweeps: bool) {
    let mut inventory = Inventory::new(Sweeps::default()).unwrap();
    inventory.sweep(&Kind::ALL);
    let (wake, woken) = channel();
    let waker = Box::new(move || {
        let _ = wake.send(());
    });
    inventory.watch(&Options::default(), waker);
    println!("ready");
    let (end, ended) = channel();
    std::thread::spawn(move || {
        let _ = std::io::stdin().read_line(&mut String::new());
        let _ = end.send(());
    });
    let mut troubles = Vec::new();
    while ended.try_recv().is_err() {
        if woken.recv_timeout(Duration::from_millis(50)).is_err() {
            continue;
        }
        while woken.try_recv().is_ok() {}
        let dirt = inventory.dirt();
        troubles = dirt.diagnostics;
        if sweeps {
            inventory.sweep_quickly(&dirt.kinds.into_iter().collect::<Vec<_>>());
            inventory.told();
        }
    }
    for trouble in troubles {
        println!("{}: {}", trouble.code, trouble.message);
    }
}

struct Watch {
    child: Child,
    said: BufReader<ChildStdout>,
    stdin: ChildStdin,
}

impl Watch {
    fn start(what: &str) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.arg(format!("watch={what}")).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        said.read_line(&mut String::new()).unwrap();
        // What was left to be swept at the start.
        std::thread::sleep(Duration::from_millis(1_500));
        let stdin = child.stdin.take().unwrap();
        Self { child, said, stdin }
    }

    fn cpu(&self) -> Duration {
        ticks(&self.child.id().to_string(), &[14, 15])
    }

    /// Ends it; what troubled it.
    fn end(mut self) -> String {
        self.stdin.write_all(b"\n").unwrap();
        let told: Vec<String> = self.said.lines().map(Result::unwrap).collect();
        self.child.wait().unwrap();
        told.join("; ")
    }
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn starts() -> f64 {
    let cpu = || ticks("self", &[14, 15, 16, 17]);
    let before = cpu();
    for _ in 0..STARTS {
        let mut child = Command::new("/bin/true");
        assert!(child.stdin(Stdio::null()).status().unwrap().success());
    }
    (cpu() - before).as_secs_f64()
}

/// Fields of `/proc/PID/stat` (proc_pid_stat(5)), counted as the manual does.
fn ticks(pid: &str, fields: &[usize]) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let rest: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    let sum: f64 = fields.iter().map(|field| rest[field - 3].parse::<f64>().unwrap()).sum();
    Duration::from_secs_f64(sum / USER_HZ)
}
