//! The proc directory: the kernel's own, one of another machine's mount, or a fixture.

use crate::files::Stat;
use muster_model::{Error, Result};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, CWD, Dir, Mode, OFlags, PROC_SUPER_MAGIC, RawDir, readlinkat_raw};
use rustix::io::Errno;
use std::ffi::{CStr, OsString};
use std::fs::File;
use std::io::{self, Read, Write};
use std::mem::MaybeUninit;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

/// An open proc directory. Paths are relative to it: `1/stat`, `modules`.
#[derive(Debug)]
pub struct Proc {
    fd: OwnedFd,
    own: bool,
    kernel: bool,
}

impl Proc {
    /// Longest file read from it, in bytes.
    pub const MAX_BYTES: u64 = 16 * 1024 * 1024;

    pub(crate) fn open(path: &Path) -> Result<Self> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let fd = rustix::fs::openat(CWD, path, flags, Mode::empty()).map_err(|errno| {
            Error::invalid("proc", format_args!("{} cannot be opened: {errno}", path.display()))
        })?;
        let kernel = rustix::fs::fstatfs(&fd).is_ok_and(|fs| fs.f_type == PROC_SUPER_MAGIC);
        Ok(Self { fd, own: kernel && path == Path::new("/proc"), kernel })
    }

    /// Is it `/proc` itself? Only then may the kernel be asked about *this* machine by system calls.
    pub const fn is_own(&self) -> bool {
        self.own
    }

    /// Is it a kernel's proc file system, whose `exe` and `root` links lead to the real thing? In a
    /// fixture they are ordinary links.
    pub const fn is_kernel(&self) -> bool {
        self.kernel
    }

    /// Reads a file of at most `max` bytes.
    ///
    /// # Errors
    /// Those of opening and reading; `InvalidData` for a longer file or none that is regular.
    pub fn read(&self, path: impl AsRef<Path>, max: u64) -> io::Result<Vec<u8>> {
        read_at(&self.fd, path.as_ref(), max)
    }

    /// As [`Proc::read`], as text.
    ///
    /// # Errors
    /// As [`Proc::read`].
    pub fn text(&self, path: impl AsRef<Path>) -> io::Result<String> {
        self.read(path, Self::MAX_BYTES).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Opens a file, following the kernel's magic links.
    ///
    /// # Errors
    /// Those of opening.
    pub fn open_file(&self, path: impl AsRef<Path>) -> io::Result<File> {
        open_at(&self.fd, path.as_ref())
    }

    /// The target of a link.
    pub fn link(&self, path: impl AsRef<Path>) -> Option<PathBuf> {
        link_at(&self.fd, path.as_ref())
    }

    /// The numbers of the processes, in their order.
    pub(crate) fn pids(&self) -> Vec<u32> {
        /// As many as the kernel allows at most; a fixture may hold anything.
        const MAX_PROCESSES: usize = 4_194_304;
        let mut buffer = vec![MaybeUninit::uninit(); 32 * 1024];
        let mut pids = Vec::with_capacity(512);
        let Ok(dir) = self.listing(".") else { return pids };
        let mut entries = RawDir::new(&dir, &mut buffer);
        while let Some(Ok(entry)) = entries.next()
            && pids.len() < MAX_PROCESSES
        {
            pids.extend(entry.file_name().to_str().ok().and_then(|name| name.parse::<u32>().ok()));
        }
        pids.sort_unstable();
        pids
    }

    /// The beginning of a file of a process, read by one call: all of it where the buffer is large enough.
    pub(crate) fn head<'b>(&self, pid: u32, name: &str, buffer: &'b mut [u8]) -> Option<&'b [u8]> {
        let mut path = [0; PATH];
        let file = rustix::fs::openat(&self.fd, of(pid, name, &mut path)?, READ, Mode::empty());
        let read = rustix::io::read(file.ok()?, &mut *buffer).ok()?;
        buffer.get(..read)
    }

    /// The target of a link of a process, as far as the buffer holds it.
    pub(crate) fn link_of<'b>(
        &self,
        pid: u32,
        name: &str,
        buffer: &'b mut [MaybeUninit<u8>],
    ) -> Option<&'b [u8]> {
        let mut path = [0; PATH];
        let path = of(pid, name, &mut path)?;
        readlinkat_raw(&self.fd, path, buffer).ok().map(|(target, _)| &*target)
    }

    /// Metadata of what a path of a process leads to; of its own directory for an empty name.
    pub(crate) fn stat_of(&self, pid: u32, name: &str) -> Option<Stat> {
        let mut path = [0; PATH];
        let path = of(pid, name, &mut path)?;
        rustix::fs::statat(&self.fd, path, AtFlags::empty()).ok().map(Stat::from)
    }

    /// The names in a directory.
    pub(crate) fn names(&self, path: impl AsRef<Path>) -> Vec<OsString> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let Ok(mut dir) =
            rustix::fs::openat(&self.fd, path.as_ref(), flags, Mode::empty()).and_then(Dir::new)
        else {
            return Vec::new();
        };
        let mut names = Vec::new();
        while let Some(Ok(entry)) = dir.read() {
            let name = entry.file_name().to_bytes();
            if name != b"." && name != b".." {
                names.push(OsString::from_vec(name.to_owned()));
            }
        }
        names
    }

    /// Metadata of what a path leads to, the kernel's magic links included.
    pub(crate) fn stat(&self, path: impl AsRef<Path>) -> Option<Stat> {
        let flags = AtFlags::empty();
        rustix::fs::statat(&self.fd, path.as_ref(), flags).ok().map(Stat::from)
    }

    /// Opens a directory to list it.
    pub(crate) fn listing(&self, path: impl AsRef<Path>) -> std::result::Result<OwnedFd, Errno> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        rustix::fs::openat(&self.fd, path.as_ref(), flags, Mode::empty())
    }

    /// Opens a directory to read several files of it.
    pub(crate) fn directory(&self, path: impl AsRef<Path>) -> std::result::Result<OwnedFd, Errno> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        rustix::fs::openat(&self.fd, path.as_ref(), flags, Mode::empty())
    }
}

impl AsFd for Proc {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// Does not block on what a fixture may hold instead of a file of the kernel's.
const READ: OFlags =
    OFlags::RDONLY.union(OFlags::NONBLOCK).union(OFlags::NOCTTY).union(OFlags::CLOEXEC);

/// Room for a process's number and the name of a file of it.
const PATH: usize = 32;

/// The path of a file of a process, made without allocating.
fn of<'b>(pid: u32, name: &str, buffer: &'b mut [u8; PATH]) -> Option<&'b CStr> {
    write!(buffer.as_mut_slice(), "{pid}/{name}\0").ok()?;
    CStr::from_bytes_until_nul(buffer).ok()
}

/// Opens a file of a proc directory.
pub(crate) fn open_at(dir: impl AsFd, path: &Path) -> io::Result<File> {
    Ok(File::from(rustix::fs::openat(dir, path, READ, Mode::empty())?))
}

/// Reads a file of at most `max` bytes.
pub(crate) fn read_at(dir: impl AsFd, path: &Path, max: u64) -> io::Result<Vec<u8>> {
    let file = open_at(dir, path)?;
    // Nearly all of these files fit, and their size is told as 0.
    let mut bytes = Vec::with_capacity(2048);
    file.take(max.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > max {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "longer than allowed"));
    }
    Ok(bytes)
}

/// The target of a link in a proc directory.
pub(crate) fn link_at(dir: impl AsFd, path: &Path) -> Option<PathBuf> {
    let target = rustix::fs::readlinkat(dir, path, Vec::with_capacity(128)).ok()?;
    Some(PathBuf::from(OsString::from_vec(target.into_bytes())))
}
