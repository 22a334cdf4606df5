//! The agent's life: sweep what is due, say what is new, wait.
//!
//! [`Agent::step`] does at most one step of each and tells how long to wait, so that tests need no clock.
//! The agent may be killed at any moment: whatever must survive is on the disk before it is relied upon.

mod answers;
mod sweeping;
mod tasks;
mod urgent;

use crate::backoff::Backoff;
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
use muster_model::{Clock, Diagnostic, Kind, Micros, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};
use tasks::Tasks;
use urgent::Urgent;

/// How much more than sweeps looking into images may cost on average: somebody waits for it.
const SCANS_SHARE: f64 = 10.0;

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
    /// Images that are to be looked into, those that somebody waits for first; and whether nobody does.
    scans: Vec<(String, bool)>,
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
            let (kinds, wait) = self.next_kinds(now);
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
}

/// Minute of the local day.
fn local_minute(now: Micros) -> u16 {
    let Ok(at) = jiff::Timestamp::from_microsecond(now.0) else { return 0 };
    let local = at.to_zoned(jiff::tz::TimeZone::system());
    u16::try_from(i32::from(local.hour()) * 60 + i32::from(local.minute())).unwrap_or(0)
}
