//! Agent and store converge, whatever happens to the messages between them, and the past stays what it was.

use crate::fleet::{ALL, container, digest_of, fact, host, project, query};
use muster_model::report::{Body, Row, RowKey, Scope, ScopeReport, Volatile};
use muster_model::{Category, Column, FactHash, Kind, Micros};
use muster_store::assets::{self, Applied, ExportCursor, GroupOrder, Keep, Op, Target, apply};
use muster_store::{Db, transact};
use muster_testkit::TestDb;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};

/// What may happen.
#[derive(Clone, Debug)]
enum Step {
    /// Something is installed, started, upgraded or removed in one of the scopes.
    Edit { scope: usize, item: u8, version: u8, pid: u32, remove: bool },
    /// The scope is gone, or there again.
    Toggle { scope: usize },
    /// The agent reports.
    Report { scope: usize, fate: Fate },
    /// All hosts report all their scopes, and all that arrives is taken in together.
    All { fate: Fate },
    /// A message that was held back arrives after all.
    Release,
    /// The agent forgets what it has sent.
    Restart,
}

#[derive(Clone, Copy, Debug)]
enum Fate {
    Arrives,
    IsLost,
    AnswerIsLost,
    ArrivesTwice,
    IsHeldBack,
}

fn step() -> impl Strategy<Value = Step> {
    let fate = prop_oneof![
        4 => Just(Fate::Arrives),
        1 => Just(Fate::IsLost),
        3 => Just(Fate::AnswerIsLost),
        1 => Just(Fate::ArrivesTwice),
        2 => Just(Fate::IsHeldBack),
    ];
    prop_oneof![
        8 => (0..SCOPES, 0..3_u8, 0..2_u8, 1..4_u32, any::<bool>()).prop_map(
            |(scope, item, version, pid, remove)| Step::Edit { scope, item, version, pid, remove }
        ),
        1 => (0..SCOPES).prop_map(|scope| Step::Toggle { scope }),
        8 => (0..SCOPES, fate.clone()).prop_map(|(scope, fate)| Step::Report { scope, fate }),
        3 => fate.prop_map(|fate| Step::All { fate }),
        2 => Just(Step::Release),
        1 => Just(Step::Restart),
    ]
}

/// Scopes of all hosts.
const SCOPES: usize = 6;

/// A scope as the agent has it.
#[derive(Clone)]
struct AgentScope {
    host: usize,
    scope: Scope,
    /// Item and pid (0 where there are no processes) to version.
    items: BTreeMap<(u8, u32), u8>,
    there: bool,
    acknowledged: Option<BTreeMap<RowKey, Row>>,
    wanted_in_full: bool,
}

impl AgentScope {
    fn rows(&self) -> BTreeMap<RowKey, Row> {
        let mut rows: BTreeMap<RowKey, Row> = BTreeMap::new();
        for ((item, pid), version) in &self.items {
            let kind = self.scope.kind;
            let mut row = Row {
                fact: fact(kind, &format!("item{item}"), &format!("{version}")),
                seq: 0,
                volatile: Volatile {
                    pid: (*pid > 0).then_some(*pid),
                    started: (*pid > 0).then_some(Micros(i64::from(*pid))),
                    ..Volatile::default()
                },
            };
            while rows.contains_key(&row.key()) {
                row.seq += 1;
            }
            rows.insert(row.key(), row);
        }
        rows
    }

    fn message(&self) -> Message {
        let rows = self.rows();
        let all: Vec<Row> = rows.values().cloned().collect();
        let body = match &self.acknowledged {
            _ if !self.there => Body::Gone,
            _ if self.wanted_in_full => Body::Full { rows: all.clone() },
            Some(known) if *known != rows => {
                let base: Vec<Row> = known.values().cloned().collect();
                Body::Delta {
                    base: digest_of(&base),
                    added: rows
                        .iter()
                        .filter(|(key, row)| known.get(*key) != Some(*row))
                        .map(|(_, row)| row.clone())
                        .collect(),
                    removed: known.keys().filter(|key| !rows.contains_key(key)).copied().collect(),
                }
            }
            _ => Body::Same,
        };
        let report = ScopeReport {
            scope: self.scope.clone(),
            digest: digest_of(&all),
            swept_at: Micros(0),
            body,
        };
        let rows = if self.there { rows } else { BTreeMap::new() };
        Message { host: self.host, report, rows }
    }
}

#[derive(Clone)]
struct Message {
    host: usize,
    report: ScopeReport,
    /// The state it stands for.
    rows: BTreeMap<RowKey, Row>,
}

/// Every scope of every host with its rows.
type Fleet = BTreeMap<(usize, Scope), BTreeMap<RowKey, Row>>;

/// An asset told apart from others only as far as it must be: host, content, container, pid.
type Asset = (String, FactHash, Option<String>, Option<u32>);
type State = Vec<Asset>;

struct Host {
    id: String,
    target: Target,
}

struct World<'t> {
    db: &'t Db,
    hosts: Vec<Host>,
    now: i64,
    agent: Vec<AgentScope>,
    held: Vec<Message>,
    /// What the store must hold: scope by scope the state of the last message it accepted.
    expected: Fleet,
    /// What it held at each moment a message had been taken in.
    past: Vec<(i64, Fleet)>,
}

impl World<'_> {
    /// What is said of several scopes of a host one after the other is one report.
    async fn deliver(&mut self, messages: &[Message]) -> Vec<Applied> {
        self.now += 10;
        let together =
            |a: &Message, b: &Message| a.host == b.host && a.report.scope != b.report.scope;
        let of_host = |messages: &[Message]| {
            let scopes: Vec<_> = messages.iter().map(|message| message.report.clone()).collect();
            (self.hosts[messages[0].host].target, scopes)
        };
        let reports: Vec<_> = messages.chunk_by(together).map(of_host).collect();
        let reports: Vec<_> =
            reports.iter().map(|(target, scopes)| (*target, scopes.as_slice())).collect();
        let now = Micros(self.now);
        let applied = transact!(self.db, |tx| apply(tx, &reports, now).await).unwrap().concat();
        for (message, applied) in messages.iter().zip(&applied) {
            if *applied != Applied::NeedFull {
                let scope = (message.host, message.report.scope.clone());
                self.expected.insert(scope, message.rows.clone());
            }
        }
        // What is taken in together happens at one moment, or a few microseconds after.
        self.past.push((self.now + 5, self.expected.clone()));
        applied
    }

    fn answered(&mut self, at: usize, message: &Message, applied: Applied) {
        let scope = &mut self.agent[at];
        scope.wanted_in_full = applied == Applied::NeedFull;
        scope.acknowledged = (applied != Applied::NeedFull
            && !matches!(message.report.body, Body::Gone))
        .then(|| message.rows.clone());
    }

    async fn step(&mut self, step: &Step) {
        match *step {
            Step::Edit { scope, item, version, pid, remove } => {
                let scope = &mut self.agent[scope];
                let pid = if scope.scope.kind == Kind::Process { pid } else { 0 };
                if remove {
                    scope.items.remove(&(item, pid));
                } else {
                    scope.items.insert((item, pid), version);
                }
            }
            Step::Toggle { scope } => self.agent[scope].there ^= true,
            Step::Restart => {
                for scope in &mut self.agent {
                    scope.acknowledged = None;
                    scope.wanted_in_full = false;
                }
            }
            Step::Release => {
                if let Some(message) = self.held.pop() {
                    self.deliver(&[message]).await;
                }
            }
            Step::Report { scope, fate } => self.report(&[scope], fate).await,
            Step::All { fate } => {
                let all: Vec<usize> = (0..self.agent.len()).collect();
                self.report(&all, fate).await;
            }
        }
    }

    async fn report(&mut self, scopes: &[usize], fate: Fate) {
        let mut messages: Vec<_> = scopes.iter().map(|at| self.agent[*at].message()).collect();
        match fate {
            Fate::IsLost => return,
            Fate::IsHeldBack => return self.held.append(&mut messages),
            Fate::ArrivesTwice => messages.extend_from_within(..),
            Fate::Arrives | Fate::AnswerIsLost => {}
        }
        let applied = self.deliver(&messages).await;
        if !matches!(fate, Fate::AnswerIsLost) {
            for ((at, message), applied) in scopes.iter().zip(&messages).zip(applied) {
                self.answered(*at, message, applied);
            }
        }
    }

    /// Without losses two exchanges settle every scope.
    async fn settle(&mut self) {
        for at in 0..self.agent.len() {
            for _ in 0..3 {
                self.report(&[at], Fate::Arrives).await;
            }
            let scope = &self.agent[at];
            let wanted = if scope.there { scope.rows() } else { BTreeMap::new() };
            let held = self.expected.get(&(scope.host, scope.scope.clone()));
            assert_eq!(held, Some(&wanted), "did not settle");
        }
    }

    async fn check(&self, project: i64) {
        let mut tx = self.db.read().await.unwrap();
        for kind in [Kind::App, Kind::Process] {
            for category in [Category::Host, Category::Container] {
                let mut query = query(project, kind);
                query.category = category;
                let wanted = |at: &Fleet| -> State {
                    let mut state: State = at
                        .iter()
                        .filter(|((host, scope), _)| {
                            self.hosts[*host].target.project == project
                                && scope.kind == kind
                                && scope.container.is_some() == (category == Category::Container)
                        })
                        .flat_map(|((host, scope), rows)| {
                            let id = scope.container.as_ref().map(|container| container.id.clone());
                            rows.values().map(move |row| {
                                let host = self.hosts[*host].id.clone();
                                (host, row.fact.hash(), id.clone(), row.volatile.pid)
                            })
                        })
                        .collect();
                    state.sort();
                    state
                };
                let found = |seen: Vec<assets::Seen>| -> State {
                    let mut state: State = seen
                        .iter()
                        .map(|seen| {
                            let id = seen.container.as_ref().map(|container| container.id.clone());
                            let host = seen.host.id.to_string();
                            (host, seen.fact.hash(), id, seen.volatile.pid)
                        })
                        .collect();
                    state.sort();
                    state
                };
                let current = wanted(&self.expected);
                assert_eq!(found(assets::list(&mut tx, &query, ALL).await.unwrap()), current);
                let n = i64::try_from(current.len()).unwrap();
                assert_eq!(assets::count(&mut tx, &query).await.unwrap(), n);
                // Told by the counters of the scopes, of the facts, and by walking over what is there.
                let groups = assets::statistics(
                    &mut tx,
                    &query,
                    &[Column::Name],
                    GroupOrder::Ascending,
                    ALL,
                );
                let sum = groups.await.unwrap().rows.iter().map(|group| group.num).sum::<i64>();
                assert_eq!(sum, n);
                let mut cursor = ExportCursor::open(self.db, query.clone()).await.unwrap();
                let mut exported = Vec::new();
                while let Some(batch) = cursor.next_batch().await.unwrap() {
                    exported.extend(batch);
                }
                assert_eq!(exported, assets::list(&mut tx, &query, ALL).await.unwrap());
                for (at, expected) in &self.past {
                    let seen = assets::list_at(&mut tx, &query, Micros(*at), ALL).await.unwrap();
                    assert_eq!(found(seen), wanted(expected), "{kind} as of {at}");
                }
            }
        }
    }

    /// Following the changes from the beginning leads to the same state.
    async fn replay(&self, project: i64) {
        let mut tx = self.db.read().await.unwrap();
        let mut state: Vec<(Kind, Asset)> = Vec::new();
        let (mut cursor, mut at) = (0, Micros(0));
        loop {
            let changes = assets::changes(&mut tx, project, None, cursor, 3).await.unwrap();
            if changes.is_empty() {
                break;
            }
            for change in changes {
                assert!(change.cursor > cursor && change.at >= at);
                (cursor, at) = (change.cursor, change.at);
                let id = change.container.as_ref().map(|container| container.id.clone());
                let asset = |hash| (change.host.id.to_string(), hash, id.clone(), change.pid);
                match change.op {
                    Op::Added => assert!(change.before.is_none() && change.after.is_some()),
                    Op::Removed => assert!(change.before.is_some() && change.after.is_none()),
                    Op::Modified => assert!(change.before.is_some() && change.after.is_some()),
                }
                if let Some(before) = &change.before {
                    let gone = (change.kind, asset(before.hash()));
                    let gone = state.iter().position(|asset| *asset == gone);
                    state.swap_remove(gone.expect("only what is there can go"));
                }
                if let Some(after) = &change.after {
                    state.push((change.kind, asset(after.hash())));
                }
            }
        }
        let mut wanted: Vec<_> = self
            .expected
            .iter()
            .filter(|((host, _), _)| self.hosts[*host].target.project == project)
            .flat_map(|((host, scope), rows)| {
                let id = scope.container.as_ref().map(|container| container.id.clone());
                rows.values().map(move |row| {
                    let host = self.hosts[*host].id.clone();
                    (scope.kind, (host, row.fact.hash(), id.clone(), row.volatile.pid))
                })
            })
            .collect();
        wanted.sort();
        state.sort();
        assert_eq!(state, wanted);
        assert!(cursor <= assets::latest_cursor(&mut tx, project).await.unwrap());
    }
}

async fn run(db: &Db, steps: &[Step]) {
    static N: AtomicU32 = AtomicU32::new(0);
    let n = N.fetch_add(1, Ordering::SeqCst);
    let (projects, hosts) = transact!(db, |tx| {
        let projects = [project(tx).await, project(tx).await];
        let mut hosts = Vec::new();
        for (at, project) in [projects[0], projects[0], projects[1]].into_iter().enumerate() {
            let id = format!("converging{n}-{at}");
            let target = host(tx, project, &id, &id, "10.0.0.1").await;
            hosts.push(Host { id, target });
        }
        Ok((projects, hosts))
    })
    .unwrap();
    let scopes: [_; SCOPES] = [
        (0, Kind::App, None),
        (0, Kind::Process, None),
        (0, Kind::App, Some(container("c1"))),
        (1, Kind::App, None),
        (1, Kind::App, Some(container("c1"))),
        (2, Kind::App, None),
    ];
    let agent = scopes.map(|(host, kind, container)| AgentScope {
        host,
        scope: Scope { kind, container },
        items: BTreeMap::new(),
        there: true,
        acknowledged: None,
        wanted_in_full: false,
    });
    let mut world = World {
        db,
        hosts,
        now: 1000,
        agent: agent.to_vec(),
        held: Vec::new(),
        expected: BTreeMap::new(),
        past: Vec::new(),
    };
    for step in steps {
        world.step(step).await;
    }
    world.settle().await;
    // Nothing is old enough to go, so no fact may go that the past or the journal needs.
    assets::purge(world.db, Keep::default(), Micros(0)).await.unwrap();
    for project in projects {
        world.check(project).await;
        world.replay(project).await;
    }
}

fn on(test: &TestDb, runtime: &tokio::runtime::Runtime, cases: u32) {
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(steps in prop::collection::vec(step(), 1..60))| {
        runtime.block_on(run(&test.db, &steps));
    });
}

#[test]
fn sqlite() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let test = runtime.block_on(TestDb::sqlite());
    on(&test, &runtime, 48);
}

#[test]
fn postgres() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    if let Some(test) = runtime.block_on(TestDb::postgres()) {
        on(&test, &runtime, 24);
    }
}
