//! Where a data folder keeps its knowledge: `DATA_DIR/knowledge/`.
//!
//! | file | what |
//! |---|---|
//! | `knowledge.mkb` | the compiled file in use; a newer one is renamed over it |
//! | `mirror/` | what updates fetched, kept so that the next one fetches only what changed |
//! | `added/` | files that have no public address (CNVD, CNNVD), compiled along with every source |
//! | `trusted/` | public keys whose bundles are taken, one a file |
//! | `classes.idx` | the classes of the archives the user has (`muster db index`) |
//! | `lock` | held by whoever updates |
//!
//! A server, `muster scan` and an update use the folder side by side: readers map the file and are not disturbed by
//! the next one.

use crate::Live;
use crate::file::trouble;
use muster_model::{Error, Result};
use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// The folder of one data folder's knowledge.
#[derive(Clone, Debug)]
pub struct Place {
    folder: PathBuf,
}

/// The right to update; given back when it is dropped.
pub struct UpdateLock {
    file: File,
}

impl Drop for UpdateLock {
    /// Closing alone would not do: a child between its fork and its exec still has the open file, and the lock
    /// with it.
    fn drop(&mut self) {
        let _closed_next = self.file.unlock();
    }
}

/// The knowledge of a data folder, always as of now: ask [`Live::get`] for every piece of work, keep what it answers
/// until that piece is done. There need not be any knowledge yet.
pub fn current(data_dir: &Path) -> Live {
    Live::new(Place::of(data_dir).file())
}

impl Place {
    /// That of a data folder. Nothing is made yet.
    pub fn of(data_dir: &Path) -> Self {
        Self { folder: data_dir.join("knowledge") }
    }

    /// The folder itself.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The compiled file.
    pub fn file(&self) -> PathBuf {
        self.folder.join(crate::FILE_NAME)
    }

    /// The index of classes.
    pub fn classes(&self) -> PathBuf {
        self.folder.join("classes.idx")
    }

    /// What was fetched.
    pub fn mirror(&self) -> PathBuf {
        self.folder.join("mirror")
    }

    /// Files that are compiled along with every source.
    pub fn added(&self) -> PathBuf {
        self.folder.join("added")
    }

    /// Keys of those whose bundles are taken.
    pub fn trusted(&self) -> PathBuf {
        self.folder.join("trusted")
    }

    /// Makes the folder if need be, for its owner alone, and keeps other updates out.
    ///
    /// # Errors
    /// `Conflict` where another update runs, `Unavailable` where the folder cannot be made.
    pub fn take(&self) -> Result<UpdateLock> {
        let failed = |error: std::io::Error| trouble(&self.folder, error);
        DirBuilder::new().recursive(true).mode(0o700).create(&self.folder).map_err(failed)?;
        let mut options = OpenOptions::new();
        let lock = options.write(true).create(true).truncate(false).mode(0o600);
        let lock = lock.open(self.folder.join("lock")).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => Ok(UpdateLock { file: lock }),
            Err(TryLockError::WouldBlock) => Err(Error::conflict(format!(
                "{}: another update of the knowledge base runs",
                self.folder.display()
            ))),
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use muster_model::ErrorKind;

    #[test]
    fn one_updates_at_a_time_and_readers_do_not_need_the_lock() {
        let dir = tempfile::tempdir().unwrap();
        let data_dir = dir.path().join("data");
        assert_eq!(current(&data_dir).get().err().unwrap().kind(), ErrorKind::Unavailable);
        let place = Place::of(&data_dir);
        let lock = place.take().unwrap();
        assert_eq!(place.take().err().unwrap().kind(), ErrorKind::Conflict);
        drop(lock);
        place.take().unwrap();
        assert_eq!(current(&data_dir).path(), data_dir.join("knowledge/knowledge.mkb"));
    }
}
