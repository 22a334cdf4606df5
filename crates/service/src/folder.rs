//! A folder of blobs that is opened, and cleared of remnants, when it is first used.

use muster_model::Result;
use muster_store::blobs::Blobs;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

/// The folder.
pub(crate) struct Folder {
    path: PathBuf,
    opened: Mutex<Option<Blobs>>,
}

impl Folder {
    pub(crate) const fn new(path: PathBuf) -> Self {
        Self { path, opened: Mutex::new(None) }
    }

    /// Its blobs. Blocks.
    pub(crate) fn blobs(&self) -> Result<Blobs> {
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        match &*opened {
            Some(blobs) => Ok(blobs.clone()),
            None => Ok(opened.insert(Blobs::open(&self.path)?).clone()),
        }
    }

    /// Where a blob of this name lies, for a program that reads it.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }
}
