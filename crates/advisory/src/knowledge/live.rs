//! The knowledge base of a running server: a newer file is taken into use when it is there, without a restart.

use super::Knowledge;
use muster_model::{Error, ErrorKind, Result};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

/// What tells one file from the next: device, inode, size, time of change in nanoseconds.
type Stamp = (u64, u64, u64, i64, i64);

/// A path whose newest file is used. Whoever still works with the old one keeps it until done.
pub struct Live {
    path: PathBuf,
    current: RwLock<Option<(Stamp, Arc<Knowledge>)>>,
}

impl Live {
    /// Nothing is opened yet; there need not be a file.
    pub fn new(path: PathBuf) -> Self {
        Self { path, current: RwLock::new(None) }
    }

    /// Where the file lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The newest state. One look at the folder, unless the file has changed.
    ///
    /// # Errors
    /// `Unavailable` where there is no file, saying how to get one, or it cannot be opened and no older one is open.
    pub fn get(&self) -> Result<Arc<Knowledge>> {
        let stamp = self.stamp();
        {
            let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
            match (&*current, stamp) {
                (Some((known, knowledge)), Some(stamp)) if *known == stamp => {
                    return Ok(Arc::clone(knowledge));
                }
                // A file taken away does not take away what is open.
                (Some((_, knowledge)), None) => return Ok(Arc::clone(knowledge)),
                (None, None) => return Err(missing()),
                _ => {}
            }
        }
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        match (Knowledge::open(&self.path), &*current) {
            (Ok(knowledge), _) => {
                let knowledge = Arc::new(knowledge);
                if let Some(stamp) = stamp {
                    *current = Some((stamp, Arc::clone(&knowledge)));
                }
                Ok(knowledge)
            }
            (Err(_), Some((_, knowledge))) => Ok(Arc::clone(knowledge)),
            (Err(error), None) => Err(error),
        }
    }

    fn stamp(&self) -> Option<Stamp> {
        let data = std::fs::metadata(&self.path).ok()?;
        Some((data.dev(), data.ino(), data.size(), data.mtime(), data.mtime_nsec()))
    }
}

fn missing() -> Error {
    Error::new(ErrorKind::Unavailable, "there is no knowledge base yet: run muster db update")
}
