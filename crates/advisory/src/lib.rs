//! The knowledge base: what is known against which package in which version, compiled into one file and asked offline.
//!
//! Sync, no database, no network. [`version`] orders the versions of every ecosystem; [`source`] reads what publishers
//! offer; [`compile`] writes the file; [`Knowledge`] answers from it. Adding an ecosystem is a line in [`ecosystem`].
#![deny(unsafe_code)]

pub mod bundle;
pub mod compile;
pub mod cvss;
pub mod ecosystem;
mod file;
pub mod grade;
pub mod knowledge;
pub mod lifecycle;
pub mod matching;
pub mod meta;
pub mod mirror;
pub mod osv;
pub mod place;
pub mod record;
pub mod source;
pub mod version;

pub use ecosystem::{Ecosystem, NotChecked, PackageKey};
pub use file::FORMAT;
pub use grade::Grade;
pub use knowledge::{Knowledge, Live};
pub use matching::{Assessment, Confidence, Finding, Recommendation};
pub use meta::Meta;
pub use place::{Place, current};
pub use version::{Scheme, VersionKey};

/// Name of the compiled file in its folder.
pub const FILE_NAME: &str = "knowledge.mkb";
