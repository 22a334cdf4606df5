//! The version to move to: the lowest above the present one that no vulnerability of grade medium or worse affects, in
//! the same major line if there is one.

use super::component::{Component, Filed};
use crate::ecosystem::NotChecked;
use crate::grade::Grade;
use crate::knowledge::Entry;
use crate::version::{Scheme, VersionKey};
use serde::Serialize;

/// Most versions that are tried.
const MAX_CANDIDATES: usize = 2_000;

/// Why this version, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Nothing of grade medium or worse is known against the present version.
    NotNeeded,
    /// The lowest clean version of the same major line.
    SameMajor,
    /// No clean version is known in the same major line: the lowest of a later one.
    OtherMajor,
    /// No version is known that is clean.
    NoneKnown,
    /// The component could not be compared.
    NotChecked(NotChecked),
}

impl Why {
    /// Stable code for reports.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotNeeded => "not_needed",
            Self::SameMajor => "same_major",
            Self::OtherMajor => "other_major",
            Self::NoneKnown => "none_known",
            Self::NotChecked(_) => "not_checked",
        }
    }
}

/// The recommendation with its explanation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Recommendation {
    /// The version; empty where none is needed or known.
    pub version: String,
    /// Why, for programs.
    #[serde(skip)]
    pub why: Why,
    /// Why, for people.
    pub explanation: String,
}

impl Recommendation {
    pub(super) fn none(why: Why) -> Self {
        let explanation = match why {
            Why::NotNeeded => {
                "no known vulnerability of grade medium or higher affects this version".to_owned()
            }
            Why::NotChecked(why) => format!("the component could not be compared ({})", why.code()),
            _ => "no version is known that no vulnerability of grade medium or higher affects"
                .to_owned(),
        };
        Self { version: String::new(), why, explanation }
    }
}

/// `published` are further versions that exist, from whoever knows them; those that repair something are known here.
pub(super) fn recommend(component: &Component<'_>, published: &[&str]) -> Recommendation {
    let mut rows: Vec<(&Filed, Vec<Entry<'_>>)> = Vec::new();
    for filed in &component.keys {
        let entries = component.knowledge.entries(&filed.package).into_iter().flatten();
        rows.push((filed, entries.filter(|entry| is_grave(component, entry)).collect()));
    }
    // The package that has something against this version decides; a source package and its own version else.
    let Some((filed, present)) = rows.iter().find_map(|(filed, entries)| {
        let present = filed.key.as_ref()?;
        entries
            .iter()
            .any(|entry| filed.affects(entry, &filed.version, present))
            .then_some((*filed, present))
    }) else {
        let unreadable = component.unreadable();
        return Recommendation::none(if unreadable {
            Why::NotChecked(NotChecked::UnreadableVersion)
        } else {
            Why::NotNeeded
        });
    };
    let entries: Vec<Entry<'_>> = rows.iter().flat_map(|(_, entries)| entries).copied().collect();
    let scheme = filed.package.ecosystem.scheme;
    let all = component.knowledge.entries(&filed.package).into_iter().flatten();
    let mut candidates: Vec<(VersionKey, String)> = all
        .flat_map(|entry| {
            entry.spans().filter_map(|span| span.fixed()).map(|(_, text)| text).collect::<Vec<_>>()
        })
        .chain(published.iter().copied())
        .filter_map(|text| Some((scheme.key(text)?, text.to_owned())))
        .filter(|(key, _)| key > present)
        .collect();
    candidates.sort();
    candidates.dedup_by(|left, right| left.0 == right.0);
    candidates.truncate(MAX_CANDIDATES);
    candidates.retain(|(key, text)| !entries.iter().any(|entry| filed.affects(entry, text, key)));
    let stable = |text: &str| !scheme.is_prerelease(text) || scheme.is_prerelease(&filed.version);
    let same = |text: &str| Scheme::major(text) == Scheme::major(&filed.version);
    let pick = |wanted: &dyn Fn(&str) -> bool| {
        candidates.iter().map(|(_, text)| text).find(|text| wanted(text))
    };
    let same_major = pick(&|text| same(text) && stable(text));
    let other = || pick(&|text| stable(text)).or_else(|| pick(&|_| true));
    match (same_major, same_major.or_else(other)) {
        (Some(version), _) => Recommendation {
            explanation: format!(
                "{version} is the lowest version of the same major line that no known vulnerability of grade medium or higher affects"
            ),
            version: version.clone(),
            why: Why::SameMajor,
        },
        (None, Some(version)) => Recommendation {
            explanation: format!(
                "no version of the same major line is known to be free of vulnerabilities of grade medium or higher; {version} is the lowest later one"
            ),
            version: version.clone(),
            why: Why::OtherMajor,
        },
        (None, None) => Recommendation::none(Why::NoneKnown),
    }
}

/// In force, and of grade medium or worse.
fn is_grave(component: &Component<'_>, entry: &Entry<'_>) -> bool {
    component.knowledge.advisory_at(entry.advisory).is_some_and(|advisory| {
        advisory
            .vulnerabilities()
            .filter_map(|number| component.knowledge.vulnerability_at(number))
            .any(|vulnerability| !vulnerability.rejected && vulnerability.grade() <= Grade::Medium)
    })
}
