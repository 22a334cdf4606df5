//! Sockets that begin or cease to wait for others. The kernel has no event for them that could be had without programs of
//! our own in it, so they are looked for every second: those of the own network namespace by listing them. To list those of a
//! container takes some 300 us; that its kernel counts other sockets than a second ago is seen in 20, and only then they are
//! listed. Where one came as another went, with nothing to be seen in between, the next sweep finds it.

mod counts;

use super::news::{News, Place, thread_cpu};
use super::{Options, Spot, timespec};
use crate::collectors::port::lists;
use crate::proc::Proc;
use counts::Counts;
use muster_formats::sockets::{Protocol, Socket};
use muster_model::{Clock, Kind, SystemClock};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fd::{AsFd, OwnedFd};
use rustix::io::Errno;
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::File;
use std::hash::{Hash, Hasher};
use std::time::Duration;

/// Time between two rounds.
const EVERY: Duration = Duration::from_secs(1);
/// CPU time of a round until which sockets are counted, and until which they are listed; what it does not get to comes first in
/// the next.
const COUNTING: Duration = Duration::from_millis(6);
const LISTING: Duration = Duration::from_millis(6);
/// A container in which something was started in these seconds may have begun to wait before it was first looked at.
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
            let changed = known.look(&self, news);
            if !changed.is_empty() {
                let spot = |netns| (Kind::Port, Spot::Network(netns));
                news.mark_at(changed.into_iter().map(spot));
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
    namespaces: HashMap<u64, Namespace>,
    /// The namespaces the last round ended at, counting and listing.
    at: (u64, u64),
}

/// A container's.
#[derive(Default)]
struct Namespace {
    counts: Option<Counts>,
    /// What waits in it, once it was listed.
    sum: Option<u64>,
    /// Rounds in which it is to be listed.
    moved: u8,
}

impl Known {
    /// The namespaces in which anything is new.
    fn look(&mut self, source: &Source, news: &News) -> BTreeSet<u64> {
        let mut changed = BTreeSet::new();
        if let Ok(sockets) = lists::list_all(&source.diag, &lists::PROTOCOLS) {
            let sum = sum(&sockets);
            if self.own.replace(sum).is_some_and(|before| before != sum) {
                changed.insert(source.own);
            }
        }
        let places = news.places();
        let foreign =
            |place: &&Place| !matches!(place.process.netns, 0) && place.process.netns != source.own;
        let places: BTreeMap<u64, &Place> =
            places.iter().filter(foreign).map(|place| (place.process.netns, place)).collect();
        self.namespaces.retain(|netns, _| places.contains_key(netns));
        self.count(source, &places);
        self.list(source, &places, &mut changed);
        changed
    }

    /// Finds the namespaces in which there are other sockets than before.
    fn count(&mut self, source: &Source, places: &BTreeMap<u64, &Place>) {
        let began = thread_cpu();
        for (netns, place) in from(places, self.at.0) {
            if thread_cpu().saturating_sub(began) > COUNTING {
                break;
            }
            self.at.0 = netns;
            let namespace = self.namespaces.entry(netns).or_default();
            let counts = Counts::of(&source.proc, place.process.pid);
            if counts.is_none() || namespace.counts != counts {
                // A socket may be there before it waits: then it is listed in the next round, too.
                namespace.moved = 2;
            }
            namespace.counts = counts;
        }
    }

    /// Lists what waits in these, and finds those in which that is something else.
    fn list(
        &mut self,
        source: &Source,
        places: &BTreeMap<u64, &Place>,
        changed: &mut BTreeSet<u64>,
    ) {
        let now = SystemClock.now();
        let began = thread_cpu();
        let mut entered = false;
        for (netns, place) in from(places, self.at.1) {
            let Some(namespace) = self.namespaces.get_mut(&netns).filter(|it| it.moved > 0) else {
                continue;
            };
            if thread_cpu().saturating_sub(began) > LISTING {
                break;
            }
            self.at.1 = netns;
            namespace.moved -= 1;
            entered = true;
            let Ok(sum) = source.of(place.process.pid, netns) else { continue };
            let before = namespace.sum.replace(sum);
            // One that is seen for the first time was swept, but perhaps before it listened.
            let is_young = place.youngest.plus_secs(LATELY) > now;
            if before.map_or(sum != 0 && is_young, |before| before != sum) {
                changed.insert(netns);
            }
        }
        if entered {
            // So that it is not held on to when its container has ended.
            let _ =
                move_into_link_name_space(source.home.as_fd(), Some(LinkNameSpaceType::Network));
        }
    }
}

/// All of them, those after `at` first.
fn from<'p>(places: &BTreeMap<u64, &'p Place>, at: u64) -> impl Iterator<Item = (u64, &'p Place)> {
    let (after, before) = (places.range(at.saturating_add(1)..), places.range(..=at));
    after.chain(before).map(|(netns, place)| (*netns, *place))
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
