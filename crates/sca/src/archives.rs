//! The archive formats: one file each. A format turns an archive into members and hands each to the walk;
//! what a member is and who wants it is not its business.

pub(crate) mod ar;
pub(crate) mod cab;
pub(crate) mod compressed;
pub(crate) mod cpio;
pub(crate) mod iso;
pub(crate) mod legacy_names;
pub(crate) mod rar;
pub(crate) mod rpm;
pub(crate) mod sevenz;
pub(crate) mod tape;
pub(crate) mod zip;

use crate::limits::Budget;
use std::io::{self, Read};

/// What comes out of a decompressor: every byte is accounted for.
pub(crate) struct Metered<'a, R> {
    pub(crate) inner: R,
    pub(crate) budget: &'a Budget,
}

impl<R: Read> Read for Metered<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.budget.unpack(count as u64)?;
        Ok(count)
    }
}

/// Reads exactly as many bytes, or says that the archive is cut short.
pub(crate) fn read_exact(reader: &mut dyn Read, buffer: &mut [u8]) -> io::Result<()> {
    reader.read_exact(buffer).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => io::Error::other("cut short"),
        _ => error,
    })
}

/// Reads and forgets.
pub(crate) fn skip(reader: &mut dyn Read, count: u64) -> io::Result<()> {
    let skipped = io::copy(&mut reader.take(count), &mut io::sink())?;
    if skipped < count { Err(io::Error::other("cut short")) } else { Ok(()) }
}
