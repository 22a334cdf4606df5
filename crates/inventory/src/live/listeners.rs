//! Sockets that begin or cease to wait for others. The kernel has no event for them that could be had without programs of
//! our own in it, so they are listed every second by netlink: those of the own network namespace, and within a budget those of
//! containers, the ones first in which something was started lately.

use super::news::{News, Place, thread_cpu};
use super::{Options, timespec};
use crate::collectors::port::lists;
use crate::proc::Proc;
use muster_formats::sockets::{Protocol, Socket};
use muster_model::{Clock, Kind, SystemClock};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fd::{AsFd, OwnedFd};
use rustix::io::Errno;
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::hash::{Hash, Hasher};
use std::time::Duration;

/// Time between two rounds.
const EVERY: Duration = Duration::from_secs(1);
/// CPU time of a round until which namespaces are looked at in which something was started lately, and until which others are;
/// what it does not get to is looked at in the next.
const HOT: Duration = Duration::from_millis(6);
const COLD: Duration = Duration::from_millis(4);
/// What is lately, seconds.
const LATELY: i64 = 60;
/// UDP sockets from this port on are mostly those of somebody who asks.
const EPHEMERAL: u16 = 32_768;

/// What lists sockets.
pub(super) struct Source {
    diag: OwnedFd,
    proc: Proc,
    own: u64,
    /// The own namespace.
    home: File,
}

impl Source {
    pub(super) fn open(options: &Options) -> Result<Self, String> {
        let proc = Proc::open(&options.proc).map_err(|error| error.message().to_owned())?;
        if !proc.is_own() {
            return Err("not the machine this program runs on".to_owned());
        }
        let diag = lists::diag().map_err(|errno| errno.to_string())?;
        let own = lists::namespace(&proc).unwrap_or_default();
        let home = proc.open_file("self/ns/net").map_err(|error| error.to_string())?;
        Ok(Self { diag, proc, own, home })
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

    /// The TCP listeners of another namespace, which the calling thread is in from then on.
    fn of(&self, pid: u32, netns: u64) -> Result<u64, Errno> {
        lists::enter(&self.proc, pid, netns)?;
        Ok(sum(&lists::list_all(&lists::diag()?, &[Protocol::Tcp])?))
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
        if let Ok(sockets) = lists::list_all(&source.diag, &lists::PROTOCOLS) {
            let sum = sum(&sockets);
            new |= self.own.replace(sum).is_some_and(|before| before != sum);
        }
        let places = news.places();
        let foreign =
            |place: &&Place| !matches!(place.process.netns, 0) && place.process.netns != source.own;
        let namespaces: BTreeMap<u64, &Place> =
            places.iter().filter(foreign).map(|place| (place.process.netns, place)).collect();
        self.namespaces.retain(|netns, _| namespaces.contains_key(netns));
        let now = SystemClock.now();
        let (after, before) = (namespaces.range(self.at + 1..), namespaces.range(..=self.at));
        let is_hot = |place: &Place| place.youngest.plus_secs(LATELY) > now;
        let (hot, cold): (Vec<_>, Vec<_>) =
            after.chain(before).partition(|(_, place)| is_hot(place));
        let began = thread_cpu();
        for (list, budget) in [(hot, HOT), (cold, COLD)] {
            for (netns, place) in list {
                if thread_cpu().saturating_sub(began) > budget {
                    break;
                }
                self.at = *netns;
                let Ok(sum) = source.of(place.process.pid, *netns) else { continue };
                // One that is seen for the first time was swept, but perhaps before it listened.
                let known = self.namespaces.insert(*netns, sum);
                new |= known.map_or(sum != 0 && is_hot(place), |before| before != sum);
            }
        }
        // So that it is not held on to when its container has ended.
        let _ = move_into_link_name_space(source.home.as_fd(), Some(LinkNameSpaceType::Network));
        new
    }
}

fn sum(sockets: &[Socket]) -> u64 {
    sockets.iter().fold(0, |sum, socket| sum.wrapping_add(mark(socket)))
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
