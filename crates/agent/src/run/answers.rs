//! Reports on their way, and what the server answers.

use super::Agent;
use crate::backoff::{chance, spread};
use crate::bind::{self, Wanted};
use crate::spool;
use crate::sweep::Sweeper;
use crate::transport::Transport;
use muster_model::container::Allowed;
use muster_model::report::{Reply, Task, TaskDone};
use muster_model::{Error, ErrorKind, Kind};
use std::path::Path;
use std::time::Duration;

/// Where this host says which accounts it has, and what its SSH server counts.
const ETC: &str = "/etc";
/// Pause after a refusal that only a person can lift.
const REFUSED: Duration = Duration::from_secs(900);

/// Images that wait to be looked into at most: the server asks again.
const MAX_SCANS: usize = 64;

impl<S: Sweeper, T: Transport> Agent<S, T> {
    /// Whether there are news that need not wait for the next heartbeat.
    pub(super) fn is_urgent(&self) -> bool {
        self.sync.has_news() && self.backoff.failures() == 0 && self.asked_again < 2
    }

    /// Sends a report and takes in the answer; returns the pause until the next.
    pub(super) fn send(&mut self) -> Duration {
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
        // What is not asked for any more somebody has stopped.
        self.scans.clear();
        let asked = reply.scan.iter().map(|id| (id, false));
        let others = reply.scan_at_leisure.iter().map(|id| (id, true));
        for (id, at_leisure) in asked.chain(others).take(MAX_SCANS) {
            let known = self.scans.iter().any(|(known, _)| known == id);
            if !known && !self.sync.has_contents(id) {
                self.scans.push((id.clone(), at_leisure));
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

    fn bind(&mut self, wanted: &Wanted<'_>) -> Result<(), String> {
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
