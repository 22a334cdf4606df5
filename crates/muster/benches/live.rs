//! What it costs to see things happen, and how soon they are seen: `cargo bench -p muster --bench live`.
//!
//! 100 containers of 5 images, by runc and an overlay file system each, on this machine; the real server and the real agent
//! (`muster-agent` beside it where that was built, else `muster agent`). Needs root's rights, runc and busybox, and says so
//! where it has them not. Latency is from the moment a program was executed, or its container started, to the first answer of
//! the API that has it. The loop of process starts is counted in CPU time, its own and its children's.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a program for people, run by hand, that starts what is to be found"
)]

#[path = "live/fleet.rs"]
mod fleet;
#[path = "live/server.rs"]
mod server;

use fleet::Fleet;
use muster_agent::cost::Meter;
use muster_figures::{Bar, Figures, memory};
use muster_inventory::{Inventory, Options};
use muster_model::time::ManualClock;
use muster_model::{Clock, Kind, SystemClock};
use server::{Agent, Server, cpu_with_children};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

const CONTAINERS: usize = 100;
const IMAGES: usize = 5;
const AREA: &str = "live: 100 containers of 5 images";
/// Programs whose way into the API is timed.
const SAMPLES: usize = 100;
/// Starts of a process in one round of the loop, and pairs of rounds: without and with the agent.
const STARTS: usize = 2_000;
const ROUNDS: usize = 5;

fn main() {
    if std::env::args().any(|arg| arg == "sweeps") {
        return sweeps(&Figures::of(AREA));
    }
    let Some(fleet) = Fleet::start(CONTAINERS, IMAGES) else {
        println!("{AREA}: left out, it needs root's rights, runc and busybox");
        return;
    };
    // In a process of its own: what the sweeps take from the system is not the agent's.
    let this = std::env::current_exe().unwrap();
    assert!(Command::new(this).arg("sweeps").status().unwrap().success());
    let figures = Figures::of(AREA);
    let server = Server::start();
    let agent = server.agent();
    server.wait_for("the first sweep", |server| server.containers() == CONTAINERS);
    latencies(&figures, &server, &fleet);
    rest(&figures, &agent);
    overhead(&figures, agent, &server);
    drop(fleet);
}

fn sweeps(figures: &Figures) {
    let row = |name: &str, value, bar| figures.plain(name, value, "ms CPU", bar, "");
    // An hour ahead: whatever was just started or written counts as settled.
    let clock = ManualClock::at(SystemClock.now().plus_secs(3_600));
    let options = Options { clock: Arc::new(clock.clone()), ..Options::default() };
    let mut inventory = Inventory::new(options).unwrap();
    let mut cost = |kinds: &[Kind]| {
        clock.advance_secs(30);
        let before = Meter::Process.cpu();
        let swept = inventory.sweep(kinds);
        assert!(swept.len() >= kinds.len());
        (Meter::Process.cpu() - before).as_secs_f64() * 1e3
    };
    row("first sweep, nothing cached", cost(&Kind::ALL), Bar::None);
    let mut often = |kinds: &[Kind]| {
        let mut costs: Vec<f64> = (0..17).map(|_| cost(kinds)).collect();
        costs.sort_by(f64::total_cmp);
        costs[8]
    };
    row("unchanged sweep of all 12 kinds", often(&Kind::ALL), Bar::AtMost(150.0));
    row("unchanged sweep of processes, as after an event", often(&[Kind::Process]), Bar::None);
    row("unchanged sweep of ports, as after a listener", often(&[Kind::Port]), Bar::None);
    figures.plain("peak memory of the sweeps", memory("VmHWM"), "MB", Bar::AtMost(80.0), "");
}

/// Milliseconds from an act until the API shows it.
fn until(server: &Server, seen: impl Fn(&Server) -> bool, began: Instant) -> f64 {
    while !seen(server) {
        assert!(began.elapsed() < Duration::from_secs(60), "it is never seen");
        sleep(Duration::from_millis(5));
    }
    began.elapsed().as_secs_f64() * 1e3
}

fn latencies(figures: &Figures, server: &Server, fleet: &Fleet) {
    let mut starts = Vec::new();
    let mut ends = Vec::new();
    for n in 0..SAMPLES {
        let name = format!("livebench{n}");
        let program = server.dir().join(&name);
        std::os::unix::fs::symlink("/usr/bin/sleep", &program).unwrap();
        let began = Instant::now();
        let mut child = Command::new(&program).arg("600").spawn().unwrap();
        starts.push(until(server, |server| server.rows("process", &name) == 1, began));
        let began = Instant::now();
        child.kill().unwrap();
        child.wait().unwrap();
        ends.push(until(server, |server| server.rows("process", &name) == 0, began));
        // Not in step with what the agent does every second.
        sleep(Duration::from_millis(500 + (n as u64 * 379) % 1_000));
    }
    quantiles(figures, "from a program's start to the API", &mut starts);
    quantiles(figures, "from a program's end to the API", &mut ends);
    let mut listeners = Vec::new();
    for _ in 0..20 {
        let began = Instant::now();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        listeners.push(until(server, |server| server.has_port(port), began));
        drop(listener);
        sleep(Duration::from_millis(1_300));
    }
    quantiles(figures, "from a listener of the host to the API", &mut listeners);
    let mut containers = Vec::new();
    for _ in 0..10 {
        fleet.stop(0);
        until(server, |server| server.containers() == CONTAINERS - 1, Instant::now());
        sleep(Duration::from_secs(3));
        let began = Instant::now();
        fleet.run(0);
        containers.push(until(server, |server| server.containers() == CONTAINERS, began));
        sleep(Duration::from_secs(3));
    }
    quantiles(figures, "from `runc run` to the API", &mut containers);
}

fn quantiles(figures: &Figures, name: &str, values: &mut [f64]) {
    values.sort_by(f64::total_cmp);
    let at = |share: usize| values[(values.len() * share / 100).min(values.len() - 1)];
    let note = format!("of {}", values.len());
    figures.plain(&format!("{name}, p50"), at(50), "ms", Bar::None, &note);
    figures.plain(&format!("{name}, p99"), at(99), "ms", Bar::AtMost(2_000.0), &note);
}

fn rest(figures: &Figures, agent: &Agent) {
    figures.plain("resident memory of the agent", agent.memory(), "MB", Bar::AtMost(60.0), "");
    let (before, began) = (agent.cpu(), Instant::now());
    sleep(Duration::from_secs(60));
    let share = (agent.cpu() - before).as_secs_f64() / began.elapsed().as_secs_f64() * 100.0;
    figures.plain("CPU of the agent at rest, a minute", share, "% core", Bar::AtMost(2.0), "");
}

/// The loop without and with the agent, in turns, because others use this machine, too.
fn overhead(figures: &Figures, agent: Agent, server: &Server) {
    let mut agent = Some(agent);
    let (mut alone, mut beside, mut own) = (0.0, 0.0, 0.0);
    let mut ratios = Vec::new();
    for _ in 0..ROUNDS {
        drop(agent.take());
        let without = starts();
        let begun = server.agent();
        sleep(Duration::from_secs(15));
        let before = begun.cpu();
        let with = starts();
        own += (begun.cpu() - before).as_secs_f64();
        alone += without;
        beside += with;
        ratios.push(with / without);
        agent = Some(begun);
    }
    ratios.sort_by(f64::total_cmp);
    let slower = (ratios[ROUNDS / 2] - 1.0) * 100.0;
    let of_one = |secs: f64| format!("{:.1} us CPU a start", secs * 1e6 / (STARTS * ROUNDS) as f64);
    figures.plain("10,000 process starts, alone", alone, "s CPU", Bar::None, &of_one(alone));
    figures.plain("10,000 process starts, watched", beside, "s CPU", Bar::None, &of_one(beside));
    let note = "median of 5 pairs";
    figures.plain("the loop's overhead by being watched", slower, "%", Bar::AtMost(3.0), note);
    let share = own / alone * 100.0;
    figures.plain("CPU of the agent beside the loop", share, "%", Bar::None, &of_one(own));
    println!("{}", server.troubles());
}

fn starts() -> f64 {
    let before = cpu_with_children();
    for _ in 0..STARTS {
        let mut child = Command::new("/bin/true");
        assert!(child.stdin(Stdio::null()).status().unwrap().success());
    }
    (cpu_with_children() - before).as_secs_f64()
}
