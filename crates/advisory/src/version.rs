//! How versions are ordered, ecosystem by ecosystem.
//!
//! Every ecosystem turns a version into a [`VersionKey`]: bytes whose plain comparison is the ecosystem's order. So
//! each order is total by construction, a bound is compared without being read again, and the key can lie in a
//! table and be sorted by any store.

mod alpine;
mod composer;
mod conan;
mod debian;
mod integers;
mod key;
mod maven;
mod pep440;
mod rpm;
mod rubygems;
mod semver;
#[cfg(test)]
mod tests;

use key::Writer;
use std::cmp::Ordering;

pub use key::VersionKey;

/// Longest version that is read, in bytes.
pub const MAX_LENGTH: usize = 512;

/// An order of versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// Alpine's and Wolfi's apk-tools.
    Alpine,
    /// Semantic versions with a numeric suffix that is a later build.
    Bitnami,
    /// Composer's normalised versions.
    Composer,
    /// Conan 2.
    Conan,
    /// R's `package_version`.
    Cran,
    /// deb-version(7).
    Debian,
    /// Modules, pseudo-versions and releases of Go itself.
    Go,
    /// Haskell's `Data.Version`.
    Hackage,
    /// Maven's `ComparableVersion`.
    Maven,
    /// Semantic versions of up to four numbers, labels without case.
    Nuget,
    /// Semantic versions whose build part counts too.
    Pub,
    /// PEP 440.
    Pypi,
    /// rpm's EVR.
    Rpm,
    /// `Gem::Version`.
    RubyGems,
    /// Semantic versions 2.0: npm, crates.io, Hex, Swift, GitHub Actions, Julia.
    Semver,
}

impl Scheme {
    /// Every order there is.
    pub const ALL: [Self; 15] = [
        Self::Alpine,
        Self::Bitnami,
        Self::Composer,
        Self::Conan,
        Self::Cran,
        Self::Debian,
        Self::Go,
        Self::Hackage,
        Self::Maven,
        Self::Nuget,
        Self::Pub,
        Self::Pypi,
        Self::Rpm,
        Self::RubyGems,
        Self::Semver,
    ];

    /// The sort key of a version. None where the text is no version of this scheme (`latest`, a branch, a
    /// commit) or is longer than [`MAX_LENGTH`]: such a version is neither below nor above any other.
    pub fn key(self, version: &str) -> Option<VersionKey> {
        let version = version.trim();
        if version.is_empty() || version.len() > MAX_LENGTH || version.contains('\0') {
            return None;
        }
        let mut key = Writer::new(version.len());
        match self {
            Self::Alpine => alpine::key(version, &mut key),
            Self::Bitnami => semver::bitnami(version, &mut key),
            Self::Composer => composer::key(version, &mut key),
            Self::Conan => conan::key(version, &mut key),
            Self::Cran => integers::cran(version, &mut key),
            Self::Debian => debian::key(version, &mut key),
            Self::Go => semver::go(version, &mut key),
            Self::Hackage => integers::hackage(version, &mut key),
            Self::Maven => maven::key(version, &mut key),
            Self::Nuget => semver::nuget(version, &mut key),
            Self::Pub => semver::with_build(version, &mut key),
            Self::Pypi => pep440::key(version, &mut key),
            Self::Rpm => rpm::key(version, &mut key),
            Self::RubyGems => rubygems::key(version, &mut key),
            Self::Semver => semver::key(version, &mut key),
        }?;
        Some(key.finish())
    }

    /// The order of two versions; None where one of them is none.
    pub fn compare(self, left: &str, right: &str) -> Option<Ordering> {
        Some(self.key(left)?.cmp(&self.key(right)?))
    }

    /// Whether the version is one of those published before a release (`1.0-rc1`): not to be recommended
    /// to somebody who runs releases.
    pub fn is_prerelease(self, version: &str) -> bool {
        let lower = version.to_ascii_lowercase();
        match self {
            Self::Semver | Self::Pub | Self::Nuget | Self::Go | Self::Conan => {
                lower.split('+').next().is_some_and(|core| core.contains('-'))
            }
            Self::RubyGems => lower.bytes().any(|b| b.is_ascii_alphabetic()),
            Self::Pypi => pep440::is_prerelease(&lower),
            Self::Maven | Self::Composer => [
                "alpha",
                "beta",
                "milestone",
                "snapshot",
                "-rc",
                ".rc",
                "-cr",
                ".cr",
                "-m",
                ".m",
                "dev",
                "preview",
                "-ea",
            ]
            .iter()
            .any(|mark| lower.contains(mark)),
            Self::Alpine => {
                ["_alpha", "_beta", "_pre", "_rc"].iter().any(|mark| lower.contains(mark))
            }
            Self::Debian | Self::Rpm => lower.contains('~'),
            Self::Bitnami | Self::Cran | Self::Hackage => false,
        }
    }

    /// The first number of the version: what "the same major line" means.
    pub fn major(version: &str) -> Option<&str> {
        let digits = version.trim_start_matches(|c: char| !c.is_ascii_digit());
        let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
        digits.get(..end).filter(|major| !major.is_empty())
    }
}
