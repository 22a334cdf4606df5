//! Folders and files on disk. Links are not followed: what they point to is found where it lies, or is not
//! part of what was asked for. Those to Java archives are noted, for a repository says by them what an archive is.

use super::{Node, Task, Walk};
use crate::blob::{Blob, Forward};
use crate::content::{Content, HEAD, sniff};
use crate::finding::{Found, Note};
use crate::limits::Budget;
use crate::names::is_plain;
use crate::package_caches::is_cached;
use crate::trouble::{Code, Trouble};
use muster_formats::jar::is_archive;
use rustix::fs::{AtFlags, FileType, Mode, OFlags, RawDir, open, openat, readlinkat, statat};
use std::ffi::{CStr, OsStr};
use std::fs::File;
use std::io::{self, Read};
use std::mem::MaybeUninit;
use std::ops::ControlFlow;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

/// Files up to this size are read, larger ones mapped.
const READ_WHOLE: u64 = 64 << 10;
/// Files from this size on are another thread's work as likely as this one's.
const HAND_OVER: u64 = 256 << 10;
/// Room for the entries of a folder that are read at a time, bytes.
const ENTRIES: usize = 32 << 10;
/// Folders of a running system that hold no files but the kernel's answers.
const KERNEL: &[&str] = &["/proc", "/sys", "/dev"];

/// Folders within folders up to which their own are opened from them. It bounds how many are open at a time.
const HELD_OPEN: usize = 64;

/// Where the entries of a folder are read to, for one folder after the other.
pub(super) type Room = Vec<MaybeUninit<u8>>;

pub(super) fn room() -> Room {
    vec![MaybeUninit::uninit(); ENTRIES]
}

/// A folder being read.
struct Folder<'a> {
    open: &'a Arc<OwnedFd>,
    path: &'a Path,
}

impl Walk<'_> {
    pub(super) fn folder(
        &self,
        parent: Option<&OwnedFd>,
        path: &Path,
        shown: &str,
        room: &mut Room,
        found: &mut Found,
    ) {
        if KERNEL.iter().any(|kernel| path == Path::new(kernel)) {
            return;
        }
        let folder = match open_folder(parent, path) {
            Ok(folder) => Arc::new(folder),
            Err(error) => return unreadable(shown, &error.into(), found),
        };
        let folder = Folder { open: &folder, path };
        let mut entries = RawDir::new(folder.open, room.as_mut_slice());
        let mut inner = String::new();
        while let Some(entry) = entries.next() {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => return unreadable(shown, &error.into(), found),
            };
            let name = entry.file_name();
            if matches!(name.to_bytes(), b"." | b"..") {
                continue;
            }
            inner.clear();
            if !shown.is_empty() {
                inner.push_str(shown);
                inner.push('/');
            }
            inner.push_str(&name.to_string_lossy());
            if self.entry(&folder, name, &inner, entry.file_type(), found).is_break() {
                return;
            }
        }
    }

    /// What lies in a folder, shown as `inner`. Breaks off where the scan has ended.
    fn entry(
        &self,
        folder: &Folder<'_>,
        name: &CStr,
        inner: &str,
        kind: FileType,
        found: &mut Found,
    ) -> ControlFlow<()> {
        let path = || folder.path.join(OsStr::from_bytes(name.to_bytes()));
        let kind = match kind {
            // Some file systems do not say.
            FileType::Unknown => match statat(folder.open, name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(stat) => FileType::from_raw_mode(stat.st_mode),
                Err(error) => {
                    unreadable(inner, &error.into(), found);
                    return ControlFlow::Continue(());
                }
            },
            kind => kind,
        };
        match kind {
            FileType::Directory => {
                let depth = inner.bytes().filter(|byte| *byte == b'/').count();
                let parent = (depth < HELD_OPEN).then(|| Arc::clone(folder.open));
                self.queue.push(Task::Folder { parent, path: path(), shown: inner.to_owned() });
            }
            FileType::RegularFile => {
                if self.budget.member().is_err() {
                    return ControlFlow::Break(());
                }
                let wanted = self.selector.by_path(inner) != 0;
                if wanted || self.options.everything() || !is_plain(inner) {
                    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
                    match openat(folder.open, name, flags, Mode::empty()) {
                        Ok(file) => self.look(&file.into(), &path(), inner, wanted, found),
                        Err(error) => unreadable(inner, &error.into(), found),
                    }
                }
            }
            FileType::Symlink if is_archive(inner) => {
                if let Ok(target) = readlinkat(folder.open, name, Vec::new()) {
                    note_link("", inner, &target.to_string_lossy(), found);
                }
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }

    /// The one file that was asked for, or one that was handed over.
    pub(super) fn file(&self, path: &Path, shown: &str, found: &mut Found) {
        match File::open(path) {
            Ok(file) => self.look(&file, path, shown, true, found),
            Err(error) => unreadable(shown, &error, found),
        }
    }

    fn look(&self, file: &File, path: &Path, shown: &str, wanted: bool, found: &mut Found) {
        match self.take(file, path, wanted) {
            Ok(Some(blob)) => {
                let cached = !self.options.thorough && is_cached(path, shown);
                let node = Node { path: shown.to_owned(), depth: 0, cached };
                if blob.size() >= HAND_OVER {
                    self.queue.push(Task::Blob { node, blob });
                } else {
                    self.blob(&node, &blob, found);
                }
            }
            Ok(None) => {}
            Err(error) => unreadable(shown, &error, found),
        }
    }

    /// The file's bytes; none when nobody wants it and its begin is that of no archive or program.
    fn take(&self, file: &File, path: &Path, wanted: bool) -> io::Result<Option<Blob>> {
        let mut head = [0; HEAD];
        let count = file.read_at(&mut head, 0)?;
        let head = head.get(..count).unwrap_or_default();
        let plain = || sniff(head) == Content::Other && !is_image(path);
        if !wanted && (count < 4 || plain()) && !self.is_text(head) {
            return Ok(None);
        }
        let size = file.metadata()?.len();
        self.budget.lies_there(size);
        if size > READ_WHOLE {
            return Blob::map(file).map(Some);
        }
        let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
        if (count as u64) < size {
            file.take(READ_WHOLE).read_to_end(&mut bytes)?;
        } else {
            bytes.extend_from_slice(head);
        }
        Ok(Some(Blob::heap(bytes, None)))
    }
}

/// Notes a link to an archive, unless it leads out of `root`, the path that all paths of its disk or archive begin with. An
/// absolute one is of the system that lies there.
pub(crate) fn note_link(root: &str, place: &str, target: &str, found: &mut Found) {
    let mut parts: Vec<&str> = Vec::new();
    if !target.starts_with('/') {
        parts.extend(place.strip_prefix(root).unwrap_or(place).split('/'));
        parts.pop();
    }
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.pop().is_none() => return,
            ".." => {}
            part => parts.push(part),
        }
    }
    let target = format!("{root}{}", parts.join("/"));
    found.note(Note::Link { place: place.to_owned(), target });
}

/// Opens a folder by its name in its parent, which spares the system the way there; by its path where the parent is not open.
fn open_folder(parent: Option<&OwnedFd>, path: &Path) -> rustix::io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    match (parent, path.file_name()) {
        (Some(parent), Some(name)) => openat(parent, name, flags | OFlags::NOFOLLOW, Mode::empty()),
        _ => open(path, flags, Mode::empty()),
    }
}

/// ISO images have nothing at their begin.
fn is_image(path: &Path) -> bool {
    path.extension().is_some_and(|ext| ext.eq_ignore_ascii_case("iso"))
}

fn unreadable(shown: &str, error: &io::Error, found: &mut Found) {
    found.trouble_at(shown, &Trouble::new(Code::Unreadable, error.to_string()));
}

/// What lies on disk, read from begin to end: how far the scan is.
pub(super) struct Passed<'a, 'w> {
    inner: Forward<'a>,
    walk: &'a Walk<'w>,
    node: &'a Node,
}

impl<'a, 'w> Passed<'a, 'w> {
    pub(super) fn new(blob: &'a Blob, walk: &'a Walk<'w>, node: &'a Node) -> Self {
        Self { inner: Forward::new(blob), walk, node }
    }
}

impl Drop for Passed<'_, '_> {
    /// What nobody wanted to read is behind as well.
    fn drop(&mut self) {
        self.walk.pass(self.node, self.inner.rest().len() as u64);
    }
}

impl Read for Passed<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.walk.pass(self.node, count as u64);
        Ok(count)
    }
}

/// A stream whose bytes count as lying there.
pub(super) struct Counted<'a> {
    pub(super) inner: &'a mut dyn Read,
    pub(super) budget: &'a Budget,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.budget.lies_there(count as u64);
        Ok(count)
    }
}
