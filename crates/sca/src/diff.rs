//! What changed from one report to the next: components, and what is known against them.

use crate::known::Vulnerability;
use crate::report::{Component, Report};
use muster_model::Purl;
use std::collections::{BTreeMap, BTreeSet};

/// A component of which there is another version now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved<'a> {
    /// Without version.
    pub package: Purl,
    /// Versions that are gone.
    pub from: Vec<&'a str>,
    /// Versions that are new.
    pub to: Vec<&'a str>,
}

/// A vulnerability of a package, open and sure.
#[derive(Clone, Copy, Debug)]
pub struct Open<'a> {
    /// The component.
    pub component: &'a Component,
    /// The vulnerability.
    pub vulnerability: &'a Vulnerability,
}

/// All of it, in the order of package URLs.
#[derive(Clone, Debug, Default)]
pub struct Diff<'a> {
    /// Packages that were not there.
    pub added: Vec<&'a Component>,
    /// Packages that are no longer there.
    pub removed: Vec<&'a Component>,
    /// Packages in other versions.
    pub moved: Vec<Moved<'a>>,
    /// Vulnerabilities a package did not have.
    pub new: Vec<Open<'a>>,
    /// Vulnerabilities a package no longer has.
    pub gone: Vec<Open<'a>>,
}

/// Compares two reports.
pub fn diff<'a>(old: &'a Report, new: &'a Report) -> Diff<'a> {
    let (before, after) = (packages(old), packages(new));
    let mut diff = Diff::default();
    for (package, components) in &after {
        let Some(known) = before.get(package) else {
            diff.added.extend(components);
            continue;
        };
        let versions = |list: &[&'a Component]| -> BTreeSet<&'a str> {
            list.iter().map(|one| one.purl.version()).collect()
        };
        let (was, is) = (versions(known), versions(components));
        if was != is {
            diff.moved.push(Moved {
                package: package.clone(),
                from: was.difference(&is).copied().collect(),
                to: is.difference(&was).copied().collect(),
            });
        }
    }
    for (package, components) in &before {
        if !after.contains_key(package) {
            diff.removed.extend(components);
        }
    }
    let (before, after) = (open(old), open(new));
    diff.new =
        after.iter().filter(|(key, _)| !before.contains_key(key)).map(|(_, one)| *one).collect();
    diff.gone =
        before.iter().filter(|(key, _)| !after.contains_key(key)).map(|(_, one)| *one).collect();
    diff
}

fn packages(report: &Report) -> BTreeMap<Purl, Vec<&Component>> {
    let mut packages: BTreeMap<Purl, Vec<&Component>> = BTreeMap::new();
    for one in &report.components {
        packages.entry(one.purl.package().without_qualifiers()).or_default().push(one);
    }
    packages
}

fn open(report: &Report) -> BTreeMap<(Purl, &str), Open<'_>> {
    let verdicts = report.known.iter().flat_map(|known| &known.components);
    let mut all = BTreeMap::new();
    for (component, verdict) in report.components.iter().zip(verdicts) {
        for vulnerability in verdict.vulnerabilities.iter().filter(|one| one.is_open()) {
            let package = component.purl.package().without_qualifiers();
            all.insert(
                (package, vulnerability.finding.id.as_str()),
                Open { component, vulnerability },
            );
        }
    }
    all
}
