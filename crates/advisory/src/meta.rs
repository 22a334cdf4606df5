//! What a compiled file says about itself: sources, licences, ages, coverage.

use muster_model::{Diagnostic, Micros};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// One file or download that was read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Feed {
    /// Where it lay, relative to the source: `Maven/all.zip`.
    pub name: String,
    /// What it is: `osv`, `kev`, `epss`, `cve`, `nvd`, `cwe`, `cnvd`, `cnnvd`, `malicious`, `lifecycle`, `licence`.
    pub kind: String,
    /// Records taken from it.
    pub records: u64,
    /// How old its content is: its own date, or that of its newest record. Empty where it does not say.
    pub as_of: String,
    /// Licence of the data.
    pub licence: String,
}

/// Who states advisories.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Publisher {
    /// Licence of its data.
    pub licence: String,
    /// Advisories taken from it.
    pub advisories: u64,
}

/// What is loaded for one ecosystem.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EcosystemCoverage {
    /// Advisories that name it.
    pub advisories: u64,
    /// Packages anything is known about.
    pub packages: u64,
    /// Date of its newest advisory that is not in the future.
    pub newest: String,
    /// Releases of a distribution that occur.
    pub releases: BTreeSet<String>,
    /// Feeds they came from.
    pub feeds: BTreeSet<String>,
}

/// Place of a document among the texts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    pub(crate) block: u64,
    pub(crate) at: u32,
    pub(crate) length: u32,
}

/// All of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meta {
    /// Where its sources came from: a folder, an address, `publishers`.
    #[serde(default)]
    pub origin: String,
    /// When the file was compiled.
    pub built: Micros,
    /// Advisories in it.
    pub advisories: u64,
    /// Vulnerabilities they merge into, and known exploited ones without advisory.
    pub vulnerabilities: u64,
    /// By name.
    pub publishers: BTreeMap<String, Publisher>,
    /// By name.
    pub ecosystems: BTreeMap<String, EcosystemCoverage>,
    /// In the order they were read.
    pub feeds: Vec<Feed>,
    /// By name.
    pub documents: BTreeMap<String, Document>,
    /// The first troubles of the sources.
    pub diagnostics: Vec<Diagnostic>,
    /// All troubles, counted by code.
    pub diagnostic_counts: BTreeMap<String, u64>,
}
