//! Folders whose change makes a kind dirty, of the host and of every container, watched by inotify(7), which sees what
//! is changed through a container's own mounts as well; and those of what containers are not to change.

mod protected;

use super::folders::{FOLDERS, Folder};
use super::gather::Gather;
use super::news::{News, Place, thread_cpu};
use super::{Options, Spot, timespec};
use crate::files::root::Root;
use crate::proc::Proc;
use muster_model::Kind;
use protected::Names;
use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd, poll};
use rustix::fd::{AsRawFd, OwnedFd};
use rustix::fs::OFlags;
use rustix::fs::inotify::{self, CreateFlags, ReadFlags, Reader, WatchFlags};
use rustix::io::Errno;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::mem::MaybeUninit;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

/// Folders watched at most, in all places together.
const MOST: usize = 8_192;

/// What is looked at: files that were written, came, went or were moved. A folder may be watched for several reasons.
const MASK: WatchFlags = WatchFlags::CLOSE_WRITE
    .union(WatchFlags::MASK_ADD)
    .union(WatchFlags::CREATE)
    .union(WatchFlags::DELETE)
    .union(WatchFlags::MOVED_FROM)
    .union(WatchFlags::MOVED_TO)
    .union(WatchFlags::ONLYDIR);

/// Of what is protected, new rights or owners count as well.
const MASK_PROTECTED: WatchFlags = MASK.union(WatchFlags::ATTRIB);

/// The open queue of events.
pub(super) struct Source {
    fd: OwnedFd,
    /// Written to when containers came or went.
    nudge: Arc<OwnedFd>,
    proc: Proc,
    proc_path: PathBuf,
}

impl Source {
    pub(super) fn open(options: &Options, news: &News) -> Result<Self, String> {
        let proc = Proc::open(&options.proc).map_err(|error| error.message().to_owned())?;
        let fd = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)
            .map_err(|errno| format!("inotify is not to be had: {errno}"))?;
        let nudge = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)
            .map_err(|errno| errno.to_string())?;
        let nudge = Arc::new(nudge);
        news.nudge_by(Arc::clone(&nudge));
        Ok(Self { fd, nudge, proc, proc_path: options.proc.clone() })
    }

    /// Takes in news until told to stop.
    pub(super) fn run(self, news: &News, stop: &OwnedFd) {
        let mut watcher = Watcher::new(&self, news);
        watcher.look_around();
        let mut counted = thread_cpu();
        loop {
            let timeout = watcher.gather.wait(Instant::now()).map(timespec);
            let mut fds = [
                PollFd::new(&self.fd, PollFlags::IN),
                PollFd::new(&*self.nudge, PollFlags::IN),
                PollFd::new(stop, PollFlags::IN),
            ];
            match poll(&mut fds, timeout.as_ref()) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(errno) => return news.trouble("live.files", &errno.to_string()),
            }
            let [_, nudged, stopped] = fds.map(|fd| !fd.revents().is_empty());
            if stopped {
                return;
            }
            if nudged {
                let _ = rustix::io::read(&*self.nudge, &mut [0; 8]);
                watcher.move_on();
            }
            watcher.read(Instant::now());
            watcher.look_around();
            watcher.settle(Instant::now());
            let cpu = thread_cpu();
            news.spend(cpu.saturating_sub(counted));
            counted = cpu;
        }
    }

    /// Opens a container's root, or the host's.
    fn root(&self, place: Option<&Place>) -> Option<Root> {
        let Some(place) = place else {
            let mounts = self.proc.text("self/mountinfo").unwrap_or_default();
            return Root::open(Path::new("/"), &mounts).ok();
        };
        let process = place.process.pid;
        let mounts = self.proc.text(format!("{process}/mountinfo")).ok()?;
        let root = Root::of_process(&self.proc_path.join(format!("{process}/root")), &mounts);
        // The number may be another's by now.
        root.ok().filter(|_| crate::processes::is_still(&self.proc, &place.process))
    }
}

/// The watched folders.
struct Watcher<'a> {
    source: &'a Source,
    news: &'a News,
    watched: HashMap<i32, Watched>,
    /// Paths that containers are not to change.
    protected: Arc<[String]>,
    /// The places, with the process each is seen by.
    places: BTreeMap<String, Option<Place>>,
    /// Places whose folders are to be looked for, for the first time or anew.
    stale: BTreeSet<String>,
    /// Folders that could not be watched, and why.
    refused: (usize, Errno),
    /// Which kinds, in which places.
    dirty: BTreeSet<(Kind, String)>,
    gather: Gather,
}

/// What a watched folder stands for. The host's place has no name. Places may share a folder.
#[derive(Default)]
struct Watched {
    folders: BTreeSet<usize>,
    places: BTreeSet<String>,
    /// What of it is protected, by place.
    protected: BTreeMap<String, Names>,
}

impl Watched {
    /// Forgets a place; whether it was the last.
    fn leave(&mut self, id: &str) -> bool {
        self.places.remove(id);
        self.protected.remove(id);
        self.is_idle()
    }

    fn is_idle(&self) -> bool {
        self.places.is_empty() && self.protected.is_empty()
    }
}

impl<'a> Watcher<'a> {
    fn new(source: &'a Source, news: &'a News) -> Self {
        Self {
            source,
            news,
            watched: HashMap::new(),
            protected: Arc::default(),
            places: [(String::new(), None)].into(),
            stale: [String::new()].into(),
            refused: (0, Errno::NOSPC),
            dirty: BTreeSet::new(),
            gather: Gather::default(),
        }
    }

    /// Containers came or went, or other paths are protected.
    fn move_on(&mut self) {
        let protected = self.news.protected();
        if *protected != *self.protected {
            self.protected = protected;
            let unprotect = |watched: &mut Watched| {
                watched.protected.clear();
                watched.is_idle()
            };
            for (watch, _) in self.watched.extract_if(|_, watched| unprotect(watched)) {
                let _ = inotify::remove_watch(&self.source.fd, watch);
            }
            self.stale.extend(self.places.keys().cloned());
        }
        let now: BTreeMap<String, Place> =
            self.news.places().iter().map(|place| (place.id.clone(), place.clone())).collect();
        let gone = |id: &String| !id.is_empty() && !now.contains_key(id);
        for id in self.places.extract_if(.., |id, _| gone(id)).map(|(id, _)| id) {
            self.stale.remove(&id);
            for (watch, _) in self.watched.extract_if(|_, watched| watched.leave(&id)) {
                // The folder may have gone with the container.
                let _ = inotify::remove_watch(&self.source.fd, watch);
            }
        }
        for (id, place) in now {
            let before = self.places.insert(id.clone(), Some(place.clone())).flatten();
            // What a runtime's process saw, before it became the container's, was not the container's.
            let of = |place: &Place| {
                let process = &place.process;
                (process.pid, process.start_ticks, process.mntns, process.exe.clone())
            };
            if before.is_none_or(|before| of(&before) != of(&place)) {
                self.stale.insert(id);
            }
        }
    }

    /// Watches what is to be watched in the places that need it.
    fn look_around(&mut self) {
        if self.stale.is_empty() {
            return;
        }
        for id in std::mem::take(&mut self.stale) {
            let Some(place) = self.places.get(&id) else { continue };
            // A container that has just ended has nothing to be watched.
            let Some(root) = self.source.root(place.as_ref()) else { continue };
            for (at, folder) in FOLDERS.iter().enumerate() {
                match self.watch(&root, folder) {
                    Ok(Some(watch)) => {
                        let watched = self.watched.entry(watch).or_default();
                        watched.folders.insert(at);
                        watched.places.insert(id.clone());
                    }
                    Ok(None) => {}
                    Err(errno) => self.refused = (self.refused.0 + 1, errno),
                }
            }
            if !id.is_empty() {
                self.protect(&root, &id);
            }
        }
        let (refused, why) = self.refused;
        if refused > 0 {
            let why = format!("{refused} folders are not watched: {why}");
            self.news.trouble("live.files", &why);
        }
    }

    /// Watches what a container is not to change.
    fn protect(&mut self, root: &Root, id: &str) {
        let paths = Arc::clone(&self.protected);
        for path in paths.iter() {
            let whole = protected::folders(root, Path::new(path), &mut |folder, names| match self
                .add(folder, MASK_PROTECTED)
            {
                Ok(watch) => {
                    let watched = self.watched.entry(watch).or_default();
                    match watched.protected.entry(id.to_owned()) {
                        Entry::Occupied(known) => known.into_mut().add(names),
                        Entry::Vacant(new) => {
                            new.insert(names);
                        }
                    }
                }
                Err(errno) => self.refused = (self.refused.0 + 1, errno),
            });
            if !whole {
                self.refused = (self.refused.0 + 1, Errno::NOSPC);
            }
        }
    }

    fn watch(&self, root: &Root, folder: &Folder) -> Result<Option<i32>, Errno> {
        let path = Path::new(folder.path);
        if root.is_barred(path) {
            return Ok(None);
        }
        let Ok(found) = root.open_at(path, OFlags::PATH | OFlags::DIRECTORY) else {
            return Ok(None);
        };
        self.add(&found, MASK).map(Some)
    }

    fn add(&self, folder: &OwnedFd, mask: WatchFlags) -> Result<i32, Errno> {
        if self.watched.len() >= MOST {
            return Err(Errno::NOSPC);
        }
        let folder = format!("/proc/self/fd/{}", folder.as_raw_fd());
        inotify::add_watch(&self.source.fd, folder, mask)
    }

    fn read(&mut self, now: Instant) {
        let mut buffer = [MaybeUninit::uninit(); 16 * 1024];
        let mut reader = Reader::new(&self.source.fd, &mut buffer);
        while let Ok(event) = reader.next() {
            let what = event.events();
            if what.contains(ReadFlags::QUEUE_OVERFLOW) {
                self.stale.extend(self.places.keys().cloned());
                self.news.lose();
                continue;
            }
            if what.contains(ReadFlags::IGNORED) {
                // The folder is gone; another may be in its place.
                if let Some(watched) = self.watched.remove(&event.wd()) {
                    self.stale.extend(watched.places);
                    self.stale.extend(watched.protected.into_keys());
                }
                continue;
            }
            let name = event.file_name().map(|name| name.to_bytes()).unwrap_or_default();
            let Some(watched) = self.watched.get(&event.wd()) else { continue };
            let mut concerned = BTreeSet::new();
            let folders = watched.folders.iter().filter_map(|at| FOLDERS.get(*at));
            // New rights are none of what collectors read.
            let written = what.difference(ReadFlags::ISDIR) != ReadFlags::ATTRIB;
            for folder in folders.filter(|folder| written && folder.counts(name)) {
                concerned.extend(&watched.places);
                self.dirty.extend(watched.places.iter().map(|id| (folder.kind, id.clone())));
            }
            for (id, _) in watched.protected.iter().filter(|(_, names)| names.count(name)) {
                concerned.insert(id);
                // Signs are looked for whenever the processes are.
                self.dirty.insert((Kind::Process, id.clone()));
            }
            if !concerned.is_empty() {
                self.gather.begin(now);
                if what.contains(ReadFlags::ISDIR) {
                    self.stale.extend(concerned.into_iter().cloned());
                }
            }
        }
    }

    /// Tells what has gathered, if it is time.
    fn settle(&mut self, now: Instant) {
        if self.gather.is_due(now) {
            self.gather.done(now);
            let spot = |id: String| if id.is_empty() { Spot::Host } else { Spot::Container(id) };
            let dirty = std::mem::take(&mut self.dirty);
            self.news.mark_at(dirty.into_iter().map(|(kind, id)| (kind, spot(id))));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::{CWD, Mode};

    #[test]
    fn a_queue_that_overflows_is_counted_and_everything_is_swept() {
        let most = std::fs::read_to_string("/proc/sys/fs/inotify/max_queued_events").unwrap();
        let most: usize = most.trim().parse().unwrap();
        assert!(most <= 1 << 20, "the queue of this machine takes too long to fill");
        let news = News::default();
        let source = Source::open(&Options::default(), &news).unwrap();
        let mut watcher = Watcher::new(&source, &news);
        watcher.look_around();
        assert!(watcher.stale.is_empty());
        let dir = tempfile::tempdir().unwrap();
        let opened = rustix::fs::openat(CWD, dir.path(), OFlags::PATH, Mode::empty()).unwrap();
        watcher.add(&opened, MASK).unwrap();
        // Another one each time: the same event twice in a row is one.
        for n in 0..=most / 2 {
            let path = dir.path().join(format!("{}", n % 2));
            std::fs::write(&path, "").unwrap();
            std::fs::remove_file(&path).unwrap();
        }
        watcher.read(Instant::now());
        let dirt = news.take();
        assert_eq!(dirt.kinds, Kind::ALL.into());
        assert_eq!(dirt.diagnostics[0].code, "live.lost");
        // What came and went among the folders meanwhile is not known either.
        assert_eq!(watcher.stale, [String::new()].into());
    }
}
