//! A host that is a few numbers, and a server that is a map.

use muster_agent::config::LiveConfig;
use muster_agent::sweep::{Contained, Sweep, Sweeper};
use muster_agent::sync::Swept;
use muster_agent::transport::Transport;
use muster_inventory::live::{Dirt, Waker};
use muster_model::container::{Allowed, Details};
use muster_model::host::HostProfile;
use muster_model::image::Image;
use muster_model::report::{
    Body, ContainerRef, Digest, EnrolReply, EnrolRequest, Reply, Report, Row, RowKey, Scope,
    Volatile, digest,
};
use muster_model::{Column, Diagnostic, Error, ErrorKind, Fact, Kind, Micros, Result};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

/// What is on the simulated host: for every scope the names that are there, with a pid each.
pub(crate) type HostState = BTreeMap<Scope, BTreeMap<u8, u32>>;

pub(crate) fn scope(kind: Kind, container: Option<&str>) -> Scope {
    let container =
        container.map(|id| ContainerRef { id: id.to_owned(), name: format!("name-{id}") });
    Scope { kind, container }
}

pub(crate) fn rows(names: &BTreeMap<u8, u32>, kind: Kind) -> Vec<Row> {
    let mut rows: Vec<Row> = names
        .iter()
        .map(|(name, pid)| {
            let mut fact = Fact::new(kind);
            fact.set(Column::Name, name.to_string());
            Row { fact, seq: 0, volatile: Volatile { pid: Some(*pid), ..Volatile::default() } }
        })
        .collect();
    rows.sort_by_key(Row::key);
    rows
}

pub(crate) fn swept(scope: Scope, names: &BTreeMap<u8, u32>, at: Micros) -> Swept {
    let rows = rows(names, scope.kind);
    let keys: Vec<RowKey> = rows.iter().map(Row::key).collect();
    let digest = digest(keys.iter().zip(rows.iter().map(|row| &row.volatile)));
    Swept { scope, digest, swept_at: at, rows: rows.into(), keys: keys.into() }
}

/// A sweeper over a shared host state; counts what it swept.
#[derive(Clone, Default)]
pub(crate) struct Host {
    pub(crate) state: Rc<RefCell<HostState>>,
    pub(crate) swept: Rc<RefCell<Vec<Vec<Kind>>>>,
    /// Kinds that cannot be swept, with the reason.
    pub(crate) failed: Rc<RefCell<BTreeMap<Kind, String>>>,
    pub(crate) containers: Rc<RefCell<Option<Vec<Details>>>>,
    pub(crate) images: Rc<RefCell<Option<Vec<Image>>>>,
    /// What it was told of guarding, each time.
    pub(crate) guard: Rc<RefCell<Vec<Option<Vec<String>>>>>,
    /// What its containers were held to, each time.
    pub(crate) blocked: Rc<RefCell<Vec<Vec<Allowed>>>>,
    /// What its watch has found, once.
    pub(crate) dirt: Rc<RefCell<Dirt>>,
    pub(crate) cpu: Duration,
}

impl Sweeper for Host {
    fn profile(&mut self) -> HostProfile {
        HostProfile { name: "host".into(), ..HostProfile::default() }
    }

    fn guard(&mut self, guard: Option<&[String]>) {
        self.guard.borrow_mut().push(guard.map(<[String]>::to_vec));
    }

    fn block(&mut self, allowed: &[Allowed]) {
        self.blocked.borrow_mut().push(allowed.to_vec());
    }

    fn contents(&mut self, id: &str) -> std::result::Result<Contained, String> {
        let mut fact = Fact::new(Kind::App);
        fact.set(Column::Name, format!("in {id}"));
        if id == "broken" {
            Err("no store has it".to_owned())
        } else {
            Ok((vec![fact], vec![Some(0)]))
        }
    }

    fn watch(&mut self, _: &LiveConfig, _: Waker) {}

    fn dirt(&mut self) -> Dirt {
        let mut dirt = self.dirt.borrow_mut();
        let diagnostics = dirt.diagnostics.clone();
        Dirt { diagnostics, ..std::mem::take(&mut *dirt) }
    }

    fn told(&mut self) {}

    fn sweep(&mut self, kinds: &[Kind], _: bool) -> Sweep {
        self.swept.borrow_mut().push(kinds.to_vec());
        let (state, mut failed) = (self.state.borrow(), self.failed.borrow().clone());
        failed.retain(|kind, _| kinds.contains(kind));
        let kinds: Vec<Kind> =
            kinds.iter().copied().filter(|kind| !failed.contains_key(kind)).collect();
        let scopes = state.iter().filter(|(scope, _)| kinds.contains(&scope.kind));
        let trouble = |(kind, why): (&Kind, &String)| {
            (*kind, vec![Diagnostic::new("collector.failed", kind.name(), why)])
        };
        Sweep {
            scopes: scopes.map(|(scope, it)| swept(scope.clone(), it, Micros(1))).collect(),
            troubles: failed.iter().map(trouble).collect(),
            kinds,
            failed,
            containers: self.containers.borrow().clone(),
            images: self.images.borrow().clone(),
            cpu: self.cpu,
        }
    }
}

/// The server's side of the protocol over a map.
#[derive(Clone, Default)]
pub(crate) struct Server {
    pub(crate) held: BTreeMap<Scope, (Digest, BTreeMap<RowKey, Row>)>,
    pub(crate) profile: Option<HostProfile>,
    pub(crate) counter: u64,
    pub(crate) received: Vec<Report>,
    pub(crate) next: Reply,
    pub(crate) down: bool,
}

impl Server {
    pub(crate) fn take(&mut self, report: &Report) -> Reply {
        let mut reply = Reply { next_secs: 60, ..std::mem::take(&mut self.next) };
        if report.counter < self.counter {
            return reply;
        }
        self.counter = report.counter;
        self.received.push(report.clone());
        self.profile = report.host.clone().or(self.profile.take());
        reply.want_host = self.profile.is_none();
        for it in &report.scopes {
            let held = self.held.get_mut(&it.scope);
            match (&it.body, held) {
                (Body::Gone, _) => {
                    self.held.remove(&it.scope);
                }
                (Body::Full { rows }, _) => {
                    let rows = rows.iter().map(|row| (row.key(), row.clone())).collect();
                    self.held.insert(it.scope.clone(), (it.digest, rows));
                }
                (_, Some(held)) if held.0 == it.digest => {}
                (Body::Delta { base, added, removed }, Some(held)) if held.0 == *base => {
                    for key in removed {
                        held.1.remove(key);
                    }
                    held.1.extend(added.iter().map(|row| (row.key(), row.clone())));
                    held.0 = it.digest;
                }
                _ => reply.full.push(it.scope.clone()),
            }
        }
        let named = |scope: &Scope| report.scopes.iter().any(|it| it.scope == *scope);
        let unnamed = |it: &&Scope| !named(it) && named(&Scope { kind: it.kind, container: None });
        reply.full.extend(self.held.keys().filter(unnamed).cloned());
        reply
    }

    /// What it believes is on the host.
    pub(crate) fn state(&self) -> HostState {
        let name = |row: &Row| row.fact.text(Column::Name).parse().unwrap();
        let rows = |rows: &BTreeMap<RowKey, Row>| {
            rows.values().map(|row| (name(row), row.volatile.pid.unwrap())).collect()
        };
        self.held.iter().map(|(scope, (_, held))| (scope.clone(), rows(held))).collect()
    }
}

/// The server at the end of a perfect line.
#[derive(Clone, Default)]
pub(crate) struct Line(pub(crate) Rc<RefCell<Server>>);

impl Transport for Line {
    fn enrol(&mut self, _: &EnrolRequest) -> Result<EnrolReply> {
        Ok(EnrolReply { host_id: "h".into(), agent_id: "a".into() })
    }

    fn report(&mut self, report: &Report, _: Micros) -> Result<Reply> {
        let mut server = self.0.borrow_mut();
        if server.down {
            return Err(Error::new(ErrorKind::Unavailable, "down"));
        }
        // What arrives has passed through JSON.
        let json = serde_json::to_string(report).unwrap();
        Ok(server.take(&serde_json::from_str(&json).unwrap()))
    }
}

/// Not used by the agent's state: keeps `Arc` rows comparable in tests.
pub(crate) fn full(report: &Report) -> Vec<Arc<str>> {
    let full = report.scopes.iter().filter(|it| matches!(it.body, Body::Full { .. }));
    full.map(|it| Arc::from(it.scope.kind.name())).collect()
}
