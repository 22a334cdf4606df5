//! From what the engine found to rows: components graded and in order, their vulnerabilities and licences.

use super::analysis::{Analysis, Component as Seen, Place};
use super::knowledge::{Judgement, Verdict, judge};
use super::licences::Index;
use super::vulnerability::Known;
use muster_advisory::Knowledge;
use muster_model::{Error, Result};
use muster_store::sca::{Component, Found, Vulnerability};
use muster_vault::hash::Sha256;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// Grade of a component without known vulnerabilities.
pub const NONE: u8 = 5;
/// Grade of a component whose vulnerabilities nobody has graded. No text on the wire.
pub const UNGRADED: u8 = 6;
/// Grade of a component nobody could judge: its ecosystem was not checked. Sorts last, no text on the wire.
pub const NOT_CHECKED: u8 = 7;
/// Troubles kept of one task.
const MAX_TROUBLES: usize = 1000;

/// What is known when an analysis is judged.
#[derive(Clone, Copy)]
pub(super) struct Knowing<'a> {
    pub(super) knowledge: Option<&'a Knowledge>,
    pub(super) licences: Option<&'a Index>,
}

/// The artifact an analysis is of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Artifact<'a> {
    pub(super) name: &'a str,
    pub(super) sha256: &'a str,
}

/// Everything a task leaves.
#[derive(Debug)]
pub(super) struct Outcome {
    /// Worst first, then by group, name and version.
    pub(super) found: Vec<Found>,
    /// By canonical id: the number for the outside is given when they are stored.
    pub(super) vulnerabilities: BTreeMap<String, Known>,
    /// Pairs of canonical id and component, each once.
    pub(super) findings: BTreeSet<(String, String)>,
    /// Pairs of licence and component, each once.
    pub(super) licences: BTreeSet<(String, String)>,
    /// What was checked against what, and what could not be read, as JSON.
    pub(super) coverage: String,
}

impl Outcome {
    /// Judges an analysis by what is known now.
    ///
    /// # Errors
    /// `Unavailable` where the knowledge base is damaged.
    pub(super) fn of(
        mut analysis: Analysis,
        knowing: Knowing<'_>,
        artifact: Artifact<'_>,
    ) -> Result<Self> {
        let rows = rows(&mut analysis, artifact);
        let purls: Vec<_> = rows.iter().filter_map(|(seen, _)| seen.purl()).collect();
        let judgement = knowing.knowledge.map(|knowledge| judge(knowledge, &purls)).transpose()?;
        let mut verdicts = judgement.iter().flat_map(|judgement| judgement.verdicts.clone());
        let (mut found, mut findings) = (Vec::with_capacity(rows.len()), BTreeSet::new());
        let mut licences = BTreeSet::new();
        let mut ecosystems: BTreeMap<String, u64> = BTreeMap::new();
        for (seen, component) in rows {
            *ecosystems.entry(seen.kind.clone()).or_default() += 1;
            let verdict = match (seen.purl(), &judgement) {
                (Some(_), Some(_)) => verdicts.next(),
                (Some(_), None) => Some(Verdict::not_checked("no_knowledge")),
                (None, _) => Some(Verdict::not_checked("not_identified")),
            };
            let verdict =
                verdict.ok_or_else(|| Error::internal("a component without a verdict"))?;
            let pair = |id: String| (id, component.uuid.clone());
            findings.extend(verdict.vulnerabilities.iter().cloned().map(pair));
            let named = |text: &String| match knowing.licences {
                Some(index) => index.ids(text),
                None => vec![text.clone()],
            };
            licences.extend(seen.licences.iter().flat_map(named).map(pair));
            found.push(Found {
                grade: verdict.grade,
                recommended: verdict.recommended.clone(),
                detail: detail(&seen, &verdict)?,
                component,
            });
        }
        found.sort_by_cached_key(|it| {
            let c = &it.component;
            (it.grade, c.group.clone(), c.name.clone(), c.version.clone(), c.uuid.clone())
        });
        let coverage = coverage(&mut analysis, judgement.as_ref(), &ecosystems)?;
        let vulnerabilities = judgement.map(|it| it.vulnerabilities).unwrap_or_default();
        Ok(Self { found, vulnerabilities, findings, licences, coverage })
    }
}

/// Vulnerabilities under their numbers, and pairs of number and component.
type Numbered = (Vec<Vulnerability>, Vec<(String, String)>);

impl Outcome {
    /// Puts the numbers that were given, in the order of `vulnerabilities`, in the place of canonical ids.
    ///
    /// # Errors
    /// `Internal` if one is missing.
    pub(super) fn numbered(&self, given: &[String]) -> Result<Numbered> {
        let mut vulnerabilities: BTreeMap<&str, Vulnerability> = BTreeMap::new();
        let mut numbers: BTreeMap<&str, &str> = BTreeMap::new();
        for ((id, known), number) in self.vulnerabilities.iter().zip(given) {
            numbers.insert(id, number);
            let detail = serde_json::to_string(known).map_err(Error::internal)?;
            // Two that were one when the number was given stay one: the worse speaks for both.
            let it = Vulnerability { number: number.clone(), grade: known.grade, detail };
            match vulnerabilities.get(number.as_str()) {
                Some(other) if other.grade <= it.grade => {}
                _ => drop(vulnerabilities.insert(number, it)),
            }
        }
        let mut findings = BTreeSet::new();
        for (id, uuid) in &self.findings {
            let number = numbers.get(id.as_str());
            let number = number.ok_or_else(|| Error::internal("a finding without a number"))?;
            findings.insert(((*number).to_owned(), uuid.clone()));
        }
        Ok((vulnerabilities.into_values().collect(), findings.into_iter().collect()))
    }
}

/// The components, each once: two ways to write one are one row, the first has the surer evidence. An artifact in
/// which nothing was recognised is a component itself.
fn rows(analysis: &mut Analysis, artifact: Artifact<'_>) -> Vec<(Seen, Component)> {
    let mut known = HashSet::new();
    let mut rows = Vec::new();
    for seen in std::mem::take(&mut analysis.components) {
        let seen = seen.bounded();
        let component = component(&seen, artifact.sha256);
        if known.insert(component.uuid.clone()) {
            rows.push((seen, component));
        }
    }
    if rows.is_empty() {
        let place = Place { path: artifact.name.to_owned(), ..Place::default() };
        let seen = Seen {
            kind: "generic".to_owned(),
            name: artifact.name.to_owned(),
            places: vec![place],
            ..Seen::default()
        };
        let component = component(&seen, artifact.sha256);
        rows.push((seen, component));
    }
    rows
}

/// What the API tells of a component in a task beyond its columns.
fn detail(seen: &Seen, verdict: &Verdict) -> Result<String> {
    let detail = json!({
        "known_as": seen.known_as,
        "confidence": seen.confidence,
        "scope": seen.scope,
        "relation": seen.relation,
        "licences": seen.licences,
        "places": seen.places,
        "why": verdict.why,
        "not_checked": verdict.not_checked,
    });
    serde_json::to_string(&detail).map_err(Error::internal)
}

/// Per ecosystem whether it was checked, by what, how old that is: never a silent zero.
fn coverage(
    analysis: &mut Analysis,
    judgement: Option<&Judgement>,
    ecosystems: &BTreeMap<String, u64>,
) -> Result<String> {
    let troubles = analysis.troubles.len();
    analysis.troubles.truncate(MAX_TROUBLES);
    let checked: Vec<Value> = match judgement {
        Some(judgement) => judgement
            .coverage
            .iter()
            .map(|it| {
                json!({
                    "ecosystem": it.ecosystem,
                    "state": if it.checked > 0 { "checked" } else { "not_checked" },
                    "checked": it.checked,
                    "not_checked": it.not_checked,
                    "sources": it.sources,
                    "newest": it.newest,
                })
            })
            .collect(),
        None => ecosystems
            .iter()
            .map(|(kind, components)| {
                json!({
                    "ecosystem": kind,
                    "state": "not_checked",
                    "checked": 0,
                    "not_checked": {"no_knowledge": components},
                })
            })
            .collect(),
    };
    let coverage = json!({
        "complete": analysis.complete,
        "ended_by": analysis.ended_by,
        "counts": analysis.counts,
        "knowledge": judgement.map(|it| json!({"digest": it.digest, "built": it.built})),
        "ecosystems": checked,
        "troubles": analysis.troubles,
        "troubles_in_all": troubles,
    });
    serde_json::to_string(&coverage).map_err(Error::internal)
}

/// The component of a row. What has no whole package URL is known by its name and the artifact it lay in.
fn component(seen: &Seen, sha256: &str) -> Component {
    let purl = seen.purl().map(|purl| purl.to_string());
    let mut hash = Sha256::new();
    match &purl {
        Some(purl) => hash.update(purl),
        None => {
            let place = seen.places.first().map_or("", |place| place.path.as_str());
            for part in [&seen.kind, &seen.group, &seen.name, &seen.version, sha256, place] {
                hash.update(part);
                hash.update([0]);
            }
        }
    }
    let uuid = hash.hex().chars().take(32).collect();
    Component {
        uuid,
        purl: purl.unwrap_or_default(),
        group: seen.group.clone(),
        name: seen.name.clone(),
        version: seen.version.clone(),
        language: language(&seen.kind).to_owned(),
    }
}

/// The language a type of package URL stands for: a key of the dictionary COMPUTERLANGUAGE.
pub(super) fn language(kind: &str) -> &'static str {
    match kind {
        "maven" | "gradle" => "Java",
        "npm" => "JavaScript",
        "pypi" | "conda" => "Python",
        "golang" => "Go",
        "cargo" => "Rust",
        "nuget" => "C#",
        "gem" => "Ruby",
        "composer" => "PHP",
        "conan" => "C/C++",
        "hex" => "Elixir",
        "pub" => "Dart",
        "cran" => "R",
        "hackage" => "Haskell",
        "swift" | "cocoapods" => "Swift",
        "deb" | "rpm" | "apk" | "alpm" => "Linux",
        _ => "Other",
    }
}

/// The keys of the dictionary COMPUTERLANGUAGE.
pub const LANGUAGES: &[&str] = &[
    "Java",
    "JavaScript",
    "Python",
    "Go",
    "Rust",
    "C#",
    "Ruby",
    "PHP",
    "C/C++",
    "Elixir",
    "Dart",
    "R",
    "Haskell",
    "Swift",
    "Linux",
    "Other",
];

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: Knowing<'_> = Knowing { knowledge: None, licences: None };

    fn of(analysis: Analysis, sha256: &str) -> Outcome {
        Outcome::of(analysis, NOTHING, Artifact { name: "a.zip", sha256 }).unwrap()
    }

    fn analysis() -> Analysis {
        let component = |purl: Option<&str>, name: &str| {
            json!({
                "purl": purl, "type": "maven", "group": "g", "name": name, "version": "1",
                "confidence": 95, "known_as": "archive", "scope": "", "relation": "direct",
                "licences": ["MIT"],
                "places": [{"path": "a.jar", "known_as": "archive", "by": "java", "because": "pom"}],
            })
        };
        let whole = json!({
            "complete": true, "ended_by": null, "troubles": [],
            "counts": {"files": 1, "archives": 1, "bytes": 9},
            "components": [
                component(Some("pkg:maven/g/b@1"), "b"),
                component(Some("pkg:maven/g/a@1"), "a"),
                component(Some("pkg:maven/g/a@1"), "a"),
                component(None, "unknown"),
                component(Some("not a purl"), "liar"),
            ],
        });
        serde_json::from_value(whole).unwrap()
    }

    #[test]
    fn without_knowledge_nothing_is_called_clean() {
        let outcome = of(analysis(), "abc");
        let names: Vec<_> = outcome.found.iter().map(|row| row.component.name.as_str()).collect();
        assert_eq!(names, ["a", "b", "liar", "unknown"]);
        assert!(outcome.found.iter().all(|row| row.grade == NOT_CHECKED));
        assert!(outcome.coverage.contains("\"state\":\"not_checked\""), "{}", outcome.coverage);
        assert_eq!(outcome.licences.len(), 4);
    }

    #[test]
    fn a_component_is_known_by_its_package_url_and_else_by_where_it_lay() {
        let one = of(analysis(), "abc");
        let other = of(analysis(), "def");
        let uuid = |outcome: &Outcome, n: usize| outcome.found[n].component.uuid.clone();
        assert_eq!(uuid(&one, 0), uuid(&other, 0));
        assert_ne!(uuid(&one, 3), uuid(&other, 3));
        assert_eq!(uuid(&one, 0).len(), 32);
    }

    #[test]
    fn an_artifact_nobody_recognises_is_a_row_of_its_own() {
        let nothing = || serde_json::from_value(json!({"complete": true, "counts": {}})).unwrap();
        let outcome = of(nothing(), "abc");
        assert_eq!(outcome.found.len(), 1);
        assert_eq!(outcome.found[0].component.name, "a.zip");
        assert_ne!(outcome.found[0].component.uuid, of(nothing(), "def").found[0].component.uuid);
    }

    #[test]
    fn every_language_is_in_the_dictionary() {
        for kind in ["maven", "npm", "deb", "conan", "whatever"] {
            assert!(LANGUAGES.contains(&language(kind)));
        }
    }
}
