//! Sockets that begin or cease to wait for others. The kernel has no event for them that could be had without programs of
//! our own in it, so they are listed every second: of the own network namespace by netlink, of those of containers from
//! `/proc/PID/net`, each list for some hundredth of a millisecond and all together within a budget.

use super::news::{News, thread_cpu};
use super::{Options, timespec};
use crate::collectors::port::lists;
use crate::proc::Proc;
use muster_formats::sockets::{Protocol, Socket, proc_net};
use muster_model::Kind;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fd::OwnedFd;
use rustix::io::Errno;
use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, HashMap};
use std::hash::{Hash, Hasher};
use std::io::{BufRead, BufReader, Read};
use std::time::Duration;

/// Time between two rounds.
const EVERY: Duration = Duration::from_secs(1);
/// CPU time of a round; what it does not get to is looked at in the next.
const ROUND: Duration = Duration::from_millis(8);
/// UDP sockets from this port on are mostly those of somebody who asks.
const EPHEMERAL: u16 = 32_768;
/// Longest list of a namespace, bytes.
const MAX_FILE: u64 = 1 << 20;

/// What lists sockets.
pub(super) struct Source {
    diag: OwnedFd,
    proc: Proc,
    own: u64,
}

impl Source {
    pub(super) fn open(options: &Options) -> Result<Self, String> {
        let proc = Proc::open(&options.proc).map_err(|error| error.message().to_owned())?;
        if !proc.is_own() {
            return Err("not the machine this program runs on".to_owned());
        }
        let diag = lists::diag().map_err(|errno| errno.to_string())?;
        let own = lists::namespace(&proc).unwrap_or_default();
        Ok(Self { diag, proc, own })
    }

    /// Looks every second until told to stop.
    pub(super) fn run(self, news: &News, stop: &OwnedFd) {
        let mut known = Known::default();
        loop {
            let before = thread_cpu();
            if known.look(&self, news) {
                news.mark([Kind::Port]);
            }
            news.spend(thread_cpu().saturating_sub(before));
            let mut fds = [PollFd::new(stop, PollFlags::IN)];
            match poll(&mut fds, Some(&timespec(EVERY))) {
                Ok(0) | Err(Errno::INTR) => {}
                _ => return,
            }
        }
    }

    fn of_process(&self, pid: u32) -> Option<u64> {
        let mut sum = 0u64;
        for (protocol, name) in [
            (Protocol::Tcp, "tcp"),
            (Protocol::Tcp, "tcp6"),
            (Protocol::Udp, "udp"),
            (Protocol::Udp, "udp6"),
        ] {
            let Ok(file) = self.proc.open_file(format!("{pid}/net/{name}")) else { continue };
            let mut reader = BufReader::with_capacity(4_096, file.take(MAX_FILE));
            let mut line = Vec::new();
            while line.is_empty()
                || !(protocol == Protocol::Tcp && proc_net::is_past_listeners(&line))
            {
                line.clear();
                if reader.read_until(b'\n', &mut line).ok()? == 0 {
                    break;
                }
                let sockets = proc_net::sockets(protocol, &line);
                sum = sockets.fold(sum, |sum, socket| sum.wrapping_add(mark(&socket)));
            }
        }
        Some(sum)
    }
}

/// What the last look at each namespace saw.
#[derive(Default)]
struct Known {
    own: Option<u64>,
    namespaces: HashMap<u64, u64>,
    /// The namespace the last round ended at.
    at: u64,
}

impl Known {
    /// Whether anything is new.
    fn look(&mut self, source: &Source, news: &News) -> bool {
        let mut new = false;
        if let Ok(sockets) = lists::list_all(&source.diag) {
            let sum = sockets.iter().fold(0, |sum: u64, socket| sum.wrapping_add(mark(socket)));
            new |= self.own.replace(sum).is_some_and(|before| before != sum);
        }
        let places = news.places();
        let namespaces: BTreeMap<u64, u32> = places
            .iter()
            .map(|place| (place.process.netns, place.process.pid))
            .filter(|(netns, _)| *netns != source.own && *netns != 0)
            .collect();
        self.namespaces.retain(|netns, _| namespaces.contains_key(netns));
        let began = thread_cpu();
        let (after, before) = (namespaces.range(self.at + 1..), namespaces.range(..=self.at));
        for (netns, pid) in after.chain(before) {
            if thread_cpu().saturating_sub(began) > ROUND {
                break;
            }
            self.at = *netns;
            let Some(sum) = source.of_process(*pid) else { continue };
            new |= self.namespaces.insert(*netns, sum).unwrap_or_default() != sum;
        }
        new
    }
}

/// A number for a socket, to be added to those of others; 0 for one that does not count.
fn mark(socket: &Socket) -> u64 {
    if socket.protocol == Protocol::Udp && socket.port >= EPHEMERAL {
        return 0;
    }
    let mut hasher = DefaultHasher::new();
    (socket.address, socket.port, socket.inode, socket.protocol).hash(&mut hasher);
    hasher.finish()
}
