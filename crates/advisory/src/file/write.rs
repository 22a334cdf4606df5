//! Writing a compiled file: texts go out as they come, the tables follow when all is known.

use super::{FORMAT, HEADER, MAGIC, SECTIONS, Section, header_checksum, trouble};
use aws_lc_rs::digest;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use muster_model::Result;
use std::fs::File;
use std::io::{BufWriter, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

/// Texts are compressed together up to this size: small enough to read one, large enough to compress.
const BLOCK: usize = 64 << 10;

/// Where a text lies: its block's offset in the section, and place and length inside the unpacked block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) block: u64,
    pub(crate) at: u32,
    pub(crate) length: u32,
}

/// A file being written under its final name with `.part` behind it.
pub(crate) struct FileWriter {
    path: PathBuf,
    part: PathBuf,
    out: BufWriter<File>,
    digest: digest::Context,
    written: u64,
    block: Vec<u8>,
    blocks: u64,
    sections: [(u64, u64); SECTIONS],
}

impl FileWriter {
    pub(crate) fn create(path: &Path) -> Result<Self> {
        let part = path.with_extension("part");
        let file = File::create(&part).map_err(|error| trouble(&part, error))?;
        let mut out = BufWriter::with_capacity(1 << 20, file);
        out.write_all(&[0; HEADER]).map_err(|error| trouble(&part, error))?;
        Ok(Self {
            path: path.to_owned(),
            part,
            out,
            digest: digest::Context::new(&digest::SHA256),
            written: header_length(),
            block: Vec::with_capacity(BLOCK * 2),
            blocks: 0,
            sections: [(0, 0); SECTIONS],
        })
    }

    /// Adds a text to the current block. The block's offset is known before it is written, as blocks follow each other.
    pub(crate) fn text(&mut self, text: &[u8]) -> Result<Place> {
        if self.block.len() >= BLOCK {
            self.flush()?;
        }
        let place = Place {
            block: self.blocks,
            at: u32::try_from(self.block.len()).unwrap_or(u32::MAX),
            length: u32::try_from(text.len()).unwrap_or(u32::MAX),
        };
        self.block.extend_from_slice(text);
        Ok(place)
    }

    fn flush(&mut self) -> Result<()> {
        if self.block.is_empty() {
            return Ok(());
        }
        let mut packed = vec![0; 8];
        let mut encoder = DeflateEncoder::new(&mut packed, Compression::new(4));
        encoder
            .write_all(&self.block)
            .and_then(|()| encoder.finish().map(drop))
            .map_err(|error| trouble(&self.part, error))?;
        let sizes = [packed.len() - 8, self.block.len()]
            .map(|size| u32::try_from(size).unwrap_or(u32::MAX));
        let (front, _) = packed.split_at_mut(8);
        front.copy_from_slice(&[sizes[0].to_le_bytes(), sizes[1].to_le_bytes()].concat());
        self.block.clear();
        self.blocks += u64::try_from(packed.len()).unwrap_or_default();
        self.write(&packed)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.digest.update(bytes);
        self.written += u64::try_from(bytes.len()).unwrap_or_default();
        self.out.write_all(bytes).map_err(|error| trouble(&self.part, error))
    }

    /// No more texts: closes their section.
    pub(crate) fn end_texts(&mut self) -> Result<()> {
        self.flush()?;
        if let Some(entry) = self.sections.get_mut(Section::Blocks as usize) {
            *entry = (header_length(), self.blocks);
        }
        Ok(())
    }

    /// Writes a whole section.
    pub(crate) fn section(&mut self, section: Section, bytes: &[u8]) -> Result<()> {
        self.begin(section);
        self.append(section, bytes)
    }

    /// Begins a section that is [appended](Self::append) piece by piece, so that it need not be held in memory. One ends
    /// where the next begins.
    pub(crate) fn begin(&mut self, section: Section) {
        if let Some(entry) = self.sections.get_mut(section as usize) {
            *entry = (self.written, 0);
        }
    }

    /// Adds to the section begun last.
    pub(crate) fn append(&mut self, section: Section, bytes: &[u8]) -> Result<()> {
        if let Some((_, size)) = self.sections.get_mut(section as usize) {
            *size += u64::try_from(bytes.len()).unwrap_or_default();
        }
        self.write(bytes)
    }

    /// Writes the header, makes the file durable and gives it its name, replacing an older one at once.
    pub(crate) fn finish(mut self) -> Result<()> {
        let mut header = Vec::with_capacity(HEADER);
        header.extend_from_slice(&MAGIC);
        header.extend_from_slice(&FORMAT.to_le_bytes());
        header.extend_from_slice(&u32::try_from(SECTIONS).unwrap_or_default().to_le_bytes());
        header.extend_from_slice(&self.written.to_le_bytes());
        header.extend_from_slice(self.digest.finish().as_ref());
        for (start, size) in self.sections {
            header.extend_from_slice(&start.to_le_bytes());
            header.extend_from_slice(&size.to_le_bytes());
        }
        header.extend_from_slice(&header_checksum(&header));
        let part = self.part.clone();
        let failed = |error: std::io::Error| trouble(&part, error);
        self.out.seek(SeekFrom::Start(0)).map_err(failed)?;
        self.out.write_all(&header).map_err(failed)?;
        let file = self.out.into_inner().map_err(|error| failed(error.into_error()))?;
        file.sync_all().map_err(failed)?;
        std::fs::rename(&self.part, &self.path).map_err(failed)?;
        if let Some(folder) = self.path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)?;
        }
        Ok(())
    }
}

fn header_length() -> u64 {
    u64::try_from(HEADER).unwrap_or_default()
}
