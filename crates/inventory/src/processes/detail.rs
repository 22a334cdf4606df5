//! What only some collectors ask of some processes: environment, mappings, open files.

use crate::proc::{Proc, link_at};
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

/// A file mapped into a process.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mapped {
    /// Its path in terms of the process's root.
    pub path: PathBuf,
    /// Deleted or replaced since.
    pub deleted: bool,
}

/// An open file of a process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Descriptor {
    /// Its number.
    pub number: u32,
    /// What it leads to: a path, or `socket:[123]`, `pipe:[5]`, `anon_inode:...`.
    pub target: PathBuf,
}

impl Descriptor {
    /// The inode number, if it is a socket.
    pub fn socket(&self) -> Option<u64> {
        self.target.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
    }
}

/// The environment, at most 256 KiB of it.
pub(crate) fn environ(proc: &Proc, pid: u32) -> Vec<(String, String)> {
    let bytes = proc.read(format!("{pid}/environ"), 256 * 1024).unwrap_or_default();
    bytes
        .split(|byte| *byte == 0)
        .filter_map(|entry| {
            let (name, value) = std::str::from_utf8(entry).ok()?.split_once('=')?;
            Some((name.to_owned(), value.to_owned()))
        })
        .collect()
}

/// The files mapped into it, each once, by path.
pub(crate) fn maps(proc: &Proc, pid: u32) -> Vec<Mapped> {
    let bytes = proc.read(format!("{pid}/maps"), Proc::MAX_BYTES).unwrap_or_default();
    // A library has several mappings one after the other.
    let mut last: &[u8] = &[];
    let lines = bytes.split(|byte| *byte == b'\n').filter(|line| {
        let path = line.iter().position(|byte| *byte == b'/').and_then(|at| line.get(at..));
        path.is_some_and(|path| std::mem::replace(&mut last, path) != path)
    });
    let mut mapped: Vec<Mapped> = lines.filter_map(mapping).collect();
    mapped.sort_unstable();
    mapped.dedup();
    mapped
}

/// One line of `maps` (proc_pid_maps(5)): five fields, then the path up to the end of the line.
fn mapping(line: &[u8]) -> Option<Mapped> {
    let start = line.iter().position(|byte| *byte == b'/')?;
    // Whatever has no inode is no file: `[heap]`, `/memfd:` and `/SYSV` have none of a file system.
    if !line.get(..start)?.ends_with(b" ") {
        return None;
    }
    let path = line.get(start..)?;
    if path.starts_with(b"/memfd:") || path.starts_with(b"/dev/") || path.starts_with(b"/SYSV") {
        return None;
    }
    let (path, deleted) = match path.strip_suffix(b" (deleted)") {
        Some(path) => (path, true),
        None => (path, false),
    };
    Some(Mapped { path: unescape(path), deleted })
}

/// The kernel writes a newline in a path as `\012`.
fn unescape(path: &[u8]) -> PathBuf {
    const NEWLINE: &[u8] = b"\\012";
    let mut out = Vec::with_capacity(path.len());
    let mut rest = path;
    while let Some((first, tail)) = rest.split_first() {
        if let Some(tail) = rest.strip_prefix(NEWLINE) {
            out.push(b'\n');
            rest = tail;
        } else {
            out.push(*first);
            rest = tail;
        }
    }
    PathBuf::from(OsString::from_vec(out))
}

/// Its open files by number. A descriptor closed meanwhile is left out.
pub(crate) fn descriptors(proc: &Proc, pid: u32) -> Vec<Descriptor> {
    let path = format!("{pid}/fd");
    let Ok(dir) = proc.directory(&path) else { return Vec::new() };
    let mut found: Vec<Descriptor> = proc
        .names(&path)
        .iter()
        .filter_map(|name| {
            let number = name.to_str()?.parse().ok()?;
            Some(Descriptor { number, target: link_at(&dir, Path::new(name))? })
        })
        .collect();
    found.sort_unstable_by_key(|descriptor| descriptor.number);
    found
}

/// Which of the files that a process holds matter.
pub(crate) type Wanted = fn(&Path) -> bool;

/// The wanted ones among the files a process has mapped or open.
#[derive(Debug)]
pub(crate) struct Held {
    pid: u32,
    wanted: Wanted,
    mapped: Vec<PathBuf>,
    open: Vec<PathBuf>,
    /// How many descriptors it had open, for whatever; 0 from kernels before 6.2.
    descriptors: u64,
}

impl Held {
    pub(crate) fn look(proc: &Proc, pid: u32, wanted: Wanted) -> Self {
        let descriptors = count(proc, pid);
        let (mapped, open) = (mapped(proc, pid, wanted), open(proc, pid, wanted));
        Self { pid, wanted, mapped, open, descriptors }
    }

    /// Each once, by path; none that was deleted.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let mut files: Vec<PathBuf> = self.mapped.iter().chain(&self.open).cloned().collect();
        files.sort_unstable();
        files.dedup();
        files
    }

    /// Are they still the same? A server may have thousands of descriptors, and to look at each costs
    /// more than all else: unless it is `thorough`, an equal number of them is taken for the same ones.
    pub(crate) fn is_same(&self, proc: &Proc, thorough: bool) -> bool {
        let counted = !thorough && self.descriptors != 0;
        mapped(proc, self.pid, self.wanted) == self.mapped
            && if counted {
                count(proc, self.pid) == self.descriptors
            } else {
                open(proc, self.pid, self.wanted) == self.open
            }
    }

    pub(crate) const fn pid(&self) -> u32 {
        self.pid
    }
}

/// Since Linux 6.2 the size of the directory is the number of descriptors.
fn count(proc: &Proc, pid: u32) -> u64 {
    let stat = proc.directory(format!("{pid}/fd")).and_then(rustix::fs::fstat);
    stat.map_or(0, |stat| u64::try_from(stat.st_size).unwrap_or_default())
}

fn mapped(proc: &Proc, pid: u32, wanted: Wanted) -> Vec<PathBuf> {
    let files = maps(proc, pid).into_iter().filter(|file| !file.deleted).map(|file| file.path);
    files.filter(|path| wanted(path)).collect()
}

fn open(proc: &Proc, pid: u32, wanted: Wanted) -> Vec<PathBuf> {
    let files = descriptors(proc, pid).into_iter().map(|descriptor| descriptor.target);
    files.filter(|path| path.is_absolute() && wanted(path)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_are_mapped() {
        let line = |text: &str| mapping(text.as_bytes());
        let file = "7f0000-7f1000 r-xp 00000000 08:01 42                         /usr/lib/a b.so";
        assert_eq!(line(file).unwrap().path, Path::new("/usr/lib/a b.so"));
        let gone = "7f0000-7f1000 r-xp 00000000 08:01 42 /opt/x.jar (deleted)";
        assert_eq!(line(gone).unwrap(), Mapped { path: "/opt/x.jar".into(), deleted: true });
        assert_eq!(line("7f0000-7f1000 rw-p 00000000 00:00 0 [heap]"), None);
        assert_eq!(line("7f0000-7f1000 rw-s 00000000 00:01 7 /memfd:x (deleted)"), None);
        let newline = "7f0000-7f1000 r-xp 00000000 08:01 42 /opt/a\\012b";
        assert_eq!(line(newline).unwrap().path, Path::new("/opt/a\nb"));
    }

    #[test]
    fn a_socket_is_known_by_its_target() {
        let descriptor = |target: &str| Descriptor { number: 3, target: target.into() };
        assert_eq!(descriptor("socket:[123]").socket(), Some(123));
        assert_eq!(descriptor("/tmp/socket:[1]").socket(), None);
    }

    #[test]
    fn a_file_that_is_opened_is_held_from_then_on() {
        let proc = Proc::open(Path::new("/proc")).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("held.marker");
        std::fs::write(&path, "x").unwrap();
        let look = || {
            Held::look(&proc, std::process::id(), |path| {
                path.extension().is_some_and(|end| end == "marker")
            })
        };
        let before = look();
        assert!(before.files().is_empty() && before.is_same(&proc, true));
        let file = std::fs::File::open(&path).unwrap();
        assert_eq!(look().files(), [path]);
        assert!(!before.is_same(&proc, true));
        drop(file);
        assert!(before.is_same(&proc, true));
    }
}
