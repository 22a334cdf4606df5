//! Keeps containers from running programs that their images are not known for, where somebody asked for that.
//!
//! The kernel asks before it executes a file of such a container (fanotify, `FAN_OPEN_EXEC_PERM`), and waits for the answer.
//! Nobody else can be asked by mistake: what is marked is the container's own file systems, and who is asked about is known by
//! the control group. Whatever is not certain is let run, and when this program ends so is everything.

mod answers;
mod marks;
mod table;

use crate::containers::Container;
use crate::live::News;
use crate::proc::Proc;
use answers::Answers;
use marks::Marks;
use muster_model::Diagnostic;
use muster_model::container::{Allowed, MAX_SIGNS, Sign, SignKind};
use nix::sys::fanotify::{EventFFlags, Fanotify, InitFlags};
use rustix::event::{EventfdFlags, eventfd};
use rustix::fd::OwnedFd;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use table::Table;

/// Which images' containers may run which programs only, and what keeps them to it.
#[derive(Default)]
pub(crate) struct Blocking(Mutex<State>);

#[derive(Default)]
struct State {
    /// By image.
    wanted: BTreeMap<String, Arc<BTreeSet<String>>>,
    guard: Option<Guard>,
    troubles: BTreeSet<String>,
}

/// The thread that answers, and what the kernel asks it about.
struct Guard {
    /// The thread has it: when that ends, however it does, nobody is left waiting for an answer.
    fanotify: Weak<Fanotify>,
    table: Arc<Table>,
    marks: Marks,
    stop: Arc<OwnedFd>,
}

impl Drop for Guard {
    fn drop(&mut self) {
        let _ = rustix::io::write(&*self.stop, &1u64.to_ne_bytes());
    }
}

impl Blocking {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From the next sweep on the containers of these images are kept from running anything else; those of others no more.
    pub(crate) fn only(&self, allowed: &[Allowed]) {
        let each = allowed.iter().map(|it| {
            let programs = it.programs.iter().cloned().collect();
            (it.image.clone(), Arc::new(programs))
        });
        self.state().wanted = each.collect();
    }

    /// Makes it so for the containers that run, and adds to each what it was kept from.
    pub(crate) fn settle<'c>(
        &self,
        proc: &Proc,
        news: &Arc<News>,
        containers: impl Iterator<Item = &'c mut Container>,
    ) {
        let mut state = self.state();
        if state.wanted.is_empty() {
            state.guard = None;
            state.troubles.clear();
            return;
        }
        let State { wanted, guard, troubles } = &mut *state;
        troubles.clear();
        let running = guard.take().and_then(|it| Some((it.fanotify.upgrade()?, it)));
        let (fanotify, held) = match running.map_or_else(|| Guard::start(proc, news), Ok) {
            Ok((fanotify, new)) => (fanotify, guard.insert(new)),
            Err(why) => {
                tracing::warn!(why, "programs cannot be blocked");
                troubles.insert(why);
                return;
            }
        };
        let bound = containers.filter_map(|container| {
            let programs = Arc::clone(wanted.get(container.details.image_key())?);
            Some((container, programs))
        });
        held.settle(&fanotify, proc, bound.collect(), troubles);
    }

    /// Why it is not so, or not wholly.
    pub(crate) fn troubles(&self) -> Vec<Diagnostic> {
        let state = self.state();
        state.troubles.iter().map(|why| Diagnostic::new("guard.blocking", "", why)).collect()
    }
}

impl Guard {
    fn start(proc: &Proc, news: &Arc<News>) -> Result<(Arc<Fanotify>, Self), String> {
        if !proc.is_own() {
            return Err("not the machine this program runs on".to_owned());
        }
        let flags = InitFlags::FAN_CLASS_CONTENT
            | InitFlags::FAN_CLOEXEC
            | InitFlags::FAN_NONBLOCK
            | InitFlags::FAN_UNLIMITED_MARKS
            | InitFlags::FAN_UNLIMITED_QUEUE;
        let opened = EventFFlags::O_RDONLY | EventFFlags::O_LARGEFILE | EventFFlags::O_CLOEXEC;
        let fanotify = Fanotify::init(flags, opened).map_err(|errno| {
            format!("the kernel does not ask before it executes files (fanotify): {errno}")
        })?;
        let stop = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK);
        let stop = Arc::new(stop.map_err(|errno| errno.to_string())?);
        let (fanotify, table) = (Arc::new(fanotify), Arc::new(Table::default()));
        let mut answers =
            Answers::new(Arc::clone(&fanotify), Arc::clone(&table), Arc::clone(news))?;
        let until = Arc::clone(&stop);
        std::thread::Builder::new()
            .name("blocking".to_owned())
            .spawn(move || answers.run(&until))
            .map_err(|error| error.to_string())?;
        let weak = Arc::downgrade(&fanotify);
        Ok((fanotify, Self { fanotify: weak, table, marks: Marks::default(), stop }))
    }

    /// `bound`: the containers that run, of which only some programs are let run.
    fn settle(
        &mut self,
        fanotify: &Fanotify,
        proc: &Proc,
        bound: Vec<(&mut Container, Arc<BTreeSet<String>>)>,
        troubles: &mut BTreeSet<String>,
    ) {
        let mut groups = Vec::new();
        for (container, programs) in &bound {
            let named = &container.details.named;
            let group = container.first().and_then(|it| table::group(&it.cgroup, &named.id));
            let Some(group) = group else {
                troubles
                    .insert(format!("container {} has no control group of its own", named.name));
                continue;
            };
            groups.push((group.to_owned(), named.id.clone(), Arc::clone(programs)));
        }
        // Before anything is asked that it would not know.
        self.table.set(groups);
        let held: Vec<&Container> = bound.iter().map(|(container, _)| &**container).collect();
        self.marks.settle(fanotify, proc, &held, troubles);
        for (container, _) in bound {
            let details = &mut container.details;
            let room = MAX_SIGNS.saturating_sub(details.signs.len());
            let blocked = self.table.blocked(&details.named.id).into_iter().take(room);
            details
                .signs
                .extend(blocked.map(|evidence| Sign { kind: SignKind::BlockedProgram, evidence }));
        }
    }
}
