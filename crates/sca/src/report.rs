//! One truth: what the extractors said at many places becomes one row a component.

mod caches;
mod fixtures;
mod image;
mod licences;
mod read;
mod repository;
mod roots;

pub use licences::LicenceText;

use crate::Options;
use crate::file::{self, FileFacts};
use crate::finding::{Finding, Found, Kind, Relation, Scope};
use crate::known::Known;
use crate::limits::Budget;
use muster_model::Diagnostic;
use muster_model::purl::Purl;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// A place where a component was found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Virtual path of the file that told it.
    pub path: String,
    /// How it is known there.
    pub kind: Kind,
    /// Which extractor.
    pub extractor: &'static str,
    /// How sure, in percent.
    pub confidence: u8,
    /// Why, for people.
    pub reason: String,
}

/// One component of what was scanned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Component {
    /// What it is; without namespace for a Java archive whose group is not known.
    pub purl: Purl,
    /// The least that any place needs it for.
    pub scope: Scope,
    /// Direct if any place asks for it.
    pub relation: Relation,
    /// How sure, in percent: that of the surest place.
    pub confidence: u8,
    /// Who supplies it, where its own metadata says so.
    pub supplier: Option<String>,
    /// Licences as the sources spell them; where none does, those of its licence texts.
    pub licences: Vec<String>,
    /// The licence texts that lie beside its record or in its archive.
    pub texts: Vec<LicenceText>,
    /// What it needs, as far as that is in the report.
    pub depends: Vec<Purl>,
    /// Where it was found.
    pub places: Vec<Place>,
    /// The file it is, where it is one and files were looked at.
    pub file: Option<FileFacts>,
}

impl Component {
    /// A component of which nothing is known but what it is.
    pub fn of(purl: Purl) -> Self {
        Self {
            purl,
            scope: Scope::Unknown,
            relation: Relation::Unknown,
            confidence: 0,
            supplier: None,
            licences: Vec::new(),
            texts: Vec::new(),
            depends: Vec::new(),
            places: Vec::new(),
            file: None,
        }
    }

    /// Whether the package URL names the component fully: type, group where its ecosystem has them, version.
    pub fn is_identified(&self) -> bool {
        !self.purl.version().is_empty()
            && (self.purl.kind() != "maven" || !self.purl.namespace().is_empty())
    }

    /// As people of its ecosystem write it, without version: `group:name` in Maven's, `group/name` elsewhere.
    pub fn name(&self) -> String {
        match self.purl.namespace() {
            "" => self.purl.name().to_owned(),
            group if self.purl.kind() == "maven" => format!("{group}:{}", self.purl.name()),
            group => format!("{group}/{}", self.purl.name()),
        }
    }

    /// The strongest way in which it is known.
    pub fn kind(&self) -> Kind {
        self.places.iter().map(|place| place.kind).min().unwrap_or(Kind::Declared)
    }
}

/// The result of a scan.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The components in the order of their package URLs.
    pub components: Vec<Component>,
    /// Licences recognised in files, in the order of their paths.
    pub texts: Vec<LicenceText>,
    /// Files and members that could not be read or not fully, in the order of their paths.
    pub troubles: Vec<Diagnostic>,
    /// The limit that ended the scan before it was done.
    pub ended: Option<Diagnostic>,
    /// What vendored lock files, fixtures and examples named and was left out, by reason.
    pub left_out: BTreeMap<String, u64>,
    /// Files on disk and members of archives.
    pub members: u64,
    /// Archives opened.
    pub archives: u64,
    /// Bytes on disk and unpacked.
    pub bytes: u64,
    /// Who made the report: a mail address or URL, where somebody says so.
    pub creator: Option<String>,
    /// What is known against the components, once somebody asked.
    pub known: Option<Known>,
}

impl Report {
    /// The licences recognised in files that belong to no component.
    pub fn loose_texts(&self) -> impl Iterator<Item = &LicenceText> {
        let owned: HashSet<&LicenceText> =
            self.components.iter().flat_map(|one| &one.texts).collect();
        self.texts.iter().filter(move |text| !owned.contains(text))
    }

    /// The package URLs of the components, in their order.
    pub fn purls(&self) -> Vec<Purl> {
        self.components.iter().map(|one| one.purl.clone()).collect()
    }
}

/// Builds the report of what was found.
pub(crate) fn build(mut found: Found, options: &Options, budget: &Budget) -> Report {
    let mut report = Report {
        ended: budget.stopped().map(|trouble| trouble.of("")),
        members: budget.members(),
        archives: budget.archives(),
        bytes: budget.bytes(),
        ..Report::default()
    };
    found.notes.sort_unstable();
    let images = image::Images::new(&found.notes);
    images.drop_hidden(&mut found.findings);
    let roots = roots::Roots::new(&found.notes, &images);
    found.findings.iter_mut().for_each(|finding| roots.name(finding));
    repository::name(&mut found.findings, &found.notes);
    if !options.fixtures {
        report.left_out = leave_out(&mut found.findings, &roots);
    }
    let mut rows: BTreeMap<Purl, Component> = BTreeMap::new();
    for finding in found.findings {
        merge(&mut rows, finding);
    }
    fold_unversioned(&mut rows);
    let known: BTreeSet<Purl> = rows.keys().cloned().collect();
    let files: HashMap<String, FileFacts> = found.files.into_iter().collect();
    report.components = rows.into_values().map(|row| finish(row, &known, &files)).collect();
    report.texts = licences::texts(&found.notes);
    licences::assign(&mut report.components, &report.texts);
    // A limit that ended the scan is said once, not for every member that was open.
    found
        .troubles
        .retain(|trouble| report.ended.as_ref().is_none_or(|ended| ended.code != trouble.code));
    found.troubles.sort_unstable_by(|a, b| {
        (&a.subject, &a.code, &a.message).cmp(&(&b.subject, &b.code, &b.message))
    });
    found.troubles.dedup();
    report.troubles = found.troubles;
    report
}

/// Drops what is there but does not belong to the product; how many findings, by reason.
fn leave_out(findings: &mut Vec<Finding>, roots: &roots::Roots<'_>) -> BTreeMap<String, u64> {
    let mut left_out: BTreeMap<String, u64> = BTreeMap::new();
    let cached = caches::drop_not_installed(findings, roots);
    if cached > 0 {
        left_out.insert(caches::REASON.to_owned(), cached);
    }
    let environments = fixtures::Environments::of(findings);
    findings.retain(|finding| {
        let reason = environments.reason(finding);
        if let Some(reason) = reason {
            *left_out.entry(reason.to_owned()).or_default() += 1;
        }
        reason.is_none()
    });
    left_out
}

fn merge(rows: &mut BTreeMap<Purl, Component>, finding: Finding) {
    let place = Place {
        path: finding.place,
        kind: finding.kind,
        extractor: finding.extractor,
        confidence: finding.confidence,
        reason: finding.reason,
    };
    let row = rows.entry(finding.purl.clone()).or_insert_with(|| Component::of(finding.purl));
    row.scope = row.scope.min(finding.scope);
    row.relation = row.relation.min(finding.relation);
    row.confidence = row.confidence.max(finding.confidence);
    // The same whichever thread came first.
    row.supplier = row.supplier.take().into_iter().chain(finding.supplier).min();
    row.licences.extend(finding.licences);
    row.depends.extend(finding.depends);
    row.places.push(place);
}

/// A manifest that asks for a package without settling its version speaks of the versions found elsewhere.
fn fold_unversioned(rows: &mut BTreeMap<Purl, Component>) {
    let mut versions: HashMap<Purl, Vec<Purl>> = HashMap::new();
    for purl in rows.keys().filter(|purl| !purl.version().is_empty()) {
        versions.entry(purl.package()).or_default().push(purl.clone());
    }
    let open: Vec<Purl> = rows
        .iter()
        .filter(|(purl, row)| {
            purl.version().is_empty()
                && row.kind() == Kind::Declared
                && versions.contains_key(&purl.package())
        })
        .map(|(purl, _)| purl.clone())
        .collect();
    for purl in open {
        let Some(row) = rows.remove(&purl) else { continue };
        for version in versions.get(&purl.package()).into_iter().flatten() {
            if let Some(target) = rows.get_mut(version) {
                target.relation = target.relation.min(row.relation);
                target.scope = target.scope.min(row.scope);
                target.places.extend(row.places.iter().cloned());
            }
        }
    }
}

fn finish(
    mut row: Component,
    known: &BTreeSet<Purl>,
    files: &HashMap<String, FileFacts>,
) -> Component {
    row.places.sort_unstable();
    row.places.dedup();
    row.file = file::of_places(&row.places, files);
    row.licences.sort_unstable();
    row.licences.dedup();
    row.depends.sort_unstable();
    row.depends.dedup();
    row.depends.retain(|on| known.contains(on) && *on != row.purl);
    row
}
