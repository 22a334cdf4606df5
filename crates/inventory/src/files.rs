//! The files of the swept root: the only way for a collector to reach any.
//!
//! Every access stays beneath the root, never blocks on a FIFO or device, is limited in size, and is
//! remembered together with what was found, so that the core can tell later whether anything a
//! collector looked at has changed. Paths are those seen from inside the root, `/etc/passwd`.

mod glob;
mod layers;
pub(crate) mod root;
mod stat;
pub(crate) mod touched;

pub(crate) use layers::paths as layers_of;
pub use stat::{Signature, Stat};

use crate::hashing::HashCache;
use crate::memo::{self, Memo};
use crate::processes::detail::Held;
use crate::stores::Stores;
use muster_model::{Diagnostic, Micros};
use root::Root;
use rustix::fs::{Dir, FileType, OFlags};
use rustix::io::Errno;
use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::File;
use std::io::Read;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use touched::Touched;

/// Most diagnostics one collector may leave in one sweep.
pub const MAX_DIAGNOSTICS: usize = 100;

/// How a directory entry looked when the directory was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name, not necessarily UTF-8.
    pub name: OsString,
    /// Its path from the root.
    pub path: PathBuf,
    /// Its type; `Unknown` on file systems that do not tell.
    pub file_type: FileType,
}

impl Entry {
    /// The name as text, for people and for rules on names.
    pub fn text(&self) -> Cow<'_, str> {
        self.name.to_string_lossy()
    }
}

/// Answers about one file, by question.
#[derive(Default)]
struct Notes(Mutex<HashMap<&'static str, Option<String>>>);

/// The files of one root during one run of one collector.
pub struct Files {
    root: Arc<Root>,
    hashes: Arc<Mutex<HashCache>>,
    memo: Arc<Mutex<Memo>>,
    max_entries: usize,
    now: Micros,
    stores: Arc<Stores>,
    touched: RefCell<Touched>,
    troubles: RefCell<Vec<Diagnostic>>,
}

impl Files {
    pub(crate) fn new(
        root: Arc<Root>,
        hashes: Arc<Mutex<HashCache>>,
        memo: Arc<Mutex<Memo>>,
        max_entries: usize,
        now: Micros,
    ) -> Self {
        Self {
            root,
            hashes,
            memo,
            max_entries,
            now,
            stores: Arc::default(),
            touched: RefCell::default(),
            troubles: RefCell::default(),
        }
    }

    /// The whole file, if it is a regular one of at most `max` bytes.
    pub fn read(&self, path: impl AsRef<Path>, max: u64) -> Option<Vec<u8>> {
        let path = path.as_ref();
        let (file, stat) = self.open_regular(path, max)?;
        let mut bytes = Vec::with_capacity(usize::try_from(stat.size.min(max)).unwrap_or(0));
        // One byte more than allowed tells a file that grew, or that lied about its size as those
        // of sysfs do, from one that just fits.
        match file.take(max.saturating_add(1)).read_to_end(&mut bytes) {
            Err(error) => {
                self.trouble("file.unreadable", path.to_string_lossy(), error.to_string());
                None
            }
            Ok(_) if bytes.len() as u64 > max => {
                self.too_large(path, max);
                None
            }
            Ok(_) => Some(bytes),
        }
    }

    /// As [`Files::read`], as text; bytes that are not UTF-8 become U+FFFD.
    pub fn text(&self, path: impl AsRef<Path>, max: u64) -> Option<String> {
        let bytes = self.read(path, max)?;
        Some(match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
        })
    }

    /// A regular file of at most `max` bytes, opened for reading.
    pub fn open(&self, path: impl AsRef<Path>, max: u64) -> Option<File> {
        self.open_regular(path.as_ref(), max).map(|(file, _)| file)
    }

    /// Metadata of what the path leads to. Nothing if it leads nowhere.
    pub fn stat(&self, path: impl AsRef<Path>) -> Option<Stat> {
        self.stat_as(path.as_ref(), true)
    }

    /// Metadata of the path itself, a symbolic link included.
    pub fn link_stat(&self, path: impl AsRef<Path>) -> Option<Stat> {
        self.stat_as(path.as_ref(), false)
    }

    /// The target of a symbolic link, as written in it.
    pub fn link(&self, path: impl AsRef<Path>) -> Option<PathBuf> {
        let path = path.as_ref();
        let stat = self.stat_as(path, false)?;
        if !stat.is_link() {
            return None;
        }
        let target = self
            .root
            .open_at(path, OFlags::PATH | OFlags::NOFOLLOW)
            .and_then(|fd| rustix::fs::readlinkat(fd, "", Vec::new()));
        match target {
            Ok(target) => Some(PathBuf::from(OsString::from_vec(target.into_bytes()))),
            Err(errno) => {
                self.failed(path, errno);
                None
            }
        }
    }

    /// The entries of a directory by name, without `.` and `..`. Empty if there is no such directory.
    pub fn list(&self, path: impl AsRef<Path>) -> Vec<Entry> {
        let path = path.as_ref();
        if !self.stat_as(path, true).is_some_and(|stat| stat.is_dir()) {
            return Vec::new();
        }
        let read = self
            .root
            .open_at(path, OFlags::RDONLY | OFlags::DIRECTORY)
            .and_then(Dir::new)
            .and_then(|dir| self.entries(path, dir));
        let mut entries = read.unwrap_or_else(|errno| {
            self.failed(path, errno);
            Vec::new()
        });
        entries.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        entries
    }

    /// SHA-256 of a regular file in lower hexadecimal, from the cache if the file has not changed.
    pub fn sha256(&self, path: impl AsRef<Path>) -> Option<String> {
        let path = path.as_ref();
        let stat = self.stat_as(path, true)?;
        if !stat.is_file() {
            return None;
        }
        if let Some(hash) = crate::hashing::lookup(&self.hashes, &stat) {
            return Some(hash);
        }
        let (file, _) = self.open_regular(path, crate::hashing::MAX_BYTES)?;
        match crate::hashing::sha256(&self.hashes, &self.root, &file, self.now) {
            Ok(hash) => Some(hash),
            Err(error) => {
                self.trouble("file.unreadable", path.to_string_lossy(), error.to_string());
                None
            }
        }
    }

    /// What `parse` makes of a regular file of at most `max` bytes: from memory if the file has not changed
    /// since it was made. Results of different types are remembered side by side, so that every purpose
    /// has a type of its own.
    pub fn parsed<T: Send + Sync + 'static>(
        &self,
        path: impl AsRef<Path>,
        max: u64,
        parse: impl FnOnce(&File) -> T,
    ) -> Option<Arc<T>> {
        let path = path.as_ref();
        let stat = self.stat_as(path, true)?;
        if let Some(known) = memo::recall(&self.memo, &stat) {
            return Some(known);
        }
        let (file, _) = self.open_regular(path, max)?;
        Some(memo::make(&self.memo, &self.root, &file, self.now, parse))
    }

    /// What `look` finds in the file with this metadata, asked only once as long as the file stays the
    /// same. For files that are not reached by a path, such as the program a process really runs: `open`
    /// opens it, `about` names the question.
    pub(crate) fn noted(
        &self,
        stat: &Stat,
        about: &'static str,
        open: &dyn Fn() -> Option<File>,
        look: impl FnOnce(File) -> Option<String>,
    ) -> Option<String> {
        let notes = match memo::recall::<Notes>(&self.memo, stat) {
            Some(notes) => notes,
            None => memo::make(&self.memo, &self.root, &open()?, self.now, |_| Notes::default()),
        };
        let mut notes = notes.0.lock().unwrap_or_else(PoisonError::into_inner);
        notes.entry(about).or_insert_with(|| look(open()?)).clone()
    }

    /// Leaves a diagnostic. `message` is for people and must not hold file content.
    pub fn trouble(&self, code: &str, subject: impl Into<String>, message: impl Into<String>) {
        let mut troubles = self.troubles.borrow_mut();
        if troubles.len() < MAX_DIAGNOSTICS {
            let trouble = Diagnostic::new(code, subject, message);
            if !troubles.contains(&trouble) {
                troubles.push(trouble);
            }
        }
    }

    /// The moment of this run.
    pub(crate) const fn now(&self) -> Micros {
        self.now
    }

    /// SHA-256 of an open file of this root, from the cache if the file has not changed.
    pub(crate) fn hash(&self, stat: &Stat, open: impl FnOnce() -> Option<File>) -> Option<String> {
        crate::hashing::lookup(&self.hashes, stat)
            .or_else(|| crate::hashing::sha256(&self.hashes, &self.root, &open()?, self.now).ok())
    }

    /// Metadata of a file of this root that was not reached through it: see [`Root::seen`].
    pub(crate) fn seen(&self, stat: Stat) -> Stat {
        self.root.seen(stat)
    }

    pub(crate) fn touch_held(&self, held: Held) {
        self.touched.borrow_mut().held(held);
    }

    pub(crate) fn touch_content(&self, path: &Path, content: Option<&[u8]>) {
        self.touched.borrow_mut().content(path, content);
    }

    /// The same files, but what is looked at through it is no dependency: for files that are known to
    /// change only together with one that is. Its diagnostics are lost.
    pub(crate) fn aside(&self) -> Self {
        Self::new(
            Arc::clone(&self.root),
            Arc::clone(&self.hashes),
            Arc::clone(&self.memo),
            self.max_entries,
            self.now,
        )
        .with_stores(Arc::clone(&self.stores))
    }

    /// The same, knowing what the runtimes that run were told of where to keep what they have.
    pub(crate) fn with_stores(self, stores: Arc<Stores>) -> Self {
        Self { stores, ..self }
    }

    /// What the runtimes that run were told.
    pub(crate) fn stores(&self) -> &Stores {
        &self.stores
    }

    /// Ends the run: what was looked at, and what went wrong.
    pub(crate) fn finish(self) -> (Touched, Vec<Diagnostic>) {
        (self.touched.into_inner(), self.troubles.into_inner())
    }

    fn entries(&self, path: &Path, mut dir: Dir) -> Result<Vec<Entry>, Errno> {
        let mut entries = Vec::new();
        while let Some(entry) = dir.read() {
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            if name == b"." || name == b".." {
                continue;
            }
            if entries.len() == self.max_entries {
                let message =
                    format!("more than {} entries, the rest is left out", self.max_entries);
                self.trouble("dir.too_large", path.to_string_lossy(), message);
                break;
            }
            let name = OsString::from_vec(name.to_owned());
            entries.push(Entry { path: path.join(&name), name, file_type: entry.file_type() });
        }
        Ok(entries)
    }

    fn open_regular(&self, path: &Path, max: u64) -> Option<(File, Stat)> {
        let stat = self.stat_as(path, true)?;
        if !stat.is_file() {
            self.trouble("file.not_regular", path.to_string_lossy(), "not a regular file");
            return None;
        }
        if stat.size > max {
            self.too_large(path, max);
            return None;
        }
        let opened = self.root.open_at(path, OFlags::RDONLY).and_then(|fd| {
            let stat = self.root.stat_of(&fd)?;
            Ok((File::from(fd), stat))
        });
        match opened {
            // Exchanged between the look and the opening: what was opened non-blocking is let go.
            Ok((_, stat)) if !stat.is_file() => {
                self.trouble("file.not_regular", path.to_string_lossy(), "not a regular file");
                None
            }
            Ok(opened) => Some(opened),
            Err(errno) => {
                self.failed(path, errno);
                None
            }
        }
    }

    fn stat_as(&self, path: &Path, follow: bool) -> Option<Stat> {
        if self.root.is_barred(path) {
            let message = "on a network or user-space file system, which is not entered";
            self.trouble("file.remote", path.to_string_lossy(), message);
            return None;
        }
        let found = self.root.stat(path, follow);
        self.touched.borrow_mut().stat(path, follow, found.as_ref().ok());
        match found {
            Ok(stat) => Some(stat),
            Err(errno) => {
                self.failed(path, errno);
                None
            }
        }
    }

    fn too_large(&self, path: &Path, max: u64) {
        let message = format!("larger than {max} bytes, not read");
        self.trouble("file.too_large", path.to_string_lossy(), message);
    }

    /// Absence is no trouble; everything else is.
    fn failed(&self, path: &Path, errno: Errno) {
        let (code, message) = match errno {
            Errno::NOENT | Errno::NOTDIR => return,
            Errno::LOOP => ("file.loop", "symbolic links in a loop, or a magic link".to_owned()),
            Errno::ACCESS | Errno::PERM => ("file.unreadable", "not allowed to read it".to_owned()),
            other => ("file.unreadable", other.to_string()),
        };
        self.trouble(code, path.to_string_lossy(), message);
    }
}

/// Is this a name that hidden files, editors and package managers leave behind?
pub fn is_leftover(name: &std::ffi::OsStr) -> bool {
    let name = name.as_bytes();
    name.starts_with(b".")
        || name.ends_with(b"~")
        || [&b".dpkg-"[..], b".rpmsave", b".rpmnew", b".rpmorig", b".swp", b".bak", b".ucf-"]
            .iter()
            .any(|mark| name.windows(mark.len()).any(|part| part == *mark))
}

/// Files with this content, by their paths beneath a root; it is there as long as the folder.
#[cfg(test)]
pub(crate) fn of(content: &[(&str, &str)]) -> (Files, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in content {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let root = Arc::new(Root::open(folder.path(), "").unwrap());
    let files = Files::new(root, Arc::default(), Arc::default(), 100_000, Micros(i64::MAX / 2));
    (files, folder)
}
