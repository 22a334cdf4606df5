//! The sweep: runs the collectors whose ground has changed and keeps the rows of the others.
//!
//! The work is done on a thread of its own, because a read can get stuck in the kernel (a dead network
//! mount reached through a symbolic link). Then that thread is given up, its kind keeps its rows, and
//! the sweep goes on with a new one.

mod engine;

use crate::collector::{Collector, Rows};
use crate::collectors::COLLECTORS;
use crate::live::{self, Dirt, Waker, Watch};
use engine::{Caches, Engine, Found, Outcome};
use muster_model::container::{Allowed, Details};
use muster_model::host::HostProfile;
use muster_model::image::Image;
use muster_model::report::{ContainerRef, Digest, Row, RowKey};
use muster_model::{Clock, Diagnostic, Error, Fact, Kind, Micros, Result, SystemClock};
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// What bounds a sweep.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Longest run of one collector.
    pub collector: Duration,
    /// Most entries read of one directory.
    pub dir_entries: usize,
    /// Even if nothing seems to have changed, a collector runs again after this many seconds: time
    /// stamps can be forged by whoever writes to the device itself.
    pub trust_stamps_secs: i64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { collector: Duration::from_secs(60), dir_entries: 100_000, trust_stamps_secs: 3600 }
    }
}

/// What is swept.
#[derive(Clone)]
pub struct Options {
    /// Directory that is `/` of the swept system.
    pub root: PathBuf,
    /// Its proc directory. Only if this is `/proc` is the kernel asked about this machine.
    pub proc: PathBuf,
    /// The kinds that may be swept at all.
    pub kinds: Vec<Kind>,
    /// Are containers told apart? Each is then swept as a place of its own, else all is the host's.
    pub containers: bool,
    /// Folders to look for images in that lie as OCI layouts, beside the stores of the runtimes.
    pub layouts: Vec<PathBuf>,
    /// A folder below the root, of nobody else, in which the layers of images in OCI layouts are unpacked while they are looked into; none: they
    /// are not. It is emptied and removed.
    pub scratch: Option<PathBuf>,
    /// Bounds.
    pub limits: Limits,
    /// Source of the time.
    pub clock: Arc<dyn Clock>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            root: "/".into(),
            proc: "/proc".into(),
            kinds: Kind::ALL.to_vec(),
            containers: true,
            layouts: Vec::new(),
            scratch: None,
            limits: Limits::default(),
            clock: Arc::new(SystemClock),
        }
    }
}

/// What the rows of a swept kind are worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// They are of this sweep.
    Fresh,
    /// This sweep failed: they are of an earlier one.
    Kept,
    /// This sweep failed and so did all before: there are no rows, which does not say there is none of it.
    Unknown,
}

/// One kind of one place after a sweep.
#[derive(Clone, Debug)]
pub struct Swept {
    /// The kind.
    pub kind: Kind,
    /// The container; none: the host itself.
    pub container: Option<ContainerRef>,
    /// What the rows are worth.
    pub standing: Standing,
    /// Its rows, sorted by key.
    pub rows: Arc<[Row]>,
    /// The key of each row.
    pub keys: Arc<[RowKey]>,
    /// Digest of the rows.
    pub digest: Digest,
    /// Does the digest differ from that of the last sweep? True the first time.
    pub changed: bool,
    /// When it ended. Of a failed run, when its rows were last confirmed: 0 if they never were.
    pub swept_at: Micros,
    /// CPU time it took, microseconds; that of containers is counted with their host.
    pub cpu_us: u64,
    /// Troubles. Those of an earlier run stay until its collector runs again.
    pub diagnostics: Vec<Diagnostic>,
}

/// One collector a kind.
type Collectors = &'static [&'static dyn Collector];

/// The inventory of one root, kept from sweep to sweep.
pub struct Inventory {
    options: Options,
    collectors: Collectors,
    caches: Caches,
    worker: Option<Worker>,
    stuck: HashMap<Kind, JoinHandle<()>>,
    last: HashMap<Kind, Last>,
    told: Option<Vec<Details>>,
    images: Option<Arc<[Image]>>,
    guard: Option<Arc<[String]>>,
    quick: bool,
    sweeps: u64,
    watch: Option<Watch>,
}

/// The last good run of a kind.
#[derive(Default)]
struct Last {
    host: Option<Held>,
    containers: BTreeMap<String, (ContainerRef, Held)>,
}

#[derive(Clone)]
struct Held {
    rows: Rows,
    swept_at: Micros,
}

impl Inventory {
    /// Checks that root and proc can be opened.
    ///
    /// # Errors
    /// `Invalid` naming `root` or `proc`; `Unsupported` for a foreign root on a kernel before 5.6.
    pub fn new(options: Options) -> Result<Self> {
        Self::with(options, COLLECTORS)
    }

    fn with(options: Options, collectors: Collectors) -> Result<Self> {
        let caches = Caches::default();
        if let Some(scratch) = &options.scratch {
            // What one left behind that was killed.
            crate::images::unpack::tidy(&options.root, scratch);
        }
        let worker = Some(Worker::start(&options, collectors, &caches)?);
        let (stuck, last) = (HashMap::new(), HashMap::new());
        Ok(Self {
            options,
            collectors,
            caches,
            worker,
            stuck,
            last,
            told: None,
            images: None,
            guard: None,
            quick: false,
            sweeps: 0,
            watch: None,
        })
    }

    /// The kinds there is a collector for, as far as the options allow them.
    pub fn kinds(&self) -> Vec<Kind> {
        let known = |kind: &Kind| self.collectors.iter().any(|c| c.kind() == *kind);
        self.options.kinds.iter().copied().filter(known).collect()
    }

    /// The host itself. Parts that cannot be read are empty.
    pub fn profile(&self) -> HostProfile {
        engine::profile(&self.options)
    }

    /// What is known of the containers that ran at the last sweep, by id; none before one, or where they are not told apart.
    pub fn containers(&self) -> Option<&[Details]> {
        self.told.as_deref()
    }

    /// The images that lay on the host's disks at the last sweep, by store and id; none before one, or where containers are not
    /// told apart.
    pub fn images(&self) -> Option<&[Image]> {
        self.images.as_deref()
    }

    /// What software is in an image that lies on the host's disks, each piece once: packages of the system and of applications, and
    /// what is recognised by its files. Beside each which layer brought it, counted from the lowest, where that can be told. What layers hold
    /// that were looked into for another image is remembered. Takes twice as long as a collector at most.
    ///
    /// # Errors
    /// Why it cannot be told, for people.
    pub fn contents(&self, id: &str) -> std::result::Result<(Vec<Fact>, Vec<Option<u16>>), String> {
        let (options, collectors) = (self.options.clone(), self.collectors);
        let (known, stores) = (Arc::clone(&self.caches.layers), self.caches.stores());
        let id = id.to_owned();
        let (done, outcome) = channel();
        let look = move || {
            // Nobody may wait for it any more.
            let _ = done.send(engine::contents(&options, collectors, (&known, stores), &id));
        };
        let thread = std::thread::Builder::new().name("image".to_owned()).spawn(look);
        thread.map_err(|error| error.to_string())?;
        let limit = self.options.limits.collector * 2;
        outcome.recv_timeout(limit).unwrap_or_else(|error| {
            Err(match error {
                RecvTimeoutError::Timeout => format!("took longer than {} s", limit.as_secs()),
                RecvTimeoutError::Disconnected => "the looking failed".to_owned(),
            })
        })
    }

    /// Whether signs of escapes are looked for in containers, from the next sweep on.
    pub fn guard(&mut self, guard: Option<&[String]>) {
        self.guard = guard.map(Arc::from);
        self.caches.news.protect(self.guard.clone().unwrap_or_default());
    }

    /// From the next sweep on the containers of these images are kept from running any other programs than these; those of
    /// other images are not.
    pub fn block(&self, allowed: &[Allowed]) {
        self.caches.blocking.only(allowed);
    }

    /// Watches from now on what happens between sweeps, and calls the waker when there is something to be swept. What
    /// cannot be watched is told by [`Inventory::dirt`].
    pub fn watch(&mut self, options: &live::Options, waker: Waker) {
        self.watch = None;
        self.watch = Watch::start(options, &self.caches.news, waker);
    }

    /// What the watch has found since it was last asked; nothing where there is none.
    pub fn dirt(&self) -> Dirt {
        if self.watch.is_some() { self.caches.news.take() } else { Dirt::default() }
    }

    /// What the last sweeps found was told: programs that have ended are gone from the next.
    pub fn told(&self) {
        self.caches.news.told();
    }

    /// Sweeps the given kinds, as far as the options allow them: of each the host, then its containers.
    pub fn sweep(&mut self, kinds: &[Kind]) -> Vec<Swept> {
        self.quick = false;
        self.sweep_them(kinds)
    }

    /// The same after an event: the processes of a container are looked at only if any came, went or changed.
    pub fn sweep_quickly(&mut self, kinds: &[Kind]) -> Vec<Swept> {
        self.quick = true;
        self.sweep_them(kinds)
    }

    fn sweep_them(&mut self, kinds: &[Kind]) -> Vec<Swept> {
        self.sweeps += 1;
        let known = self.kinds();
        let wanted = kinds.iter().copied().filter(|kind| known.contains(kind));
        let wanted: Vec<Kind> = wanted.collect();
        wanted.into_iter().flat_map(|kind| self.sweep_kind(kind)).collect()
    }

    fn sweep_kind(&mut self, kind: Kind) -> Vec<Swept> {
        if let Some(thread) = self.stuck.get(&kind) {
            if !thread.is_finished() {
                return self.failed(kind, "collector.stuck", "still waiting in the kernel");
            }
            self.stuck.remove(&kind);
        }
        let start = || Worker::start(&self.options, self.collectors, &self.caches);
        let worker = match self.worker.take().map_or_else(start, Ok) {
            Ok(worker) => worker,
            Err(error) => return self.failed(kind, "sweep.impossible", error.message()),
        };
        let (sweep, guard, quick) = (self.sweeps, self.guard.clone(), self.quick);
        let job = Job { kind, sweep, guard, quick };
        match worker.run(job, self.options.limits.collector) {
            Ok(outcome) => {
                self.worker = Some(worker);
                self.accept(kind, outcome)
            }
            Err(RecvTimeoutError::Timeout) => {
                self.stuck.insert(kind, worker.thread);
                let secs = self.options.limits.collector.as_secs();
                self.failed(kind, "collector.timeout", &format!("took longer than {secs} s"))
            }
            Err(RecvTimeoutError::Disconnected) => {
                self.failed(kind, "collector.failed", "the sweep's thread ended")
            }
        }
    }

    fn accept(&mut self, kind: Kind, outcome: Outcome) -> Vec<Swept> {
        self.told = outcome.details;
        self.images = outcome.images;
        let mut before = std::mem::take(self.last.entry(kind).or_default());
        let (mut now, at) = (Last::default(), outcome.swept_at);
        let mut swept = Vec::with_capacity(1 + outcome.containers.len());
        let (mut host, held) = settle(kind, None, outcome.host, before.host.take(), at);
        host.cpu_us = outcome.cpu_us;
        now.host = held;
        swept.push(host);
        for (container, found) in outcome.containers {
            let held = before.containers.remove(&container.id).map(|(_, held)| held);
            let (one, held) = settle(kind, Some(container.clone()), found, held, at);
            if let Some(held) = held {
                now.containers.insert(container.id.clone(), (container, held));
            }
            swept.push(one);
        }
        self.last.insert(kind, now);
        swept
    }

    /// The rows of the last good run with the reason why there are no newer ones.
    fn failed(&self, kind: Kind, code: &str, message: &str) -> Vec<Swept> {
        let last = self.last.get(&kind);
        let containers = last.into_iter().flat_map(|last| last.containers.values());
        let containers = containers.map(|(container, held)| (Some(container.clone()), Some(held)));
        let host = (None, last.and_then(|last| last.host.as_ref()));
        std::iter::once(host)
            .chain(containers)
            .map(|(container, held)| kept(kind, container, held, code, message))
            .collect()
    }
}

/// What a place's run comes to, and what is to be kept of it.
fn settle(
    kind: Kind,
    container: Option<ContainerRef>,
    found: Found,
    before: Option<Held>,
    swept_at: Micros,
) -> (Swept, Option<Held>) {
    let Some(rows) = found.rows else {
        let told = found.troubles.first();
        let (code, message) = told
            .filter(|it| it.code.starts_with("container."))
            .map_or(("collector.failed", "the collector failed"), |it| {
                (it.code.as_str(), it.message.as_str())
            });
        return (kept(kind, container, before.as_ref(), code, message), before);
    };
    let changed = before.is_none_or(|held| held.rows.digest != rows.digest);
    let held = Held { rows: rows.clone(), swept_at };
    let swept = Swept {
        kind,
        container,
        standing: Standing::Fresh,
        rows: rows.rows,
        keys: rows.keys,
        digest: rows.digest,
        changed,
        swept_at,
        cpu_us: 0,
        diagnostics: found.troubles,
    };
    (swept, Some(held))
}

fn kept(
    kind: Kind,
    container: Option<ContainerRef>,
    held: Option<&Held>,
    code: &str,
    message: &str,
) -> Swept {
    let of = container.as_ref().map(|container| container.id.as_str());
    tracing::warn!(kind = kind.name(), container = of, code, message, "a collector failed");
    let rows = held.map(|held| held.rows.clone()).unwrap_or_default();
    Swept {
        kind,
        container,
        standing: if held.is_some() { Standing::Kept } else { Standing::Unknown },
        rows: rows.rows,
        keys: rows.keys,
        digest: rows.digest,
        changed: false,
        swept_at: held.map_or(Micros(0), |held| held.swept_at),
        cpu_us: 0,
        diagnostics: vec![Diagnostic::new(code, kind.name(), message)],
    }
}

/// What the thread is to do.
#[derive(Clone)]
struct Job {
    kind: Kind,
    /// The number of the sweep.
    sweep: u64,
    /// Are signs of escapes looked for in containers? Then also for changes of these files.
    guard: Option<Arc<[String]>>,
    /// Are only the containers looked at whose processes changed?
    quick: bool,
}

/// The thread that does the work. Ends when its sender is dropped.
struct Worker {
    jobs: Sender<Job>,
    outcomes: Receiver<Outcome>,
    thread: JoinHandle<()>,
}

impl Worker {
    fn start(options: &Options, collectors: Collectors, caches: &Caches) -> Result<Self> {
        let mut engine = Engine::new(options.clone(), collectors, caches.clone())?;
        let (jobs, todo) = channel::<Job>();
        let (done, outcomes) = channel();
        let thread = std::thread::Builder::new()
            .name("sweep".to_owned())
            .spawn(move || {
                for job in todo {
                    if done.send(engine.run(job)).is_err() {
                        break;
                    }
                }
            })
            .map_err(Error::internal)?;
        Ok(Self { jobs, outcomes, thread })
    }

    fn run(&self, job: Job, limit: Duration) -> std::result::Result<Outcome, RecvTimeoutError> {
        self.jobs.send(job).map_err(|_| RecvTimeoutError::Disconnected)?;
        self.outcomes.recv_timeout(limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collector::Findings;
    use crate::host::Host;
    use muster_model::Fact;
    use muster_model::report::Volatile;
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
    use std::sync::{Condvar, Mutex};

    /// Finds one row, and then panics.
    struct Brittle;
    static BROKEN: AtomicBool = AtomicBool::new(false);

    impl Collector for Brittle {
        fn kind(&self) -> Kind {
            Kind::App
        }
        fn always(&self) -> bool {
            true
        }
        fn collect(&self, _host: &Host<'_>, out: &mut Findings) {
            out.push(Fact::new(Kind::App), Volatile::default());
            assert!(!BROKEN.load(Ordering::SeqCst), "as a defect of ours would");
        }
    }

    /// Finds one row, and then hangs until it is let go.
    struct Hanging;
    static HOLD: Mutex<bool> = Mutex::new(false);
    static LET_GO: Condvar = Condvar::new();

    impl Collector for Hanging {
        fn kind(&self) -> Kind {
            Kind::Port
        }
        fn always(&self) -> bool {
            true
        }
        fn collect(&self, _host: &Host<'_>, out: &mut Findings) {
            out.push(Fact::new(Kind::Port), Volatile::default());
            drop(LET_GO.wait_while(HOLD.lock().unwrap(), |hold| *hold).unwrap());
        }
    }

    /// Reads a file, which takes longer than a sweep may, and counts how often it does.
    struct Slow;
    static READS: AtomicUsize = AtomicUsize::new(0);
    static SLOW: Mutex<bool> = Mutex::new(true);
    static READ: Condvar = Condvar::new();

    impl Collector for Slow {
        fn kind(&self) -> Kind {
            Kind::WebSite
        }
        fn collect(&self, host: &Host<'_>, out: &mut Findings) {
            host.files().parsed("/etc/passwd", u64::MAX, |_| {
                READS.fetch_add(1, Ordering::SeqCst);
                drop(READ.wait_while(SLOW.lock().unwrap(), |slow| *slow).unwrap());
                READS.load(Ordering::SeqCst)
            });
            out.push(Fact::new(Kind::WebSite), Volatile::default());
        }
    }

    #[test]
    fn what_a_sweep_given_up_still_finishes_is_not_done_again() {
        let limits = Limits { collector: Duration::from_millis(100), ..Limits::default() };
        let options = Options { limits, containers: false, ..Options::default() };
        let mut inventory = Inventory::with(options, &[&Slow]).unwrap();
        let mut sweep = || inventory.sweep(&[Kind::WebSite]).remove(0);
        assert_eq!(sweep().diagnostics[0].code, "collector.timeout");
        *SLOW.lock().unwrap() = false;
        READ.notify_all();
        while sweep().standing != Standing::Fresh {
            std::thread::yield_now();
        }
        assert_eq!(READS.load(Ordering::SeqCst), 1);
    }

    /// Panics from the first time on.
    struct Broken;

    impl Collector for Broken {
        fn kind(&self) -> Kind {
            Kind::Users
        }
        fn collect(&self, _host: &Host<'_>, _out: &mut Findings) {
            panic!("as a defect of ours would");
        }
    }

    #[test]
    fn a_kind_that_never_could_be_swept_says_why_and_claims_nothing() {
        let mut inventory = Inventory::with(Options::default(), &[&Broken]).unwrap();
        for _ in 0..2 {
            let swept = inventory.sweep(&[Kind::Users]).remove(0);
            assert_eq!((swept.standing, swept.rows.len()), (Standing::Unknown, 0));
            assert_eq!(swept.diagnostics[0].code, "collector.failed");
        }
    }

    fn sweep(inventory: &mut Inventory) -> Vec<(Kind, usize, String)> {
        let swept = inventory.sweep(&[Kind::Port, Kind::App]).into_iter();
        let code = |swept: &Swept| swept.diagnostics.first().map(|trouble| trouble.code.clone());
        swept
            .map(|swept| (swept.kind, swept.rows.len(), code(&swept).unwrap_or_default()))
            .collect()
    }

    #[test]
    fn a_collector_that_breaks_or_hangs_costs_nothing_but_its_news() {
        // Long enough for a panic with its backtrace on a busy machine.
        let limits = Limits { collector: Duration::from_secs(2), ..Limits::default() };
        let options = Options { limits, containers: false, ..Options::default() };
        let mut inventory = Inventory::with(options, &[&Hanging, &Brittle]).unwrap();
        let fine = [(Kind::Port, 1, String::new()), (Kind::App, 1, String::new())];
        assert_eq!(sweep(&mut inventory), fine);

        BROKEN.store(true, Ordering::SeqCst);
        *HOLD.lock().unwrap() = true;
        let told = |port: &str| {
            [(Kind::Port, 1, port.to_owned()), (Kind::App, 1, "collector.failed".to_owned())]
        };
        assert_eq!(sweep(&mut inventory), told("collector.timeout"));
        // It is not run again on yet another thread while the first one waits.
        assert_eq!(sweep(&mut inventory), told("collector.stuck"));

        BROKEN.store(false, Ordering::SeqCst);
        *HOLD.lock().unwrap() = false;
        LET_GO.notify_all();
        while inventory.stuck.values().any(|thread| !thread.is_finished()) {
            std::thread::yield_now();
        }
        assert_eq!(sweep(&mut inventory), fine);
    }
}
