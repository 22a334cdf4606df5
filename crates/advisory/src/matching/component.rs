//! One component against the entries of its package.

use super::{Confidence, Finding, Hit};
use crate::ecosystem::{NotChecked, PackageKey};
use crate::knowledge::{Entry, Knowledge};
use crate::version::VersionKey;
use muster_model::Purl;
use std::collections::BTreeMap;

/// A component with the packages it may be filed under.
pub(super) struct Component<'a> {
    pub(super) knowledge: &'a Knowledge,
    pub(super) keys: Vec<Filed>,
}

/// One package it may be filed under, and the version to compare there.
pub(super) struct Filed {
    pub(super) package: PackageKey,
    pub(super) version: String,
    /// None where the version is none of its ecosystem.
    pub(super) key: Option<VersionKey>,
}

/// Why an entry holds the version.
struct Reason {
    range: String,
    confidence: Confidence,
}

impl<'a> Component<'a> {
    pub(super) fn of(knowledge: &'a Knowledge, purl: &Purl) -> Result<Self, NotChecked> {
        let keys = PackageKey::from_purl(purl)?;
        let covered = keys.iter().any(|(package, _)| {
            knowledge.meta().ecosystems.get(package.ecosystem.name).is_some_and(|coverage| {
                !package.ecosystem.has_releases || coverage.releases.contains(&package.release)
            })
        });
        if !covered {
            return Err(NotChecked::NoSource);
        }
        let keys = keys
            .into_iter()
            .map(|(package, version)| Filed {
                key: package.ecosystem.scheme.key(&version),
                package,
                version,
            })
            .collect();
        Ok(Self { knowledge, keys })
    }

    pub(super) fn ecosystem_label(&self) -> String {
        self.keys.first().map(|filed| filed.package.ecosystem_label()).unwrap_or_default()
    }

    /// Compared only with what holds for all versions or lists this very text.
    pub(super) fn unreadable(&self) -> bool {
        self.keys.iter().all(|filed| filed.key.is_none())
    }

    /// Adds the findings, the worst first.
    pub(super) fn findings(&self, at: usize, out: &mut Vec<Finding>) {
        let start = out.len();
        let mut places: BTreeMap<u32, usize> = BTreeMap::new();
        for filed in &self.keys {
            let Some(entries) = self.knowledge.entries(&filed.package) else { continue };
            for entry in entries {
                let Some(reason) = filed.reason(&entry) else { continue };
                let Some(advisory) = self.knowledge.advisory_at(entry.advisory) else { continue };
                for number in advisory.vulnerabilities() {
                    let Some(vulnerability) = self.knowledge.vulnerability_at(number) else {
                        continue;
                    };
                    if vulnerability.rejected {
                        continue;
                    }
                    let place = *places.entry(number).or_insert_with(|| {
                        out.push(Finding::of(at, &vulnerability));
                        out.len() - 1
                    });
                    let Some(finding) = out.get_mut(place) else { continue };
                    finding.malicious |= entry.is_malicious();
                    if let Some(informational) = entry.informational {
                        finding.informational = Some(informational.to_owned());
                    }
                    finding.confidence = finding.confidence.max(reason.confidence);
                    finding.hits.push(Hit {
                        advisory: advisory.id.to_owned(),
                        source: advisory.source.to_owned(),
                        package: filed.package.name.clone(),
                        range: reason.range.clone(),
                        version: filed.version.clone(),
                        fixed: filed
                            .fixed(&entry)
                            .into_iter()
                            .map(|(_, text)| text.to_owned())
                            .collect(),
                        confidence: reason.confidence,
                    });
                }
            }
        }
        if out.len() == start {
            return;
        }
        self.settle(&places, out);
        let mut own = out.split_off(start);
        own.retain(|finding| !finding.hits.is_empty());
        own.sort_by(|left, right| (left.grade, &left.id).cmp(&(right.grade, &right.id)));
        out.append(&mut own);
    }

    /// Takes back guesses where a source that knows the upper bound says otherwise, and lists the fixes.
    fn settle(&self, places: &BTreeMap<u32, usize>, out: &mut [Finding]) {
        for (number, place) in places {
            let Some(finding) = out.get_mut(*place) else { continue };
            if finding.confidence == Confidence::Low && self.is_denied(*number) {
                finding.hits.clear();
            }
            let mut fixed: Vec<(Option<VersionKey>, String)> = Vec::new();
            for hit in &finding.hits {
                for version in &hit.fixed {
                    let scheme = self.keys.first().map(|filed| filed.package.ecosystem.scheme);
                    fixed.push((scheme.and_then(|scheme| scheme.key(version)), version.clone()));
                }
            }
            fixed.sort();
            fixed.dedup();
            finding.fixed = fixed.into_iter().map(|(_, text)| text).collect();
        }
    }

    /// Whether an entry with known bounds for the same vulnerability leaves the version out.
    fn is_denied(&self, vulnerability: u32) -> bool {
        self.keys.iter().any(|filed| {
            self.knowledge.entries(&filed.package).into_iter().flatten().any(|entry| {
                !entry.upper_bound_unknown()
                    && entry.spans().next().is_some()
                    && filed.reason(&entry).is_none()
                    && self.knowledge.advisory_at(entry.advisory).is_some_and(|advisory| {
                        advisory.vulnerabilities().any(|number| number == vulnerability)
                    })
            })
        })
    }
}

impl Filed {
    fn reason(&self, entry: &Entry<'_>) -> Option<Reason> {
        let listed = |version: &&str| {
            *version == self.version
                || self.key.is_some() && self.package.ecosystem.scheme.key(version) == self.key
        };
        let holds = entry.spans().find(|span| match &self.key {
            Some(key) => span.contains(key.as_bytes()),
            None => span.is_everything(),
        });
        if let Some(span) = holds {
            let guess = self.key.as_ref().is_some_and(|key| span.is_guess(key.as_bytes()))
                || span.is_open() && entry.upper_bound_unknown();
            let confidence = if guess { Confidence::Low } else { Confidence::High };
            return Some(Reason { range: span.text(), confidence });
        }
        entry
            .versions()
            .find(listed)
            .map(|version| Reason { range: format!("= {version}"), confidence: Confidence::High })
    }

    /// Whether the entry surely holds another version of the package.
    pub(super) fn affects(&self, entry: &Entry<'_>, version: &str, key: &VersionKey) -> bool {
        let other = Self {
            package: self.package.clone(),
            version: version.to_owned(),
            key: Some(key.clone()),
        };
        other.reason(entry).is_some_and(|reason| reason.confidence == Confidence::High)
    }

    /// Repaired versions above this one.
    pub(super) fn fixed<'e>(&self, entry: &Entry<'e>) -> Vec<(&'e [u8], &'e str)> {
        let mut fixed: Vec<_> = entry
            .spans()
            .filter_map(|span| span.fixed())
            .filter(|(fixed, _)| self.key.as_ref().is_none_or(|key| *fixed > key.as_bytes()))
            .collect();
        fixed.sort_unstable();
        fixed.dedup();
        fixed
    }
}
