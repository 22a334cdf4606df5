//! A folder held by one process at a time.

use muster_model::{Error, ErrorKind, Result};
use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

/// A folder that is ours until this is dropped.
pub struct Hold {
    lock: File,
}

impl Hold {
    /// Takes the folder, making it for its owner only where it is missing. `doing` says what another process
    /// does that has it.
    ///
    /// # Errors
    /// `Conflict` where another has it, `Unavailable` where it cannot be made or opened.
    pub fn take(folder: &Path, doing: &str) -> Result<Self> {
        let failed = |error: std::io::Error| {
            let message = format!("{}: {error}", folder.display());
            Error::new(ErrorKind::Unavailable, message).with_source(error)
        };
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
        let mut options = OpenOptions::new();
        let lock = options.write(true).create(true).truncate(false).mode(0o600);
        let lock = lock.open(folder.join("lock")).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { lock }),
            Err(TryLockError::WouldBlock) => {
                Err(Error::conflict(format!("{}: {doing}", folder.display())))
            }
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }
}

impl Drop for Hold {
    /// Closing alone would not do: a child between its fork and its exec still has the open file, and the lock
    /// with it.
    fn drop(&mut self) {
        let _closed_next = self.lock.unlock();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_let_go_is_free_though_a_child_still_has_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let hold = Hold::take(dir.path(), "held").unwrap();
        // The same open file as a forked child has it.
        let _of_a_child = hold.lock.try_clone().unwrap();
        let refused = Hold::take(dir.path(), "held").err().unwrap();
        assert_eq!(refused.kind(), ErrorKind::Conflict);
        drop(hold);
        Hold::take(dir.path(), "held").unwrap();
    }
}
