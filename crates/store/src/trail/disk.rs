//! The two things a trail asks of its disk. A seam, so that tests can be the disk that is full or hangs.

use std::fs::File;
use std::io::{self, Write};

/// A disk.
pub trait Disk: Send {
    /// Writes at the end of the file. May have written a part when it fails.
    ///
    /// # Errors
    /// Those of the system.
    fn append(&mut self, file: &File, bytes: &[u8]) -> io::Result<()>;

    /// Returns when everything written lies where a power loss does not reach it.
    ///
    /// # Errors
    /// Those of the system; then what was written since the last success may be lost.
    fn flush(&mut self, file: &File) -> io::Result<()>;
}

/// The file system.
#[derive(Clone, Copy, Debug, Default)]
pub struct FileSystem;

impl Disk for FileSystem {
    fn append(&mut self, mut file: &File, bytes: &[u8]) -> io::Result<()> {
        file.write_all(bytes)
    }

    fn flush(&mut self, file: &File) -> io::Result<()> {
        file.sync_data()
    }
}
