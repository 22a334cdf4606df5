//! One file of a trail while it is written.

use super::disk::Disk;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// An open segment. Its end moves only when what was written is on the disk.
pub(super) struct Segment {
    path: PathBuf,
    file: File,
    /// Bytes that are on the disk for good.
    length: u64,
    /// More may have been written; it has to go before anything else is.
    torn: bool,
}

impl Segment {
    /// Makes an empty one that survives a power loss. One that an earlier attempt made is taken.
    pub(super) fn create(path: PathBuf) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        let file = options.read(true).append(true).create(true).mode(0o600).open(&path)?;
        if file.metadata()?.len() != 0 {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        file.sync_all()?;
        if let Some(folder) = path.parent() {
            File::open(folder)?.sync_all()?;
        }
        Ok(Self { path, file, length: 0, torn: false })
    }

    /// Goes on with one of which the first `length` bytes are good; whatever follows is cut off.
    pub(super) fn resume(path: PathBuf, length: u64) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).append(true).open(&path)?;
        let torn = file.metadata()?.len() != length;
        Ok(Self { path, file, length, torn })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) const fn length(&self) -> u64 {
        self.length
    }

    /// Appends `bytes`; they are on the disk when this returns `Ok`, and gone when it does not.
    pub(super) fn commit(&mut self, disk: &mut dyn Disk, bytes: &[u8]) -> io::Result<()> {
        self.still_ours()?;
        if self.torn {
            self.file.set_len(self.length)?;
            self.file.sync_all()?;
            self.torn = false;
        }
        self.torn = true;
        disk.append(&self.file, bytes)?;
        disk.flush(&self.file)?;
        self.torn = false;
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// An open file can be deleted or replaced without its writer noticing; so look at the name each time.
    fn still_ours(&self) -> io::Result<()> {
        let (named, open) = (fs::symlink_metadata(&self.path)?, self.file.metadata()?);
        if (named.dev(), named.ino()) != (open.dev(), open.ino()) {
            return Err(io::Error::other("the file was replaced by another"));
        }
        if open.len() < self.length {
            return Err(io::Error::other("the file was cut off"));
        }
        if open.len() > self.length && !self.torn {
            return Err(io::Error::other("somebody else wrote to the file"));
        }
        Ok(())
    }
}
