//! Which artifact a class comes from, whatever package it was moved to: an index over the archives a user has.
//!
//! Building walks those archives, takes the [fingerprint] of every class of an
//! archive that is surely one artifact, and writes a file that is mapped to be asked. A scan that is given an index looks at
//! the classes of every Java archive whose name some indexed class has, and says which artifacts lie inside.

mod file;
mod matching;

pub use file::ClassIndex;
pub(crate) use matching::Match;

use crate::blob::Blob;
use crate::finding::Found;
use crate::limits::Budget;
use crate::{Input, Options, extractors, walk};
use muster_formats::class_file::{MAX_CLASS, fingerprint, simple};
use muster_formats::zipfile::ZipFile;
use muster_model::Result;
use muster_model::purl::Purl;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

/// Most classes of one archive that are looked at.
const MAX_CLASSES: usize = 1 << 20;

/// The classes of one artifact, as the walk noted them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Classes {
    pub(crate) purl: Purl,
    /// Hashes of the simple names, and fingerprints.
    pub(crate) classes: Vec<(u32, u64)>,
}

/// What an index holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Artifacts with a version.
    pub artifacts: usize,
    /// Different classes.
    pub classes: usize,
}

/// Writes the index over all archives below `path`.
///
/// # Errors
/// The index cannot be written.
pub fn build(
    path: &Path,
    options: &Options,
    budget: &Arc<Budget>,
    out: &mut dyn Write,
) -> Result<Size> {
    let options = Options { collect_classes: true, index: None, ..options.clone() };
    let found: Found = walk::Walk::run(extractors::TABLE, &options, budget, Input::Path(path));
    let mut artifacts: BTreeMap<Purl, BTreeSet<(u32, u64)>> = BTreeMap::new();
    for one in found.classes {
        artifacts.entry(one.purl).or_default().extend(one.classes);
    }
    file::write(&artifacts, out)
}

/// Opens an index; none where there is no such file.
///
/// # Errors
/// It is there, but cannot be read or is none.
pub fn open(path: &Path) -> Result<Option<ClassIndex>> {
    let file = match std::fs::File::open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(|error| file::failed(path, &error))?,
    };
    let blob = Blob::map(&file).map_err(|error| file::failed(path, &error))?;
    ClassIndex::new(blob).map(Some)
}

/// The classes of an archive that `wanted` takes by their name's hash; also how many classes there are.
pub(crate) fn of_archive(
    zip: &ZipFile<'_>,
    wanted: &dyn Fn(u32) -> bool,
) -> (Vec<(u32, u64)>, usize) {
    let (mut classes, mut all) = (Vec::new(), 0);
    for entry in zip.entries() {
        if !entry.name.ends_with(".class") || all >= MAX_CLASSES {
            continue;
        }
        all += 1;
        let name = name_hash(&entry.name);
        if wanted(name)
            && let Some(print) =
                zip.read(&entry, MAX_CLASS).ok().and_then(|bytes| fingerprint(&bytes))
        {
            classes.push((name, print));
        }
    }
    classes.sort_unstable();
    classes.dedup();
    (classes, all)
}

/// The hash of a class's name without its package (FNV-1a, 32 bits).
fn name_hash(path: &str) -> u32 {
    let name = simple(path.strip_suffix(".class").unwrap_or(path).as_bytes());
    name.iter().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}
