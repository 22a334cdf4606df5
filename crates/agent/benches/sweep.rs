//! What a sweep costs: `cargo bench -p muster-agent --bench sweep`.
//!
//! The program is its own load: it starts 1,000 copies of itself with 200 listeners and 4,000 connections
//! among them, and sweeps beside them. Where it may (as root, on Linux with `unshare` and `ip`) it does so in
//! namespaces of its own, because whatever else comes and goes on a machine makes a sweep a changed one.
//! Times are CPU of this process, user and system together.
//! `-- load [PROCESSES] [LISTENERS] [CONNECTIONS]` only makes the load, for other tools to be measured on.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a program for people, run by hand")]
#![expect(clippy::disallowed_methods, reason = "starts the processes that are to be found")]

#[path = "sweep/load.rs"]
mod load;

use load::Size;
use muster_agent::config::Config;
use muster_agent::cost::Meter;
use muster_agent::run::{Agent, Parts};
use muster_agent::state::StateDir;
use muster_agent::transport::Transport;
use muster_figures::{Bar, Figures, memory};
use muster_inventory::{Inventory, Options, Swept};
use muster_model::report::{EnrolReply, EnrolRequest, Reply, Report};
use muster_model::time::ManualClock;
use muster_model::{Clock, Error, Kind, Micros, Result, SystemClock};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

/// Whole rounds of what is looked at only every sixteenth sweep.
const SWEEPS: usize = 32;
const AREA: &str = "sweep of a host: 1,000 processes, 200 listeners, 4,000 connections";

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if let Some(done) = load::part(&args) {
        return done.unwrap();
    }
    if args.first().is_some_and(|arg| arg == "agent") {
        return agent();
    }
    let first = args.first().map_or("", String::as_str);
    if first != "alone" && first != "load" && alone(&args) {
        return;
    }
    let mut sizes = args.iter().filter_map(|arg| arg.parse().ok());
    let mut size = |usual| sizes.next().unwrap_or(usual);
    let size = Size { processes: size(1000), listeners: size(200), connections: size(4000) };
    let load = load::begin(size).unwrap();
    if first == "load" {
        println!("ready");
        load::until_the_end().unwrap();
    } else {
        sweeps(&Figures::of(AREA));
        // In a process of its own: what the sweeps above took from the system stays taken.
        let this = std::env::current_exe().unwrap();
        assert!(Command::new(this).arg("agent").status().unwrap().success());
    }
    drop(load);
}

/// Runs this program in namespaces of its own; false where that is not possible.
fn alone(args: &[String]) -> bool {
    let unshare = |command: &str| {
        let mut unshare = Command::new("unshare");
        unshare.args(["-pmfn", "--mount-proc", "sh", "-c", command]);
        unshare.arg(std::env::current_exe().unwrap()).args(args);
        unshare.status().is_ok_and(|status| status.success())
    };
    if !unshare("ip link set lo up") {
        println!("not in namespaces of its own: what else runs here counts as change");
        return false;
    }
    assert!(unshare("ip link set lo up && exec \"$0\" alone \"$@\""), "the benchmark failed");
    true
}

fn sweeps(figures: &Figures) {
    let row = |name: &str, value, unit, bar| figures.plain(name, value, unit, bar, "");
    // An hour ahead: whatever was just started or written counts as settled.
    let clock = ManualClock::at(SystemClock.now().plus_secs(3600));
    let options = Options { clock: Arc::new(clock.clone()), ..Options::default() };
    let mut inventory = Inventory::new(options).unwrap();
    let first = cost(|| inventory.sweep(&Kind::ALL));
    row("first sweep, nothing cached", first.0, "ms CPU", Bar::None);
    // Beyond the hour for which stamps are trusted every collector runs again.
    let mut warm = || {
        clock.advance_secs(3601);
        cost(|| inventory.sweep(&Kind::ALL)).0
    };
    row(
        "full sweep of all 12 kinds, caches warm",
        median((0..8).map(|_| warm())),
        "ms CPU",
        Bar::AtMost(150.0),
    );
    let mut unchanged = || {
        clock.advance_secs(30);
        cost(|| inventory.sweep(&Kind::ALL)).0
    };
    row(
        "unchanged sweep of all 12 kinds",
        median((0..SWEEPS).map(|_| unchanged())),
        "ms CPU",
        Bar::AtMost(20.0),
    );
    for swept in inventory.sweep(&Kind::ALL) {
        let (name, rows) = (swept.kind, swept.rows.len());
        row(&format!("  of it {name}, {rows} rows"), milli(swept.cpu_us), "ms CPU", Bar::None);
    }
    row("peak memory of the sweeps", memory("VmHWM"), "MB", Bar::AtMost(60.0));
}

/// The agent as it runs, with a server that is content with everything.
fn agent() {
    let dir = tempfile::tempdir().unwrap();
    let parts = Parts {
        config: Config::default(),
        state: StateDir::open(dir.path()).unwrap(),
        sweeper: Inventory::new(Options::default()).unwrap(),
        transport: Content,
        clock: Arc::new(SystemClock),
        meter: Meter::Process,
    };
    let mut agent = Agent::new(parts).unwrap();
    let mut now = Duration::ZERO;
    while now < Duration::from_secs(600) {
        now += agent.step(now, 720);
    }
    let rest = memory("VmRSS");
    Figures::of(AREA).plain("agent at rest after ten minutes", rest, "MB", Bar::AtMost(25.0), "");
}

struct Content;

impl Transport for Content {
    fn enrol(&mut self, _: &EnrolRequest) -> Result<EnrolReply> {
        Err(Error::invalid("token", "there is none"))
    }

    fn report(&mut self, _: &Report, _: Micros) -> Result<Reply> {
        Ok(Reply { next_secs: 60, ..Reply::default() })
    }
}

fn milli(micros: u64) -> f64 {
    Duration::from_micros(micros).as_secs_f64() * 1e3
}

/// CPU milliseconds.
fn cost(sweep: impl FnOnce() -> Vec<Swept>) -> (f64, Vec<Swept>) {
    let before = Meter::Process.cpu();
    let swept = sweep();
    ((Meter::Process.cpu() - before).as_secs_f64() * 1e3, swept)
}

/// Others use this machine, too.
fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
