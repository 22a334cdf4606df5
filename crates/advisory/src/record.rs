//! One advisory as a source states it, in the form the compiler works with.

use crate::ecosystem::PackageKey;
use crate::version::VersionKey;

/// Where an affected stretch of versions ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Upper {
    /// Nowhere: no fix is known.
    Open,
    /// Before the version that repairs it.
    Fixed(VersionKey, String),
    /// With the last affected version.
    LastAffected(VersionKey, String),
}

/// A stretch of affected versions. No lower bound means from the first version on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interval {
    /// The first affected version.
    pub lower: Option<(VersionKey, String)>,
    /// The end.
    pub upper: Upper,
    /// The last version the source is sure of; beyond it an open end is a guess.
    pub last_known: Option<VersionKey>,
}

/// One package an advisory is about.
#[derive(Clone, Debug)]
pub struct Affected {
    /// The package.
    pub package: PackageKey,
    /// Affected stretches, ascending, not overlapping within one range of the source.
    pub intervals: Vec<Interval>,
    /// Affected versions that lie in none of the stretches.
    pub versions: Vec<String>,
    /// The source lost the upper bound: an open end may be false.
    pub upper_bound_unknown: bool,
    /// No vulnerability: `unmaintained`, `unsound`, `notice`.
    pub informational: Option<String>,
}

/// A CVSS vector of one source.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    /// 2, 3 or 4.
    pub version: u8,
    /// Base score, 0 to 10.
    pub score: f32,
    /// The vector.
    pub vector: String,
    /// Who gave it.
    pub source: String,
}

/// An advisory.
#[derive(Clone, Debug, Default)]
pub struct Record {
    /// The source's own number.
    pub id: String,
    /// Numbers of the same vulnerability elsewhere.
    pub aliases: Vec<String>,
    /// Vulnerabilities a distribution's advisory is about.
    pub upstream: Vec<String>,
    /// One line.
    pub summary: String,
    /// The text, Markdown.
    pub details: String,
    /// First published, ISO 8601; empty where the source does not know.
    pub published: String,
    /// Last changed, ISO 8601; empty where the source does not know.
    pub modified: String,
    /// Taken back at, ISO 8601; empty for an advisory in force.
    pub withdrawn: String,
    /// Kind and address.
    pub references: Vec<(String, String)>,
    /// CVSS vectors.
    pub scores: Vec<Score>,
    /// The source's own word for how bad it is.
    pub severity_word: String,
    /// Weaknesses, `CWE-79`.
    pub cwes: Vec<String>,
    /// Who states this.
    pub source: String,
    /// Under which licence.
    pub licence: &'static str,
    /// Affected packages.
    pub affected: Vec<Affected>,
}

impl Record {
    /// Whether the package itself is the attack.
    pub fn is_malicious(&self) -> bool {
        self.id.starts_with("MAL-")
    }
}
