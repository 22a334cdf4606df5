//! What a collector is given: one host, or whatever looks like one.

use crate::files::{Files, Stat};
use crate::live::Ended;
use crate::names::Names;
use crate::networks::{Forwarded, Inner};
use crate::owners::Owners;
use crate::proc::Proc;
use crate::processes::Process;
use crate::processes::detail::{self, Descriptor, Held, Mapped};
use muster_model::Micros;
use std::any::{Any, TypeId};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};

/// The swept host during one run of one collector.
pub struct Host<'a> {
    files: &'a Files,
    proc: &'a Proc,
    place: Place<'a>,
    names: Names,
    owners: RefCell<&'a mut dyn Owners>,
    owners_fresh: Cell<bool>,
    memory: RefCell<&'a mut Memory>,
}

/// Whose assets are collected: the host's or a container's.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    /// Its processes by pid.
    pub(crate) processes: &'a [Arc<Process>],
    /// Those of all places.
    pub(crate) all: &'a [Arc<Process>],
    pub(crate) is_container: bool,
    /// Programs that ended without a sweep having seen them.
    pub(crate) ended: &'a [Arc<Ended>],
    /// The network of a container that nobody elsewhere reaches.
    pub(crate) inner: Option<&'a Inner>,
    /// Ports of the host that lead to containers; none of a container.
    pub(crate) forwarded: Option<&'a Forwarded>,
}

/// What collectors remember from sweep to sweep, one value of each type.
pub(crate) type Memory = HashMap<TypeId, Box<dyn Any + Send>>;

impl<'a> Host<'a> {
    pub(crate) fn new(
        files: &'a Files,
        proc: &'a Proc,
        place: Place<'a>,
        owners: &'a mut dyn Owners,
        memory: &'a mut Memory,
    ) -> Self {
        Self {
            files,
            proc,
            place,
            names: Names::default(),
            owners: RefCell::new(owners),
            owners_fresh: Cell::new(false),
            memory: RefCell::new(memory),
        }
    }

    /// The files beneath the root.
    pub const fn files(&self) -> &'a Files {
        self.files
    }

    /// The proc directory. What is read here is no dependency: see [`Host::proc_text`].
    pub const fn proc(&self) -> &'a Proc {
        self.proc
    }

    /// A file of the proc directory, its content being a dependency of the collector.
    pub fn proc_text(&self, path: impl AsRef<Path>) -> Option<String> {
        let path = path.as_ref();
        let bytes = self.proc.read(path, Proc::MAX_BYTES).ok();
        self.files.touch_content(path, bytes.as_deref());
        bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The place's processes by pid; none unless the collector said that it needs them.
    pub const fn processes(&self) -> &'a [Arc<Process>] {
        self.place.processes
    }

    /// The processes of the whole machine by pid: who holds a socket may belong to another place.
    pub const fn everyone(&self) -> &'a [Arc<Process>] {
        self.place.all
    }

    /// The place's programs that ended without a sweep having seen them.
    pub(crate) const fn ended(&self) -> &'a [Arc<Ended>] {
        self.place.ended
    }

    /// Is it a container?
    pub const fn is_container(&self) -> bool {
        self.place.is_container
    }

    /// The network of a container, if nobody elsewhere reaches it but by what is published.
    pub(crate) const fn inner_network(&self) -> Option<&'a Inner> {
        self.place.inner
    }

    /// The host's ports that lead to containers.
    pub(crate) const fn forwarded(&self) -> Option<&'a Forwarded> {
        self.place.forwarded
    }

    /// A process's environment. May hold secrets: never to be put into a row.
    pub fn environ(&self, process: &Process) -> Vec<(String, String)> {
        detail::environ(self.proc, process.pid)
    }

    /// The files mapped into a process.
    pub fn maps(&self, process: &Process) -> Vec<Mapped> {
        detail::maps(self.proc, process.pid)
    }

    /// The open files of a process.
    pub fn descriptors(&self, process: &Process) -> Vec<Descriptor> {
        detail::descriptors(self.proc, process.pid)
    }

    /// The wanted ones among the files a process has mapped or open, each once, by path. They are a
    /// dependency: the collector runs again when they change.
    pub fn held_files(&self, process: &Process, wanted: fn(&Path) -> bool) -> Vec<PathBuf> {
        let held = Held::look(self.proc, process.pid, wanted);
        let files = held.files();
        self.files.touch_held(held);
        files
    }

    /// Do the paths of a process mean the files of this root? Not those of a process in a container or
    /// another change of root. In a fixture they always do.
    pub fn shares_root(&self, process: &Process) -> bool {
        if !self.proc.is_kernel() {
            return true;
        }
        let Some(own) = self.files.stat("/") else { return false };
        let root = self.proc.stat(format!("{}/root", process.pid));
        let root = root.map(|root| self.files.seen(root));
        root.is_some_and(|root| (root.dev, root.ino) == (own.dev, own.ino))
    }

    /// Is it a process of this system, not of a container on it? Services that locked themselves into a
    /// directory are, and so are those with a mount namespace of their own, for private temporary files.
    pub fn is_inside(&self, process: &Process) -> bool {
        let first = self.place.processes.first().map_or(0, |first| first.mntns);
        process.mntns == first || self.shares_root(process)
    }

    /// Metadata of the program a process really runs, deleted and replaced ones included.
    pub fn exe_stat(&self, process: &Process) -> Option<Stat> {
        if process.kernel {
            return None;
        }
        if !self.proc.is_kernel() {
            return self.files.stat(&process.exe);
        }
        self.proc.stat(format!("{}/exe", process.pid)).map(|stat| self.files.seen(stat))
    }

    /// SHA-256 of the program a process really runs, not of what now lies at its path.
    pub fn exe_sha256(&self, process: &Process) -> Option<String> {
        if !self.proc.is_kernel() {
            return self.files.sha256(&process.exe);
        }
        let stat = self.exe_stat(process).filter(Stat::is_file)?;
        self.files.hash(&stat, || self.proc.open_file(format!("{}/exe", process.pid)).ok())
    }

    /// SHA-256 of a program that has ended.
    pub(crate) fn ended_sha256(&self, ended: &Ended) -> Option<String> {
        let hash = ended.hash.get_or_init(|| {
            let file = ended.file.lock().unwrap_or_else(PoisonError::into_inner).take();
            self.files.hash(&self.files.seen(ended.stat), || file.filter(|_| ended.stat.is_file()))
        });
        hash.clone()
    }

    /// The login name of a user number, from the root's passwd.
    pub fn user_name(&self, uid: u32) -> Option<String> {
        self.names.user(self.files, uid)
    }

    /// The name of a group number, from the root's group file.
    pub fn group_name(&self, gid: u32) -> Option<String> {
        self.names.group(self.files, gid)
    }

    /// Package URL of the operating-system package that owns a file.
    pub fn owner_of(&self, path: impl AsRef<Path>) -> Option<String> {
        let mut owners = self.owners.borrow_mut();
        if !self.owners_fresh.replace(true) {
            owners.refresh(self.files);
        }
        owners.owner_of(path.as_ref())
    }

    /// Works with what the collector remembers of earlier sweeps: the value of this type, at first its
    /// default. Only ever a cache: it may be gone the next time.
    pub fn remember<T: Any + Default + Send, R>(&self, work: impl FnOnce(&mut T) -> R) -> R {
        let mut memory = self.memory.borrow_mut();
        // Taken out, so that the work may remember something else.
        let known = memory.remove(&TypeId::of::<T>()).and_then(|known| known.downcast().ok());
        drop(memory);
        let mut known: Box<T> = known.unwrap_or_default();
        let result = work(&mut known);
        self.memory.borrow_mut().insert(TypeId::of::<T>(), known);
        result
    }

    /// The moment of this sweep.
    pub const fn now(&self) -> Micros {
        self.files.now()
    }

    /// Leaves a diagnostic: see [`Files::trouble`].
    pub fn trouble(&self, code: &str, subject: impl Into<String>, message: impl Into<String>) {
        self.files.trouble(code, subject, message);
    }
}
