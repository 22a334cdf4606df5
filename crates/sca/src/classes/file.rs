//! The file of an index. All numbers are little endian.
//!
//! | part | what |
//! |---|---|
//! | head | `MUSTERCL`, version, number of artifacts, own names, names, classes, postings, bytes of text |
//! | artifacts | for each: where its package URL ends in the text, where its own names end |
//! | own names | hashes of the simple names of an artifact's classes, one a class, sorted |
//! | names | the same of all, sorted, each once |
//! | classes | fingerprints, sorted |
//! | ends | for each class: where its postings end |
//! | postings | numbers of artifacts |
//! | text | package URLs |

use super::Size;
use crate::blob::Blob;
use muster_model::purl::Purl;
use muster_model::{Error, ErrorKind, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufWriter, Write};
use std::ops::Range;
use std::path::Path;

const MAGIC: &[u8; 8] = b"MUSTERCL";
const VERSION: u32 = 1;
const HEAD: usize = 8 + 7 * 4;

/// An index, mapped.
#[derive(Clone)]
pub struct ClassIndex {
    blob: Blob,
    artifacts: Range<usize>,
    own: Range<usize>,
    names: Range<usize>,
    classes: Range<usize>,
    ends: Range<usize>,
    postings: Range<usize>,
    text: Range<usize>,
}

impl std::fmt::Debug for ClassIndex {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("ClassIndex").field("artifacts", &self.len()).finish_non_exhaustive()
    }
}

impl ClassIndex {
    /// Over the bytes of a file.
    ///
    /// # Errors
    /// They are not those of an index of this version, or cut short.
    pub fn new(blob: Blob) -> Result<Self> {
        let other =
            || Error::invalid("index", "not an index of classes, or one of another version");
        if blob.get(..8) != Some(MAGIC) || number(&blob, 8) != Some(VERSION) {
            return Err(other());
        }
        let mut at = HEAD;
        let mut part = |head: usize, width: usize| {
            let count = usize::try_from(number(&blob, head)?).ok()?;
            let start = at;
            at = at.checked_add(count.checked_mul(width)?)?;
            Some(start..at)
        };
        let mut parts = || {
            let (artifacts, own, names) = (part(12, 8)?, part(16, 4)?, part(20, 4)?);
            let (classes, ends) = (part(24, 8)?, part(24, 4)?);
            Some((artifacts, own, names, classes, ends, part(28, 4)?, part(32, 1)?))
        };
        let (artifacts, own, names, classes, ends, postings, text) = parts().ok_or_else(other)?;
        if text.end != blob.len() {
            return Err(other());
        }
        Ok(Self { blob, artifacts, own, names, classes, ends, postings, text })
    }

    /// Its size.
    pub fn bytes(&self) -> u64 {
        self.blob.size()
    }

    /// Number of artifacts.
    pub fn len(&self) -> usize {
        self.artifacts.len() / 8
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.artifacts.is_empty()
    }

    /// Whether any class has a name of this hash.
    pub(super) fn has_name(&self, name: u32) -> bool {
        let count = self.names.len() / 4;
        search(count, |at| number(&self.blob, self.names.start + at * 4).map(|one| one.cmp(&name)))
            .is_some()
    }

    /// The artifacts that have a class of this fingerprint.
    pub(super) fn artifacts_of(&self, class: u64) -> impl Iterator<Item = u32> {
        let count = self.classes.len() / 8;
        let at = search(count, |at| {
            let bytes = self.blob.get(self.classes.start + at * 8..)?.first_chunk()?;
            Some(u64::from_le_bytes(*bytes).cmp(&class))
        });
        let end = |at: usize| number(&self.blob, self.ends.start + at * 4).unwrap_or(0);
        let range = at.map_or(0..0, |at| at.checked_sub(1).map_or(0, end)..end(at));
        range.filter_map(|at| {
            let at = self.postings.start.checked_add(usize::try_from(at).ok()?.checked_mul(4)?)?;
            number(&self.blob, at).filter(|_| at < self.postings.end)
        })
    }

    /// How many classes an artifact has.
    pub(super) fn classes_of(&self, artifact: u32) -> usize {
        self.own(artifact).map_or(usize::MAX, |own| own.len())
    }

    /// The hashes of the names of an artifact's classes, one a class.
    pub(super) fn names_of(&self, artifact: u32) -> impl Iterator<Item = u32> {
        self.own(artifact)
            .into_iter()
            .flatten()
            .filter_map(|at| number(&self.blob, self.own.start + at * 4))
    }

    fn own(&self, artifact: u32) -> Option<Range<usize>> {
        let start = artifact.checked_sub(1).map_or(Some(0), |before| self.artifact(before, 4))?;
        let (start, end) =
            (usize::try_from(start).ok()?, usize::try_from(self.artifact(artifact, 4)?).ok()?);
        (end <= self.own.len() / 4).then_some(start..end)
    }

    /// An artifact's package URL.
    pub(super) fn purl(&self, artifact: u32) -> Option<Purl> {
        let start = artifact.checked_sub(1).map_or(Some(0), |before| self.artifact(before, 0))?;
        let end = self.artifact(artifact, 0)?;
        let place = |at: u32| self.text.start.checked_add(usize::try_from(at).ok()?);
        let text = self.blob.get(place(start)?..place(end)?)?;
        std::str::from_utf8(text).ok()?.parse().ok()
    }

    fn artifact(&self, artifact: u32, field: usize) -> Option<u32> {
        let at =
            usize::try_from(artifact).ok()?.checked_mul(8)?.checked_add(self.artifacts.start)?;
        (at < self.artifacts.end).then(|| number(&self.blob, at + field))?
    }
}

/// Binary search over what cannot be a slice.
fn search(count: usize, compare: impl Fn(usize) -> Option<std::cmp::Ordering>) -> Option<usize> {
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = low + (high - low) / 2;
        match compare(middle)? {
            std::cmp::Ordering::Less => low = middle + 1,
            std::cmp::Ordering::Greater => high = middle,
            std::cmp::Ordering::Equal => return Some(middle),
        }
    }
    None
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

pub(super) fn failed(path: &Path, error: &std::io::Error) -> Error {
    Error::new(ErrorKind::Unavailable, format!("{}: {error}", path.display()))
}

/// Writes the file of these artifacts.
pub(super) fn write(
    artifacts: &BTreeMap<Purl, BTreeSet<(u32, u64)>>,
    out: &mut dyn Write,
) -> Result<Size> {
    let mut names = BTreeSet::new();
    let mut classes: BTreeMap<u64, Vec<u32>> = BTreeMap::new();
    let (mut text, mut table, mut own) = (String::new(), Vec::new(), Vec::new());
    let large = |_| Error::invalid("index", "more than an index holds");
    for (artifact, (purl, of)) in (0_u32..).zip(artifacts) {
        text += &purl.to_string();
        for (name, class) in of {
            own.push(*name);
            names.insert(*name);
            let postings = classes.entry(*class).or_default();
            if postings.last() != Some(&artifact) {
                postings.push(artifact);
            }
        }
        for end in [text.len(), own.len()] {
            table.push(u32::try_from(end).map_err(large)?);
        }
    }
    let postings: usize = classes.values().map(Vec::len).sum();
    let mut out = BufWriter::new(out);
    let mut write = || {
        out.write_all(MAGIC)?;
        let counts = [artifacts.len(), own.len(), names.len(), classes.len(), postings, text.len()];
        let head = std::iter::once(Ok(VERSION)).chain(counts.into_iter().map(u32::try_from));
        for one in head {
            out.write_all(&one.map_err(std::io::Error::other)?.to_le_bytes())?;
        }
        for one in table.iter().chain(&own).chain(&names) {
            out.write_all(&one.to_le_bytes())?;
        }
        for class in classes.keys() {
            out.write_all(&class.to_le_bytes())?;
        }
        let mut end = 0_u32;
        for of in classes.values() {
            end += u32::try_from(of.len()).map_err(std::io::Error::other)?;
            out.write_all(&end.to_le_bytes())?;
        }
        for one in classes.values().flatten() {
            out.write_all(&one.to_le_bytes())?;
        }
        out.write_all(text.as_bytes())?;
        out.flush()
    };
    write().map_err(|error: std::io::Error| {
        Error::new(ErrorKind::Unavailable, "the index cannot be written").with_source(error)
    })?;
    Ok(Size { artifacts: artifacts.len(), classes: classes.len() })
}
