//! Reading sources: a folder laid out as the public OSV dump with the other feeds beside it.
//!
//! A file is known by its place and name ([`feeds`]). Each loader takes what it can use, says in diagnostics what it
//! cannot, and never fails the whole.

mod cve;
mod cwe;
mod epss;
mod exploited;
pub mod feeds;
mod licences;
mod lifecycle;
mod national;
mod nvd;
mod osv_dump;
mod unpack;

use crate::compile::Compiler;
use crate::file::trouble;
use crate::meta::{Feed, Meta};
use feeds::{Found, Kind};
use muster_model::{Diagnostic, Error, ErrorKind, Micros, Result};
use std::path::Path;

pub use national::{cnnvd, cnvd};
pub use nvd::parse as parse_nvd;

/// What is going on, for whoever shows it.
#[derive(Clone, Debug)]
pub struct Progress<'a> {
    /// The feed being read; empty while the file is written.
    pub feed: &'a str,
    /// Its place in the row of feeds, from 1.
    pub at: usize,
    /// All feeds.
    pub of: usize,
    /// Records taken so far, of all feeds.
    pub records: u64,
}

/// Compiles a folder into the file `target`, replacing it at once when all is done.
///
/// # Errors
/// `Invalid` where the folder holds no advisories, `Unavailable` where it cannot be read or the file not be written.
pub fn compile_folder(
    folder: &Path,
    target: &Path,
    now: Micros,
    progress: &mut dyn FnMut(&Progress<'_>),
) -> Result<Meta> {
    let origin = folder.display().to_string();
    compile_folders(&origin, &[folder], target, now, progress)
}

/// The same from several folders together. `origin` is what the file says it was compiled from.
///
/// # Errors
/// As [`compile_folder`]; the first folder must hold advisories, the others may add what they have.
pub fn compile_folders(
    origin: &str,
    folders: &[&Path],
    target: &Path,
    now: Micros,
    progress: &mut dyn FnMut(&Progress<'_>),
) -> Result<Meta> {
    let mut found = Vec::new();
    for (at, folder) in folders.iter().enumerate() {
        found.append(&mut feeds::find(folder)?);
        if at == 0 && !found.iter().any(|found| found.kind.has_advisories()) {
            return Err(Error::new(
                ErrorKind::Invalid,
                format!(
                    "{}: no advisories here: expected ECOSYSTEM/all.zip as the public OSV dump has them",
                    folder.display()
                ),
            ));
        }
    }
    feeds::order(&mut found);
    let mut compiler = Compiler::create(target, origin, now)?;
    let (mut records, mut merged) = (0, false);
    for (at, one) in found.iter().enumerate() {
        progress(&Progress { feed: &one.name, at: at + 1, of: found.len(), records });
        if !one.kind.has_advisories() && !merged {
            compiler.merge();
            merged = true;
        }
        match load(one, &mut compiler) {
            Ok(feed) => {
                records += feed.records;
                compiler.feed(feed);
            }
            Err(error) if error.kind() == ErrorKind::Internal => return Err(error),
            Err(error) => {
                compiler.diagnostic(Diagnostic::new("feed.unreadable", &one.name, error.message()));
            }
        }
    }
    if !merged {
        compiler.merge();
    }
    progress(&Progress { feed: "", at: found.len(), of: found.len(), records });
    compiler.finish()
}

/// Reads one feed. Records say how many were taken, the licence is the feed's own.
fn load(found: &Found, compiler: &mut Compiler) -> Result<Feed> {
    let (records, as_of) = match found.kind {
        Kind::OsvZip => osv_dump::zip(found, compiler)?,
        Kind::OsvDocument => osv_dump::document(found, compiler)?,
        Kind::OsvLines => osv_dump::lines(found, compiler)?,
        Kind::Exploited => exploited::load(found, compiler)?,
        Kind::Epss => epss::load(found, compiler)?,
        Kind::Cve => cve::load(found, compiler)?,
        Kind::Nvd => nvd::load(found, compiler)?,
        Kind::Cwe => cwe::load(found, compiler)?,
        Kind::NationalMap => national::load_map(found, compiler)?,
        Kind::NationalXml => national::load_xml(found, compiler)?,
        Kind::Lifecycle => lifecycle::load(found, compiler)?,
        Kind::Licences => licences::load(found, compiler)?,
    };
    Ok(Feed {
        name: found.name.clone(),
        kind: found.kind.word().to_owned(),
        records,
        as_of,
        licence: found.kind.licence(&found.name).to_owned(),
    })
}

/// A file of a feed as bytes, unpacked, at most [`unpack::MAX_DOCUMENT`].
fn read(found: &Found) -> Result<Vec<u8>> {
    unpack::whole(&found.path).map_err(|error| trouble(Path::new(&found.name), error))
}

/// JSON of a feed.
fn json<T: serde::de::DeserializeOwned>(found: &Found) -> Result<T> {
    serde_json::from_slice(&read(found)?).map_err(|error| trouble(Path::new(&found.name), error))
}
