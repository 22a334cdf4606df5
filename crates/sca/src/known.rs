//! The judge of components: vulnerabilities with their grade, the version to move to, and for every component that was
//! not compared, why. Whoever compares a report or a task with the knowledge base asks here.

use crate::vex::Judgement;
use muster_advisory::knowledge::Details;
use muster_advisory::matching::Coverage;
use muster_advisory::{Confidence, Ecosystem, Finding, Grade, Knowledge, Recommendation};
use muster_model::{Micros, Purl};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// The reason where nothing can be compared at all.
const NO_KNOWLEDGE: &str = "no_knowledge";

/// Of a whole report. Its parts are in the order of the report's.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// The state of knowledge that was asked; none where there is no knowledge base.
    pub state: Option<State>,
    /// How far the answer goes, by ecosystem.
    pub coverage: Vec<Coverage>,
    /// One a component.
    pub components: Vec<Verdict>,
    /// Statements and rules that were to close vulnerabilities and closed none.
    pub unused: Vec<Unused>,
}

/// A state of knowledge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// Names it: SHA-256 over its content.
    pub digest: String,
    /// When it was compiled.
    pub built: Micros,
    /// From where.
    pub origin: String,
}

/// Of one component.
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    /// Why it was not compared; none where it was.
    pub not_checked: Option<&'static str>,
    /// What it has, the worst first.
    pub vulnerabilities: Vec<Vulnerability>,
    /// The version to move to; none where it was not compared.
    pub advice: Option<Recommendation>,
    /// Its release line is no longer maintained: which, and since when.
    pub ended: Option<String>,
}

/// A vulnerability of a component.
#[derive(Clone, Debug)]
pub struct Vulnerability {
    /// Which, how bad, why, by whom.
    pub finding: Finding,
    /// Its texts.
    pub details: Arc<Details>,
    /// First published, ISO 8601 or empty.
    pub published: String,
    /// Last changed, ISO 8601 or empty.
    pub modified: String,
    /// What somebody decided about it.
    pub judgement: Option<Judgement>,
}

/// A statement or rule that closed nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unused {
    /// The file it stands in, and where in it.
    pub place: String,
    /// What it is about.
    pub about: String,
    /// Why it closed nothing.
    pub reason: String,
}

impl Known {
    /// Asks `knowledge` for components. `today` is a day as `2026-11-25`.
    ///
    /// # Errors
    /// `Unavailable` where the knowledge base is damaged.
    pub fn of(purls: &[Purl], knowledge: &Knowledge, today: &str) -> muster_model::Result<Self> {
        let assessment = knowledge.assess(purls);
        let mut components: Vec<Verdict> = purls
            .iter()
            .zip(&assessment.not_checked)
            .map(|(purl, not_checked)| Verdict {
                not_checked: *not_checked,
                advice: not_checked.is_none().then(|| knowledge.recommend(purl, &[])),
                ended: ended(knowledge, purl, today),
                ..Verdict::default()
            })
            .collect();
        let mut texts: HashMap<String, (Arc<Details>, String, String)> = HashMap::new();
        for finding in assessment.findings {
            if !texts.contains_key(&finding.id) {
                let Some(of) = knowledge.vulnerability(&finding.id) else { continue };
                let text =
                    (Arc::new(of.details()?), of.published.to_owned(), of.modified.to_owned());
                texts.insert(finding.id.clone(), text);
            }
            let Some((details, published, modified)) = texts.get(&finding.id).cloned() else {
                continue;
            };
            if let Some(verdict) = components.get_mut(finding.component) {
                verdict.vulnerabilities.push(Vulnerability {
                    finding,
                    details,
                    published,
                    modified,
                    judgement: None,
                });
            }
        }
        let meta = knowledge.meta();
        Ok(Self {
            state: Some(State {
                digest: assessment.knowledge,
                built: assessment.built,
                origin: meta.origin.clone(),
            }),
            coverage: assessment.coverage,
            components,
            unused: Vec::new(),
        })
    }

    /// The same where there is nothing to ask: every component says so.
    pub fn nothing(purls: &[Purl]) -> Self {
        let unchecked = Verdict { not_checked: Some(NO_KNOWLEDGE), ..Verdict::default() };
        let mut known = Self { components: vec![unchecked; purls.len()], ..Self::default() };
        for purl in purls {
            let name = Ecosystem::of(purl).map_or(purl.kind(), |ecosystem| ecosystem.name);
            known.miss(name, NO_KNOWLEDGE);
        }
        known
    }

    /// Counts a component of an ecosystem that was not compared.
    pub fn miss(&mut self, ecosystem: &str, why: &'static str) {
        let at = self.coverage.binary_search_by(|row| row.ecosystem.as_str().cmp(ecosystem));
        let at = at.unwrap_or_else(|at| {
            self.coverage.insert(
                at,
                Coverage {
                    ecosystem: ecosystem.to_owned(),
                    checked: 0,
                    not_checked: BTreeMap::new(),
                    sources: BTreeSet::new(),
                    newest: String::new(),
                },
            );
            at
        });
        if let Some(row) = self.coverage.get_mut(at) {
            *row.not_checked.entry(why).or_default() += 1;
        }
    }

    /// Vulnerabilities that are open and sure, by grade.
    pub fn open(&self) -> BTreeMap<Grade, usize> {
        let mut counts = BTreeMap::new();
        for one in self.vulnerabilities().filter(|one| one.is_open()) {
            *counts.entry(one.finding.grade).or_default() += 1;
        }
        counts
    }

    /// Components that were not compared.
    pub fn not_checked(&self) -> usize {
        self.components.iter().filter(|verdict| verdict.not_checked.is_some()).count()
    }

    /// All of them.
    pub fn vulnerabilities(&self) -> impl Iterator<Item = &Vulnerability> {
        self.components.iter().flat_map(|verdict| &verdict.vulnerabilities)
    }
}

impl Verdict {
    /// The worst grade that is open and sure.
    pub fn worst(&self) -> Option<Grade> {
        self.vulnerabilities.iter().filter(|one| one.is_open()).map(|one| one.finding.grade).min()
    }
}

impl Vulnerability {
    /// Nobody closed it, it is more than a notice, and its source is sure that this version has it.
    pub fn is_open(&self) -> bool {
        self.judgement.as_ref().is_none_or(|judgement| !judgement.standing.is_closed())
            && self.finding.informational.is_none()
            && self.finding.confidence == Confidence::High
    }
}

/// The release line of a component, if it is over.
fn ended(knowledge: &Knowledge, purl: &Purl, today: &str) -> Option<String> {
    let (product, cycle) = knowledge.lifecycles().of(purl)?;
    let since =
        if cycle.ends.is_empty() { String::new() } else { format!(" since {}", cycle.ends) };
    let (title, line) = (&product.title, &cycle.name);
    cycle.is_over(today).then(|| format!("{title} {line} is no longer maintained{since}"))
}
