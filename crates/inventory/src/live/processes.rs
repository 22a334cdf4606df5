//! Starts and ends of processes, as the kernel's process connector tells them.
//!
//! A program is read the moment it starts, because it may be gone the next. Most end without leaving any news: an end
//! takes back what the start made dirty, unless the program is one to be told.

use super::gather::Gather;
use super::news::{News, thread_cpu};
use super::programs::{Ended, Key, Note};
use super::{Options, timespec};
use crate::files::Stat;
use crate::proc::Proc;
use crate::processes;
use muster_formats::proc_event::{self, Event};
use muster_model::{Kind, Micros};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fd::OwnedFd;
use rustix::io::Errno;
use rustix::net::netlink::{self, SocketAddrNetlink};
use rustix::net::sockopt::{set_socket_recv_buffer_size, set_socket_recv_buffer_size_force};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType};
use rustix::time::{ClockId, clock_gettime};
use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::mem::MaybeUninit;
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

/// A process that lived this long is news.
const YOUNG: Duration = Duration::from_millis(100);
/// Processes that are young at a time; of more than these every start counts as news.
const MOST_YOUNG: usize = 16_384;
/// Programs looked at in a second at most: whatever starts beyond that is left out, to spare the host.
const LOOKS: u32 = 1_000;
/// What the thread's niceness is changed by.
const HASTE: i32 = -15;
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
        loop {
            let timeout = recorder.gather.wait(Instant::now()).map(timespec);
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

/// Makes dirt of events. Its time is a parameter.
struct Recorder<'a> {
    proc: &'a Proc,
    news: &'a News,
    boot: Micros,
    /// When the processes started that no sweep knows yet, and whether they are held to be told.
    young: HashMap<u32, (Instant, bool)>,
    /// Something ended or overflowed: that is news for certain.
    certain: bool,
    epoch: u64,
    gather: Gather,
    /// The second that is counted, and the looks in it.
    looks: (Instant, u32),
}

impl<'a> Recorder<'a> {
    fn new(proc: &'a Proc, news: &'a News) -> Self {
        let boot = processes::boot_time(proc);
        let looks = (Instant::now(), 0);
        let young = HashMap::new();
        let epoch = news.epoch();
        let gather = Gather::default();
        Self { proc, news, boot, young, certain: false, epoch, gather, looks }
    }

    fn lose(&mut self, now: Instant) {
        self.young.clear();
        self.certain = false;
        self.gather.done(now);
        self.news.lose();
    }

    fn take(&mut self, event: Event, now: Instant) {
        self.begin_anew();
        match event {
            Event::Acknowledged { .. } => return,
            Event::Fork { pid } => self.born(pid, now, false),
            Event::Exec { pid } => {
                let held = self.look(pid, now);
                self.born(pid, now, held);
            }
            Event::Exit { pid } => match self.young.remove(&pid) {
                Some((_, held)) => self.certain |= held,
                None => self.certain = true,
            },
        }
        if self.certain || !self.young.is_empty() {
            self.gather.begin(now);
        }
    }

    /// What was told is being swept: whoever is alive is known from then on.
    fn begin_anew(&mut self) {
        let epoch = self.news.epoch();
        if epoch != self.epoch {
            self.epoch = epoch;
            self.young.clear();
            self.certain = false;
        }
    }

    fn born(&mut self, pid: u32, now: Instant, held: bool) {
        if self.young.len() < MOST_YOUNG {
            let young = self.young.entry(pid).or_insert((now, held));
            // What it was before it executed another program is to be told, too.
            young.1 |= held;
        } else {
            self.certain = true;
        }
    }

    /// Tells what has gathered, if it is time.
    fn settle(&mut self, now: Instant) {
        if !self.gather.is_due(now) {
            return;
        }
        self.begin_anew();
        let old = |(at, _): &(Instant, bool)| now.saturating_duration_since(*at) >= YOUNG;
        if self.certain || self.young.values().any(old) {
            self.gather.done(now);
            self.news.mark([Kind::Process]);
        } else {
            self.gather.put_off((!self.young.is_empty()).then(|| now + YOUNG));
        }
    }

    /// Looks at a program that starts; whether it is held.
    fn look(&mut self, pid: u32, now: Instant) -> bool {
        if now.saturating_duration_since(self.looks.0) >= Duration::from_secs(1) {
            self.looks = (now, 0);
        }
        self.looks.1 += 1;
        if self.looks.1 > LOOKS {
            self.news.leave_out();
            return false;
        }
        let Some((key, stat)) = self.key(pid) else {
            self.news.miss();
            return false;
        };
        let note = self.news.wants(&key, || self.arguments(pid), now);
        let Note::Read { arguments, open } = note else { return false };
        let Some(program) = self.read(pid, stat, open) else {
            self.news.miss();
            return false;
        };
        self.news.hold(key, arguments, program);
        true
    }

    fn key(&self, pid: u32) -> Option<(Key, Stat)> {
        let exe = self.proc.stat_of(pid, "exe")?;
        let uid = self.proc.stat_of(pid, "")?.uid;
        let mut buffer = [MaybeUninit::uninit(); 64];
        let mntns = self.proc.link_of(pid, "ns/mnt", &mut buffer)?;
        let mntns = processes::namespace_of(mntns);
        Some((Key { exe: (exe.dev, exe.ino), mntns, uid }, exe))
    }

    fn arguments(&self, pid: u32) -> u64 {
        let mut buffer = [0; 4096];
        let mut hasher = DefaultHasher::new();
        self.proc.head(pid, "cmdline", &mut buffer).hash(&mut hasher);
        hasher.finish()
    }

    fn read(&self, pid: u32, stat: Stat, open: bool) -> Option<Ended> {
        let process = processes::read_one(self.proc, pid, self.boot)?;
        let file = if open { self.proc.open_file(format!("{pid}/exe")).ok() } else { None };
        let root = self.proc.stat_of(pid, "root").map(|root| (root.dev, root.ino));
        let parent = self.proc.link(format!("{}/exe", process.ppid)).unwrap_or_default();
        let parent = parent.to_string_lossy().into_owned();
        // A process that ended meanwhile has left gaps.
        let whole = !process.exe.as_os_str().is_empty();
        let (file, hash) = (Mutex::new(file), OnceLock::new());
        whole.then_some(Ended { process, stat, file, hash, root, parent })
    }
}

#[cfg(test)]
mod tests {
    use super::super::gather::SOON;
    use super::*;
    use std::path::Path;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    /// A number no process has.
    const NOBODY: u32 = 4_194_305;

    #[test]
    fn what_comes_and_goes_is_no_news_and_what_stays_or_goes_is() {
        let (proc, news) = (Proc::open(Path::new("/proc")).unwrap(), News::default());
        let mut recorder = Recorder::new(&proc, &news);
        let start = Instant::now();
        recorder.take(Event::Fork { pid: NOBODY }, start);
        assert_eq!(recorder.gather.wait(start), Some(SOON));
        recorder.take(Event::Exit { pid: NOBODY }, start + ms(5));
        recorder.settle(start + SOON);
        assert!(news.take().kinds.is_empty(), "a child without a program of its own");
        assert_eq!(recorder.gather.wait(start + SOON), None);

        let start = start + ms(1_000);
        recorder.take(Event::Fork { pid: NOBODY }, start);
        recorder.settle(start + SOON);
        assert_eq!(news.take().kinds, [Kind::Process].into(), "it lives");
        recorder.take(Event::Exit { pid: NOBODY }, start + ms(300));
        recorder.settle(start + ms(1_100));
        assert!(news.take().kinds.is_empty(), "a second between two tellings");
        recorder.settle(start + ms(1_200));
        assert_eq!(news.take().kinds, [Kind::Process].into(), "what was swept has ended");
    }

    #[test]
    fn a_program_is_read_as_it_starts_and_one_that_is_gone_is_counted() {
        let (proc, news) = (Proc::open(Path::new("/proc")).unwrap(), News::default());
        let mut recorder = Recorder::new(&proc, &news);
        let (now, pid) = (Instant::now(), std::process::id());
        recorder.take(Event::Exec { pid }, now);
        recorder.take(Event::Exec { pid: NOBODY }, now);
        assert_eq!(news.take().diagnostics[0].code, "live.missed");
        // Nobody is alive: this test has "ended".
        let ended = news.ended(&[], |_| false);
        assert_eq!(ended.len(), 1);
        let ended = &ended[0];
        assert_eq!(ended.process.exe, std::env::current_exe().unwrap());
        assert!(
            ended.file.lock().unwrap().is_some()
                && ended.root.is_some()
                && !ended.parent.is_empty()
        );
        // It is told until it is known to have arrived, and the same not again.
        assert_eq!(news.ended(&[], |_| false).len(), 1);
        news.told();
        assert_eq!(news.take().kinds, [Kind::Process].into());
        recorder.take(Event::Exec { pid }, now);
        assert!(news.ended(&[], |_| false).is_empty());
    }

    #[test]
    fn a_storm_costs_no_more_than_so_many_looks() {
        let (proc, news) = (Proc::open(Path::new("/proc")).unwrap(), News::default());
        let mut recorder = Recorder::new(&proc, &news);
        let now = Instant::now();
        for _ in 0..=LOOKS {
            recorder.take(Event::Exec { pid: NOBODY }, now);
        }
        let told = news.take().diagnostics;
        assert!(told[0].message.starts_with("1000 ") && told[1].message.starts_with("1 "));
        assert_eq!(
            (told[0].code.as_str(), told[1].code.as_str()),
            ("live.missed", "live.left_out")
        );
    }

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
