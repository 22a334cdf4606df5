//! Starts and ends of processes, as the kernel's process connector tells them.

mod recorder;

use super::news::{News, thread_cpu};
use super::{Options, timespec};
use crate::proc::Proc;
use muster_formats::proc_event::{self, Event};
use recorder::Recorder;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fd::OwnedFd;
use rustix::io::Errno;
use rustix::net::netlink::{self, SocketAddrNetlink};
use rustix::net::sockopt::{set_socket_recv_buffer_size, set_socket_recv_buffer_size_force};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType};
use rustix::time::{ClockId, clock_gettime};
use std::time::{Duration, Instant};

/// What the thread's niceness is changed by.
const HASTE: i32 = -15;
/// Events that wake the thread at once, in [`WINDOW`]. To be woken costs whoever made the event, on a virtual machine some 30 us:
/// under a storm a tenth of the time it takes to start a process.
const WAKES: u32 = 10;
const WINDOW: Duration = Duration::from_millis(100);
/// How long the thread sleeps, deaf to events, once they are spent. A program of 5 ms is still read in its time.
const DEAF: Duration = Duration::from_millis(2);
/// How long the kernel may take to answer that it will tell.
const ANSWER: Duration = Duration::from_secs(1);

/// The open connector.
pub(super) struct Source {
    fd: OwnedFd,
    proc: Proc,
}

impl Source {
    pub(super) fn open(options: &Options) -> Result<Self, String> {
        let proc = Proc::open(&options.proc).map_err(|error| error.message().to_owned())?;
        if !proc.is_own() {
            return Err("not the machine this program runs on".to_owned());
        }
        let refused = |errno: Errno| format!("the process connector is not to be had: {errno}");
        let fd = rustix::net::socket_with(
            AddressFamily::NETLINK,
            SocketType::DGRAM,
            SocketFlags::CLOEXEC,
            Some(netlink::CONNECTOR),
        )
        .map_err(refused)?;
        // Only who rules the network may have more than others.
        let _ = set_socket_recv_buffer_size_force(&fd, options.buffer)
            .or_else(|_| set_socket_recv_buffer_size(&fd, options.buffer));
        let group = SocketAddrNetlink::new(0, proc_event::GROUP);
        rustix::net::bind(&fd, &group).map_err(refused)?;
        let kernel = SocketAddrNetlink::new(0, 0);
        // Others on this machine ask, too, and every answer is for all.
        let number = clock_gettime(ClockId::Monotonic).tv_nsec;
        let number = u32::try_from(number).unwrap_or_default();
        rustix::net::sendto(&fd, &proc_event::request(number), SendFlags::empty(), &kernel)
            .map_err(refused)?;
        let source = Self { fd, proc };
        match source.answer(number) {
            Some(0) => Ok(source),
            Some(errno) => {
                let errno = i32::try_from(errno).unwrap_or_default();
                Err(refused(Errno::from_raw_os_error(errno)))
            }
            None => Err("the process connector does not answer in this namespace".to_owned()),
        }
    }

    /// Waits for the kernel's word that it will tell.
    fn answer(&self, number: u32) -> Option<u32> {
        let until = Instant::now() + ANSWER;
        let mut answer = None;
        while answer.is_none() {
            let left = until.checked_duration_since(Instant::now())?;
            let mut fds = [PollFd::new(&self.fd, PollFlags::IN)];
            poll(&mut fds, Some(&timespec(left))).ok()?;
            let _ = self.read(&mut |event| {
                if let Event::Acknowledged { request, error } = event
                    && request == number
                {
                    answer = Some(error);
                }
            });
        }
        answer
    }

    /// Reads one datagram; false when there is none now.
    fn read(&self, each: &mut dyn FnMut(Event)) -> Result<bool, Errno> {
        let mut buffer = [0; 4096];
        let flags = RecvFlags::DONTWAIT;
        match rustix::net::recvfrom(&self.fd, buffer.as_mut_slice(), flags) {
            Ok((read, _, from)) => {
                let from = from.and_then(|from| SocketAddrNetlink::try_from(from).ok());
                // Only the kernel has the number 0.
                if from.is_some_and(|from| from.pid() == 0) {
                    proc_event::events(buffer.get(..read).unwrap_or_default(), each);
                }
                Ok(true)
            }
            Err(Errno::AGAIN) => Ok(false),
            Err(Errno::INTR) => Ok(true),
            Err(errno) => Err(errno),
        }
    }

    /// Reads all there is.
    fn drain(&self, recorder: &mut Recorder<'_>) -> Result<(), Errno> {
        let now = Instant::now();
        loop {
            match self.read(&mut |event| recorder.take(event, now)) {
                Ok(true) => {}
                Ok(false) => return Ok(()),
                Err(Errno::NOBUFS) => recorder.lose(now),
                Err(errno) => return Err(errno),
            }
        }
    }

    /// Takes in news until told to stop.
    pub(super) fn run(self, news: &News, stop: &OwnedFd) {
        // Whoever has to look before a program ends must not wait for its turn. Where that is not allowed more are missed.
        let _ = rustix::process::nice(HASTE);
        let mut recorder = Recorder::new(&self.proc, news);
        let mut counted = thread_cpu();
        let mut wakes = (Instant::now(), 0u32);
        loop {
            if wakes.0.elapsed() >= WINDOW {
                wakes = (Instant::now(), 0);
            }
            wakes.1 += 1;
            if wakes.1 > WAKES {
                // The stop is looked at below.
                let _ = poll(&mut [PollFd::new(stop, PollFlags::IN)], Some(&timespec(DEAF)));
            }
            let timeout = recorder.wait(Instant::now()).map(timespec);
            let mut fds = [PollFd::new(&self.fd, PollFlags::IN), PollFd::new(stop, PollFlags::IN)];
            match poll(&mut fds, timeout.as_ref()) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(errno) => return news.trouble("live.processes", &errno.to_string()),
            }
            if !fds.last().is_none_or(|stop| stop.revents().is_empty()) {
                return;
            }
            if let Err(errno) = self.drain(&mut recorder) {
                return news.trouble("live.processes", &errno.to_string());
            }
            recorder.settle(Instant::now());
            let cpu = thread_cpu();
            news.spend(cpu.saturating_sub(counted));
            counted = cpu;
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
