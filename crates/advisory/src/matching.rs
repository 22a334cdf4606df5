//! Comparing components with what is known.

mod component;
mod recommend;

use crate::ecosystem::{Ecosystem, NotChecked};
use crate::grade::{Grade, Signals};
use crate::knowledge::Knowledge;
use muster_model::{Micros, Purl};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

pub use recommend::{Recommendation, Why};

/// How sure a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// The version may lie beyond the last affected one, which the source does not state.
    Low,
    /// The source's range holds the version.
    High,
}

/// What one advisory says about the component.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Hit {
    /// The advisory's number.
    pub advisory: String,
    /// Who states it.
    pub source: String,
    /// The package it names: the component itself, or the source package it was built from.
    pub package: String,
    /// The stretch of versions that holds the component's, `>= 1.0, < 1.2`, or `= 1.1` where it is listed.
    pub range: String,
    /// The version that was compared.
    pub version: String,
    /// Versions that repair it, by this advisory.
    pub fixed: Vec<String>,
    /// How sure it is.
    pub confidence: Confidence,
}

/// A vulnerability a component has.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    /// Place of the component in the list that was handed in.
    pub component: usize,
    /// CVE where there is one, else GHSA, else the source's own number.
    pub id: String,
    /// Its other numbers.
    pub aliases: Vec<String>,
    /// How bad it is.
    pub grade: Grade,
    /// Why.
    pub reason: String,
    /// Known to be exploited.
    pub exploited: bool,
    /// Probability of exploitation in 30 days.
    pub epss: Option<f32>,
    /// CVSS version and base score.
    pub score: Option<(u8, f32)>,
    /// The package itself is the attack.
    pub malicious: bool,
    /// Its vendor says it is none.
    pub disputed: bool,
    /// No vulnerability but a notice: `unmaintained`, `unsound`.
    pub informational: Option<String>,
    /// The surest of the hits.
    pub confidence: Confidence,
    /// The advisories that say so and why.
    pub hits: Vec<Hit>,
    /// Versions above the component's that repair it, ascending; empty where no fix is known.
    pub fixed: Vec<String>,
}

/// How far the answer for one ecosystem goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// `Maven`, `Debian:12`, or the package URL's type where there is no ecosystem for it.
    pub ecosystem: String,
    /// Components that were compared.
    pub checked: usize,
    /// Components that were not, by reason.
    pub not_checked: BTreeMap<&'static str, usize>,
    /// Feeds they were compared with.
    pub sources: BTreeSet<String>,
    /// Date of the newest advisory loaded for it; empty where none is.
    pub newest: String,
}

/// The answer.
#[derive(Clone, Debug, Serialize)]
pub struct Assessment {
    /// Digest of the state of knowledge it comes from.
    pub knowledge: String,
    /// When that was compiled.
    pub built: Micros,
    /// By component, then the worst first.
    pub findings: Vec<Finding>,
    /// For every component, why it was not compared; none where it was.
    pub not_checked: Vec<Option<&'static str>>,
    /// By ecosystem: never a silent zero.
    pub coverage: Vec<Coverage>,
}

impl Knowledge {
    /// Compares components with all that is known.
    pub fn assess(&self, components: &[Purl]) -> Assessment {
        let mut findings = Vec::new();
        let mut not_checked = Vec::with_capacity(components.len());
        let mut coverage: BTreeMap<String, Coverage> = BTreeMap::new();
        for (at, purl) in components.iter().enumerate() {
            let result = component::Component::of(self, purl);
            let label = match &result {
                Ok(component) => component.ecosystem_label(),
                Err(_) => Ecosystem::of(purl)
                    .map_or_else(|| purl.kind().to_owned(), |e| e.name.to_owned()),
            };
            let why = match result {
                Ok(component) => {
                    component.findings(at, &mut findings);
                    component.unreadable().then_some(NotChecked::UnreadableVersion)
                }
                Err(why) => Some(why),
            };
            let row = coverage.entry(label).or_insert_with_key(|label| self.coverage(label));
            match why {
                None => row.checked += 1,
                Some(why) => *row.not_checked.entry(why.code()).or_default() += 1,
            }
            not_checked.push(why.map(NotChecked::code));
        }
        Assessment {
            knowledge: self.digest(),
            built: self.meta().built,
            findings,
            not_checked,
            coverage: coverage.into_values().collect(),
        }
    }

    /// The version to move to.
    pub fn recommend(&self, purl: &Purl, published: &[&str]) -> Recommendation {
        match component::Component::of(self, purl) {
            Ok(component) => recommend::recommend(&component, published),
            Err(why) => Recommendation::none(Why::NotChecked(why)),
        }
    }

    fn coverage(&self, label: &str) -> Coverage {
        let base = label.split(':').next().unwrap_or_default();
        let known = self.meta().ecosystems.get(base);
        Coverage {
            ecosystem: label.to_owned(),
            checked: 0,
            not_checked: BTreeMap::new(),
            sources: known.map(|known| known.feeds.clone()).unwrap_or_default(),
            newest: known.map(|known| known.newest.clone()).unwrap_or_default(),
        }
    }
}

impl Finding {
    /// Without its hits yet.
    fn of(component: usize, vulnerability: &crate::knowledge::Vulnerability<'_>) -> Self {
        let Signals { score, exploited, epss, malicious, .. } = vulnerability.signals;
        Self {
            component,
            id: vulnerability.id.to_owned(),
            aliases: vulnerability.aliases().map(str::to_owned).collect(),
            grade: vulnerability.grade(),
            reason: vulnerability.signals.reason(),
            exploited,
            epss,
            score,
            malicious,
            disputed: vulnerability.disputed,
            informational: None,
            confidence: Confidence::Low,
            hits: Vec::new(),
            fixed: Vec::new(),
        }
    }
}
