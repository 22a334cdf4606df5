//! What a rule demands of a bill of materials, and what this one lacks.
//!
//! The rules: BSI TR-03183-2 2.1 (2025-08), the minimum elements of the NTIA (2021), and what Annex I of the Cyber
//! Resilience Act ((EU) 2024/2847) asks for. What no file of an artifact says, as who supplies a component, is not made
//! up: it is listed.

use crate::finding::Relation;
use crate::report::{Component, Report};

/// A rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// BSI TR-03183-2, 2.1.
    Bsi,
    /// NTIA minimum elements.
    Ntia,
    /// Cyber Resilience Act, Annex I part II (1).
    Cra,
}

/// A field that is missing somewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The field.
    pub field: &'static str,
    /// What lacks it: package URLs, or the document.
    pub missing: Vec<String>,
    /// How many should have it.
    pub of: usize,
}

/// Whether a component has a field.
type Has = fn(&Component) -> bool;

const NAME: (&str, Has) = ("name", |one| !one.purl.name().is_empty());
const VERSION: (&str, Has) = ("version", |one| !one.purl.version().is_empty());
const IDENTITY: (&str, Has) = ("unique identifier (package URL)", Component::is_identified);
/// As the component's own metadata tells it: a namespace is a name and not somebody.
const SUPPLIER: (&str, Has) =
    ("supplier or creator of the component", |one| one.supplier.is_some());
const RELATION: (&str, Has) =
    ("dependency relationship", |one| !one.depends.is_empty() || one.relation != Relation::Unknown);
const LICENCE: (&str, Has) = ("licence", |one| !one.licences.is_empty());
const FILE: (&str, Has) = ("file name of the deployable", |one| one.file.is_some());
const HASH: (&str, Has) = ("SHA-512 of the deployable", |one| one.file.is_some());
const FLAGS: (&str, Has) = ("executable, archive, structured", |one| one.file.is_some());

impl Profile {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bsi => "BSI TR-03183-2 2.1",
            Self::Ntia => "NTIA minimum elements",
            Self::Cra => "CRA Annex I part II (1)",
        }
    }

    /// What it demands of every component.
    const fn fields(self) -> &'static [(&'static str, Has)] {
        match self {
            Self::Bsi => &[SUPPLIER, NAME, VERSION, FILE, RELATION, LICENCE, HASH, FLAGS],
            Self::Ntia => &[SUPPLIER, NAME, VERSION, IDENTITY, RELATION],
            // Annex I names no fields, and no supplier: the top-level dependencies, so that machines know them.
            Self::Cra => &[NAME, VERSION, IDENTITY],
        }
    }
}

/// What `report` lacks by the rule, in the order of its fields.
pub fn check(report: &Report, profile: Profile) -> Vec<Gap> {
    let mut gaps = Vec::new();
    let mut document = |field: &'static str, has: bool| {
        if !has {
            gaps.push(Gap { field, missing: vec!["the document".to_owned()], of: 1 });
        }
    };
    match profile {
        Profile::Bsi | Profile::Ntia => document(
            "creator of the document: mail address or URL (--creator)",
            report.creator.is_some(),
        ),
        Profile::Cra => document(
            "top-level dependencies",
            report.components.iter().any(|one| one.relation == Relation::Direct),
        ),
    }
    document("completeness: the scan ended early", report.ended.is_none());
    for (field, has) in profile.fields() {
        let missing: Vec<String> = report
            .components
            .iter()
            .filter(|one| !has(one))
            .map(|one| one.purl.to_string())
            .collect();
        if !missing.is_empty() {
            gaps.push(Gap { field, missing, of: report.components.len() });
        }
    }
    gaps
}
