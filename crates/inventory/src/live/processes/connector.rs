//! A socket to the kernel's process connector that is told of some events only.
//!
//! What is not wanted is refused by a classic socket filter: an event that is not delivered wakes nobody and fills no queue,
//! and a thread is none of ours. Whatever a filter lets pass is judged again by the parser.

use super::super::timespec;
use muster_formats::proc_event::{self, Event};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::io::Errno;
use rustix::net::netlink::{self, SocketAddrNetlink};
use rustix::net::sockopt::{set_socket_recv_buffer_size, set_socket_recv_buffer_size_force};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType};
use rustix::time::{ClockId, clock_gettime};
use socket2::{SockFilter, SockRef};
use std::time::{Duration, Instant};

/// How long the kernel may take to answer that it will tell.
const ANSWER: Duration = Duration::from_secs(1);

/// Which events a socket is told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Programs that start.
    Programs,
    /// Processes that come and go.
    Lives,
}

/// One open socket.
pub(super) struct Connector {
    fd: OwnedFd,
    wanted: Wanted,
}

impl AsFd for Connector {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl Connector {
    /// Asks to be told; `buffer`: bytes of events the kernel keeps for us.
    pub(super) fn open(wanted: Wanted, buffer: usize) -> Result<Self, String> {
        let refused = |errno: Errno| format!("the process connector is not to be had: {errno}");
        let fd = rustix::net::socket_with(
            AddressFamily::NETLINK,
            SocketType::DGRAM,
            SocketFlags::CLOEXEC,
            Some(netlink::CONNECTOR),
        )
        .map_err(refused)?;
        // Only who rules the network may have more than others.
        let _ = set_socket_recv_buffer_size_force(&fd, buffer)
            .or_else(|_| set_socket_recv_buffer_size(&fd, buffer));
        // Without it all events are delivered, and passed over by us: it costs more and tells the same.
        let _ = SockRef::from(&fd).attach_filter(&filter(wanted));
        let group = SocketAddrNetlink::new(0, proc_event::GROUP);
        rustix::net::bind(&fd, &group).map_err(refused)?;
        let kernel = SocketAddrNetlink::new(0, 0);
        // Others on this machine ask, too, and every answer is for all.
        let number = clock_gettime(ClockId::Monotonic).tv_nsec;
        let number = u32::try_from(number).unwrap_or_default();
        rustix::net::sendto(&fd, &proc_event::request(number), SendFlags::empty(), &kernel)
            .map_err(refused)?;
        let connector = Self { fd, wanted };
        match connector.answer(number) {
            Some(0) => Ok(connector),
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
    ///
    /// # Errors
    /// `NOBUFS` when events were lost; those of the socket.
    pub(super) fn read(&self, each: &mut dyn FnMut(Event)) -> Result<bool, Errno> {
        let mut buffer = [0; 4096];
        let flags = RecvFlags::DONTWAIT;
        match rustix::net::recvfrom(&self.fd, buffer.as_mut_slice(), flags) {
            Ok((read, _, from)) => {
                let from = from.and_then(|from| SocketAddrNetlink::try_from(from).ok());
                // Only the kernel has the number 0.
                if from.is_some_and(|from| from.pid() == 0) {
                    let mut wanted = |event| {
                        if self.wanted.is(event) {
                            each(event);
                        }
                    };
                    proc_event::events(buffer.get(..read).unwrap_or_default(), &mut wanted);
                }
                Ok(true)
            }
            Err(Errno::AGAIN) => Ok(false),
            Err(Errno::INTR) => Ok(true),
            Err(errno) => Err(errno),
        }
    }
}

impl Wanted {
    const fn is(self, event: Event) -> bool {
        match event {
            Event::Acknowledged { .. } => true,
            Event::Exec { .. } => matches!(self, Self::Programs),
            Event::Fork { .. } | Event::Exit { .. } => matches!(self, Self::Lives),
        }
    }
}

/// A word of the datagram into the accumulator (`BPF_LD | BPF_W | BPF_ABS`), taken for one in the network's byte order.
const fn load(at: u32) -> SockFilter {
    SockFilter::new(0x20, 0, 0, at)
}

/// Skips so many instructions if the accumulator is this word of the machine's byte order, else so many
/// (`BPF_JMP | BPF_JEQ | BPF_K`).
const fn is(word: u32, then: u8, other: u8) -> SockFilter {
    SockFilter::new(0x15, then, other, word.to_be())
}

/// The accumulator into the index register (`BPF_MISC | BPF_TAX`).
const KEEP: SockFilter = SockFilter::new(0x07, 0, 0, 0);

/// Skips so many instructions if the accumulator is what was kept, else so many (`BPF_JMP | BPF_JEQ | BPF_X`).
const fn is_kept(then: u8, other: u8) -> SockFilter {
    SockFilter::new(0x1d, then, other, 0)
}

/// Ends with so many bytes of the datagram delivered (`BPF_RET | BPF_K`).
const fn deliver(bytes: u32) -> SockFilter {
    SockFilter::new(0x06, 0, 0, bytes)
}

/// What lets the wanted events pass, and answers.
fn filter(wanted: Wanted) -> Vec<SockFilter> {
    use proc_event::{ACKNOWLEDGED, BORN_AT, EXEC, EXIT, FORK, GONE_AT, WHAT_AT};
    let (all, none) = (deliver(u32::MAX), deliver(0));
    match wanted {
        Wanted::Programs => {
            vec![load(WHAT_AT), is(EXEC, 2, 0), is(ACKNOWLEDGED, 1, 0), none, all]
        }
        // The first thread of a process has its number, and only that one is the process.
        Wanted::Lives => vec![
            load(WHAT_AT),
            is(FORK, 3, 0),
            is(EXIT, 6, 0),
            is(ACKNOWLEDGED, 10, 0),
            none,
            load(BORN_AT),
            KEEP,
            load(BORN_AT + 4),
            is_kept(5, 4),
            load(GONE_AT),
            KEEP,
            load(GONE_AT + 4),
            is_kept(1, 0),
            deliver(0),
            all,
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};

    fn open(wanted: Wanted) -> Option<Connector> {
        let opened = Connector::open(wanted, 4 << 20);
        assert!(opened.is_ok() || std::env::var_os("CI").is_none(), "CI has to tell of processes");
        opened.ok()
    }

    /// All there is: datagrams, and the events of them before anything is passed over here.
    fn drain(connector: &Connector) -> (usize, Vec<Event>) {
        let (mut datagrams, mut events) = (0, Vec::new());
        let mut buffer = [0; 4096];
        while let Ok((read, _, _)) =
            rustix::net::recvfrom(&connector.fd, buffer.as_mut_slice(), RecvFlags::DONTWAIT)
        {
            datagrams += 1;
            proc_event::events(&buffer[..read], &mut |event| events.push(event));
        }
        (datagrams, events)
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "a process that is to be seen")]
    fn the_kernel_keeps_back_what_is_not_wanted() {
        let (Some(programs), Some(lives)) = (open(Wanted::Programs), open(Wanted::Lives)) else {
            return;
        };
        for _ in 0..50 {
            std::thread::spawn(|| ()).join().unwrap();
        }
        let mut child = Command::new("true").stdin(Stdio::null()).spawn().unwrap();
        let pid = child.id();
        assert!(child.wait().unwrap().success());
        let (datagrams, events) = drain(&programs);
        assert!(events.contains(&Event::Exec { pid }));
        let forks = Event::Fork { pid, parent: std::process::id() };
        let exits = Event::Exit { pid };
        assert!(!events.contains(&forks) && !events.contains(&exits));
        // A thread would be a datagram without an event.
        assert_eq!(datagrams, events.len());
        let (datagrams, events) = drain(&lives);
        assert!(!events.contains(&Event::Exec { pid }));
        assert!(events.contains(&forks) && events.contains(&exits));
        assert_eq!(datagrams, events.len());
    }
}
