//! What to tell the server: a pure state machine between sweeps and replies.
//!
//! It knows for every scope what the last sweep saw and what the server is known to hold, and says the
//! difference. It needs no memory of what happened in between, so an outage of days costs what changed in
//! the end, not what happened on the way. Any doubt ends in the server asking for a scope in full.

mod difference;
mod memory;

pub use difference::Held;
pub use memory::{Memory, RememberedScope};

use difference::{body, held, size};
use muster_model::container::Details;
use muster_model::image::{Contents, Image};
use muster_model::report::{
    Body, Cost, Digest, PROTOCOL, Reply, Report, Row, RowKey, Scope, ScopeReport, TaskDone,
};
use muster_model::{Diagnostic, Kind, Micros};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Rows in one report at most, unless a single scope has more: bounds the memory of both sides.
pub const ROWS_A_REPORT: usize = 20_000;
/// Diagnostics in one report at most.
pub const DIAGNOSTICS: usize = 100;

/// A scope as a sweep saw it.
#[derive(Clone, Debug)]
pub struct Swept {
    /// Which set of rows.
    pub scope: Scope,
    /// Digest of the rows.
    pub digest: Digest,
    /// When the sweep ended.
    pub swept_at: Micros,
    /// The rows, sorted by key.
    pub rows: Arc<[Row]>,
    /// The key of each row.
    pub keys: Arc<[RowKey]>,
}

/// The newest state of a scope.
struct Current {
    digest: Digest,
    swept_at: Micros,
    held: Arc<[Held]>,
    /// Content, only until the server has it.
    rows: Option<Arc<[Row]>>,
}

/// What the server holds of a scope, as far as is known.
struct Acknowledged {
    digest: Digest,
    swept_at: Micros,
    held: Arc<[Held]>,
}

/// What a report on its way would make the server hold: none where it says the scope is gone.
struct InFlight {
    scopes: Vec<(Scope, Option<Acknowledged>)>,
    profile: Option<Digest>,
    done: usize,
    diagnostics: bool,
    containers: bool,
    images: bool,
    contents: bool,
}

/// The state machine. Not bound to any clock, network or disk.
pub struct Sync {
    memory: memory::Counters,
    current: BTreeMap<Scope, Current>,
    acknowledged: BTreeMap<Scope, Acknowledged>,
    wanted: BTreeSet<Scope>,
    gone: BTreeSet<Scope>,
    profile: Option<muster_model::host::HostProfile>,
    profile_held: Option<Digest>,
    /// None before the first sweep.
    diagnostics: Option<Vec<Diagnostic>>,
    diagnostics_new: bool,
    /// None before the first sweep. What the server holds is not remembered: it is told anew after a restart.
    containers: Option<Vec<Details>>,
    containers_new: bool,
    /// Likewise.
    images: Option<Vec<Image>>,
    images_new: bool,
    /// What was found in images, until the server has it: one a report.
    contents: Vec<Contents>,
    /// What containers are held to; none where the host does not allow that.
    blocking: Option<Digest>,
    done: Vec<TaskDone>,
    in_flight: Option<InFlight>,
    changed: bool,
}

/// By what the server knows a scope.
fn place(scope: &Scope) -> (Kind, Option<&str>) {
    (scope.kind, scope.container.as_ref().map(|it| it.id.as_str()))
}

impl Sync {
    /// Continues from what was remembered; `now` starts the counter of an agent that remembers nothing.
    pub fn new(memory: Option<Memory>, now: Micros) -> Self {
        let (counters, profile_held, scopes) = memory::restore(memory, now);
        let acknowledged = scopes
            .into_iter()
            .map(|it| {
                let known = Acknowledged {
                    digest: it.digest,
                    swept_at: Micros(i64::MIN),
                    held: it.held.into(),
                };
                (it.scope, known)
            })
            .collect();
        Self {
            memory: counters,
            current: BTreeMap::new(),
            acknowledged,
            wanted: BTreeSet::new(),
            gone: BTreeSet::new(),
            profile: None,
            profile_held,
            diagnostics: None,
            diagnostics_new: false,
            containers: None,
            containers_new: false,
            images: None,
            images_new: false,
            contents: Vec::new(),
            blocking: None,
            done: Vec::new(),
            in_flight: None,
            changed: true,
        }
    }

    /// Takes in a sweep of `kinds`: a scope of these kinds that is not among `scopes` does not exist.
    pub fn observe(&mut self, kinds: &[Kind], scopes: Vec<Swept>) {
        let seen: BTreeSet<Scope> = scopes.iter().map(|it| it.scope.clone()).collect();
        let vanished = |scope: &Scope| kinds.contains(&scope.kind) && !seen.contains(scope);
        self.current.retain(|scope, _| !vanished(scope));
        // A container that got another name is still there: the server knows it by its id, and is told the new one.
        let places: BTreeSet<(Kind, Option<&str>)> = seen.iter().map(place).collect();
        let renamed = |scope: &Scope| vanished(scope) && places.contains(&place(scope));
        self.acknowledged.retain(|scope, _| !renamed(scope));
        self.wanted.retain(|scope| !renamed(scope));
        self.gone.retain(|scope| !places.contains(&place(scope)));
        let lost = self.acknowledged.keys().chain(&self.wanted).filter(|scope| vanished(scope));
        self.gone.extend(lost.cloned().collect::<Vec<_>>());
        for swept in scopes {
            self.take(swept);
        }
    }

    fn take(&mut self, swept: Swept) {
        let known = self.acknowledged.get(&swept.scope).map(|it| it.digest);
        if let Some(current) = self.current.get_mut(&swept.scope)
            && current.digest == swept.digest
        {
            current.swept_at = swept.swept_at;
            if current.rows.is_none() && known != Some(swept.digest) {
                current.rows = Some(swept.rows);
            }
            return;
        }
        let current = Current {
            digest: swept.digest,
            swept_at: swept.swept_at,
            held: held(&swept.keys, &swept.rows),
            rows: (known != Some(swept.digest)).then_some(swept.rows),
        };
        self.current.insert(swept.scope, current);
    }

    /// Collectors that are switched off: what the server holds of these kinds is withdrawn.
    pub fn switch_off(&mut self, kinds: &[Kind]) {
        self.observe(kinds, Vec::new());
        let fresh = self.acknowledged.is_empty();
        let hosts = kinds.iter().map(|kind| Scope { kind: *kind, container: None });
        // An agent that lost its memory does not know what it once told.
        self.gone.extend(hosts.filter(|_| fresh));
    }

    /// Takes in the host's description.
    pub fn describe(&mut self, profile: muster_model::host::HostProfile) {
        self.profile = Some(profile);
    }

    /// Takes in what troubles the sweeps now.
    pub fn trouble(&mut self, mut diagnostics: Vec<Diagnostic>) {
        diagnostics.truncate(DIAGNOSTICS);
        self.diagnostics_new |= self.diagnostics.as_ref() != Some(&diagnostics);
        self.diagnostics = Some(diagnostics);
    }

    /// Takes in which containers run.
    pub fn tell(&mut self, containers: Vec<Details>) {
        self.containers_new |= self.containers.as_ref() != Some(&containers);
        self.containers = Some(containers);
    }

    /// Takes in which images lie on the disks.
    pub fn tell_images(&mut self, images: Vec<Image>) {
        self.images_new |= self.images.as_ref() != Some(&images);
        self.images = Some(images);
    }

    /// What containers are held to from now on, by its digest.
    pub fn hold(&mut self, blocking: Digest) {
        self.blocking = Some(blocking);
    }

    /// Takes in what is in an image that was asked for.
    pub fn tell_contents(&mut self, contents: Contents) {
        self.contents.push(contents);
    }

    /// Whether what is in this image waits to be told.
    pub fn has_contents(&self, image: &str) -> bool {
        self.contents.iter().any(|it| it.id == image)
    }

    /// A task ended.
    pub fn finish(&mut self, done: TaskDone) {
        if !self.is_done(&done.id) {
            self.done.push(done);
        }
    }

    /// Whether a task has ended without the server knowing it yet.
    pub fn is_done(&self, id: &str) -> bool {
        self.done.iter().any(|it| it.id == id)
    }

    /// Kinds whose content the server wants and the machine no longer has: sweep them again.
    pub fn hungry(&self) -> Vec<Kind> {
        let unknown = self
            .wanted
            .iter()
            .filter(|scope| !self.gone.contains(*scope) && !self.current.contains_key(*scope));
        let dropped = self.current.iter().filter(|(scope, current)| {
            let known = self.acknowledged.get(*scope).map(|it| it.digest);
            current.rows.is_none() && known != Some(current.digest)
        });
        let kinds: BTreeSet<Kind> =
            unknown.chain(dropped.map(|(scope, _)| scope)).map(|scope| scope.kind).collect();
        kinds.into_iter().collect()
    }

    /// Whether there is more to say than a heartbeat.
    pub fn has_news(&self) -> bool {
        let news = |(scope, current): (&Scope, &Current)| {
            let known = self.acknowledged.get(scope).map(|it| it.digest);
            current.rows.is_some() && known != Some(current.digest)
        };
        !self.gone.is_empty()
            || self.containers_new
            || self.images_new
            || !self.contents.is_empty()
            || !self.done.is_empty()
            || self.current.iter().any(news)
    }

    /// The next report. A report that was still without an answer is taken for lost.
    pub fn report(&mut self, now: Micros, cost: Cost) -> (Report, Micros) {
        let (counter, date, reserved) = self.memory.next(now);
        self.changed |= reserved;
        let mut flight = InFlight {
            scopes: Vec::new(),
            profile: None,
            done: self.done.len(),
            diagnostics: self.diagnostics_new,
            containers: self.containers_new,
            images: self.images_new,
            contents: !self.contents.is_empty(),
        };
        let mut scopes = Vec::new();
        for scope in &self.gone {
            let digest = muster_model::report::digest([]);
            let body = Body::Gone;
            scopes.push(ScopeReport { scope: scope.clone(), digest, swept_at: now, body });
            flight.scopes.push((scope.clone(), None));
        }
        let mut rows = 0;
        for kind in Kind::ALL {
            let said = self.say(kind);
            let size: usize = said.iter().map(|it| size(&it.body)).sum();
            if rows > 0 && rows + size > ROWS_A_REPORT {
                continue;
            }
            rows += size;
            for report in &said {
                let Some(current) = self.current.get(&report.scope) else { continue };
                let (digest, swept_at) = (current.digest, current.swept_at);
                let held = Arc::clone(&current.held);
                let known = Acknowledged { digest, swept_at, held };
                flight.scopes.push((report.scope.clone(), Some(known)));
            }
            scopes.extend(said);
        }
        let digest = self.profile.as_ref().map(memory::profile_digest);
        let host = self.profile.clone().filter(|_| digest != self.profile_held);
        flight.profile = digest.filter(|_| host.is_some());
        let diagnostics = self.diagnostics.clone().filter(|_| self.diagnostics_new);
        let containers = self.containers.clone().filter(|_| self.containers_new);
        let images = self.images.clone().filter(|_| self.images_new);
        self.in_flight = Some(flight);
        let report = Report {
            protocol: PROTOCOL,
            agent_version: env!("CARGO_PKG_VERSION").to_owned(),
            counter,
            host,
            scopes,
            cost,
            diagnostics,
            containers,
            images,
            contents: self.contents.first().cloned().into_iter().collect(),
            blocking: self.blocking,
            done: self.done.clone(),
        };
        (report, date)
    }

    /// What to say of a kind: of every scope, or nothing if there is nothing new in any.
    fn say(&self, kind: Kind) -> Vec<ScopeReport> {
        let first = Scope { kind, container: None };
        let all = self.current.range(first..).take_while(|(scope, _)| scope.kind == kind);
        let mut news = false;
        let mut said = Vec::new();
        for (scope, current) in all {
            let known = self.acknowledged.get(scope);
            let Some(body) = body(current, known) else { continue };
            news |= known.is_none_or(|it| current.swept_at > it.swept_at)
                || !matches!(body, Body::Same);
            let (scope, digest, swept_at) = (scope.clone(), current.digest, current.swept_at);
            said.push(ScopeReport { scope, digest, swept_at, body });
        }
        if news { said } else { Vec::new() }
    }

    /// The server answered the last report.
    pub fn replied(&mut self, reply: &Reply) {
        let Some(flight) = self.in_flight.take() else { return };
        for (scope, state) in flight.scopes {
            if reply.full.contains(&scope) {
                continue;
            }
            match state {
                Some(known) => self.acknowledge(scope, known),
                None => {
                    self.gone.remove(&scope);
                    self.wanted.remove(&scope);
                    self.changed |= self.acknowledged.remove(&scope).is_some();
                }
            }
        }
        self.done.drain(..flight.done.min(self.done.len()));
        if flight.diagnostics {
            self.diagnostics_new = false;
        }
        if flight.containers {
            self.containers_new = false;
        }
        if flight.images {
            self.images_new = false;
        }
        if flight.contents {
            self.contents.remove(0);
        }
        if let Some(digest) = flight.profile {
            self.profile_held = Some(digest);
            self.changed = true;
        }
        if reply.want_host {
            self.profile_held = None;
            // A server that lost the host lost its containers and images, too.
            self.containers_new = self.containers.is_some();
            self.images_new = self.images.is_some();
        }
        for scope in &reply.full {
            self.changed |= self.acknowledged.remove(scope).is_some();
            self.wanted.insert(scope.clone());
        }
    }

    fn acknowledge(&mut self, scope: Scope, known: Acknowledged) {
        self.wanted.remove(&scope);
        if let Some(current) = self.current.get_mut(&scope)
            && current.digest == known.digest
        {
            current.rows = None;
        }
        let digest = known.digest;
        let before = self.acknowledged.insert(scope, known);
        self.changed |= before.is_none_or(|it| it.digest != digest);
    }

    /// The last report was lost on its way, or its answer was.
    pub fn lost(&mut self) {
        self.in_flight = None;
    }

    /// Whether [`Sync::memory`] differs from what was last taken. Must be written before the report that
    /// made it so is sent: a counter is never used twice.
    pub fn is_changed(&self) -> bool {
        self.changed
    }

    /// What must survive a restart.
    pub fn memory(&mut self) -> Memory {
        self.changed = false;
        let scopes = self.acknowledged.iter().map(|(scope, known)| RememberedScope {
            scope: scope.clone(),
            digest: known.digest,
            held: known.held.to_vec(),
        });
        self.memory.remember(self.profile_held, scopes.collect())
    }
}
