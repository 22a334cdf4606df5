//! Packages that a package manager keeps after it fetched them. What lies in its cache is installed where its database says so, and
//! not by lying there; what the database knows is one row with it.

use super::roots::Roots;
use crate::finding::{Finding, Kind};
use crate::package_caches::cache_in;
use muster_model::purl::Purl;
use std::collections::{HashMap, HashSet};

/// Why a finding in such a package is left out.
pub(super) const REASON: &str = "package in a package manager's cache, not installed";

/// Drops what lies in cached packages that the database of the same root does not know as installed; how many findings.
pub(super) fn drop_not_installed(findings: &mut Vec<Finding>, roots: &Roots<'_>) -> u64 {
    let mut installed: HashMap<&str, HashSet<&Purl>> = HashMap::new();
    for finding in findings.iter().filter(|one| one.kind == Kind::Installed && is_package(one)) {
        if let Some(root) = roots.of(&finding.place) {
            installed.entry(root).or_default().insert(&finding.purl);
        }
    }
    if installed.is_empty() {
        return 0;
    }
    let cached: Vec<Option<(&str, &str)>> = findings
        .iter()
        .map(|one| {
            let archive = archive(&one.place)?;
            // A root without a database is a folder of packages, and each of them counts.
            let root = roots.of(archive).filter(|root| installed.contains_key(root))?;
            Some((root, archive))
        })
        .collect();
    let known: HashSet<&str> = findings
        .iter()
        .zip(&cached)
        .filter(|(one, _)| one.kind == Kind::Archive && is_package(one))
        .filter_map(|(one, place)| {
            let (root, archive) = (*place)?;
            installed.get(root)?.contains(&one.purl).then_some(archive)
        })
        .collect();
    let keep: Vec<bool> = cached
        .iter()
        .map(|place| place.is_none_or(|(_, archive)| known.contains(archive)))
        .collect();
    let before = findings.len();
    let mut keep = keep.into_iter();
    findings.retain(|_| keep.next().unwrap_or(true));
    (before - findings.len()) as u64
}

/// Whether it is a package of an operating system.
fn is_package(finding: &Finding) -> bool {
    matches!(finding.purl.kind(), "deb" | "rpm" | "apk" | "alpm")
}

/// The path of the cached package that a place lies in.
fn archive(place: &str) -> Option<&str> {
    let at = cache_in(place)?;
    let end = at + place.get(at..)?.find("!/")?;
    place.get(..end)
}
