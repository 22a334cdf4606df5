//! The compiled file: a header, a table of sections, the sections.
//!
//! It is written once and never changed; a new state is a new file renamed over the old one, so that whoever has the
//! old one mapped goes on reading it. Numbers are little-endian. The header carries a checksum of its own, checked
//! when the file is opened, and SHA-256 of all that follows, checked when the file is taken into use.

mod cursor;
mod map;
mod write;

use aws_lc_rs::digest;
use muster_model::{Error, ErrorKind};
use std::path::Path;

pub(crate) use cursor::{Cursor, put_bytes, put_f32, put_text, put_u32, put_varint};
pub(crate) use map::Mapped;
pub(crate) use write::{FileWriter, Place};

/// First bytes of the file.
pub(crate) const MAGIC: [u8; 8] = *b"MUSTERKB";
/// Raised when an older program could not read a newer file, or the other way round.
pub const FORMAT: u32 = 1;
/// Header: magic, format, number of sections, length, SHA-256 of the rest, the table, then the header's own checksum.
pub(crate) const HEADER: usize = 8 + 4 + 4 + 8 + 32 + SECTIONS * 16 + 8;
/// Sections of a file, all of them always there.
pub(crate) const SECTIONS: usize = 9;

/// What a section holds. The numbers are places in the table.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Section {
    /// JSON: sources, coverage, counts.
    Meta = 0,
    /// Hash of a package's index text, offset and length in `Packages`; ascending by hash.
    PackageIndex = 1,
    /// A package and what is known against it.
    Packages = 2,
    /// Offsets into `Advisories`.
    AdvisoryOffsets = 3,
    /// One row an advisory.
    Advisories = 4,
    /// Offsets into `Vulnerabilities`.
    VulnerabilityOffsets = 5,
    /// One row a vulnerability.
    Vulnerabilities = 6,
    /// Hash of any number or alias, and a vulnerability; ascending by hash.
    Ids = 7,
    /// Compressed blocks of texts: addressed by offset, read when somebody wants to read.
    Blocks = 8,
}

/// A trouble with the file at `path`.
pub(crate) fn trouble(path: &Path, what: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Unavailable, format!("{}: {what}", path.display()))
}

/// The file is damaged: said without detail, as every detail would be a guess.
pub(crate) fn damaged() -> Error {
    Error::new(ErrorKind::Unavailable, "the knowledge base is damaged: run muster db update")
}

/// 64 bits for an index; equal hashes are told apart by the text itself.
pub(crate) fn hash(text: &str) -> u64 {
    // FNV-1a with a final mix: fast on short texts, and the file is our own.
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in text.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    (hash ^ (hash >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93)
}

pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    out
}

/// The header's own checksum.
pub(crate) fn header_checksum(header: &[u8]) -> [u8; 8] {
    let mut out = [0; 8];
    out.copy_from_slice(sha256(header).get(..8).unwrap_or(&[0; 8]));
    out
}
