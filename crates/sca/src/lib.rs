//! What is inside an artifact: the composition engine.
//!
//! [`scan`] walks a folder, a file or a stream, looks into every archive in every archive, gives each file to
//! the [extractors] that want it, and merges what they say into one row a component with all its
//! places. What is [known] against them is asked of the knowledge base afterwards. It is synchronous, uses no network
//! and no database, and writes nothing to disk.
//!
//! Hostile input is the normal case: [`Limits`] hold for the whole scan, a broken file is a diagnostic in a
//! partial result, and whatever a parser does, the scan ends with a report.

mod archives;
pub mod blob;
pub mod classes;
pub mod content;
pub mod diff;
pub mod extractor;
pub mod extractors;
pub mod file;
pub mod finding;
pub mod known;
pub mod licences;
pub mod limits;
mod names;
pub mod output;
mod package_caches;
pub mod profile;
mod queue;
pub mod report;
pub mod trouble;
pub mod vex;
mod walk;

pub use blob::Blob;
pub use classes::ClassIndex;
pub use known::Known;
pub use limits::{Budget, Limits};
pub use report::{Component, Place, Report};

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

/// How to scan.
#[derive(Clone, Debug)]
pub struct Options {
    /// Threads that walk.
    pub threads: usize,
    /// Look also into files whose name says that they are text, pictures or class files.
    pub thorough: bool,
    /// Look also into every text for the licence that its top names.
    pub licences: bool,
    /// Also report what a vendored package's own lock files, test fixtures and examples name.
    pub fixtures: bool,
    /// Take size and SHA-512 of the archives that are components.
    pub files: bool,
    /// Say which artifacts of this index lie in Java archives by their classes.
    pub index: Option<ClassIndex>,
    /// Note the classes of every archive that is surely one artifact: [`classes::build`] does.
    pub collect_classes: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            threads: 2,
            thorough: false,
            licences: false,
            fixtures: false,
            files: false,
            index: None,
            collect_classes: false,
        }
    }
}

impl Options {
    /// Whether files are looked into whatever their name says they are.
    pub(crate) const fn everything(&self) -> bool {
        self.thorough || self.licences
    }
}

/// What to scan.
pub enum Input<'a> {
    /// A folder or a file.
    Path(&'a Path),
    /// A mapped file under a name that need not be its own.
    Mapped(&'a str, &'a Blob),
    /// Bytes under a name.
    Bytes(&'a str, &'a [u8]),
    /// A stream under a name.
    Stream(&'a str, &'a mut dyn Read),
}

/// Scans `input` within the limits of `budget`, which also tells how far it got.
pub fn scan(input: Input<'_>, options: &Options, budget: &Arc<Budget>) -> Report {
    let found = walk::Walk::run(extractors::TABLE, options, budget, input);
    report::build(found, options, budget)
}
