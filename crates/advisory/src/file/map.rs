//! A compiled file in memory.

use super::{
    Cursor, FORMAT, HEADER, MAGIC, SECTIONS, Section, damaged, header_checksum, sha256, trouble,
};
use muster_model::Result;
use std::fs::File;
use std::ops::Range;
use std::path::Path;

/// The mapped file and where its sections lie.
pub(crate) struct Mapped {
    map: memmap2::Mmap,
    sections: [Range<usize>; SECTIONS],
    digest: [u8; 32],
}

impl Mapped {
    /// Maps the file and checks its header: magic, format, checksum, length, bounds of all sections.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(|error| trouble(path, error))?;
        let length = file.metadata().map_err(|error| trouble(path, error))?.len();
        if length < u64::try_from(HEADER).unwrap_or(u64::MAX) {
            return Err(trouble(path, "is no knowledge base"));
        }
        #[expect(
            unsafe_code,
            reason = "mapping is unsafe where somebody else may shorten the file: ours is written under another \
                      name, renamed into place and never written again; every read of it is bounds-checked"
        )]
        // SAFETY: see the reason above; the folder belongs to the one user that runs Muster.
        let map = unsafe { memmap2::Mmap::map(&file) }.map_err(|error| trouble(path, error))?;
        let header = map.get(..HEADER).ok_or_else(damaged)?;
        let mut cursor = Cursor(header);
        if cursor.take(8) != Some(&MAGIC) {
            return Err(trouble(path, "is no knowledge base"));
        }
        let format = cursor.u32().ok_or_else(damaged)?;
        if format != FORMAT {
            return Err(trouble(
                path,
                format_args!(
                    "has format {format}, this version reads {FORMAT}: run muster db update"
                ),
            ));
        }
        let (checked, checksum) = header.split_at(HEADER - 8);
        if header_checksum(checked) != *checksum {
            return Err(damaged());
        }
        let count = cursor.u32().ok_or_else(damaged)?;
        let stated = cursor.u64().ok_or_else(damaged)?;
        if stated != length || usize::try_from(count).ok() != Some(SECTIONS) {
            return Err(damaged());
        }
        let mut digest = [0; 32];
        digest.copy_from_slice(cursor.take(32).ok_or_else(damaged)?);
        let mut sections: [Range<usize>; SECTIONS] = std::array::from_fn(|_| 0..0);
        for section in &mut sections {
            let start = cursor.u64().and_then(|at| usize::try_from(at).ok()).ok_or_else(damaged)?;
            let size = cursor.u64().and_then(|at| usize::try_from(at).ok()).ok_or_else(damaged)?;
            let end =
                start.checked_add(size).filter(|end| *end <= map.len()).ok_or_else(damaged)?;
            *section = start..end;
        }
        Ok(Self { map, sections, digest })
    }

    /// One section's bytes.
    pub(crate) fn section(&self, section: Section) -> &[u8] {
        self.sections
            .get(section as usize)
            .and_then(|range| self.map.get(range.clone()))
            .unwrap_or_default()
    }

    /// SHA-256 of all that follows the header, as the header states it.
    pub(crate) fn digest(&self) -> &[u8; 32] {
        &self.digest
    }

    /// Size of the file in bytes.
    pub(crate) fn len(&self) -> usize {
        self.map.len()
    }

    /// Reads the whole file and compares it with its digest.
    pub(crate) fn verify(&self) -> Result<()> {
        let body = self.map.get(HEADER..).ok_or_else(damaged)?;
        if sha256(body) == self.digest { Ok(()) } else { Err(damaged()) }
    }
}
