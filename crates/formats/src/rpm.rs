//! rpm's package database in its three forms: SQLite (`rpmdb.sqlite`, RHEL 9, Fedora), NDB (`Packages.db`,
//! SUSE) and Berkeley DB (`Packages`, RHEL 8 and before). Each holds one header a package; the header is the
//! same everywhere ([`header`]).
//!
//! The database is read where it lies, a header at a time, so that a large one does not cost memory.

mod bdb;
pub mod header;
mod ndb;

pub use crate::order::{Broken, Result};
pub use header::{Header, Package};

use crate::read_at::ReadAt;
use crate::sqlite;

/// Longest header that is read, bytes. The kernel's debug packages, the largest known, need a tenth.
pub const MAX_HEADER: usize = 32 << 20;
/// Most packages read from one database.
pub const MAX_PACKAGES: usize = 200_000;

/// Calls `each` with every header of the database, in the database's own order.
///
/// `wal` is the write-ahead log beside an SQLite database, if there is one: what rpm has committed but not
/// yet carried over lies there.
///
/// # Errors
/// When the file is none of the three forms or is damaged; headers found up to there have been given out.
pub fn headers(
    database: &dyn ReadAt,
    wal: Option<&dyn ReadAt>,
    each: &mut dyn FnMut(&[u8]),
) -> Result<()> {
    let mut start = [0; 16];
    database.read_at(&mut start, 0).map_err(|_| Broken("shorter than any rpm database"))?;
    let mut left = MAX_PACKAGES;
    let mut each = |header: &[u8]| {
        left = left.checked_sub(1).ok_or(Broken("more than 200000 packages"))?;
        each(header);
        Ok(())
    };
    if start == *b"SQLite format 3\0" {
        // hnum is the row's number and stored as NULL; the blob is the second column.
        sqlite::rows(database, wal, "Packages", &mut |row| each(row.column(1)?))
    } else if start.starts_with(b"RpmP") {
        ndb::blobs(database, &mut each)
    } else {
        bdb::blobs(database, &mut each)
    }
}

/// What the readers hand each header to.
type Each<'a> = dyn FnMut(&[u8]) -> Result<()> + 'a;

#[cfg(test)]
mod tests;
