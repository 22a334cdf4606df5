//! Starts and ends of processes, as the kernel's process connector tells them.
//!
//! Two sockets, because they are not in the same hurry: who wants to look at a program must be there before it ends, and is woken
//! by its start; that a process came or went is told in a fifth of a second, and wakes nobody for most of that time.

mod connector;
mod pace;
mod recorder;
mod streaks;

use super::news::{News, thread_cpu};
use super::{Options, timespec};
use crate::proc::Proc;
use connector::{Connector, Wanted};
use muster_formats::proc_event::Event;
use pace::Pace;
use recorder::Recorder;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fd::OwnedFd;
use rustix::io::Errno;
use std::collections::HashSet;
use std::time::Instant;

/// What the thread's niceness is changed by.
const HASTE: i32 = -15;

/// The open connector.
pub(super) struct Source {
    programs: Connector,
    lives: Connector,
    proc: Proc,
}

impl Source {
    pub(super) fn open(options: &Options) -> Result<Self, String> {
        let proc = Proc::open(&options.proc).map_err(|error| error.message().to_owned())?;
        if !proc.is_own() {
            return Err("not the machine this program runs on".to_owned());
        }
        let programs = Connector::open(Wanted::Programs, options.buffer)?;
        let lives = Connector::open(Wanted::Lives, options.buffer)?;
        Ok(Self { programs, lives, proc })
    }

    /// Reads all there is; whether any process came or went.
    fn drain(&self, recorder: &mut Recorder<'_>) -> Result<bool, Errno> {
        let now = Instant::now();
        let (mut gone, mut lives) = (HashSet::new(), false);
        // First whoever came and went: a program that is over is not looked at.
        all(&self.lives, recorder, now, &mut |recorder, event| {
            if let Event::Exit { pid } = event {
                gone.insert(pid);
            }
            lives = true;
            recorder.take(event, now);
        })?;
        let mut started = Vec::new();
        all(&self.programs, recorder, now, &mut |_, event| {
            if let Event::Exec { pid } = event {
                started.push(pid);
            }
        })?;
        // The youngest has the longest to live.
        for pid in started.into_iter().rev() {
            recorder.started(pid, gone.contains(&pid), now);
        }
        Ok(lives)
    }

    /// Takes in news until told to stop.
    pub(super) fn run(self, news: &News, stop: &OwnedFd) {
        // Whoever has to look before a program ends must not wait for its turn. Where that is not allowed more are missed.
        let _ = rustix::process::nice(HASTE);
        let mut recorder = Recorder::new(&self.proc, news);
        let mut counted = thread_cpu();
        let mut pace = Pace::new(Instant::now());
        loop {
            let now = Instant::now();
            let wake = pace.wake(now, recorder.next_look(now));
            let timeout = [recorder.wait(now), wake.within].into_iter().flatten().min();
            let mut fds = Vec::with_capacity(3);
            fds.push(PollFd::new(stop, PollFlags::IN));
            // A socket nobody waits for wakes nobody.
            if wake.by_programs {
                fds.push(PollFd::new(&self.programs, PollFlags::IN));
            }
            if wake.by_lives {
                fds.push(PollFd::new(&self.lives, PollFlags::IN));
            }
            match poll(&mut fds, timeout.map(timespec).as_ref()) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(errno) => return news.trouble("live.processes", &errno.to_string()),
            }
            if !fds.first().is_none_or(|stop| stop.revents().is_empty()) {
                return;
            }
            let woken = fds.iter().any(|fd| !fd.revents().is_empty());
            let lives = match self.drain(&mut recorder) {
                Ok(lives) => lives,
                Err(errno) => return news.trouble("live.processes", &errno.to_string()),
            };
            let now = Instant::now();
            pace.woken(now, woken, lives);
            recorder.settle(now);
            let cpu = thread_cpu();
            news.spend(cpu.saturating_sub(counted));
            counted = cpu;
        }
    }
}

/// Reads all a socket has.
fn all(
    connector: &Connector,
    recorder: &mut Recorder<'_>,
    now: Instant,
    each: &mut dyn FnMut(&mut Recorder<'_>, Event),
) -> Result<(), Errno> {
    loop {
        match connector.read(&mut |event| each(recorder, event)) {
            Ok(true) => {}
            Ok(false) => return Ok(()),
            Err(Errno::NOBUFS) => recorder.lose(now),
            Err(errno) => return Err(errno),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use muster_model::Kind;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "processes that are to be lost")]
    fn events_that_do_not_fit_are_counted_and_everything_is_swept() {
        let options = Options { buffer: 4_096, ..Options::default() };
        let source = match Source::open(&options) {
            Ok(source) => source,
            Err(why) => {
                assert!(std::env::var_os("CI").is_none(), "CI has to tell of processes: {why}");
                return;
            }
        };
        for _ in 0..100 {
            assert!(std::process::Command::new("true").status().unwrap().success());
        }
        let news = News::default();
        let mut recorder = Recorder::new(&source.proc, &news);
        source.drain(&mut recorder).unwrap();
        let dirt = news.take();
        assert_eq!(dirt.kinds, Kind::ALL.into());
        assert_eq!(dirt.diagnostics[0].code, "live.lost");
    }
}
