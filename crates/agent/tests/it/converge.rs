//! Whatever happens on the way and to either side, the server ends up with what is on the host.

use crate::world::{HostState, Server, scope, swept};
use muster_agent::sync::{Memory, Sync};
use muster_model::report::{Body, Cost, Report, Scope};
use muster_model::{Kind, Micros};
use proptest::prelude::*;
use std::collections::BTreeMap;

#[derive(Clone, Debug)]
enum Event {
    /// Something changes on the host.
    Set(usize, BTreeMap<u8, u32>),
    /// A container goes.
    Drop(usize),
    /// The agent sweeps.
    Sweep,
    /// A report arrives and is answered.
    Deliver,
    /// A report arrives, its answer does not.
    LoseAnswer,
    /// A report never arrives.
    LoseReport,
    /// An old report arrives (again).
    Late(usize),
    /// The agent is killed and starts from its spool.
    Restart,
    /// The agent is killed and finds its spool damaged.
    Forget,
    /// The server loses everything but the agent's key.
    ServerForgets,
    /// The server is restored from an old backup.
    ServerGoesBack(usize),
}

fn scopes() -> [Scope; 4] {
    [
        scope(Kind::Port, None),
        scope(Kind::App, None),
        scope(Kind::Port, Some("c1")),
        scope(Kind::App, Some("c2")),
    ]
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let names = prop::collection::btree_map(0u8..12, 0u32..3, 0..8);
    prop::collection::vec(
        prop_oneof![
            4 => (0..4usize, names).prop_map(|(at, names)| Event::Set(at, names)),
            1 => (2..4usize).prop_map(Event::Drop),
            6 => Just(Event::Sweep),
            6 => Just(Event::Deliver),
            2 => Just(Event::LoseAnswer),
            2 => Just(Event::LoseReport),
            2 => (0..9usize).prop_map(Event::Late),
            1 => Just(Event::Restart),
            1 => Just(Event::Forget),
            1 => Just(Event::ServerForgets),
            1 => (0..9usize).prop_map(Event::ServerGoesBack),
        ],
        0..60,
    )
}

struct World {
    host: HostState,
    sync: Sync,
    spool: Option<Memory>,
    server: Server,
    backups: Vec<Server>,
    sent: Vec<Report>,
    now: i64,
}

impl World {
    fn new() -> Self {
        let host = scopes()[..2].iter().map(|it| (it.clone(), BTreeMap::new())).collect();
        let sync = Sync::new(None, Micros::from_secs(1));
        let (server, backups, sent) = (Server::default(), Vec::new(), Vec::new());
        Self { host, sync, spool: None, server, backups, sent, now: 1_000_000 }
    }

    fn sweep(&mut self) {
        self.now += 1_000_000;
        let at = Micros(self.now);
        let found = self.host.iter().map(|(scope, it)| swept(scope.clone(), it, at)).collect();
        self.sync.observe(&[Kind::Port, Kind::App], found);
    }

    fn report(&mut self) -> Report {
        self.now += 1_000_000;
        let (report, _) = self.sync.report(Micros(self.now), Default::default());
        if self.sync.is_changed() {
            self.spool = Some(self.sync.memory());
        }
        self.sent.push(report.clone());
        report
    }

    fn restart(&mut self) {
        self.now += 1_000_000;
        let json = serde_json::to_string(&self.spool).unwrap();
        self.sync = Sync::new(serde_json::from_str(&json).unwrap(), Micros(self.now));
        self.sync.switch_off(&[Kind::Users]);
    }

    fn apply(&mut self, event: Event) {
        match event {
            Event::Set(at, names) => drop(self.host.insert(scopes()[at].clone(), names)),
            Event::Drop(at) => drop(self.host.remove(&scopes()[at])),
            Event::Sweep => self.sweep(),
            Event::Deliver => {
                let report = self.report();
                let reply = self.server.take(&report);
                self.backups.push(self.server.clone());
                self.sync.replied(&reply);
            }
            Event::LoseAnswer => {
                let report = self.report();
                self.server.take(&report);
                self.sync.lost();
            }
            Event::LoseReport => {
                self.report();
                self.sync.lost();
            }
            Event::Late(at) => {
                if let Some(report) = self.sent.iter().rev().nth(at).cloned() {
                    self.server.take(&report);
                }
            }
            Event::Restart => self.restart(),
            Event::Forget => {
                self.spool = None;
                self.restart();
            }
            Event::ServerForgets => self.server = Server::default(),
            Event::ServerGoesBack(at) => {
                if let Some(backup) = self.backups.iter().rev().nth(at) {
                    self.server = backup.clone();
                }
            }
        }
    }
}

proptest! {
    #[test]
    fn three_undisturbed_rounds_are_enough(events in events()) {
        let mut world = World::new();
        for event in events {
            world.apply(event);
        }
        // Every kind is told twice at most: what differs, and what the server then asks for in full.
        for _ in 0..3 {
            world.apply(Event::Sweep);
            world.apply(Event::Deliver);
        }
        prop_assert_eq!(world.server.state(), world.host.clone());
        prop_assert!(world.server.profile.is_none(), "no profile was described");
        let before = world.sent.len();
        world.apply(Event::Deliver);
        prop_assert!(world.sent[before].scopes.is_empty(), "nothing more to say: {:?}", world.sent[before]);
    }

    #[test]
    fn an_outage_costs_what_changed_in_the_end(changes in prop::collection::vec((0u8..12, 0u32..3), 1..30)) {
        let mut world = World::new();
        let port = scopes()[0].clone();
        let before: BTreeMap<u8, u32> = (0..12).map(|name| (name, 0)).collect();
        world.apply(Event::Set(0, before.clone()));
        for event in [Event::Sweep, Event::Deliver] {
            world.apply(event);
        }
        for (name, pid) in changes {
            world.host.get_mut(&port).unwrap().insert(name, pid);
            world.apply(Event::Sweep);
            world.apply(Event::LoseReport);
            world.apply(Event::Restart);
        }
        world.apply(Event::Sweep);
        let report = world.report();
        let after = &world.host[&port];
        let changed = after.iter().filter(|(name, pid)| before.get(name) != Some(pid)).count();
        let said = report.scopes.iter().find(|it| it.scope == port).unwrap();
        match &said.body {
            Body::Delta { added, removed, .. } => {
                prop_assert_eq!((added.len(), removed.len()), (changed, 0));
            }
            Body::Same => prop_assert_eq!(changed, 0),
            other => prop_assert!(false, "{:?}", other),
        }
    }
}

/// As the first look at a container that has just started may come before its name is written down.
#[test]
fn a_container_with_another_name_is_told_once_and_not_as_gone() {
    let mut server = Server::default();
    let mut sync = Sync::new(None, Micros(0));
    let names = BTreeMap::from([(1, 1)]);
    let mut told = |name: &str, at: i64| {
        let mut inside = scope(Kind::Port, Some("c1"));
        inside.container.as_mut().unwrap().name = name.to_owned();
        let scopes = [scope(Kind::Port, None), inside];
        sync.observe(&[Kind::Port], scopes.map(|it| swept(it, &names, Micros(at))).to_vec());
        let (report, _) = sync.report(Micros(at), Cost::default());
        sync.replied(&server.take(&report));
        let inside =
            report.scopes.into_iter().filter_map(|it| Some((it.scope.container?, it.body)));
        inside.map(|(container, body)| (container.name, body != Body::Gone)).collect::<Vec<_>>()
    };
    for (at, name) in [(1, "c1"), (2, "shop"), (3, "shop"), (4, "cart")] {
        assert_eq!(told(name, at), [(name.to_owned(), true)], "{at}");
    }
}
