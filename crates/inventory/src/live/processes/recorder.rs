//! Makes dirt of events.
//!
//! A program is read the moment it starts, because it may be gone the next. Most end without leaving any news: an end
//! takes back what the start made dirty, unless the program is one to be told.

use super::streaks::Streaks;
use crate::files::Stat;
use crate::live::gather::Gather;
use crate::live::news::News;
use crate::live::programs::{Ended, Key, Note};
use crate::proc::Proc;
use crate::processes;
use muster_formats::proc_event::Event;
use muster_model::{Kind, Micros};
use std::collections::hash_map::DefaultHasher;
use std::collections::{HashMap, HashSet};
use std::hash::{Hash, Hasher};
use std::mem::MaybeUninit;
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

/// A process that lived this long is news.
const YOUNG: Duration = Duration::from_millis(100);
/// Processes that are young at a time; of more than these every start counts as news.
const MOST_YOUNG: usize = 16_384;
/// Mount namespaces remembered at a time.
const MOST_NAMESPACES: usize = 8_192;
/// Programs looked at in one go. To look at one takes the kernel some 30 us more when it ends.
const LOOKS: u32 = 400;
/// A look more is allowed after this time: what starts beyond that is left out, to spare the host.
const ONE_MORE: Duration = Duration::from_millis(10);

/// A process no sweep knows yet.
struct Young {
    since: Instant,
    /// Whether a program of it is held to be told.
    held: bool,
    /// Who made it, if that was seen.
    parent: Option<u32>,
}

/// The processes no sweep knows yet. Time is a parameter.
pub(super) struct Recorder<'a> {
    proc: &'a Proc,
    news: &'a News,
    boot: Micros,
    young: HashMap<u32, Young>,
    /// Mount namespaces in which programs were started.
    namespaces: HashSet<u64>,
    streaks: Streaks,
    /// Something ended or overflowed: that is news for certain.
    certain: bool,
    epoch: u64,
    gather: Gather,
    /// Looks that are left, and since when that is the number.
    looks: (u32, Instant),
}

impl<'a> Recorder<'a> {
    pub(super) fn new(proc: &'a Proc, news: &'a News) -> Self {
        let boot = processes::boot_time(proc);
        let looks = (LOOKS, Instant::now());
        let young = HashMap::new();
        let epoch = news.epoch();
        let gather = Gather::default();
        let streaks = Streaks::default();
        let namespaces = HashSet::new();
        Self { proc, news, boot, young, namespaces, streaks, certain: false, epoch, gather, looks }
    }

    /// How long nothing has to be done without events; none: for ever.
    pub(super) fn wait(&self, now: Instant) -> Option<Duration> {
        self.gather.wait(now)
    }

    /// Events were lost.
    pub(super) fn lose(&mut self, now: Instant) {
        self.young.clear();
        self.certain = false;
        self.gather.done(now);
        self.news.lose();
    }

    /// How long no program would be looked at.
    pub(super) fn next_look(&self, now: Instant) -> Duration {
        let (left, since) = self.looks;
        let passed = now.saturating_duration_since(since);
        if left > 0 { Duration::ZERO } else { ONE_MORE.saturating_sub(passed) }
    }

    /// A process came or went.
    pub(super) fn take(&mut self, event: Event, now: Instant) {
        self.begin_anew();
        match event {
            Event::Acknowledged { .. } | Event::Exec { .. } => return,
            Event::Fork { pid, parent } => self.born(pid, Some(parent), now, false),
            Event::Exit { pid } => {
                self.streaks.end(pid);
                self.certain |= self.young.remove(&pid).is_none_or(|young| young.held);
            }
        }
        self.begin_to_gather(now);
    }

    /// A process runs another program, or did so and is gone.
    pub(super) fn started(&mut self, pid: u32, gone: bool, now: Instant) {
        self.begin_anew();
        let parent = self.young.get(&pid).and_then(|young| young.parent);
        let may =
            !parent.is_some_and(|parent| self.streaks.passes_over(parent)) && self.may_look(now);
        if gone {
            if may {
                self.news.miss();
            } else {
                self.news.leave_out();
            }
            return;
        }
        let held = if may {
            self.looks.0 -= 1;
            self.look(pid, parent, now)
        } else {
            self.news.leave_out();
            false
        };
        self.born(pid, parent, now, held);
        self.begin_to_gather(now);
    }

    fn begin_to_gather(&mut self, now: Instant) {
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

    fn born(&mut self, pid: u32, parent: Option<u32>, since: Instant, held: bool) {
        if self.young.len() < MOST_YOUNG {
            let young = self.young.entry(pid).or_insert(Young { since, held, parent });
            // What it was before it executed another program is to be told, too.
            young.held |= held;
        } else {
            self.certain = true;
        }
    }

    /// Tells what has gathered, if it is time.
    pub(super) fn settle(&mut self, now: Instant) {
        if !self.gather.is_due(now) {
            return;
        }
        self.begin_anew();
        let old = |young: &Young| now.saturating_duration_since(young.since) >= YOUNG;
        if self.certain || self.young.values().any(old) {
            self.gather.done(now);
            self.news.mark([Kind::Process]);
        } else {
            self.gather.put_off((!self.young.is_empty()).then(|| now + YOUNG));
        }
    }

    /// Looks at a program that starts; whether it is held.
    fn look(&mut self, pid: u32, parent: Option<u32>, now: Instant) -> bool {
        let Some((key, stat)) = self.key(pid) else {
            self.news.miss();
            return false;
        };
        if self.namespaces.len() >= MOST_NAMESPACES {
            self.namespaces.clear();
        }
        // A container starts: it need not wait for its turn.
        if self.namespaces.insert(key.mntns) {
            self.gather.hurry(now);
        }
        let note = self.news.wants(&key, || self.arguments(pid), now);
        match (parent, note) {
            (Some(parent), Note::Known) => self.streaks.known(parent, key),
            (Some(parent), _) => self.streaks.end(parent),
            (None, _) => {}
        }
        let Note::Read { arguments, open } = note else { return false };
        let Some(program) = self.read(pid, stat, open) else {
            self.news.miss();
            return false;
        };
        self.news.hold(key, arguments, program);
        true
    }

    fn may_look(&mut self, now: Instant) -> bool {
        let (left, since) = &mut self.looks;
        let passed = now.saturating_duration_since(*since).as_millis() / ONE_MORE.as_millis();
        if let Some(more) = u32::try_from(passed).ok().filter(|more| *more > 0) {
            *left = left.saturating_add(more).min(LOOKS);
            *since = now;
        }
        *left > 0
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

    use super::*;
    use crate::live::gather::SOON;
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
        recorder.take(Event::Fork { pid: NOBODY, parent: 1 }, start);
        assert_eq!(recorder.wait(start), Some(SOON));
        recorder.take(Event::Exit { pid: NOBODY }, start + ms(5));
        recorder.settle(start + SOON);
        assert!(news.take().kinds.is_empty(), "a child without a program of its own");
        assert_eq!(recorder.wait(start + SOON), None);

        let start = start + ms(1_000);
        recorder.take(Event::Fork { pid: NOBODY, parent: 1 }, start);
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
        recorder.started(pid, false, now);
        recorder.started(NOBODY, false, now);
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
        recorder.started(pid, false, now);
        assert!(news.ended(&[], |_| false).is_empty());
    }

    #[test]
    fn a_storm_costs_no_more_than_so_many_looks() {
        let (proc, news) = (Proc::open(Path::new("/proc")).unwrap(), News::default());
        let mut recorder = Recorder::new(&proc, &news);
        let now = Instant::now();
        for _ in 0..=LOOKS {
            recorder.started(NOBODY, false, now);
        }
        let told = news.take().diagnostics;
        assert!(told[0].message.starts_with("400 ") && told[1].message.starts_with("1 "));
        assert_eq!(
            (told[0].code.as_str(), told[1].code.as_str()),
            ("live.missed", "live.left_out")
        );
    }
}
