//! What happens between two sweeps: tells which kinds to sweep now, and which programs ran too shortly for any sweep.
//!
//! Nothing here is the truth: an event only brings a sweep forward, which then finds out what changed. Where a source
//! cannot be had or loses events, the sweep goes on as without it and a diagnostic says so:
//!
//! | code | meaning |
//! |---|---|
//! | `live.processes` | the kernel does not tell of processes: no right to, another namespace, or built without it |
//! | `live.files` | folders are not watched, or not all of them |
//! | `live.listeners` | the waiting sockets are not watched |
//! | `live.lost` | events were lost; everything was swept instead |
//! | `live.missed` | programs ended before they could be read |
//! | `live.left_out` | more short-lived programs than are told in one report |

mod files;
mod folders;
mod gather;
mod listeners;
mod news;
mod processes;
mod programs;
mod spots;

pub(crate) use news::{News, Place};
pub(crate) use programs::Ended;
pub(crate) use spots::{Spot, Spots};

use muster_model::{Diagnostic, Kind};
use rustix::event::{EventfdFlags, Timespec, eventfd};
use rustix::fd::OwnedFd;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// What is watched.
#[derive(Clone, Debug)]
pub struct Options {
    /// Starts and ends of processes.
    pub processes: bool,
    /// Folders of accounts, packages and of what starts by itself.
    pub files: bool,
    /// Sockets that wait for others.
    pub listeners: bool,
    /// Bytes of events the kernel keeps for us while we are busy.
    pub buffer: usize,
    /// The proc directory.
    pub proc: PathBuf,
}

impl Default for Options {
    fn default() -> Self {
        let buffer = 4 << 20;
        Self { processes: true, files: true, listeners: true, buffer, proc: "/proc".into() }
    }
}

/// What is to be swept now, and what it cost to know.
#[derive(Clone, Debug, Default)]
pub struct Dirt {
    /// The kinds of which something may have changed.
    pub kinds: BTreeSet<Kind>,
    /// What is not watched or was lost, as it stands now.
    pub diagnostics: Vec<Diagnostic>,
    /// CPU time of the watch since it was last asked.
    pub cpu: Duration,
}

/// Called whenever there is something to be swept.
pub type Waker = Box<dyn Fn() + Send + Sync>;

/// The running watch; it ends when it is dropped.
pub(crate) struct Watch {
    news: Arc<News>,
    stop: Arc<OwnedFd>,
}

impl Watch {
    /// Starts what can be had of it; what cannot is told among the diagnostics.
    pub(crate) fn start(options: &Options, news: &Arc<News>, waker: Waker) -> Option<Self> {
        let stop = Arc::new(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK).ok()?);
        news.wake_by(waker);
        let watch = Self { news: Arc::clone(news), stop };
        if options.processes {
            let (news, stop) = (Arc::clone(news), Arc::clone(&watch.stop));
            let begun = processes::Source::open(options);
            watch.begin("processes", begun, move |source| source.run(&news, &stop));
        }
        if options.files {
            let (news, stop) = (Arc::clone(news), Arc::clone(&watch.stop));
            let begun = files::Source::open(options, &news);
            watch.begin("files", begun, move |source| source.run(&news, &stop));
        }
        if options.listeners {
            let (news, stop) = (Arc::clone(news), Arc::clone(&watch.stop));
            let begun = listeners::Source::open(options);
            watch.begin("listeners", begun, move |source| source.run(&news, &stop));
        }
        Some(watch)
    }

    /// Runs a source on a thread of its own, or says why it cannot be had.
    fn begin<S: Send + 'static>(
        &self,
        name: &str,
        source: Result<S, String>,
        run: impl FnOnce(S) + Send + 'static,
    ) {
        let thread = source.and_then(|source| {
            let builder = std::thread::Builder::new().name(format!("live-{name}"));
            builder.spawn(move || run(source)).map_err(|error| error.to_string())
        });
        if let Err(why) = thread {
            self.news.trouble(&format!("live.{name}"), &why);
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // They end on their own, and are not waited for: one may be waiting in the kernel for a file system that is gone.
        let _ = rustix::io::write(&*self.stop, &1u64.to_ne_bytes());
    }
}

fn timespec(duration: Duration) -> Timespec {
    Timespec {
        tv_sec: i64::try_from(duration.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: i64::from(duration.subsec_nanos()),
    }
}
