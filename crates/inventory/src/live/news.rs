//! What the sources have to say, until somebody asks.

use super::programs::{Ended, Key, Note, Programs};
use super::{Dirt, Spot, Spots, Waker};
use crate::processes::Process;
use muster_model::{Diagnostic, Kind, Micros};
use rustix::fd::OwnedFd;
use rustix::time::{ClockId, clock_gettime};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Shared by the sources, the sweep and the agent.
#[derive(Default)]
pub(crate) struct News(Mutex<State>);

#[derive(Default)]
struct State {
    dirty: BTreeSet<Kind>,
    /// Where, until somebody looks.
    spots: BTreeMap<Kind, Spots>,
    /// Grows whenever the processes are going to be swept.
    epoch: u64,
    programs: Programs,
    /// How often events were lost.
    lost: u64,
    troubles: BTreeMap<String, String>,
    cpu: Duration,
    waker: Option<Waker>,
    places: Arc<[Place]>,
    protected: Arc<[String]>,
    nudge: Option<Arc<OwnedFd>>,
}

/// A container that runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Its id.
    pub(crate) id: String,
    /// The process by which it is seen.
    pub(crate) process: Arc<Process>,
    /// When the last of its processes started.
    pub(crate) youngest: Micros,
}

impl State {
    fn nudge(&self) {
        if let Some(nudge) = &self.nudge {
            let _ = rustix::io::write(&**nudge, &1u64.to_ne_bytes());
        }
    }
}

impl News {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn wake_by(&self, waker: Waker) {
        self.state().waker = Some(waker);
    }

    /// What is to be written to when containers come or go, or other paths are protected.
    pub(super) fn nudge_by(&self, nudge: Arc<OwnedFd>) {
        self.state().nudge = Some(nudge);
    }

    /// The containers of the last sweep.
    pub(super) fn places(&self) -> Arc<[Place]> {
        Arc::clone(&self.state().places)
    }

    /// These containers run.
    pub(crate) fn settle(&self, places: Vec<Place>) {
        let mut state = self.state();
        if *state.places != *places {
            state.places = places.into();
            state.nudge();
        }
    }

    /// Paths that containers are not to change.
    pub(super) fn protected(&self) -> Arc<[String]> {
        Arc::clone(&self.state().protected)
    }

    /// Containers are not to change these paths.
    pub(crate) fn protect(&self, paths: Arc<[String]>) {
        let mut state = self.state();
        state.protected = paths;
        state.nudge();
    }

    /// These kinds are to be swept, everywhere.
    pub(crate) fn mark(&self, kinds: impl IntoIterator<Item = Kind>) {
        self.mark_at(kinds.into_iter().map(|kind| (kind, Spot::Anywhere)));
    }

    /// These kinds are to be swept where something changed.
    pub(crate) fn mark_at(&self, spots: impl IntoIterator<Item = (Kind, Spot)>) {
        let mut state = self.state();
        let before = state.dirty.len();
        for (kind, spot) in spots {
            state.dirty.insert(kind);
            state.spots.entry(kind).or_default().add(spot);
        }
        if state.dirty.len() > before
            && let Some(waker) = &state.waker
        {
            waker();
        }
    }

    /// Events were lost: whatever they were, a sweep finds it.
    pub(super) fn lose(&self) {
        self.state().lost += 1;
        self.mark(Kind::ALL);
    }

    /// A source cannot be had, or only in part.
    pub(super) fn trouble(&self, code: &str, why: &str) {
        // The count of what is not watched may go on growing.
        let mut state = self.state();
        if !state.troubles.contains_key(code) {
            tracing::warn!(code, why, "changes of this sort are only seen by sweeps");
        }
        state.troubles.insert(code.to_owned(), why.to_owned());
    }

    /// CPU time a source has used since it last said so.
    pub(super) fn spend(&self, cpu: Duration) {
        self.state().cpu += cpu;
    }

    /// Grows whenever somebody was told to sweep the processes.
    pub(super) fn epoch(&self) -> u64 {
        self.state().epoch
    }

    /// Whether this run of a program is to be read in full.
    pub(super) fn wants(&self, key: &Key, arguments: impl FnOnce() -> u64, now: Instant) -> Note {
        self.state().programs.wants(key, arguments, now)
    }

    /// A program that was read; held until a sweep has seen it or has told of it.
    pub(super) fn hold(&self, key: Key, arguments: u64, program: Ended) {
        self.state().programs.hold(key, arguments, program);
    }

    /// A program ended before it could be read.
    pub(super) fn miss(&self) {
        self.state().programs.missed += 1;
    }

    /// A program that was not read, to spare the host.
    pub(super) fn leave_out(&self) {
        self.state().programs.left_out += 1;
    }

    /// Where this kind changed: whoever asks looks there next.
    pub(crate) fn take_spots(&self, kind: Kind) -> Spots {
        self.state().spots.remove(&kind).unwrap_or_default()
    }

    /// Takes what is dirty.
    pub(crate) fn take(&self) -> Dirt {
        let mut state = self.state();
        let kinds = std::mem::take(&mut state.dirty);
        state.epoch += u64::from(kinds.contains(&Kind::Process));
        let cpu = std::mem::take(&mut state.cpu);
        let mut diagnostics: Vec<Diagnostic> = state
            .troubles
            .iter()
            .map(|(code, why)| Diagnostic::new(code, "", why.as_str()))
            .collect();
        let programs = &state.programs;
        for (count, code, what) in [
            (state.lost, "live.lost", "times events were lost; all was swept instead"),
            (programs.missed, "live.missed", "programs ended before they could be read"),
            (programs.left_out, "live.left_out", "short-lived programs were left out"),
        ] {
            if count > 0 {
                diagnostics.push(Diagnostic::new(code, "", format!("{count} {what}")));
            }
        }
        Dirt { kinds, diagnostics, cpu }
    }

    /// The programs that ended without a sweep having seen them; `alive` by pid are those of the sweep.
    pub(crate) fn ended(
        &self,
        alive: &[Arc<Process>],
        is_still: impl Fn(&Process) -> bool,
    ) -> Vec<Arc<Ended>> {
        self.state().programs.ended(alive, is_still)
    }

    /// Nothing can be told of a program: it is counted as left out.
    pub(crate) fn forget(&self, program: &Arc<Ended>) {
        self.state().programs.forget(program);
    }

    /// The server knows of the programs the last sweeps told.
    pub(crate) fn told(&self) {
        let mut state = self.state();
        if state.programs.told(Instant::now()) {
            // That they are gone is news, too.
            drop(state);
            self.mark([Kind::Process]);
        }
    }
}

/// CPU time of the calling thread.
pub(super) fn thread_cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let secs = u64::try_from(time.tv_sec).unwrap_or(0);
    Duration::new(secs, u32::try_from(time.tv_nsec).unwrap_or(0))
}
