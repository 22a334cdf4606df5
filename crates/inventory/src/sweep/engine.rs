//! What runs on the sweep's thread: gates, processes, collectors.

mod places;

use super::{Collectors, Job, Options};
use crate::blocking::Blocking;
use crate::collector::Rows;
use crate::containers::{Attribution, signs};
use crate::files::Files;
use crate::files::root::Root;
use crate::files::touched::Touched;
use crate::hashing::HashCache;
use crate::images::contents::{self, Looking};
use crate::images::known::Known;
use crate::images::layers;
use crate::images::unpack::{self, Scratch};
use crate::live::{News, Place as Watched, Spot};
use crate::memo::Memo;
use crate::networks::Bridges;
use crate::owners;
use crate::proc::Proc;
use crate::processes::{Process, ProcessTable};
use crate::stores::Stores;
use muster_model::container::Details;
use muster_model::host::HostProfile;
use muster_model::image::Image;
use muster_model::report::ContainerRef;
use muster_model::{Diagnostic, Error, Kind, Micros, Result};
use places::{Alike, Ground, Run};
use rustix::time::{ClockId, clock_gettime};
use std::collections::{BTreeMap, BTreeSet, HashSet};
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
    /// The images on the host's disks, likewise.
    pub(super) images: Option<Arc<[Image]>>,
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
    owners: owners::Known,
    pub(super) news: Arc<News>,
    pub(super) blocking: Arc<Blocking>,
    /// Where the runtimes that run keep what they have.
    pub(super) stores: Arc<Mutex<Arc<Stores>>>,
    /// What is in the layers of images.
    pub(super) layers: Arc<Mutex<Known>>,
}

impl Caches {
    /// What the runtimes that ran at the last sweep were told of where to keep what they have.
    pub(super) fn stores(&self) -> Arc<Stores> {
        Arc::clone(&self.stores.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn tell_stores(&self, stores: Stores) {
        let mut known = self.stores.lock().unwrap_or_else(PoisonError::into_inner);
        if **known != stores {
            *known = Arc::new(stores);
        }
    }
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
    alike: Alike,
    modules: signs::Modules,
    images: Option<Images>,
}

/// The images that were found last, and what that depended on.
struct Images {
    images: Arc<[Image]>,
    troubles: Vec<Diagnostic>,
    touched: Touched,
    stores: Arc<Stores>,
    read_at: Micros,
    /// The sweep they were last looked at in.
    sweep: u64,
}

/// All processes, and whose they are.
#[derive(Default)]
struct Processes {
    all: Vec<Arc<Process>>,
    of: Attribution,
}

impl Engine {
    pub(super) fn new(options: Options, collectors: Collectors, caches: Caches) -> Result<Self> {
        let proc = Proc::open(&options.proc)?;
        let host = Ground::new(open_root(&options, &proc)?, &caches.owners);
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
            alike: Alike::new(),
            modules: signs::Modules::default(),
            images: None,
        })
    }

    /// Sweeps a kind.
    pub(super) fn run(&mut self, job: Job) -> Outcome {
        let Job { kind, sweep, guard, quick } = job;
        let before = cpu_us();
        let now = self.options.clock.now();
        // Before anything is read: what changes from now on is looked at the next time.
        let spots = Some(self.caches.news.take_spots(kind)).filter(|_| quick);
        self.begin(sweep);
        let (mut host, mut containers) = (Found::default(), Vec::new());
        if self.options.containers {
            // They tell where stores are.
            self.read_processes(now, guard.as_deref());
            self.look_at_images(now);
        }
        if let Some(collector) = self.collectors.iter().find(|c| c.kind() == kind) {
            if collector.needs_processes() {
                self.read_processes(now, guard.as_deref());
            }
            let (collector, caches) = (*collector, &self.caches);
            let Processes { all, of } = &self.processes;
            let root = Arc::clone(&self.host.root);
            let reach = kind == Kind::Port && !of.containers.is_empty();
            let bridges = reach.then(|| {
                let files = files(&self.options, &root, caches, now);
                Bridges::read(&self.proc, &files, &of.containers)
            });
            let forwarded = bridges.as_ref().map(|it| it.forwarded(&of.containers));
            let run = Run {
                root: &root,
                bridges,
                forwarded,
                options: &self.options,
                proc: &self.proc,
                caches,
                all,
                collector,
                now,
                sweep,
                spots,
            };
            host = run.collect(&mut self.host, &mut self.alike, &of.host, &of.ended, None);
            // Modules are the kernel's, and that is the host's.
            let inside = of.containers.values().filter(|_| kind != Kind::KernelModule);
            containers.extend(inside.map(|container| {
                let places = (&mut self.containers, &mut self.alike);
                let found = run.inside(places, container);
                (container.details.named.clone(), found)
            }));
        }
        if kind == Kind::App
            && let Some(images) = &self.images
        {
            host.troubles.extend(images.troubles.iter().cloned());
        }
        if kind == Kind::Process {
            host.troubles.extend(self.caches.blocking.troubles());
        }
        let cpu_us = cpu_us().saturating_sub(before);
        let known = self.options.containers && self.read_in == self.sweep;
        let each = || self.processes.of.containers.values().map(|it| it.details.clone()).collect();
        let details = known.then(each);
        let images = self.images.as_ref().map(|it| Arc::clone(&it.images));
        Outcome { host, containers, details, images, swept_at: self.options.clock.now(), cpu_us }
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

    /// Once a sweep, and read anew only where a store has changed.
    fn look_at_images(&mut self, now: Micros) {
        let (root, sweep) = (&self.host.root, self.sweep);
        let stores = self.caches.stores();
        let trusted = self.options.limits.trust_stamps_secs;
        if let Some(known) = &mut self.images
            && (known.sweep == sweep
                || *known.stores == *stores
                    && now < known.read_at.plus_secs(trusted)
                    && known.touched.is_unchanged(root, &self.proc, known.read_at, sweep))
        {
            known.sweep = sweep;
            return;
        }
        let files = files(&self.options, root, &self.caches, now);
        let before = self.images.as_ref().map(|it| Arc::clone(&it.images)).unwrap_or_default();
        let layouts = &self.options.layouts;
        // A defect of ours does not say that there are none.
        let read = catch_unwind(AssertUnwindSafe(|| crate::images::read(&files, layouts, &before)));
        let Ok(images) = read else { return };
        let (touched, troubles) = files.finish();
        let images = images.into();
        self.images = Some(Images { images, troubles, touched, stores, read_at: now, sweep });
    }

    fn read_processes(&mut self, now: Micros, guard: Option<&[String]>) {
        if self.read_in == self.sweep {
            return;
        }
        let all = self.table.read(&self.proc, now);
        self.caches.tell_stores(Stores::of(&all));
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
        if let Some(files) = guard {
            self.look_for_signs(&mut of, files, now);
        } else {
            self.modules.forget();
        }
        self.caches.blocking.settle(&self.proc, &self.caches.news, of.containers.values_mut());
        let watched = of.containers.iter().filter_map(|(id, container)| {
            let youngest = container.processes.iter().map(|process| process.start).max();
            let (id, process) = (id.clone(), Arc::clone(container.first()?));
            Some(Watched { id, process, youngest: youngest.unwrap_or_default() })
        });
        self.caches.news.settle(watched.collect());
        let news = &self.caches.news;
        self.containers.retain(|id, ground| {
            let Some(container) = of.containers.get(id) else { return false };
            if ground.begin_anew(container.first().map(Arc::as_ref)) {
                // Whoever looked at it looked at something else.
                news.mark_at(Kind::ALL.map(|kind| (kind, Spot::Container(id.clone()))));
            }
            true
        });
        let kept: HashSet<u64> =
            self.containers.values().filter_map(|it| it.root.family()).collect();
        self.alike.retain(|(family, _), _| kept.contains(family));
        self.processes = Processes { all, of };
        self.read_in = self.sweep;
    }
}

impl Engine {
    fn look_for_signs(&mut self, of: &mut Attribution, files: &[String], now: Micros) {
        let none = BTreeSet::new();
        let loaded = self.modules.loaded(&self.proc);
        for (id, container) in &mut of.containers {
            let ground = self.containers.get_mut(id);
            let loaded = ground.map(|ground| {
                ground.loaded.extend(loaded.iter().cloned());
                &ground.loaded
            });
            let loaded = loaded.unwrap_or(&none);
            let seen = signs::Seen { loaded, files, host: &self.host.root };
            container.details.signs = signs::of(&self.proc, container, &seen, now);
        }
    }
}

/// What software is in an image that lies on the host; see [`Looking::look_into`].
pub(super) fn contents(
    options: &Options,
    collectors: Collectors,
    (known, stores): (&Mutex<Known>, Arc<Stores>),
    id: &str,
) -> std::result::Result<contents::Found, String> {
    let told = |error: Error| error.message().to_owned();
    let proc = Proc::open(&options.proc).map_err(told)?;
    let root = Arc::new(open_root(options, &proc).map_err(told)?);
    let now = options.clock.now();
    // The memory of sweeps is not for what is in images: that has one of its own.
    let caches = Caches { stores: Arc::new(Mutex::new(stores)), ..Caches::default() };
    let of_host = files(options, &root, &caches, now);
    let inside = |root: Arc<Root>| files(options, &root, &caches, now);
    let looking = Looking { host: &root, proc: &proc, collectors, inside, known };
    let why = match layers::of(&of_host, id) {
        Ok(image) => return looking.look_into(&image),
        Err(why) => why,
    };
    let Some((blobs, layers)) = layers::packed(&of_host, &options.layouts, id) else {
        return Err(why);
    };
    let path = options.scratch.as_deref();
    let path = path.ok_or("its layers are packed, and there is no folder to unpack them in")?;
    // One that takes too long may still be at it: each has a folder of its own.
    let path = &path.join(id.trim_start_matches("sha256:"));
    let scratch = Scratch { path, root: &options.root, limit: options.limits.collector };
    let unpacked = unpack::unpack(&of_host, &blobs, &layers, &scratch)?;
    looking.look_into(&unpacked.layered)
}

fn files(options: &Options, root: &Arc<Root>, caches: &Caches, now: Micros) -> Files {
    let (hashes, memo) = (Arc::clone(&caches.hashes), Arc::clone(&caches.memo));
    let files = Files::new(Arc::clone(root), hashes, memo, options.limits.dir_entries, now);
    files.with_stores(caches.stores())
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

fn cpu_us() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    u64::try_from(time.tv_sec * 1_000_000 + time.tv_nsec / 1_000).unwrap_or_default()
}
