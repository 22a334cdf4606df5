//! Files in a folder: whole or not there.
//!
//! A file is written under another name and takes its place when it is on the disk, so a crash leaves at
//! worst a remnant that the next start removes.

use muster_model::{Error, ErrorKind, Result};
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Where unfinished files lie, beneath the folder.
const PARTIAL: &str = ".partial";

/// A folder of blobs.
#[derive(Clone, Debug)]
pub struct Blobs {
    folder: PathBuf,
}

impl Blobs {
    /// Opens the folder, makes it (for its owner only) where it is missing, and removes remnants. Blocks.
    ///
    /// # Errors
    /// `Unavailable` when the folder cannot be used.
    pub fn open(folder: &Path) -> Result<Self> {
        let partial = folder.join(PARTIAL);
        let prepare = || -> io::Result<()> {
            if partial.exists() {
                fs::remove_dir_all(&partial)?;
            }
            private_folder(&partial)
        };
        prepare().map_err(|error| {
            let message = format!("cannot use the folder {}", folder.display());
            Error::new(ErrorKind::Unavailable, message).with_source(error)
        })?;
        Ok(Self { folder: folder.to_owned() })
    }

    /// Begins a blob. It is there once [`Writer::commit`] returned, and never if that is not called.
    /// Blocks, as does writing.
    ///
    /// # Errors
    /// `Invalid` for a name that is not 1 to 128 letters, digits, `-`, `_` and dots, or begins with a dot.
    pub fn create(&self, name: &str) -> Result<Writer> {
        let target = self.path(name)?;
        let partial = self.folder.join(PARTIAL).join(uuid::Uuid::new_v4().to_string());
        let file = private_file(&partial).map_err(failed)?;
        Ok(Writer { file: Some(file), partial, target })
    }

    /// Opens a blob for reading and tells its length in bytes. Blocks.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn read(&self, name: &str) -> Result<(File, u64)> {
        let open = || -> io::Result<(File, u64)> {
            let file = File::open(self.path(name).map_err(io::Error::other)?)?;
            let length = file.metadata()?.len();
            Ok((file, length))
        };
        open().map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => Error::not_found("the file"),
            _ => failed(error),
        })
    }

    /// Deletes a blob; one that is not there is no error. Blocks.
    ///
    /// # Errors
    /// `Invalid` for an impossible name; `Internal` when the folder refuses.
    pub fn delete(&self, name: &str) -> Result<()> {
        match fs::remove_file(self.path(name)?) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(error)),
            _ => Ok(()),
        }
    }

    /// Bytes that can still be written. Blocks.
    ///
    /// # Errors
    /// `Internal` when the folder cannot be asked.
    pub fn room(&self) -> Result<u64> {
        let asked = rustix::fs::statvfs(&self.folder).map_err(Error::internal)?;
        Ok(asked.f_bavail.saturating_mul(asked.f_frsize))
    }

    fn path(&self, name: &str) -> Result<PathBuf> {
        let fits = (1..=128).contains(&name.len())
            && !name.starts_with('.')
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
        if fits {
            Ok(self.folder.join(name))
        } else {
            Err(Error::invalid("file_id", "must be 1 to 128 letters, digits, -, _ and dots"))
        }
    }
}

/// A blob that is being written.
#[derive(Debug)]
pub struct Writer {
    file: Option<File>,
    partial: PathBuf,
    target: PathBuf,
}

impl Writer {
    /// Puts the blob in its place; it survives a power loss from then on. Answers its length in bytes.
    ///
    /// # Errors
    /// `Unavailable` when the disk is full, `Internal` when it refuses for another reason.
    pub fn commit(mut self) -> Result<u64> {
        let file = self.file.take().ok_or_else(|| Error::internal("the file is closed"))?;
        let place = || -> io::Result<u64> {
            file.sync_all()?;
            let length = file.metadata()?.len();
            fs::rename(&self.partial, &self.target)?;
            if let Some(folder) = self.target.parent() {
                File::open(folder)?.sync_all()?;
            }
            Ok(length)
        };
        place().map_err(failed)
    }

    /// Gives the blob up as a blob and keeps its file, which has no name any more and goes when it is closed.
    ///
    /// # Errors
    /// `Internal` when the disk refuses.
    pub fn into_unnamed(mut self) -> Result<File> {
        fs::remove_file(&self.partial).map_err(failed)?;
        self.file.take().ok_or_else(|| Error::internal("the file is closed"))
    }

    fn file(&mut self) -> io::Result<&mut File> {
        self.file.as_mut().ok_or_else(|| io::Error::other("the file is closed"))
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // After a commit there is nothing under this name any more.
        let _gone_already = fs::remove_file(&self.partial);
    }
}

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file()?.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file()?.flush()
    }
}

impl Read for Writer {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.file()?.read(bytes)
    }
}

impl Seek for Writer {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file()?.seek(to)
    }
}

/// What a disk that refuses is for whoever asked.
pub fn failed(error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => full().with_source(error),
        _ => Error::internal(error),
    }
}

/// No room is left.
pub fn full() -> Error {
    Error::new(ErrorKind::Unavailable, "the server's disk is full: its operator has to make room")
}

fn private_folder(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

fn private_file(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    fs::OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blob_is_there_after_its_commit_and_not_before() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(folder.path()).unwrap();
        let mut writer = blobs.create("a.zip").unwrap();
        writer.write_all(b"one").unwrap();
        assert_eq!(blobs.read("a.zip").unwrap_err().kind(), ErrorKind::NotFound);
        assert_eq!(writer.commit().unwrap(), 3);
        let (mut file, length) = blobs.read("a.zip").unwrap();
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        assert_eq!((text.as_str(), length), ("one", 3));
        blobs.delete("a.zip").unwrap();
        blobs.delete("a.zip").unwrap();
        assert_eq!(blobs.read("a.zip").unwrap_err().kind(), ErrorKind::NotFound);
    }

    #[test]
    fn what_is_given_up_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(folder.path()).unwrap();
        drop(blobs.create("a").unwrap());
        assert_eq!(fs::read_dir(folder.path().join(PARTIAL)).unwrap().count(), 0);
        // As after a crash.
        std::mem::forget(blobs.create("b").unwrap());
        assert_eq!(fs::read_dir(folder.path().join(PARTIAL)).unwrap().count(), 1);
        Blobs::open(folder.path()).unwrap();
        assert_eq!(fs::read_dir(folder.path().join(PARTIAL)).unwrap().count(), 0);
    }

    #[test]
    fn a_full_disk_is_said_to_be_full() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Blobs::open(folder.path()).unwrap().room().unwrap() > 0);
        let error = failed(io::ErrorKind::StorageFull.into());
        assert_eq!((error.kind(), error.message()), (ErrorKind::Unavailable, full().message()));
        assert_eq!(failed(io::ErrorKind::NotFound.into()).kind(), ErrorKind::Internal);
    }

    #[test]
    fn names_cannot_leave_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(folder.path()).unwrap();
        for name in ["", "..", "../x", "a/b", ".partial", "a\0b", &"x".repeat(129)] {
            assert_eq!(blobs.create(name).unwrap_err().kind(), ErrorKind::Invalid, "{name}");
            assert!(blobs.read(name).is_err());
        }
    }
}
