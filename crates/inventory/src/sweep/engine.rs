//! What runs on the sweep's thread: gates, processes, collectors.

use super::{Collectors, Options};
use crate::collector::{Collector, Findings, Rows};
use crate::files::Files;
use crate::files::root::Root;
use crate::files::touched::Touched;
use crate::hashing::HashCache;
use crate::host::{Host, Memory};
use crate::memo::Memo;
use crate::owners::Owners;
use crate::proc::Proc;
use crate::processes::{Process, ProcessTable};
use muster_model::host::HostProfile;
use muster_model::{Diagnostic, Kind, Micros, Result};
use rustix::time::{ClockId, clock_gettime};
use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

/// What came of one kind. No rows: the collector failed.
pub(super) struct Outcome {
    pub(super) rows: Option<Rows>,
    pub(super) troubles: Vec<Diagnostic>,
    pub(super) swept_at: Micros,
    pub(super) cpu_us: u64,
}

/// What was made of files, which outlives an engine that was given up: whatever it had finished, and still
/// finishes, its successor need not do again, so that a host of any size is seen in the end.
#[derive(Clone, Default)]
pub(super) struct Caches {
    hashes: Arc<Mutex<HashCache>>,
    memo: Arc<Mutex<Memo>>,
}

pub(super) struct Engine {
    options: Options,
    collectors: Collectors,
    root: Arc<Root>,
    proc: Proc,
    caches: Caches,
    memory: Memory,
    owners: Box<dyn Owners>,
    table: ProcessTable,
    processes: Vec<Arc<Process>>,
    /// The sweep the processes were read in.
    read_in: u64,
    sweep: u64,
    states: HashMap<Kind, State>,
}

/// What the last run of a collector left.
struct State {
    rows: Rows,
    troubles: Vec<Diagnostic>,
    touched: Touched,
    processes: u64,
    collected_at: Micros,
}

impl Engine {
    pub(super) fn new(options: Options, collectors: Collectors, caches: Caches) -> Result<Self> {
        let proc = Proc::open(&options.proc)?;
        let root = Arc::new(open_root(&options, &proc)?);
        Ok(Self {
            options,
            collectors,
            root,
            proc,
            caches,
            memory: Memory::new(),
            owners: crate::owners::index(),
            table: ProcessTable::default(),
            processes: Vec::new(),
            read_in: 0,
            sweep: 0,
            states: HashMap::new(),
        })
    }

    pub(super) fn run(&mut self, kind: Kind, sweep: u64) -> Outcome {
        let before = cpu_us();
        let (rows, troubles) = match self.collectors.iter().find(|c| c.kind() == kind) {
            Some(collector) => self.collect(*collector, sweep),
            None => (None, Vec::new()),
        };
        let cpu_us = cpu_us().saturating_sub(before);
        Outcome { rows, troubles, swept_at: self.options.clock.now(), cpu_us }
    }

    fn collect(
        &mut self,
        collector: &dyn Collector,
        sweep: u64,
    ) -> (Option<Rows>, Vec<Diagnostic>) {
        let now = self.options.clock.now();
        self.begin(sweep);
        let seen = if collector.needs_processes() {
            self.read_processes(now);
            fingerprint(collector, &self.processes)
        } else {
            0
        };
        if let Some(state) = self.states.get(&collector.kind())
            && self.holds(collector, state, seen, now)
        {
            return (Some(state.rows.clone()), state.troubles.clone());
        }
        let files = Files::new(
            Arc::clone(&self.root),
            Arc::clone(&self.caches.hashes),
            Arc::clone(&self.caches.memo),
            self.options.limits.dir_entries,
            now,
        );
        let processes = if collector.needs_processes() { self.processes.as_slice() } else { &[] };
        let (owners, memory) = (self.owners.as_mut(), &mut self.memory);
        // Whatever a broken collector leaves behind is dropped with its host; the caches only ever hold
        // finished entries.
        let run = catch_unwind(AssertUnwindSafe(|| {
            let mut findings = Findings::default();
            let host = Host::new(&files, &self.proc, processes, owners, memory);
            collector.collect(&host, &mut findings);
            findings
        }));
        let (touched, mut troubles) = files.finish();
        let Ok(findings) = run else {
            self.states.remove(&collector.kind());
            return (None, troubles);
        };
        let rows = findings.finish(&mut troubles);
        let state = State {
            rows: rows.clone(),
            troubles: troubles.clone(),
            touched,
            processes: seen,
            collected_at: now,
        };
        self.states.insert(collector.kind(), state);
        (Some(rows), troubles)
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
            self.root = Arc::new(root);
        }
    }

    fn read_processes(&mut self, now: Micros) {
        if self.read_in != self.sweep {
            self.processes = self.table.read(&self.proc, now);
            self.read_in = self.sweep;
        }
    }

    fn holds(&self, collector: &dyn Collector, state: &State, seen: u64, now: Micros) -> bool {
        !collector.always()
            && state.processes == seen
            && now < state.collected_at.plus_secs(self.options.limits.trust_stamps_secs)
            && state.touched.is_unchanged(&self.root, &self.proc, state.collected_at, self.sweep)
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
fn fingerprint(collector: &dyn Collector, processes: &[Arc<Process>]) -> u64 {
    let mut hasher = DefaultHasher::new();
    for process in processes {
        if !process.kernel && collector.concerns(process) {
            (process.pid, process.start, process.revision).hash(&mut hasher);
        }
    }
    hasher.finish()
}

fn cpu_us() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    u64::try_from(time.tv_sec * 1_000_000 + time.tv_nsec / 1_000).unwrap_or_default()
}
