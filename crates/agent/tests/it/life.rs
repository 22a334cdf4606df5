//! The agent's life step by step: when it sweeps, when it speaks, when it waits.

use crate::world::{Host, Line, full, scope};
use muster_agent::config::Config;
use muster_agent::cost::Meter;
use muster_agent::run::{Agent, Parts};
use muster_agent::state::StateDir;
use muster_model::container::{Allowed, Details};
use muster_model::image::Image;
use muster_model::report::{ContainerRef, Task};
use muster_model::time::ManualClock;
use muster_model::{Diagnostic, Kind, Micros};
use std::sync::Arc;
use std::time::Duration;

const NOON: u16 = 12 * 60;

/// Every kind every five minutes.
fn calm() -> String {
    Kind::ALL.map(|kind| format!("[kinds.{kind}]\nevery_secs = 300\n")).concat()
}

struct Life {
    agent: Agent<Host, Line>,
    host: Host,
    line: Line,
    now: Duration,
    _dir: tempfile::TempDir,
}

impl Life {
    fn new(config: &str, host: Host) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let line = Line::default();
        let parts = Parts {
            config: Config::parse(config).unwrap(),
            state: StateDir::open(dir.path()).unwrap(),
            sweeper: host.clone(),
            transport: line.clone(),
            clock: Arc::new(ManualClock::at(Micros::from_secs(1_000_000))),
            meter: Meter::Thread,
        };
        let agent = Agent::new(parts).unwrap();
        Self { agent, host, line, now: Duration::ZERO, _dir: dir }
    }

    /// Steps until the agent wants to rest at least `rest`.
    fn settle(&mut self, minute: u16) -> Duration {
        for _ in 0..100 {
            let wait = self.agent.step(self.now, minute);
            if wait > Duration::ZERO {
                return wait;
            }
        }
        panic!("the agent never rests");
    }

    fn pass(&mut self, secs: u64, minute: u16) {
        let end = self.now + Duration::from_secs(secs);
        while self.now < end {
            let wait = self.settle(minute);
            self.now = (self.now + wait).min(end);
        }
    }

    fn sweeps(&self) -> usize {
        self.host.swept.borrow().len()
    }
}

fn some_host() -> Host {
    let host = Host::default();
    for kind in Kind::ALL {
        host.state.borrow_mut().insert(scope(kind, None), [(1, 1), (2, 2)].into());
    }
    host
}

#[test]
fn everything_is_told_at_once_and_then_only_heartbeats() {
    let mut life = Life::new(&calm(), some_host());
    life.settle(NOON);
    assert_eq!(life.line.0.borrow().state(), *life.host.state.borrow());
    let (reports, sweeps) = (life.line.0.borrow().received.len(), life.sweeps());
    assert_eq!(sweeps, 5, "the kinds around processes together, four others");
    life.pass(280, NOON);
    assert_eq!(life.sweeps(), sweeps);
    let beats = life.line.0.borrow().received.len() - reports;
    assert!((3..=6).contains(&beats), "{beats} heartbeats in 280 s");
    let last = life.line.0.borrow().received.last().unwrap().clone();
    assert!(last.scopes.is_empty() && last.host.is_none());
}

#[test]
fn a_request_is_swept_at_once_even_in_quiet_hours_and_acknowledged_once() {
    let mut life = Life::new("[schedule]\nquiet = ['00:00-24:00']", some_host());
    life.settle(NOON);
    assert_eq!(life.sweeps(), 0, "quiet");
    let task = Task::Collect { id: "t1".into(), kinds: vec![Kind::Users] };
    life.line.0.borrow_mut().next.tasks = vec![task.clone(), task];
    life.pass(120, NOON);
    assert_eq!(*life.host.swept.borrow(), [vec![Kind::Users]]);
    let server = life.line.0.borrow();
    let done: Vec<_> = server.received.iter().flat_map(|it| it.done.clone()).collect();
    assert_eq!(done.len(), 1);
    assert_eq!((done[0].id.as_str(), &done[0].error), ("t1", &None));
    assert_eq!(server.held.len(), 1);
}

#[test]
fn a_kind_that_cannot_be_swept_is_told_with_the_reason_and_not_as_gone() {
    let host = some_host();
    host.failed.borrow_mut().insert(Kind::KernelModule, "stuck".into());
    let mut life = Life::new(&calm(), host);
    let kinds = vec![Kind::KernelModule, Kind::Users];
    life.line.0.borrow_mut().next.tasks = vec![Task::Collect { id: "t1".into(), kinds }];
    life.pass(120, NOON);
    {
        let server = life.line.0.borrow();
        let told: Vec<_> = server.received.iter().filter_map(|it| it.diagnostics.clone()).collect();
        assert_eq!(told.len(), 1, "once, until it changes");
        assert_eq!(told[0][0], Diagnostic::new("collector.failed", "kernel_module", "stuck"));
        assert!(!server.held.contains_key(&scope(Kind::KernelModule, None)));
        let done: Vec<_> = server.received.iter().flat_map(|it| it.done.clone()).collect();
        assert_eq!(done[0].error, None);
        assert_eq!(done[0].failed, [(Kind::KernelModule, "stuck".to_owned())].into());
    }
    life.host.failed.borrow_mut().clear();
    life.pass(600, NOON);
    let server = life.line.0.borrow();
    let told = server.received.iter().rev().find_map(|it| it.diagnostics.clone());
    assert_eq!(told, Some(vec![]), "that it is over is told, too");
    assert!(server.held.contains_key(&scope(Kind::KernelModule, None)));
}

#[test]
fn a_switched_off_kind_is_never_swept_and_is_withdrawn() {
    let config = "[kinds.users]\nenabled = false";
    let mut life = Life::new(config, some_host());
    let stale = crate::world::swept(scope(Kind::Users, None), &[(9, 9)].into(), Micros(1));
    let held = (stale.digest, stale.rows.iter().map(|row| (row.key(), row.clone())).collect());
    life.line.0.borrow_mut().held.insert(stale.scope, held);
    life.pass(4_000, NOON);
    assert!(life.host.swept.borrow().iter().all(|kinds| !kinds.contains(&Kind::Users)));
    assert!(!life.line.0.borrow().held.contains_key(&scope(Kind::Users, None)));
}

#[test]
fn the_budget_slows_sweeps_and_never_stops_them() {
    let config = "[limits]\ncpu_percent = 2.0\ncpu_burst_ms = 0\n[kinds.users]\nevery_secs = 10";
    let host = Host { cpu: Duration::from_secs(2), ..some_host() };
    let mut life = Life::new(config, host);
    life.settle(NOON);
    assert_eq!(life.sweeps(), 5, "the first look at a host is not held back");
    life.pass(900, NOON);
    // 2 s at 2 % are 100 s apart, although one kind is due every 10 s.
    let later = life.sweeps() - 5;
    assert!((7..=10).contains(&later), "{later} sweeps");
    assert_eq!(life.line.0.borrow().state(), *life.host.state.borrow());
    let cost: u64 = life.line.0.borrow().received.iter().map(|it| it.cost.cpu_us).sum();
    assert!(cost >= 10_000_000, "the cost is reported: {cost} us");
}

#[test]
fn an_outage_is_waited_out_and_ends_with_what_differs() {
    let mut life = Life::new(&calm(), some_host());
    life.settle(NOON);
    life.line.0.borrow_mut().down = true;
    life.pass(7_200, NOON);
    life.host.state.borrow_mut().get_mut(&scope(Kind::Port, None)).unwrap().insert(7, 7);
    life.pass(7_200, NOON);
    let before = life.line.0.borrow().received.len();
    life.line.0.borrow_mut().down = false;
    life.pass(1_200, NOON);
    let server = life.line.0.borrow();
    assert_eq!(server.state(), *life.host.state.borrow());
    assert!(server.received[before..].iter().all(|report| full(report).is_empty()));
}

#[test]
fn a_server_that_is_never_content_is_not_humoured_at_once() {
    let mut life = Life::new(&calm(), some_host());
    life.settle(NOON);
    let before = life.line.0.borrow().received.len();
    for _ in 0..600 {
        life.line.0.borrow_mut().next.full = vec![scope(Kind::Port, None)];
        life.pass(1, NOON);
    }
    let reports = life.line.0.borrow().received.len() - before;
    assert!(reports <= 30, "{reports} reports in ten minutes");
}

#[test]
fn which_containers_run_is_told_once_and_whenever_it_changes() {
    let mut life = Life::new(&calm(), some_host());
    let named = |id: &str| Details {
        named: ContainerRef { id: id.into(), name: id.into() },
        image: "shop:1".into(),
        ..Details::default()
    };
    let told = |life: &Life| {
        let server = life.line.0.borrow();
        server.received.iter().filter_map(|it| it.containers.clone()).collect::<Vec<_>>()
    };
    *life.host.containers.borrow_mut() = Some(vec![named("a")]);
    life.pass(1_000, NOON);
    assert_eq!(told(&life), [[named("a")]]);

    *life.host.containers.borrow_mut() = Some(Vec::new());
    life.line.0.borrow_mut().down = true;
    life.pass(1_000, NOON);
    assert_eq!(told(&life).len(), 1);
    life.line.0.borrow_mut().down = false;
    life.pass(4_000, NOON);
    assert_eq!(told(&life), [vec![named("a")], Vec::new()]);

    // A server that forgot the host forgot them, too.
    life.line.0.borrow_mut().next.want_host = true;
    life.line.0.borrow_mut().profile = None;
    life.pass(1_000, NOON);
    assert_eq!(told(&life).len(), 3);
}

#[test]
fn which_images_lie_on_the_disks_is_told_once_and_whenever_it_changes() {
    let mut life = Life::new(&calm(), some_host());
    let image = Image { id: "sha256:1".into(), names: vec!["shop:1".into()], ..Image::default() };
    let told = |life: &Life| {
        let server = life.line.0.borrow();
        server.received.iter().filter_map(|it| it.images.clone()).collect::<Vec<_>>()
    };
    *life.host.images.borrow_mut() = Some(vec![image.clone()]);
    life.pass(1_000, NOON);
    assert_eq!(told(&life), [[image.clone()]]);
    *life.host.images.borrow_mut() = None;
    life.pass(1_000, NOON);
    assert_eq!(told(&life).len(), 1, "what is not known is not told");
    *life.host.images.borrow_mut() = Some(Vec::new());
    life.pass(1_000, NOON);
    assert_eq!(told(&life), [vec![image], Vec::new()]);
    life.line.0.borrow_mut().next.want_host = true;
    life.line.0.borrow_mut().profile = None;
    life.pass(1_000, NOON);
    assert_eq!(told(&life).len(), 3, "a server that forgot the host forgot them, too");
}

#[test]
fn images_are_looked_into_when_the_server_asks_and_each_is_told_once() {
    let mut life = Life::new(&calm(), some_host());
    life.settle(NOON);
    life.line.0.borrow_mut().next.scan = vec!["a".into(), "broken".into(), "a".into()];
    life.pass(300, NOON);
    let told = |life: &Life| {
        let server = life.line.0.borrow();
        let contents = server.received.iter().flat_map(|it| it.contents.clone());
        contents.map(|it| (it.id, it.facts.len(), it.error)).collect::<Vec<_>>()
    };
    let broken = ("broken".to_owned(), 0, Some("no store has it".to_owned()));
    assert_eq!(told(&life), [("a".to_owned(), 1, None), broken]);
    // An answer that is lost costs another telling, and no other look.
    life.line.0.borrow_mut().next.scan = vec!["b".into()];
    life.pass(100, NOON);
    assert_eq!(told(&life).len(), 3);

    let mut life = Life::new(&format!("{}[allow]\ncollect = false\n", calm()), some_host());
    life.settle(NOON);
    life.line.0.borrow_mut().next.scan = vec!["a".into()];
    life.pass(300, NOON);
    assert!(told(&life)[0].2.as_ref().unwrap().contains("does not allow"));
}

#[test]
fn containers_are_guarded_as_the_server_says_and_at_once() {
    let mut life = Life::new(&calm(), some_host());
    life.settle(NOON);
    let sweeps = life.sweeps();
    assert_eq!(*life.host.guard.borrow(), [None]);
    let files = vec!["/etc/passwd".to_owned()];
    life.line.0.borrow_mut().next.guard = true;
    life.line.0.borrow_mut().next.protected_files.clone_from(&files);
    // The heartbeat after that says false again: the server of this test forgets.
    life.pass(150, NOON);
    assert_eq!(*life.host.guard.borrow(), [None, Some(files), None]);
    assert_eq!(life.sweeps(), sweeps + 1);
    assert!(life.host.swept.borrow().last().unwrap().contains(&Kind::Process));
}

#[test]
fn containers_are_held_to_their_programs_only_where_the_host_allows_it() {
    let allowed = vec![Allowed { image: "shop:1".into(), programs: vec!["/bin/shop".into()] }];
    let held = |life: &Life| life.line.0.borrow().received.last().unwrap().blocking;
    for allows in [false, true] {
        let config = format!("{}[allow]\nblock = {allows}\n", calm());
        let mut life = Life::new(&config, some_host());
        life.settle(NOON);
        let profile = life.line.0.borrow().profile.clone().unwrap();
        assert_eq!(profile.allows_blocking, allows);
        assert_eq!(held(&life), allows.then(|| Allowed::digest(&[])));
        let sweeps = life.sweeps();
        life.line.0.borrow_mut().next.blocking = Some(allowed.clone());
        life.pass(150, NOON);
        let told = if allows { vec![allowed.clone()] } else { vec![] };
        assert_eq!(*life.host.blocked.borrow(), told);
        // At once, and not again by every answer that does not say otherwise.
        assert_eq!(life.sweeps(), sweeps + usize::from(allows));
        assert_eq!(held(&life), allows.then(|| Allowed::digest(&allowed)));
    }
}

#[test]
fn what_the_watch_found_is_swept_and_told_before_all_else() {
    let mut life = Life::new(&calm(), some_host());
    life.settle(NOON);
    let (sweeps, reports) = (life.sweeps(), life.line.0.borrow().received.len());
    life.host.state.borrow_mut().get_mut(&scope(Kind::Process, None)).unwrap().insert(9, 9);
    life.host.dirt.borrow_mut().kinds.insert(Kind::Process);
    life.host.dirt.borrow_mut().diagnostics.push(Diagnostic::new("live.files", "", "no room"));
    life.settle(NOON);
    assert_eq!(life.host.swept.borrow()[sweeps..], [vec![Kind::Process]]);
    {
        let server = life.line.0.borrow();
        assert_eq!(server.state(), *life.host.state.borrow());
        assert_eq!(server.received.len(), reports + 1);
        let told = server.received.last().unwrap().diagnostics.clone().unwrap();
        assert_eq!(told[0].code, "live.files");
    }
    // While everything is due, too.
    life.now += Duration::from_secs(301);
    life.host.dirt.borrow_mut().kinds.insert(Kind::Users);
    let before = life.sweeps();
    life.settle(NOON);
    assert_eq!(life.host.swept.borrow()[before], [Kind::Users]);
}

#[test]
fn what_the_watch_found_waits_for_the_budget_and_for_quiet_hours_to_end() {
    let config =
        "[limits]\ncpu_percent = 2.0\ncpu_burst_ms = 0\n[schedule]\nquiet = ['22:00-06:00']";
    let host = Host { cpu: Duration::from_secs(1), ..some_host() };
    let mut life = Life::new(&(config.to_owned() + "\n" + &calm()), host);
    life.settle(NOON);
    let before = life.sweeps();
    for _ in 0..200 {
        life.host.dirt.borrow_mut().kinds.insert(Kind::Process);
        life.pass(1, NOON);
    }
    let swept = life.sweeps() - before;
    assert!((3..=5).contains(&swept), "{swept} sweeps of 1 s in 200 s at 2 %");
    life.pass(60, NOON);
    let before = life.sweeps();
    life.host.dirt.borrow_mut().kinds.insert(Kind::Process);
    life.pass(100, 0);
    assert_eq!(life.sweeps(), before);
    life.pass(60, NOON);
    assert!(life.host.swept.borrow()[before..].contains(&vec![Kind::Process]));
}

#[test]
fn a_container_that_comes_or_goes_is_news_of_every_kind() {
    let mut life = Life::new(&calm(), some_host());
    *life.host.containers.borrow_mut() = Some(Vec::new());
    life.settle(NOON);
    let named = ContainerRef { id: "a".into(), name: "a".into() };
    *life.host.containers.borrow_mut() = Some(vec![Details { named, ..Details::default() }]);
    life.host.dirt.borrow_mut().kinds.insert(Kind::Process);
    let before = life.sweeps();
    life.settle(NOON);
    let swept: Vec<Kind> = life.host.swept.borrow()[before..].concat();
    assert!(Kind::ALL.iter().all(|kind| swept.contains(kind)));
    assert_eq!(swept[0], Kind::Process);
    let server = life.line.0.borrow();
    let told = server.received.iter().filter(|report| report.containers.is_some()).count();
    assert_eq!(told, 2);
}

#[test]
fn a_storm_of_news_does_not_keep_the_sweeps_from_their_turn() {
    let config = "[limits]\ncpu_percent = 2.0\ncpu_burst_ms = 0\n";
    let host = Host { cpu: Duration::from_millis(100), ..some_host() };
    let mut life = Life::new(&(config.to_owned() + &calm()), host);
    life.settle(NOON);
    let before = life.sweeps();
    for _ in 0..400 {
        life.host.dirt.borrow_mut().kinds.insert(Kind::Process);
        life.pass(1, NOON);
    }
    let swept = life.host.swept.borrow()[before..].to_vec();
    let urgent = swept.iter().filter(|kinds| **kinds == [Kind::Process]).count();
    assert!(urgent > 60, "{urgent} of {} sweeps for what happened", swept.len());
    for kind in Kind::ALL {
        let full = swept.iter().any(|kinds| kinds.contains(&kind) && *kinds != [Kind::Process]);
        assert!(full || kind == Kind::Process, "{kind} was never swept");
    }
}

#[test]
fn a_spent_budget_does_not_keep_what_happens_waiting() {
    let config = "[limits]\ncpu_percent = 2.0\ncpu_burst_ms = 3000\n";
    let host = Host { cpu: Duration::from_millis(100), ..some_host() };
    let mut life = Life::new(&(config.to_owned() + &calm()), host);
    life.settle(NOON);
    // Something costs far more than there is.
    life.host.dirt.borrow_mut().cpu = Duration::from_secs(5);
    life.settle(NOON);
    let began = life.now;
    let mut swept = 0;
    for _ in 0..600 {
        let before = life.sweeps();
        life.host.dirt.borrow_mut().kinds.insert(Kind::Process);
        life.settle(NOON);
        // Ten of 100 ms are within the second that may still be overdrawn.
        let at_once = life.sweeps() > before;
        assert!(at_once || swept >= 10, "sweep {swept} waits");
        swept += usize::from(at_once);
        life.pass(1, NOON);
    }
    let passed = life.now - began;
    let most = (passed.mul_f64(0.02) + Duration::from_millis(1_200)).as_millis() / 100;
    let all = life.sweeps() as u128 - 5;
    assert!(all <= most, "{all} sweeps of 100 ms in {passed:?}, {most} are allowed");
    // What was due all that time had its turn.
    let swept = life.host.swept.borrow()[5..].concat();
    assert!(Kind::ALL.iter().all(|kind| swept.contains(kind)), "{swept:?}");
}
