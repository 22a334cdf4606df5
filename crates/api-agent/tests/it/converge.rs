//! Under loss, repetition, reordering and restarts the database ends up with what is on the host.

use crate::agent::{Names, Sent, TestAgent, deliver, router, scope, swept};
use axum::Router;
use muster_agent::sync::{Memory, Sync};
use muster_model::id::ProjectId;
use muster_model::report::Scope;
use muster_model::{Category, Column, Kind, Paging};
use muster_service::assets::{self, Ask};
use muster_testkit::TestApp;
use proptest::prelude::*;
use std::collections::BTreeMap;

#[derive(Clone, Debug)]
enum Event {
    Set(usize, Names),
    Drop(usize),
    Sweep,
    Deliver,
    LoseAnswer,
    LoseReport,
    Late(usize),
    Restart,
    Forget,
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
    let names = prop::collection::btree_map(0u8..9, 0u32..3, 0..6);
    let event = prop_oneof![
        4 => (0..4usize, names).prop_map(|(at, names)| Event::Set(at, names)),
        1 => (2..4usize).prop_map(Event::Drop),
        6 => Just(Event::Sweep),
        6 => Just(Event::Deliver),
        2 => Just(Event::LoseAnswer),
        2 => Just(Event::LoseReport),
        2 => (0..9usize).prop_map(Event::Late),
        1 => Just(Event::Restart),
        1 => Just(Event::Forget),
    ];
    prop::collection::vec(event, 0..40)
}

struct World {
    test: TestApp,
    router: Router,
    agent: TestAgent,
    host: BTreeMap<Scope, Names>,
    spool: Option<Memory>,
    sent: Vec<Sent>,
}

impl World {
    async fn new() -> Self {
        let test = TestApp::new().await;
        let router = router(&test);
        let agent = TestAgent::new(test.app.now());
        agent.join(&test, &router, "a").await;
        let host = scopes()[..2].iter().map(|it| (it.clone(), Names::new())).collect();
        Self { test, router, agent, host, spool: None, sent: Vec::new() }
    }

    fn say(&mut self) -> Sent {
        let sent = self.agent.say(self.test.app.now());
        if self.agent.sync.is_changed() {
            self.spool = Some(self.agent.sync.memory());
        }
        self.sent.push(sent.clone());
        sent
    }

    async fn apply(&mut self, event: Event) {
        self.test.clock.advance_secs(1);
        let now = self.test.app.now();
        match event {
            Event::Set(at, names) => drop(self.host.insert(scopes()[at].clone(), names)),
            Event::Drop(at) => drop(self.host.remove(&scopes()[at])),
            Event::Sweep => {
                let found = self.host.iter().map(|(scope, names)| swept(scope, names, now));
                self.agent.sync.observe(&[Kind::Port, Kind::App], found.collect());
            }
            Event::Deliver => {
                let sent = self.say();
                let reply = deliver(&self.router, &sent).await.unwrap();
                self.agent.sync.replied(&reply);
            }
            Event::LoseAnswer => {
                let sent = self.say();
                deliver(&self.router, &sent).await.unwrap();
                self.agent.sync.lost();
            }
            Event::LoseReport => {
                self.say();
                self.agent.sync.lost();
            }
            Event::Late(at) => {
                if let Some(sent) = self.sent.iter().rev().nth(at).cloned() {
                    deliver(&self.router, &sent).await.unwrap();
                }
            }
            Event::Restart => self.agent.sync = Sync::new(self.spool.clone(), now),
            Event::Forget => {
                self.spool = None;
                self.agent.sync = Sync::new(None, now);
            }
        }
    }

    /// What the database holds: name and pid by kind and container.
    async fn held(&self) -> Vec<(Kind, String, String, u32)> {
        let project = ProjectId::parse(&self.test.credentials.project_id).unwrap();
        let mut held = Vec::new();
        for kind in [Kind::Port, Kind::App] {
            for category in [Category::Host, Category::Container] {
                let ask = Ask { kind, category, enterprise_project: None, filters: Vec::new() };
                let paging = Paging { limit: 1_000, offset: 0 };
                let operator = self.test.operator();
                let page = assets::list(&self.test.app, &operator, &project, &ask, paging).await;
                held.extend(page.unwrap().rows.iter().map(|row| {
                    let container = row.container.as_ref().map(|it| it.id.clone());
                    let name = row.fact.text(Column::Name).to_owned();
                    (kind, container.unwrap_or_default(), name, row.volatile.pid.unwrap())
                }));
            }
        }
        held.sort();
        held
    }

    fn there(&self) -> Vec<(Kind, String, String, u32)> {
        let mut there = Vec::new();
        for (scope, names) in &self.host {
            let container = scope.container.as_ref().map(|it| it.id.clone()).unwrap_or_default();
            there.extend(
                names
                    .iter()
                    .map(|(name, pid)| (scope.kind, container.clone(), format!("n{name}"), *pid)),
            );
        }
        there.sort();
        there
    }
}

proptest! {
    // Each case is a server of its own with a database on disk.
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn three_undisturbed_rounds_are_enough(events in events()) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let (held, there, cloned) = runtime.block_on(async {
            let mut world = World::new().await;
            for event in events {
                world.apply(event).await;
            }
            for _ in 0..3 {
                world.apply(Event::Sweep).await;
                world.apply(Event::Deliver).await;
            }
            let project = ProjectId::parse(&world.test.credentials.project_id).unwrap();
            let operator = world.test.operator();
            let cloned = muster_service::roster::cloned(&world.test.app, &operator, &project).await;
            (world.held().await, world.there(), cloned.unwrap())
        });
        prop_assert_eq!(held, there);
        prop_assert!(cloned.is_empty(), "no disturbance looks like a second agent");
    }
}
