//! The thread the kernel asks. Whoever executes something waits for it, so it asks nobody in turn who may be waiting.

use super::table::{Bound, Table};
use crate::files::Stat;
use crate::live::News;
use crate::proc::Proc;
use crate::processes::unified_cgroup;
use muster_formats::elf;
use muster_formats::read_at::{ReadAt, SizedFile};
use muster_model::Kind;
use nix::sys::fanotify::{Fanotify, FanotifyEvent, FanotifyResponse, Response};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use rustix::fs::{CWD, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;
use std::collections::HashMap;
use std::os::unix::ffi::OsStrExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What the thread's niceness is changed by.
const HASTE: i32 = -15;
/// Programs in a generation of those whose loader is still to be asked about.
const MAX_LOADING: usize = 2_048;

pub(super) struct Answers {
    fanotify: Arc<Fanotify>,
    table: Arc<Table>,
    news: Arc<News>,
    proc: Proc,
    loading: Loading,
}

/// By process: the loader that the program named which it was just let execute. The kernel opens that next.
///
/// Only programs that then failed to start leave theirs behind, and those are forgotten with their generation.
#[derive(Default)]
struct Loading([HashMap<i32, String>; 2]);

impl Loading {
    fn add(&mut self, pid: i32, loader: String) {
        let [young, old] = &mut self.0;
        if young.len() >= MAX_LOADING {
            *old = std::mem::take(young);
        }
        young.insert(pid, loader);
    }

    fn take(&mut self, pid: i32) -> Option<String> {
        let [young, old] = &mut self.0;
        let older = old.remove(&pid);
        young.remove(&pid).or(older)
    }
}

impl Answers {
    pub(super) fn new(
        fanotify: Arc<Fanotify>,
        table: Arc<Table>,
        news: Arc<News>,
    ) -> Result<Self, String> {
        let proc = Proc::open(Path::new("/proc")).map_err(|error| error.message().to_owned())?;
        Ok(Self { fanotify, table, news, proc, loading: Loading::default() })
    }

    /// Answers until told to stop.
    pub(super) fn run(&mut self, stop: &OwnedFd) {
        let _ = rustix::process::nice(HASTE);
        loop {
            let mut fds =
                [PollFd::new(&*self.fanotify, PollFlags::IN), PollFd::new(stop, PollFlags::IN)];
            match poll(&mut fds, None) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(errno) => return tracing::error!(%errno, "programs are no longer blocked"),
            }
            if !fds.last().is_none_or(|stop| stop.revents().is_empty()) {
                return;
            }
            // One that cannot be opened for us was refused by the kernel; the others are still to be had.
            let events = self.fanotify.read_events().unwrap_or_default();
            for event in &events {
                self.answer(event);
            }
        }
    }

    fn answer(&mut self, event: &FanotifyEvent) {
        let Some(file) = event.fd() else { return };
        // A defect of ours must not keep anybody waiting.
        let decide = AssertUnwindSafe(|| self.refuses(event.pid(), file));
        let refused = catch_unwind(decide).unwrap_or_default();
        let answer = if refused.is_some() { Response::FAN_DENY } else { Response::FAN_ALLOW };
        if let Err(errno) = self.fanotify.write_response(FanotifyResponse::new(file, answer)) {
            tracing::warn!(%errno, "the kernel did not take an answer");
            return;
        }
        if let Some((bound, evidence)) = refused {
            tracing::warn!(container = bound.container, evidence, "kept from running a program");
            if self.table.block(&bound.container, &evidence) {
                self.news.mark([Kind::Process]);
            }
        }
    }

    /// If the file must not be executed: by what rule, and the file's path with who wanted that.
    fn refuses(&mut self, pid: i32, file: BorrowedFd<'_>) -> Option<(Bound, String)> {
        let loading = self.loading.take(pid);
        let cgroup = self.proc.read(format!("{pid}/cgroup"), 64 * 1024).ok()?;
        let bound = self.table.of(&unified_cgroup(&cgroup))?;
        let program = program(file)?;
        if loading.is_some_and(|loader| is_loader(pid, &loader, file)) {
            return None;
        }
        let path = self.proc.link(format!("self/fd/{}", file.as_raw_fd()))?;
        let path = path.to_string_lossy();
        let path = path.strip_suffix(" (deleted)").unwrap_or(&path);
        if !bound.programs.contains(path) {
            let by = self.proc.link(format!("{pid}/exe")).unwrap_or_default();
            return Some((bound, format!("{path} (started by {})", by.display())));
        }
        if let Some(loader) = elf::loader(&program) {
            self.loading.add(pid, loader);
        }
        None
    }
}

/// The file, if the kernel can start it by itself. What else it executes it hands to another program, a shell most often, and
/// asks about that.
fn program(file: BorrowedFd<'_>) -> Option<SizedFile> {
    let file = SizedFile::new(file.try_clone_to_owned().ok()?.into()).ok()?;
    let mut magic = [0; 4];
    file.read_at(&mut magic, 0).ok()?;
    (magic == *b"\x7fELF").then_some(file)
}

/// Whether the file is what a program of this process named as its loader.
fn is_loader(pid: i32, loader: &str, file: BorrowedFd<'_>) -> bool {
    // Never over the border of a file system: what lies beyond may make us wait.
    let resolve = ResolveFlags::IN_ROOT | ResolveFlags::NO_XDEV | ResolveFlags::NO_MAGICLINKS;
    let flags = OFlags::PATH | OFlags::CLOEXEC;
    let root = format!("/proc/{pid}/root");
    let named = rustix::fs::openat(CWD, root.as_str(), flags, Mode::empty())
        .and_then(|root| rustix::fs::openat2(root, loader, flags, Mode::empty(), resolve));
    if let Ok(named) = named {
        let number = |file: BorrowedFd<'_>| {
            rustix::fs::fstat(file).map(Stat::from).map(|stat| (stat.dev, stat.ino)).ok()
        };
        return number(named.as_fd()) == number(file);
    }
    let path = std::fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd()));
    let name = |path: &Path| path.file_name().map(|name| name.as_bytes().to_vec());
    path.is_ok_and(|path: PathBuf| name(&path) == name(Path::new(loader)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loaders_nobody_asks_for_are_forgotten_and_no_others() {
        let mut loading = Loading::default();
        for pid in 0..10_000 {
            loading.add(pid, pid.to_string());
            assert_eq!(
                loading.take(pid - 1_000),
                (pid >= 1_000).then(|| (pid - 1_000).to_string())
            );
            assert_eq!(loading.take(pid - 1_000), None);
        }
        for pid in 10_000..50_000 {
            loading.add(pid, String::new());
        }
        assert!(loading.0.iter().map(HashMap::len).sum::<usize>() <= 2 * MAX_LOADING);
        assert!(loading.take(49_999).is_some());
    }
}
