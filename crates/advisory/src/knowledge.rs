//! The knowledge base as it is asked: an open file.

mod advisory;
mod entries;
mod live;
mod vulnerability;

use crate::compile::Enrichment;
use crate::compile::rows::Body;
use crate::ecosystem::PackageKey;
use crate::file::{Cursor, Mapped, Place, Section, damaged, hash};
use crate::lifecycle::Lifecycles;
use crate::meta::Meta;
use flate2::read::DeflateDecoder;
use muster_model::Result;
use std::collections::HashMap;
use std::io::Read as _;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

pub use advisory::Advisory;
pub(crate) use entries::Entry;
pub use live::Live;
pub use vulnerability::{Details, Vulnerability};

/// Largest unpacked block that is believed.
const MAX_BLOCK: u32 = 64 << 20;
/// Unpacked blocks kept: findings of one package lie near each other.
const KEPT_BLOCKS: usize = 32;

/// Offset of a block and its unpacked bytes.
type Block = (u64, Arc<Vec<u8>>);

/// An open knowledge base. Cheap to share; all of it may be asked from many threads.
pub struct Knowledge {
    file: Mapped,
    meta: Meta,
    blocks: Mutex<Vec<Block>>,
    lifecycles: OnceLock<Lifecycles>,
}

impl Knowledge {
    /// Opens a compiled file: milliseconds, as only header and summary are read.
    ///
    /// # Errors
    /// `Unavailable` where the file is missing, of another format, or damaged in its header.
    pub fn open(path: &Path) -> Result<Self> {
        let file = Mapped::open(path)?;
        let meta = serde_json::from_slice(file.section(Section::Meta)).map_err(|_| damaged())?;
        Ok(Self { file, meta, blocks: Mutex::new(Vec::new()), lifecycles: OnceLock::new() })
    }

    /// Reads all of the file and compares it with its digest.
    ///
    /// # Errors
    /// `Unavailable` where it differs.
    pub fn verify(&self) -> Result<()> {
        self.file.verify()
    }

    /// Sources, ages, coverage.
    pub fn meta(&self) -> &Meta {
        &self.meta
    }

    /// Size of the file in bytes.
    pub fn size(&self) -> usize {
        self.file.len()
    }

    /// SHA-256 over the content, in hexadecimal: names this state of knowledge.
    pub fn digest(&self) -> String {
        hex::encode(self.file.digest())
    }

    /// A document a source brought along: `cwe`, `lifecycle`, `licences/spdx/licenses` ...
    ///
    /// # Errors
    /// `Unavailable` where the file is damaged.
    pub fn document(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let Some(document) = self.meta.documents.get(name) else { return Ok(None) };
        let place = Place { block: document.block, at: document.at, length: document.length };
        self.text(place).map(Some)
    }

    /// Release lines of products.
    pub fn lifecycles(&self) -> &Lifecycles {
        self.lifecycles.get_or_init(|| {
            let text = self.document("lifecycle").ok().flatten().unwrap_or_default();
            Lifecycles::new(serde_json::from_slice(&text).unwrap_or_default())
        })
    }

    /// Name of a weakness, of `CWE-79`.
    pub fn weakness(&self, cwe: &str) -> Option<String> {
        let text = self.document("cwe").ok().flatten()?;
        let mut names: HashMap<String, String> = serde_json::from_slice(&text).ok()?;
        names.remove(cwe)
    }

    /// The vulnerability with that number, whichever of its numbers it is.
    pub fn vulnerability(&self, id: &str) -> Option<Vulnerability<'_>> {
        let wanted = hash(id);
        let index = Cursor(self.file.section(Section::Ids));
        let rows = index.0.len() / 12;
        let at = |row: usize| {
            let mut cursor = Cursor(index.0.get(row * 12..)?);
            Some((cursor.u64()?, cursor.u32()?))
        };
        let mut row = lower_bound(rows, |row| at(row).is_some_and(|(hash, _)| hash < wanted));
        while let Some((_, number)) = at(row).filter(|(hash, _)| *hash == wanted) {
            let found = self.vulnerability_at(number)?;
            if found.id == id || found.aliases().any(|alias| alias == id) {
                return Some(found);
            }
            row += 1;
        }
        None
    }

    /// By its place in the file.
    pub fn vulnerability_at(&self, number: u32) -> Option<Vulnerability<'_>> {
        Vulnerability::read(
            self,
            number,
            self.row(Section::VulnerabilityOffsets, Section::Vulnerabilities, number)?,
        )
    }

    /// By its place in the file.
    pub fn advisory_at(&self, number: u32) -> Option<Advisory<'_>> {
        Advisory::read(number, self.row(Section::AdvisoryOffsets, Section::Advisories, number)?)
    }

    /// What is known against a package.
    pub(crate) fn entries(&self, key: &PackageKey) -> Option<entries::Entries<'_>> {
        let name = key.index();
        let wanted = hash(&name);
        let index = self.file.section(Section::PackageIndex);
        let at = |row: usize| {
            let mut cursor = Cursor(index.get(row * 16..)?);
            Some((cursor.u64()?, cursor.u32()?, cursor.u32()?))
        };
        let mut row =
            lower_bound(index.len() / 16, |row| at(row).is_some_and(|(hash, ..)| hash < wanted));
        while let Some((_, start, length)) = at(row).filter(|(hash, ..)| *hash == wanted) {
            let start = usize::try_from(start).ok()?;
            let mut cursor = Cursor(self.file.section(Section::Packages).get(start..)?);
            let mut cursor = Cursor(cursor.take(usize::try_from(length).ok()?)?);
            if cursor.text()? == name {
                return Some(entries::Entries::new(cursor));
            }
            row += 1;
        }
        None
    }

    fn row(&self, offsets: Section, table: Section, number: u32) -> Option<Cursor<'_>> {
        let at = usize::try_from(number).ok()?.checked_mul(4)?;
        let offset = Cursor(self.file.section(offsets).get(at..)?).u32()?;
        Some(Cursor(self.file.section(table).get(usize::try_from(offset).ok()?..)?))
    }

    pub(crate) fn body(&self, place: Place) -> Result<Body> {
        serde_json::from_slice(&self.text(place)?).map_err(|_| damaged())
    }

    pub(crate) fn enrichment(&self, place: Place) -> Result<Enrichment> {
        if place.length == 0 {
            return Ok(Enrichment::default());
        }
        serde_json::from_slice(&self.text(place)?).map_err(|_| damaged())
    }

    fn text(&self, place: Place) -> Result<Vec<u8>> {
        let block = self.block(place.block)?;
        let start = usize::try_from(place.at).map_err(|_| damaged())?;
        let end = start.saturating_add(usize::try_from(place.length).map_err(|_| damaged())?);
        block.get(start..end).map(<[u8]>::to_vec).ok_or_else(damaged)
    }

    fn block(&self, offset: u64) -> Result<Arc<Vec<u8>>> {
        let mut kept = self.blocks.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, block)) = kept.iter().find(|(known, _)| *known == offset) {
            return Ok(Arc::clone(block));
        }
        let block = Arc::new(self.unpack(offset).ok_or_else(damaged)?);
        if kept.len() >= KEPT_BLOCKS {
            kept.remove(0);
        }
        kept.push((offset, Arc::clone(&block)));
        Ok(block)
    }

    fn unpack(&self, offset: u64) -> Option<Vec<u8>> {
        let mut cursor =
            Cursor(self.file.section(Section::Blocks).get(usize::try_from(offset).ok()?..)?);
        let packed = cursor.u32()?;
        let unpacked = cursor.u32().filter(|size| *size <= MAX_BLOCK)?;
        let packed = cursor.take(usize::try_from(packed).ok()?)?;
        let mut out = Vec::with_capacity(usize::try_from(unpacked).ok()?);
        DeflateDecoder::new(packed).take(u64::from(unpacked)).read_to_end(&mut out).ok()?;
        Some(out)
    }
}

/// The first place of `count` for which `less` does not hold.
fn lower_bound(count: usize, less: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = low + (high - low) / 2;
        if less(middle) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}
