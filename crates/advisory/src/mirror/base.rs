//! A mirror somebody keeps: the layout of the OSV dump, the other feeds beside it.
//!
//! Where it has `SHA256SUMS` (as `sha256sum` writes it), that list says what there is, what changed, and what every file
//! must be. Else `ecosystems.txt` says which dumps there are, and the usual names of the other feeds are tried.

use super::file::{Outcome, missing};
use super::{Mirror, dump};
use crate::ecosystem::Ecosystem;
use crate::file::trouble;
use crate::source::feeds;
use aws_lc_rs::digest::{Context, SHA256};
use muster_model::{Error, ErrorKind, Result};
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

const SUMS: &str = "SHA256SUMS";
/// Names under which mirrors keep the other feeds.
const USUAL: [&str; 5] = [
    "kev/known_exploited_vulnerabilities.json",
    "epss/epss_scores-current.csv.gz",
    "cve/cve-enrichment.jsonl.zst",
    "nvd/nvdcve-2.0-modified.json.gz",
    "eol/products.json.zst",
];

pub(super) fn follow(mirror: &mut Mirror<'_>, base: &str) -> Result<()> {
    if mirror.file(&format!("{base}/{SUMS}"), SUMS)? != Outcome::Missing {
        return follow_sums(mirror, base);
    }
    for ecosystem in ecosystems(mirror, base)? {
        dump::follow(mirror, base, &ecosystem)?;
    }
    for name in USUAL {
        mirror.file(&format!("{base}/{name}"), name)?;
    }
    Ok(())
}

/// The ecosystems of a dump that can be matched here.
pub(super) fn ecosystems(mirror: &mut Mirror<'_>, base: &str) -> Result<Vec<String>> {
    const LIST: &str = "ecosystems.txt";
    if mirror.file(&format!("{base}/{LIST}"), LIST)? == Outcome::Missing {
        return Err(missing(&format!("{base}/{LIST}")));
    }
    let path = mirror.path(LIST);
    let text = std::fs::read_to_string(&path).map_err(|error| trouble(&path, error))?;
    Ok(text
        .lines()
        .map(str::trim)
        .filter(|name| Ecosystem::named(name).is_some())
        .map(str::to_owned)
        .collect())
}

fn follow_sums(mirror: &mut Mirror<'_>, base: &str) -> Result<()> {
    let path = mirror.path(SUMS);
    let text = std::fs::read_to_string(&path).map_err(|error| trouble(&path, error))?;
    let mut names = Vec::new();
    for line in text.lines() {
        let Some((sum, name)) = line.split_once([' ', '\t']) else { continue };
        let name = name.trim_start_matches([' ', '*']).trim_start_matches("./");
        if feeds::kind(name).is_none() || !is_below(name) {
            continue;
        }
        names.push(name.to_owned());
        if digest(&mirror.path(name)).is_some_and(|known| known == sum) {
            mirror.summary.unchanged += 1;
            continue;
        }
        // A file that is not as listed is not a known state of it.
        mirror.forget(name)?;
        mirror.needed(&format!("{base}/{}", dump::encoded(name)), name)?;
        if digest(&mirror.path(name)).is_none_or(|got| got != sum) {
            mirror.forget(name)?;
            let message = format!("{base}/{name}: is not what {SUMS} says");
            return Err(Error::new(ErrorKind::Unavailable, message));
        }
    }
    // What the mirror no longer lists is no longer said.
    for found in feeds::find(&mirror.folder)? {
        if !names.contains(&found.name) {
            mirror.forget(&found.name)?;
        }
    }
    Ok(())
}

fn is_below(name: &str) -> bool {
    !name.starts_with('/')
        && !name.contains('\\')
        && name.split('/').all(|part| !part.is_empty() && part != ".." && part != ".")
}

/// SHA-256 of a file in hexadecimal; None where it is not there.
fn digest(path: &Path) -> Option<String> {
    let mut file = File::open(path).ok()?;
    let mut context = Context::new(&SHA256);
    let mut buffer = vec![0; 1 << 17];
    loop {
        let read = file.read(&mut buffer).ok()?;
        match buffer.get(..read).filter(|bytes| !bytes.is_empty()) {
            Some(bytes) => context.update(bytes),
            None => return Some(hex::encode(context.finish())),
        }
    }
}
