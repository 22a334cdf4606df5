//! What is swept next, when the budget allows it, and what becomes of it.

use super::{Agent, SCANS_SHARE};
use crate::cost::Meter;
use crate::sweep::Sweeper;
use crate::transport::Transport;
use muster_model::Kind;
use muster_model::image::{ANALYSER, Contents};
use std::time::{Duration, Instant};

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

impl<S: Sweeper, T: Transport> Agent<S, T> {
    /// What the watch found is swept before anything else, outside the quiet hours.
    pub(super) fn take_in_dirt(&mut self, now: Duration, minute: u16) {
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

    /// Kinds the server wants in full and only a sweep can give; each once an answer.
    pub(super) fn wishes(&self) -> Vec<Kind> {
        self.sync.hungry().into_iter().filter(|kind| !self.humoured.contains(kind)).collect()
    }

    pub(super) fn take_in_wishes(&mut self) {
        let wishes = self.wishes();
        self.humoured.extend(&wishes);
        let disabled = self.schedule.disabled();
        let (off, on): (Vec<Kind>, _) =
            wishes.into_iter().partition(|kind| disabled.contains(kind));
        self.sync.switch_off(&off);
        self.pending.extend(on);
    }

    /// What to sweep in one go, and how long that has to wait for the budget: what is urgent, else one kind, or all that look at
    /// processes.
    pub(super) fn next_kinds(&mut self, now: Duration) -> (Vec<Kind>, Duration) {
        let (urgent, others) = self.urgent.part(&self.pending);
        let starve = self.urgent.keeps_waiting(!others.is_empty(), now);
        let (together, alone): (Vec<Kind>, Vec<Kind>) =
            others.into_iter().partition(|kind| AROUND_PROCESSES.contains(kind));
        let others = alone.first().map_or(together, |kind| vec![*kind]);
        let is_new = |kinds: &[Kind]| kinds.iter().all(|kind| self.unseen.contains(kind));
        let (urgent_is_new, others_are_new) = (is_new(&urgent), is_new(&others));
        let soon = self.throttle.wait_urgently(now);
        let others_wait = match (others_are_new, starve) {
            (true, _) => Duration::ZERO,
            (_, true) => soon,
            _ => self.throttle.wait(now),
        };
        let their_turn = self.urgent.had_its_turn() && others_wait.is_zero();
        if urgent.is_empty() || (!others.is_empty() && their_turn) {
            (others, others_wait)
        } else {
            (urgent, if urgent_is_new { Duration::ZERO } else { soon })
        }
    }

    /// Sweeps some of the pending kinds.
    pub(super) fn sweep(&mut self, kinds: &[Kind], now: Duration) {
        let before = self.parts.meter.cpu();
        // What was asked for is swept in full; so is what is due, when its turn comes.
        let quickly = kinds.iter().all(|kind| {
            let asked = self.tasks.kinds().any(|asked| asked == *kind);
            self.urgent.holds(*kind) && !asked && !self.unseen.contains(kind)
        });
        let sweep = self.parts.sweeper.sweep(kinds, quickly);
        let new = kinds.iter().all(|kind| self.unseen.remove(kind));
        for kind in kinds {
            self.pending.remove(kind);
            self.troubles.remove(kind);
        }
        let others = self.pending.iter().any(|kind| !self.urgent.holds(*kind));
        self.urgent.swept(kinds, others);
        self.troubles.extend(sweep.troubles);
        self.sync.observe(&sweep.kinds, sweep.scopes);
        let troubles = self.watch_troubles.iter().chain(self.troubles.values().flatten());
        self.sync.trouble(troubles.cloned().collect());
        if let Some(containers) = sweep.containers {
            let ids = containers.iter().map(|container| container.named.id.clone()).collect();
            let before = self.containers.replace(ids);
            // One that came or went is news of every kind: in it, and of what is around it.
            if self.parts.config.live.processes && before.is_some() && before != self.containers {
                self.urgent.add(self.schedule.enabled());
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
    pub(super) fn scan(&mut self, now: Duration) {
        let (id, at_leisure) = self.scans.remove(0);
        let began = Instant::now();
        let found = if self.parts.config.allow.collect {
            self.parts.sweeper.contents(&id)
        } else {
            Err("the host does not allow to be asked".to_owned())
        };
        let (found, error) = match found {
            Ok(found) => (found, None),
            Err(why) => (Default::default(), Some(why.chars().take(256).collect())),
        };
        let (facts, layers) = found;
        tracing::debug!(image = id, software = facts.len(), ?error, "looked into an image");
        self.sync.tell_contents(Contents { id, facts, layers, error });
        // It was looked at on another thread, which did nothing else. What nobody waits for costs as little as sweeps do.
        let share = if at_leisure { SCANS_SHARE } else { 1.0 };
        self.scanning.spend(began.elapsed().mul_f64(share), now);
    }

    /// What the host says of itself, and what its operator allows.
    pub(super) fn describe(&mut self) {
        let mut profile = self.parts.sweeper.profile();
        profile.allows_binding = self.parts.config.allow.bind;
        profile.allows_blocking = self.parts.config.allow.block;
        let unasked = self.parts.config.allow.collect && self.parts.config.images.scan;
        profile.scans_images = if unasked { ANALYSER } else { 0 };
        self.sync.describe(profile);
    }
}
