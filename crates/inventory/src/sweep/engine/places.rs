//! One collector on its way through the places, and what is kept of each place from sweep to sweep.

use super::{Caches, Found, Options, files};
use crate::collector::{Collector, Findings, Rows};
use crate::containers::Container;
use crate::files::root::Root;
use crate::files::touched::Touched;
use crate::host::{Host, Memory, Place};
use crate::live::{Ended, Spots};
use crate::networks::{Bridges, Forwarded, Inner};
use crate::owners::{self, Owners};
use crate::proc::Proc;
use crate::processes::Process;
use muster_model::{Diagnostic, Error, Kind, Micros, Result};
use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;

/// What collectors found last in containers of these layers, in those that were changed too: containers of one image hold the
/// same files, and what was seen to be the same need not be read again.
pub(super) type Alike = HashMap<(u64, Kind), Vec<Arc<State>>>;

/// Different states kept of the containers of the same layers.
const MOST_ALIKE: usize = 4;

/// What is kept of one root: the host's or a container's.
pub(super) struct Ground {
    pub(super) root: Arc<Root>,
    memory: Memory,
    owners: Box<dyn Owners>,
    states: HashMap<Kind, Arc<State>>,
    is_container: bool,
    /// Modules that the kernel has got since the container is known.
    pub(super) loaded: BTreeSet<String>,
    /// The sweep its root was opened in.
    pub(super) sweep: u64,
    /// The process a container is seen by, with its start, its mount namespace and what it runs.
    first: Option<(u32, i64, u64, PathBuf)>,
}

/// What the last run of a collector left.
pub(super) struct State {
    rows: Rows,
    troubles: Vec<Diagnostic>,
    touched: Touched,
    processes: u64,
    collected_at: Micros,
}

impl Ground {
    pub(super) fn new(root: Root, known: &owners::Known) -> Self {
        Self {
            root: Arc::new(root),
            memory: Memory::new(),
            owners: owners::index(known),
            states: HashMap::new(),
            is_container: false,
            loaded: BTreeSet::new(),
            sweep: 0,
            first: None,
        }
    }

    fn of_container(root: Root, known: &owners::Known) -> Self {
        Self { is_container: true, ..Self::new(root, known) }
    }

    /// A container that was started anew may hold anything, and so may one whose first process runs something else: before that
    /// it was its runtime's, and perhaps still saw the host's files. Whether that is so.
    pub(super) fn begin_anew(&mut self, first: Option<&Process>) -> bool {
        let first = first.map(|it| (it.pid, it.start_ticks, it.mntns, it.exe.clone()));
        let anew = self.first != first;
        if anew {
            self.first = first;
            self.states.clear();
        }
        anew
    }
}

/// One collector on its way through the places.
pub(super) struct Run<'e> {
    pub(super) options: &'e Options,
    /// The host's.
    pub(super) root: &'e Arc<Root>,
    /// Of the host, where it matters who reaches a container.
    pub(super) bridges: Option<Bridges>,
    /// The host's ports that lead to containers, likewise.
    pub(super) forwarded: Option<Forwarded>,
    pub(super) proc: &'e Proc,
    pub(super) caches: &'e Caches,
    pub(super) all: &'e [Arc<Process>],
    pub(super) collector: &'e dyn Collector,
    pub(super) now: Micros,
    pub(super) sweep: u64,
    /// Where something changed: nothing else is looked at but what is new and, for what depends on processes, where they changed.
    /// None: everything is.
    pub(super) spots: Option<Spots>,
}

impl Run<'_> {
    pub(super) fn collect(
        &self,
        ground: &mut Ground,
        alike: &mut Alike,
        processes: &[Arc<Process>],
        ended: &[Arc<Ended>],
        inner: Option<&Inner>,
    ) -> Found {
        let kind = self.collector.kind();
        let wants = self.collector.needs_processes();
        let ended = if kind == Kind::Process { ended } else { &[] };
        let seen = if wants { fingerprint(self.collector, processes, ended) } else { 0 };
        // What depends on processes is each container's own.
        let family = ground.root.family().filter(|_| !wants).map(|family| (family, kind));
        let mut others = family.map(|family| alike.entry(family).or_default());
        let known = ground.states.get(&kind).filter(|state| self.holds(ground, state, seen));
        let other = || others.iter().flat_map(|it| it.iter());
        let known = known.or_else(|| other().find(|state| self.holds(ground, state, seen)));
        if let Some(state) = known.cloned() {
            let found = Found { rows: Some(state.rows.clone()), troubles: state.troubles.clone() };
            ground.states.insert(kind, state);
            return found;
        }
        let files = files(self.options, &ground.root, self.caches, self.now);
        let (processes, all) = if wants { (processes, self.all) } else { (&[][..], &[][..]) };
        let (owners, memory) = (ground.owners.as_mut(), &mut ground.memory);
        // Whatever a broken collector leaves behind is dropped with its host; the caches only ever hold
        // finished entries.
        let run = catch_unwind(AssertUnwindSafe(|| {
            let mut findings = Findings::default();
            let is_container = ground.is_container;
            let forwarded = self.forwarded.as_ref().filter(|_| !is_container);
            let place = Place { processes, all, is_container, ended, inner, forwarded };
            let host = Host::new(&files, self.proc, place, owners, memory);
            self.collector.collect(&host, &mut findings);
            findings
        }));
        let (touched, mut troubles) = files.finish();
        let Ok(findings) = run else {
            ground.states.remove(&kind);
            return Found { rows: None, troubles };
        };
        let mut rows = findings.finish(&mut troubles);
        // Containers that look different and hold the same share their rows all the same.
        let same = |state: &Arc<State>| state.rows.digest == rows.digest;
        let known = others.as_ref().and_then(|states| states.iter().position(same));
        let known = known.zip(others.as_mut()).map(|(at, states)| states.remove(at));
        if let Some(known) = known {
            rows = known.rows.clone();
        }
        let state = Arc::new(State {
            rows: rows.clone(),
            troubles: troubles.clone(),
            touched,
            processes: seen,
            collected_at: self.now,
        });
        if let Some(others) = others {
            others.insert(0, Arc::clone(&state));
            others.truncate(MOST_ALIKE);
        }
        ground.states.insert(kind, state);
        Found { rows: Some(rows), troubles }
    }

    fn holds(&self, ground: &Ground, state: &State, seen: u64) -> bool {
        !self.collector.always()
            && state.processes == seen
            && self.now < state.collected_at.plus_secs(self.options.limits.trust_stamps_secs)
            && state.touched.is_unchanged(&ground.root, self.proc, state.collected_at, self.sweep)
    }

    /// Whether nothing changed in a container but perhaps its processes. That those changed is all that is said of them.
    fn is_aside(&self, spots: &Spots, id: &str, network: u64) -> bool {
        self.collector.kind() == Kind::Process || !spots.concern(id, network)
    }

    /// The same in a container, whose file system is seen through its first process.
    pub(super) fn inside(
        &self,
        (grounds, alike): (&mut BTreeMap<String, Ground>, &mut Alike),
        container: &Container,
    ) -> Found {
        let id = &container.details.named.id;
        let network = container.first().map_or(0, |first| first.netns);
        if self.spots.as_ref().is_some_and(|spots| self.is_aside(spots, id, network))
            && let Some(ground) = grounds.get(id)
            && let Some(state) = ground.states.get(&self.collector.kind())
            && (!self.collector.needs_processes()
                || state.processes
                    == fingerprint(self.collector, &container.processes, &container.ended))
        {
            return Found { rows: Some(state.rows.clone()), troubles: state.troubles.clone() };
        }
        if grounds.get(id).is_none_or(|ground| ground.sweep != self.sweep) {
            let opened = container.first().map(|first| root_of(self, first));
            match opened {
                Some(Ok(root)) => match grounds.get_mut(id) {
                    Some(ground) => ground.root = Arc::new(root),
                    None => {
                        let mut ground = Ground::of_container(root, &self.caches.owners);
                        ground.begin_anew(container.first().map(Arc::as_ref));
                        grounds.insert(id.clone(), ground);
                    }
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
        let inner = self.bridges.as_ref();
        let inner = inner.and_then(|bridges| bridges.inner(container, self.all, self.proc));
        self.collect(ground, alike, &container.processes, &container.ended, inner.as_ref())
    }
}

/// A container's file system, as its process sees it.
fn root_of(run: &Run<'_>, process: &Process) -> Result<Root> {
    let mounts = run.proc.text(format!("{}/mountinfo", process.pid)).unwrap_or_default();
    let root = run.options.proc.join(format!("{}/root", process.pid));
    let root = Root::of_process(&root, &mounts)?;
    // The number may have been given to another process meanwhile: what is opened must still be its.
    if crate::processes::is_still(run.proc, process) {
        Ok(root.in_layers(&mounts, run.root))
    } else {
        Err(Error::not_found("process"))
    }
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
