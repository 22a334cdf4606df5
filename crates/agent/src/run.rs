//! The agent's life: sweep what is due, say what is new, wait.
//!
//! [`Agent::step`] does at most one step of each and tells how long to wait, so that tests need no clock.
//! The agent may be killed at any moment: whatever must survive is on the disk before it is relied upon.

mod tasks;
mod urgent;

use crate::backoff::{Backoff, chance, spread};
use crate::bind::{self, Wanted};
use crate::config::Config;
use crate::cost::Meter;
use crate::schedule::Schedule;
use crate::spool;
use crate::state::StateDir;
use crate::sweep::Sweeper;
use crate::sync::Sync;
use crate::throttle::Throttle;
use crate::transport::Transport;
use muster_model::container::Allowed;
use muster_model::image::Contents;
use muster_model::report::{Reply, Task, TaskDone};
use muster_model::{Clock, Diagnostic, Error, ErrorKind, Kind, Micros, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};
use tasks::Tasks;
use urgent::Urgent;

/// Where this host says which accounts it has, and what its SSH server counts.
const ETC: &str = "/etc";
/// Pause after a refusal that only a person can lift.
const REFUSED: Duration = Duration::from_secs(900);

/// How much more than sweeps looking into images may cost on average: somebody waits for it.
const SCANS_SHARE: f64 = 10.0;
/// Images that wait to be looked into at most: the server asks again.
const MAX_SCANS: usize = 64;

/// Kinds that look at processes: swept together, because the processes are read once a sweep.
const AROUND_PROCESSES: [Kind; 8] = [
    Kind::Process,
    Kind::Port,
    Kind::Database,
    Kind::WebService,
    Kind::WebSite,
    Kind::JarPackage,
    Kind::WebFramework,
    Kind::WebCms,
];

/// What ends an agent's rest before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wake {
    /// Something is to be swept.
    News,
    /// The agent is to end.
    Stop,
}

/// What an agent is made of.
pub struct Parts<S, T> {
    /// The configuration.
    pub config: Config,
    /// The folder with key, enrolment and spool.
    pub state: StateDir,
    /// What it sweeps with.
    pub sweeper: S,
    /// The way to the server.
    pub transport: T,
    /// The host's clock.
    pub clock: Arc<dyn Clock>,
    /// Whose CPU time counts.
    pub meter: Meter,
}

/// An enrolled agent.
pub struct Agent<S, T> {
    parts: Parts<S, T>,
    sync: Sync,
    schedule: Schedule,
    throttle: Throttle,
    backoff: Backoff,
    tasks: Tasks,
    pending: BTreeSet<Kind>,
    troubles: BTreeMap<Kind, Vec<Diagnostic>>,
    cpu_reported: Duration,
    next_report: Duration,
    /// Answers in a row that asked for more: a server that is never content must not be humoured at once.
    asked_again: u32,
    /// Kinds swept because the server wanted them, since its last answer.
    humoured: BTreeSet<Kind>,
    /// CPU time of sweeps on other threads than this one.
    swept_cpu: Duration,
    /// Kinds whose first sweep on this host is still to come: it is not held back by the budget.
    unseen: BTreeSet<Kind>,
    /// Kinds the watch found dirty: swept and told before all others.
    urgent: Urgent,
    /// What the watch could not watch, or lost.
    watch_troubles: Vec<Diagnostic>,
    /// The containers of the last sweep.
    containers: Option<BTreeSet<String>>,
    /// Whether the server wants the containers guarded, and these files in them; unknown before its first answer.
    guarded: Option<Option<Vec<String>>>,
    /// Images that are to be looked into.
    scans: Vec<String>,
    /// They have a budget of their own: the sweeps go on.
    scanning: Throttle,
}

impl<S: Sweeper, T: Transport> Agent<S, T> {
    /// Continues from the spool.
    ///
    /// # Errors
    /// `Invalid` for a wrong configuration, `Unavailable` when the spool cannot be read.
    pub fn new(parts: Parts<S, T>) -> Result<Self> {
        let schedule = Schedule::new(&parts.config)?;
        let memory = spool::load(&parts.state)?;
        let new_here = memory.is_none();
        let mut sync = Sync::new(memory, parts.clock.now());
        sync.switch_off(&schedule.disabled());
        let unseen = schedule.enabled().into_iter().filter(|_| new_here).collect();
        let limits = &parts.config.limits;
        let burst = Duration::from_millis(limits.cpu_burst_ms);
        let mut agent = Self {
            throttle: Throttle::new(limits.cpu_percent, burst, Duration::ZERO),
            scanning: Throttle::new(
                (limits.cpu_percent * SCANS_SHARE).min(100.0),
                burst,
                Duration::ZERO,
            ),
            cpu_reported: parts.meter.cpu(),
            tasks: Tasks::new(parts.config.allow.collect, schedule.enabled()),
            sync,
            schedule,
            parts,
            backoff: Backoff::default(),
            pending: BTreeSet::new(),
            troubles: BTreeMap::new(),
            next_report: Duration::ZERO,
            asked_again: 0,
            humoured: BTreeSet::new(),
            swept_cpu: Duration::ZERO,
            unseen,
            urgent: Urgent::default(),
            watch_troubles: Vec::new(),
            containers: None,
            guarded: None,
            scans: Vec::new(),
        };
        if agent.parts.config.allow.block {
            agent.sync.hold(Allowed::digest(&[]));
        }
        agent.describe();
        Ok(agent)
    }

    /// Runs until it is told to stop on `woken`; `wake` leads there and is what the watch wakes the agent by.
    pub fn run(&mut self, wake: &Sender<Wake>, woken: &Receiver<Wake>) {
        if self.parts.config.live.any() {
            let wake = wake.clone();
            // Of an agent that has ended nobody is to be woken.
            let waker = Box::new(move || {
                let _ = wake.send(Wake::News);
            });
            self.parts.sweeper.watch(&self.parts.config.live, waker);
        }
        let start = Instant::now();
        loop {
            let minute = local_minute(self.parts.clock.now());
            let wait = self.step(start.elapsed(), minute);
            match woken.recv_timeout(wait) {
                Ok(Wake::News) | Err(RecvTimeoutError::Timeout) => {}
                Ok(Wake::Stop) | Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// One step at `now` (from any fixed moment) in the given minute of the local day; returns how long to
    /// wait before the next.
    pub fn step(&mut self, now: Duration, minute: u16) -> Duration {
        self.take_in_dirt(now, minute);
        self.pending.extend(self.schedule.due(now, minute));
        self.pending.extend(self.tasks.kinds());
        self.take_in_wishes();
        if self.urgent.take_swept() && self.is_urgent() {
            let pause = self.send();
            self.next_report = now + pause;
        }
        if !self.pending.is_empty() && now < self.next_report {
            let kinds = self.next_kinds();
            let new = kinds.iter().all(|kind| self.unseen.contains(kind));
            let wait = if new { Duration::ZERO } else { self.throttle.wait(now) };
            if wait.is_zero() {
                self.sweep(&kinds, now);
                return Duration::ZERO;
            }
            return wait.min(self.next_report.saturating_sub(now));
        }
        if !self.scans.is_empty() && now < self.next_report {
            let wait = self.scanning.wait(now);
            if wait.is_zero() {
                self.scan(now);
                return Duration::ZERO;
            }
            return wait.min(self.next_report.saturating_sub(now));
        }
        if now >= self.next_report || (self.is_urgent() && self.pending.is_empty()) {
            let pause = self.send();
            self.next_report = now + pause;
        }
        let waits = !self.pending.is_empty() || !self.scans.is_empty();
        if self.is_urgent() || !self.wishes().is_empty() || waits {
            return Duration::ZERO;
        }
        let next = self.schedule.next().map_or(self.next_report, |due| due.min(self.next_report));
        // At least a second: quiet hours end on a minute, not on the moment a kind became due.
        next.saturating_sub(now).max(Duration::from_secs(1))
    }

    /// What the watch found is swept before anything else, outside the quiet hours.
    fn take_in_dirt(&mut self, now: Duration, minute: u16) {
        let dirt = self.parts.sweeper.dirt();
        if !dirt.cpu.is_zero() {
            self.throttle.spend(dirt.cpu, now);
            if self.parts.meter == Meter::Thread {
                self.swept_cpu += dirt.cpu;
            }
        }
        self.watch_troubles = dirt.diagnostics;
        let enabled = |kind: &Kind| self.parts.config.kind(*kind).enabled;
        self.urgent.add(dirt.kinds.into_iter().filter(enabled));
        if !self.schedule.is_quiet(minute) {
            self.pending.extend(self.urgent.kinds());
        }
    }

    /// Whether there are news that need not wait for the next heartbeat.
    fn is_urgent(&self) -> bool {
        self.sync.has_news() && self.backoff.failures() == 0 && self.asked_again < 2
    }

    /// Kinds the server wants in full and only a sweep can give; each once an answer.
    fn wishes(&self) -> Vec<Kind> {
        self.sync.hungry().into_iter().filter(|kind| !self.humoured.contains(kind)).collect()
    }

    fn take_in_wishes(&mut self) {
        let wishes = self.wishes();
        self.humoured.extend(&wishes);
        let disabled = self.schedule.disabled();
        let (off, on): (Vec<Kind>, _) =
            wishes.into_iter().partition(|kind| disabled.contains(kind));
        self.sync.switch_off(&off);
        self.pending.extend(on);
    }

    /// What to sweep in one go: what is urgent, else one kind, or all that look at processes.
    fn next_kinds(&self) -> Vec<Kind> {
        let (urgent, others) = self.urgent.part(&self.pending);
        if !urgent.is_empty() {
            return urgent;
        }
        let (together, alone): (Vec<Kind>, Vec<Kind>) =
            others.into_iter().partition(|kind| AROUND_PROCESSES.contains(kind));
        alone.first().map_or(together, |kind| vec![*kind])
    }

    /// Sweeps some of the pending kinds.
    fn sweep(&mut self, kinds: &[Kind], now: Duration) {
        let before = self.parts.meter.cpu();
        // What is due, or was asked for, is swept in full, however much is going on.
        let quickly = kinds.iter().all(|kind| {
            let asked = self.tasks.kinds().any(|asked| asked == *kind);
            self.urgent.holds(*kind) && !asked && !self.schedule.is_due(*kind, now)
        });
        let sweep = self.parts.sweeper.sweep(kinds, quickly);
        let new = kinds.iter().all(|kind| self.unseen.remove(kind));
        for kind in kinds {
            self.pending.remove(kind);
            self.troubles.remove(kind);
        }
        self.urgent.swept(kinds, !self.pending.is_empty());
        self.troubles.extend(sweep.troubles);
        self.sync.observe(&sweep.kinds, sweep.scopes);
        let troubles = self.watch_troubles.iter().chain(self.troubles.values().flatten());
        self.sync.trouble(troubles.cloned().collect());
        if let Some(containers) = sweep.containers {
            let ids = containers.iter().map(|container| container.named.id.clone()).collect();
            let before = self.containers.replace(ids);
            // One that came or went is news of every kind.
            if self.parts.config.live.processes && before.is_some() && before != self.containers {
                self.pending.extend(self.schedule.enabled());
            }
            self.sync.tell(containers);
        }
        if let Some(images) = sweep.images {
            self.sync.tell_images(images);
        }
        if self.pending.is_empty() {
            self.describe();
        }
        if !quickly {
            self.schedule.swept(kinds, now);
        }
        self.tasks.swept(kinds, &sweep.failed);
        for done in self.tasks.take_done() {
            self.sync.finish(done);
        }
        let mut cpu = self.parts.meter.cpu().saturating_sub(before);
        if self.parts.meter == Meter::Thread {
            cpu += sweep.cpu;
            self.swept_cpu += sweep.cpu;
        }
        tracing::debug!(?kinds, cpu_us = cpu.as_micros(), "swept");
        if !new {
            self.throttle.spend(cpu, now);
        }
    }

    /// Looks into the image that was asked for first.
    fn scan(&mut self, now: Duration) {
        let id = self.scans.remove(0);
        let began = Instant::now();
        let found = if self.parts.config.allow.collect {
            self.parts.sweeper.contents(&id)
        } else {
            Err("the host does not allow to be asked".to_owned())
        };
        let (facts, error) = match found {
            Ok(facts) => (facts, None),
            Err(why) => (Vec::new(), Some(why.chars().take(256).collect())),
        };
        tracing::debug!(image = id, software = facts.len(), ?error, "looked into an image");
        self.sync.tell_contents(Contents { id, facts, error });
        // It was looked at on another thread, which did nothing else.
        self.scanning.spend(began.elapsed(), now);
    }

    /// Sends a report and takes in the answer; returns the pause until the next.
    fn send(&mut self) -> Duration {
        let cpu = self.parts.meter.cpu() + self.swept_cpu;
        let cost = self.parts.meter.cost(cpu.saturating_sub(self.cpu_reported));
        let (report, date) = self.sync.report(self.parts.clock.now(), cost);
        self.save();
        match self.parts.transport.report(&report, date) {
            Ok(reply) => {
                self.cpu_reported = cpu;
                self.take_in(&reply)
            }
            Err(error) => {
                self.sync.lost();
                self.pause_after(&error)
            }
        }
    }

    fn take_in(&mut self, reply: &Reply) -> Duration {
        if self.backoff.failures() > 0 {
            tracing::info!("the server is back");
        }
        self.backoff.succeed();
        self.asked_again = if reply.full.is_empty() { 0 } else { self.asked_again + 1 };
        self.humoured.clear();
        self.sync.replied(reply);
        self.parts.sweeper.told();
        let guard = reply.guard.then(|| reply.protected_files.clone());
        if self.guarded.as_ref() != Some(&guard) {
            self.parts.sweeper.guard(guard.as_deref());
            self.guarded = Some(guard);
            // What is to be looked at now is not left for the next time something is due.
            if reply.guard && self.parts.config.kind(Kind::Process).enabled {
                self.pending.insert(Kind::Process);
            }
        }
        if let Some(allowed) = &reply.blocking {
            self.block(allowed);
        }
        for task in &reply.tasks {
            self.take_task(task);
        }
        for id in &reply.scan {
            if self.scans.len() < MAX_SCANS
                && !self.scans.contains(id)
                && !self.sync.has_contents(id)
            {
                self.scans.push(id.clone());
            }
        }
        self.save();
        spread(Duration::from_secs(u64::from(reply.next_secs.clamp(1, 3_600))), chance())
    }

    fn block(&mut self, allowed: &[Allowed]) {
        if !self.parts.config.allow.block {
            return;
        }
        tracing::info!(
            images = allowed.len(),
            "containers are held to the programs of their images"
        );
        self.parts.sweeper.block(allowed);
        self.sync.hold(Allowed::digest(allowed));
        if self.parts.config.kind(Kind::Process).enabled {
            self.pending.insert(Kind::Process);
        }
    }

    fn take_task(&mut self, task: &Task) {
        match task {
            Task::Collect { id, kinds } => {
                if let Some(refused) = self.tasks.accept(id, kinds, |id| self.sync.is_done(id)) {
                    self.sync.finish(refused);
                }
            }
            Task::Bind { id, account, add, remove } if !self.sync.is_done(id) => {
                let done = self.bind(&Wanted { account, add, remove });
                self.sync.finish(TaskDone {
                    id: id.clone(),
                    error: done.err(),
                    ..TaskDone::default()
                });
            }
            Task::Bind { .. } => {}
        }
    }

    fn bind(&mut self, wanted: &Wanted<'_>) -> std::result::Result<(), String> {
        let config = &self.parts.config;
        if !config.allow.bind {
            return Err("the host does not allow key pairs to be bound".to_owned());
        }
        let account = wanted.account;
        bind::carry_out(Path::new(ETC), wanted)
            .inspect_err(|why| tracing::warn!(account, why, "its keys could not be changed"))?;
        tracing::info!(account, "its keys were changed");
        // What it opens now is to be seen soon.
        if config.kind(Kind::Users).enabled {
            self.pending.insert(Kind::Users);
        }
        Ok(())
    }

    /// What the host says of itself, and what its operator allows.
    fn describe(&mut self) {
        let mut profile = self.parts.sweeper.profile();
        profile.allows_binding = self.parts.config.allow.bind;
        profile.allows_blocking = self.parts.config.allow.block;
        self.sync.describe(profile);
    }

    fn pause_after(&mut self, error: &Error) -> Duration {
        let pause = self.backoff.fail(chance());
        match error.kind() {
            ErrorKind::Unavailable | ErrorKind::RateLimited | ErrorKind::Internal => {
                tracing::warn!(%error, pause_secs = pause.as_secs(), "report not delivered");
                pause
            }
            ErrorKind::Invalid
            | ErrorKind::Unauthenticated
            | ErrorKind::Forbidden
            | ErrorKind::NotFound
            | ErrorKind::Conflict
            | ErrorKind::TooLarge
            | ErrorKind::Unsupported => {
                tracing::error!(%error, "report refused");
                REFUSED
            }
        }
    }

    fn save(&mut self) {
        if self.sync.is_changed()
            && let Err(error) = spool::save(&self.parts.state, &self.sync.memory())
        {
            // A full disk must not silence the host; what is lost is asked for after a restart.
            tracing::error!(%error, "the spool cannot be written");
        }
    }
}

/// Minute of the local day.
fn local_minute(now: Micros) -> u16 {
    let Ok(at) = jiff::Timestamp::from_microsecond(now.0) else { return 0 };
    let local = at.to_zoned(jiff::tz::TimeZone::system());
    u16::try_from(i32::from(local.hour()) * 60 + i32::from(local.minute())).unwrap_or(0)
}
