//! OSV documents: a zip of them, one a file, one a line.

use super::feeds::{Found, Kind};
use super::unpack;
use crate::compile::Compiler;
use crate::file::trouble;
use crate::osv;
use muster_model::{Diagnostic, Result};
use std::fs::File;
use std::io::{BufReader, Read as _};
use std::path::Path;

/// Most documents of one dump.
const MAX_ENTRIES: usize = 5_000_000;

/// Counts what is taken and remembers the newest date that is not in the future.
struct Taken<'a> {
    compiler: &'a mut Compiler,
    feed: &'a str,
    records: u64,
    newest: String,
    now: String,
    /// Newer than the dumps.
    complete: bool,
}

impl<'a> Taken<'a> {
    fn new(compiler: &'a mut Compiler, found: &'a Found) -> Self {
        let now = compiler.built().iso();
        Self {
            compiler,
            feed: &found.name,
            records: 0,
            newest: String::new(),
            now,
            complete: found.kind == Kind::OsvDocument,
        }
    }

    fn document(&mut self, name: &str, bytes: &[u8]) -> Result<()> {
        let mut diagnostics = Vec::new();
        let record = osv::parse(bytes, &mut diagnostics);
        for diagnostic in diagnostics {
            self.compiler.diagnostic(diagnostic);
        }
        match record {
            Ok(record) => {
                let date =
                    if record.modified.is_empty() { &record.published } else { &record.modified };
                if *date > self.newest && *date <= self.now {
                    self.newest.clone_from(date);
                }
                if self.compiler.advisory(&record, self.feed, self.complete)? {
                    self.records += 1;
                }
            }
            Err(mut diagnostic) => {
                diagnostic.subject = format!("{}/{name}", self.feed);
                self.compiler.diagnostic(diagnostic);
            }
        }
        Ok(())
    }
}

/// A dump, `ECOSYSTEM/all.zip`. A damaged entry costs that entry.
pub(super) fn zip(found: &Found, compiler: &mut Compiler) -> Result<(u64, String)> {
    let failed = |error: &dyn std::fmt::Display| trouble(Path::new(&found.name), error);
    let file = File::open(&found.path).map_err(|error| failed(&error))?;
    let mut archive = zip::ZipArchive::new(BufReader::new(file)).map_err(|error| failed(&error))?;
    let mut taken = Taken::new(compiler, found);
    let mut bytes = Vec::new();
    for at in 0..archive.len().min(MAX_ENTRIES) {
        bytes.clear();
        let limit = u64::try_from(osv::MAX_DOCUMENT + 1).unwrap_or(u64::MAX);
        let (name, read) = match archive.by_index(at) {
            Ok(entry) => {
                let name = String::from_utf8_lossy(entry.name_raw()).into_owned();
                if !name.ends_with(".json") {
                    continue;
                }
                (name, entry.take(limit).read_to_end(&mut bytes))
            }
            Err(error) => {
                let subject = format!("{}#{at}", found.name);
                taken.compiler.diagnostic(Diagnostic::new(
                    "zip.damaged",
                    subject,
                    error.to_string(),
                ));
                continue;
            }
        };
        match read {
            Ok(_) => taken.document(&name, &bytes)?,
            Err(error) => {
                let subject = format!("{}/{name}", found.name);
                taken.compiler.diagnostic(Diagnostic::new(
                    "zip.damaged",
                    subject,
                    error.to_string(),
                ));
            }
        }
    }
    Ok((taken.records, taken.newest))
}

/// One document of its own.
pub(super) fn document(found: &Found, compiler: &mut Compiler) -> Result<(u64, String)> {
    let bytes = super::read(found)?;
    let mut taken = Taken::new(compiler, found);
    taken.document("", &bytes)?;
    Ok((taken.records, taken.newest))
}

/// One document a line.
pub(super) fn lines(found: &Found, compiler: &mut Compiler) -> Result<(u64, String)> {
    let mut taken = Taken::new(compiler, found);
    let mut failure = Ok(());
    let read = unpack::lines(&found.path, |line| {
        failure = taken.document("", line);
        if failure.is_err() { Err(std::io::Error::other("stopped")) } else { Ok(()) }
    });
    failure?;
    read.map_err(|error| trouble(Path::new(&found.name), error))?;
    Ok((taken.records, taken.newest))
}
