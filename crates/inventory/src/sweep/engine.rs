//! What runs on the sweep's thread: gates, processes, collectors.

use super::{Collectors, Job, Options};
use crate::collector::{Collector, Findings, Rows};
use crate::containers::{Attribution, Container, signs};
use crate::files::Files;
use crate::files::root::Root;
use crate::files::touched::Touched;
use crate::hashing::HashCache;
use crate::host::{Host, Memory, Place};
use crate::live::{Ended, News, Place as Watched};
use crate::memo::Memo;
use crate::networks::{Bridges, Inner};
use crate::owners::Owners;
use crate::proc::Proc;
use crate::processes::{Process, ProcessTable};
use muster_model::container::Details;
use muster_model::host::HostProfile;
use muster_model::report::ContainerRef;
use muster_model::{Diagnostic, Error, Kind, Micros, Result};
use rustix::time::{ClockId, clock_gettime};
use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, HashMap};
use std::hash::{Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

/// What came of one kind.
pub(super) struct Outcome {
    /// On the host itself.
    pub(super) host: Found,
    /// In each container that runs.
    pub(super) containers: Vec<(ContainerRef, Found)>,
    /// What their runtimes tell of them, where containers are told apart.
    pub(super) details: Option<Vec<Details>>,
    pub(super) swept_at: Micros,
    pub(super) cpu_us: u64,
}

/// What was found in one place. No rows: the collector failed.
#[derive(Default)]
pub(super) struct Found {
    pub(super) rows: Option<Rows>,
    pub(super) troubles: Vec<Diagnostic>,
}

/// What was made of files, which outlives an engine that was given up: whatever it had finished, and still
/// finishes, its successor need not do again, so that a host of any size is seen in the end.
#[derive(Clone, Default)]
pub(super) struct Caches {
    hashes: Arc<Mutex<HashCache>>,
    memo: Arc<Mutex<Memo>>,
    pub(super) news: Arc<News>,
}

pub(super) struct Engine {
    options: Options,
    collectors: Collectors,
    proc: Proc,
    caches: Caches,
    table: ProcessTable,
    processes: Processes,
    /// The sweep the processes were read in.
    read_in: u64,
    sweep: u64,
    host: Ground,
    containers: BTreeMap<String, Ground>,
}

/// All processes, and whose they are.
#[derive(Default)]
struct Processes {
    all: Vec<Arc<Process>>,
    of: Attribution,
}

/// What is kept of one root: the host's or a container's.
struct Ground {
    root: Arc<Root>,
    memory: Memory,
    owners: Box<dyn Owners>,
    states: HashMap<Kind, State>,
    is_container: bool,
    /// The sweep its root was opened in.
    sweep: u64,
}

/// What the last run of a collector left.
struct State {
    rows: Rows,
    troubles: Vec<Diagnostic>,
    touched: Touched,
    processes: u64,
    collected_at: Micros,
}

impl Ground {
    fn new(root: Root) -> Self {
        Self {
            root: Arc::new(root),
            memory: Memory::new(),
            owners: crate::owners::index(),
            states: HashMap::new(),
            is_container: false,
            sweep: 0,
        }
    }

    fn of_container(root: Root) -> Self {
        Self { is_container: true, ..Self::new(root) }
    }
}

impl Engine {
    pub(super) fn new(options: Options, collectors: Collectors, caches: Caches) -> Result<Self> {
        let proc = Proc::open(&options.proc)?;
        let host = Ground::new(open_root(&options, &proc)?);
        Ok(Self {
            options,
            collectors,
            proc,
            caches,
            table: ProcessTable::default(),
            processes: Processes::default(),
            read_in: 0,
            sweep: 0,
            host,
            containers: BTreeMap::new(),
        })
    }

    /// Sweeps a kind.
    pub(super) fn run(&mut self, job: Job) -> Outcome {
        let Job { kind, sweep, guard, quick } = job;
        let before = cpu_us();
        let now = self.options.clock.now();
        self.begin(sweep);
        let (mut host, mut containers) = (Found::default(), Vec::new());
        if let Some(collector) = self.collectors.iter().find(|c| c.kind() == kind) {
            if collector.needs_processes() || self.options.containers {
                self.read_processes(now, guard);
            }
            let (collector, caches) = (*collector, &self.caches);
            let Processes { all, of } = &self.processes;
            let root = Arc::clone(&self.host.root);
            let reach = kind == Kind::Port && !of.containers.is_empty();
            let bridges =
                reach.then(|| Bridges::read(&self.proc, &files(&self.options, &root, caches, now)));
            let run = Run {
                root: &root,
                bridges,
                options: &self.options,
                proc: &self.proc,
                caches,
                all,
                collector,
                now,
                sweep,
                quick: quick && kind == Kind::Process,
            };
            host = run.collect(&mut self.host, &of.host, &of.ended, None);
            // Modules are the kernel's, and that is the host's.
            let inside = of.containers.values().filter(|_| kind != Kind::KernelModule);
            containers.extend(inside.map(|container| {
                let found = run.inside(&mut self.containers, container, &of.containers);
                (container.details.named.clone(), found)
            }));
        }
        let cpu_us = cpu_us().saturating_sub(before);
        let known = self.options.containers && self.read_in == self.sweep;
        let each = || self.processes.of.containers.values().map(|it| it.details.clone()).collect();
        let details = known.then(each);
        Outcome { host, containers, details, swept_at: self.options.clock.now(), cpu_us }
    }

    /// Once a sweep: mounts come and go.
    fn begin(&mut self, sweep: u64) {
        if self.sweep == sweep {
            return;
        }
        self.sweep = sweep;
        self.caches.hashes.lock().unwrap_or_else(PoisonError::into_inner).begin();
        self.caches.memo.lock().unwrap_or_else(PoisonError::into_inner).begin();
        if let Ok(root) = open_root(&self.options, &self.proc) {
            self.host.root = Arc::new(root);
        }
    }

    fn read_processes(&mut self, now: Micros, guard: bool) {
        if self.read_in == self.sweep {
            return;
        }
        let all = self.table.read(&self.proc, now);
        let mut of = if self.options.containers {
            Attribution::of(&all, &files(&self.options, &self.host.root, &self.caches, now))
        } else {
            Attribution { host: all.clone(), ..Attribution::default() }
        };
        let ended = self.caches.news.ended(&all, |it| crate::processes::is_still(&self.proc, it));
        if !ended.is_empty() {
            let files = files(&self.options, &self.host.root, &self.caches, now);
            for lost in of.add_ended(ended, &files) {
                self.caches.news.forget(&lost);
            }
        }
        for container in of.containers.values_mut().filter(|_| guard) {
            if let Some(first) = container.first() {
                container.details.signs = signs::of(&self.proc, first);
            }
        }
        let watched = of.containers.iter().filter_map(|(id, container)| {
            let youngest = container.processes.iter().map(|process| process.start).max();
            let (id, process) = (id.clone(), Arc::clone(container.first()?));
            Some(Watched { id, process, youngest: youngest.unwrap_or_default() })
        });
        self.caches.news.settle(watched.collect());
        self.containers.retain(|id, _| of.containers.contains_key(id));
        self.processes = Processes { all, of };
        self.read_in = self.sweep;
    }
}

/// One collector on its way through the places.
struct Run<'e> {
    options: &'e Options,
    /// The host's.
    root: &'e Arc<Root>,
    /// Of the host, where it matters who reaches a container.
    bridges: Option<Bridges>,
    proc: &'e Proc,
    caches: &'e Caches,
    all: &'e [Arc<Process>],
    collector: &'e dyn Collector,
    now: Micros,
    sweep: u64,
    /// Are only the places looked at whose processes changed?
    quick: bool,
}

impl Run<'_> {
    fn collect(
        &self,
        ground: &mut Ground,
        processes: &[Arc<Process>],
        ended: &[Arc<Ended>],
        inner: Option<&Inner>,
    ) -> Found {
        let wants = self.collector.needs_processes();
        let ended = if self.collector.kind() == Kind::Process { ended } else { &[] };
        let seen = if wants { fingerprint(self.collector, processes, ended) } else { 0 };
        if let Some(state) = ground.states.get(&self.collector.kind())
            && self.holds(ground, state, seen)
        {
            return Found { rows: Some(state.rows.clone()), troubles: state.troubles.clone() };
        }
        let files = files(self.options, &ground.root, self.caches, self.now);
        let (processes, all) = if wants { (processes, self.all) } else { (&[][..], &[][..]) };
        let (owners, memory) = (ground.owners.as_mut(), &mut ground.memory);
        // Whatever a broken collector leaves behind is dropped with its host; the caches only ever hold
        // finished entries.
        let run = catch_unwind(AssertUnwindSafe(|| {
            let mut findings = Findings::default();
            let is_container = ground.is_container;
            let place = Place { processes, all, is_container, ended, inner };
            let host = Host::new(&files, self.proc, place, owners, memory);
            self.collector.collect(&host, &mut findings);
            findings
        }));
        let (touched, mut troubles) = files.finish();
        let Ok(findings) = run else {
            ground.states.remove(&self.collector.kind());
            return Found { rows: None, troubles };
        };
        let rows = findings.finish(&mut troubles);
        let state = State {
            rows: rows.clone(),
            troubles: troubles.clone(),
            touched,
            processes: seen,
            collected_at: self.now,
        };
        ground.states.insert(self.collector.kind(), state);
        Found { rows: Some(rows), troubles }
    }

    fn holds(&self, ground: &Ground, state: &State, seen: u64) -> bool {
        !self.collector.always()
            && state.processes == seen
            && self.now < state.collected_at.plus_secs(self.options.limits.trust_stamps_secs)
            && state.touched.is_unchanged(&ground.root, self.proc, state.collected_at, self.sweep)
    }

    /// The same in a container, whose file system is seen through its first process.
    fn inside(
        &self,
        grounds: &mut BTreeMap<String, Ground>,
        container: &Container,
        containers: &BTreeMap<String, Container>,
    ) -> Found {
        let id = &container.details.named.id;
        if self.quick
            && let Some(ground) = grounds.get(id)
            && let Some(state) = ground.states.get(&self.collector.kind())
            && state.processes
                == fingerprint(self.collector, &container.processes, &container.ended)
        {
            return Found { rows: Some(state.rows.clone()), troubles: state.troubles.clone() };
        }
        if grounds.get(id).is_none_or(|ground| ground.sweep != self.sweep) {
            let opened = container.first().map(|first| root_of(self.options, self.proc, first));
            match opened {
                Some(Ok(root)) => match grounds.get_mut(id) {
                    Some(ground) => ground.root = Arc::new(root),
                    None => drop(grounds.insert(id.clone(), Ground::of_container(root))),
                },
                // It may just have ended: the next sweep knows.
                _ => {
                    let message = "its file system could not be opened";
                    let trouble = Diagnostic::new("container.closed", id, message);
                    return Found { rows: None, troubles: vec![trouble] };
                }
            }
        }
        let Some(ground) = grounds.get_mut(id) else { return Found::default() };
        ground.sweep = self.sweep;
        let inner = self.bridges.as_ref().and_then(|bridges| {
            let files = files(self.options, self.root, self.caches, self.now);
            bridges.inner(container, containers, self.all, self.proc, &files)
        });
        self.collect(ground, &container.processes, &container.ended, inner.as_ref())
    }
}

fn files(options: &Options, root: &Arc<Root>, caches: &Caches, now: Micros) -> Files {
    let (hashes, memo) = (Arc::clone(&caches.hashes), Arc::clone(&caches.memo));
    Files::new(Arc::clone(root), hashes, memo, options.limits.dir_entries, now)
}

/// A container's file system, as its process sees it.
fn root_of(options: &Options, proc: &Proc, process: &Process) -> Result<Root> {
    let mounts = proc.text(format!("{}/mountinfo", process.pid)).unwrap_or_default();
    let root = Root::of_process(&options.proc.join(format!("{}/root", process.pid)), &mounts)?;
    // The number may have been given to another process meanwhile: what is opened must still be its.
    if crate::processes::is_still(proc, process) {
        Ok(root)
    } else {
        Err(Error::not_found("process"))
    }
}

/// What the host says of itself; parts that cannot be read are empty.
pub(super) fn profile(options: &Options) -> HostProfile {
    let Ok(proc) = Proc::open(&options.proc) else { return HostProfile::default() };
    let Ok(root) = open_root(options, &proc) else { return HostProfile::default() };
    let limits = options.limits;
    let files = Files::new(
        Arc::new(root),
        Arc::default(),
        Arc::default(),
        limits.dir_entries,
        options.clock.now(),
    );
    crate::profile::read(&files, &proc)
}

fn open_root(options: &Options, proc: &Proc) -> Result<Root> {
    // The mounts of another machine's proc directory say nothing about where its files lie here.
    let mounts = if proc.is_kernel() { proc.text("self/mountinfo") } else { Ok(String::new()) };
    Root::open(&options.root, &mounts.unwrap_or_default())
}

/// Changes when a process that concerns the collector comes, goes or changes.
fn fingerprint(collector: &dyn Collector, processes: &[Arc<Process>], ended: &[Arc<Ended>]) -> u64 {
    let mut hasher = DefaultHasher::new();
    for process in processes {
        if !process.kernel && collector.concerns(process) {
            (process.pid, process.start, process.revision).hash(&mut hasher);
        }
    }
    for Process { pid, start, exe, .. } in ended.iter().map(|ended| &ended.process) {
        (pid, start, exe).hash(&mut hasher);
    }
    hasher.finish()
}

fn cpu_us() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    u64::try_from(time.tv_sec * 1_000_000 + time.tv_nsec / 1_000).unwrap_or_default()
}
