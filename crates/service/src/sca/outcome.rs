//! From what the engine found to rows: components graded and in order, their vulnerabilities and licences.

use super::licences::Index;
use super::vulnerability::Known;
use muster_advisory::Knowledge;
use muster_model::{Error, Micros, Purl, Result};
use muster_sca::known::{Verdict, Vulnerability as Held};
use muster_sca::output::{json as own, verdicts};
use muster_sca::{Component as Seen, Report};
use muster_store::sca::judging::{Pair, Telling};
use muster_store::sca::{Component, Found, Vulnerability};
use muster_vault::hash::Sha256;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// Grade of a component without known vulnerabilities.
pub const NONE: u8 = 5;
/// Grade of a component whose vulnerabilities nobody has graded. No text on the wire.
pub const UNGRADED: u8 = 6;
/// Grade of a component nobody could judge: its ecosystem was not checked. Sorts last, no text on the wire.
pub const NOT_CHECKED: u8 = 7;
/// Longest text that is kept of anything a report says, in bytes.
const MAX_TEXT: usize = 1024;
/// Places and licences kept of one component, each.
const MAX_PLACES: usize = 50;
/// Troubles kept of one task.
const MAX_TROUBLES: usize = 1000;

/// What is known when an analysis is judged.
#[derive(Clone, Copy)]
pub(super) struct Knowing<'a> {
    pub(super) knowledge: Option<&'a Knowledge>,
    pub(super) licences: Option<&'a Index>,
    /// The day of now.
    pub(super) today: &'a str,
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
    /// Pairs of a component and one that pulled it in, each once.
    pub(super) edges: BTreeSet<(String, String)>,
    /// What was checked against what, and what could not be read, as JSON.
    pub(super) coverage: String,
    /// The knowledge it was judged by: digest, and when it was compiled; none where there was none.
    pub(super) judged_by: Option<(String, Micros)>,
}

impl Outcome {
    /// Judges a report by what is known now.
    ///
    /// # Errors
    /// `Unavailable` where the knowledge base is damaged.
    pub(super) fn of(
        mut report: Report,
        knowing: Knowing<'_>,
        artifact: Artifact<'_>,
    ) -> Result<Self> {
        let rows = rows(&mut report, artifact)?;
        let purls: Vec<Purl> = rows.iter().map(|(seen, _)| seen.purl.clone()).collect();
        let mut known = match knowing.knowledge {
            Some(knowledge) => muster_sca::Known::of(&purls, knowledge, knowing.today)?,
            None => muster_sca::Known::nothing(&purls),
        };
        let verdicts = std::mem::take(&mut known.components);
        let edges = edges(&rows);
        let (mut found, mut findings) = (Vec::with_capacity(rows.len()), BTreeSet::new());
        let (mut vulnerabilities, mut licences) = (BTreeMap::new(), BTreeSet::new());
        for ((seen, component), verdict) in rows.into_iter().zip(verdicts) {
            let pair = |id: String| (id, component.uuid.clone());
            for held in counted(&verdict) {
                findings.insert(pair(held.finding.id.clone()));
                if let Some(knowledge) = knowing.knowledge {
                    told(&mut vulnerabilities, knowledge, held);
                }
            }
            let named = |text: &String| match knowing.licences {
                Some(index) => index.ids(text),
                None => vec![text.clone()],
            };
            licences.extend(seen.licences.iter().flat_map(named).map(pair));
            found.push(Found {
                grade: grade(&verdict),
                recommended: recommended(&verdict),
                detail: detail(&seen, &verdict)?,
                component,
            });
        }
        found.sort_by_cached_key(|it| {
            let c = &it.component;
            (it.grade, c.group.clone(), c.name.clone(), c.version.clone(), c.uuid.clone())
        });
        let coverage = coverage(&report, &known)?;
        let judged_by = known.state.map(|state| (state.digest, state.built));
        Ok(Self { found, vulnerabilities, findings, licences, edges, coverage, judged_by })
    }
}

/// What counts against a component: notices, such as that nobody maintains it any more, are no vulnerabilities.
fn counted(verdict: &Verdict) -> impl Iterator<Item = &Held> {
    verdict.vulnerabilities.iter().filter(|held| held.finding.informational.is_none())
}

/// Keeps what is told of a vulnerability, with the versions that mend it in each component.
fn told(all: &mut BTreeMap<String, Known>, knowledge: &Knowledge, held: &Held) {
    all.entry(held.finding.id.clone())
        .or_insert_with(|| Known::of(knowledge, held))
        .add_fixes(&held.finding);
}

/// 1 critical to 4 low, [`NONE`], [`UNGRADED`], [`NOT_CHECKED`]. Where nobody has graded any that is no good grade.
fn grade(verdict: &Verdict) -> u8 {
    match counted(verdict).map(|held| held.finding.grade.key()).min() {
        None if verdict.not_checked.is_some() => NOT_CHECKED,
        None => NONE,
        Some(grade @ 1..=4) => grade,
        Some(_) => UNGRADED,
    }
}

/// The version to move to; empty where none is needed or known.
fn recommended(verdict: &Verdict) -> String {
    verdict.advice.as_ref().map(|advice| advice.version.clone()).unwrap_or_default()
}

/// Vulnerabilities under their numbers with what is told of them, and pairs of number and component.
pub(super) type Numbered = (Vec<(Vulnerability, Telling)>, BTreeSet<Pair>);

impl Outcome {
    /// Puts the numbers that were given, in the order of `vulnerabilities`, in the place of canonical ids.
    ///
    /// # Errors
    /// `Internal` if one is missing.
    pub(super) fn numbered(&self, given: &[String]) -> Result<Numbered> {
        let mut vulnerabilities: BTreeMap<&str, (Vulnerability, Telling)> = BTreeMap::new();
        let mut numbers: BTreeMap<&str, &str> = BTreeMap::new();
        for ((id, known), number) in self.vulnerabilities.iter().zip(given) {
            numbers.insert(id, number);
            let detail = serde_json::to_string(known).map_err(Error::internal)?;
            // Two that were one when the number was given stay one: the worse speaks for both.
            let it = Vulnerability { number: number.clone(), grade: known.grade, detail };
            match vulnerabilities.get(number.as_str()) {
                Some((other, _)) if other.grade <= it.grade => {}
                _ => drop(vulnerabilities.insert(number, (it, known.telling(number)))),
            }
        }
        let mut findings = BTreeSet::new();
        for (id, uuid) in &self.findings {
            let number = numbers.get(id.as_str());
            let number = number.ok_or_else(|| Error::internal("a finding without a number"))?;
            findings.insert(((*number).to_owned(), uuid.clone()));
        }
        Ok((vulnerabilities.into_values().collect(), findings))
    }
}

/// The components, each once: two ways to write one are one row, the first has the surer evidence. An artifact in
/// which nothing was recognised is a component itself.
fn rows(report: &mut Report, artifact: Artifact<'_>) -> Result<Vec<(Seen, Component)>> {
    let mut known = HashSet::new();
    let mut rows = Vec::new();
    for mut seen in std::mem::take(&mut report.components) {
        bound(&mut seen);
        let component = component(&seen, artifact.sha256);
        if known.insert(component.uuid.clone()) {
            rows.push((seen, component));
        }
    }
    if rows.is_empty() {
        let seen = Seen::of(Purl::new("generic", "", artifact.name, "")?);
        let component = component(&seen, artifact.sha256);
        rows.push((seen, component));
    }
    Ok(rows)
}

/// Who pulled in whom, by uuid: child and parent.
fn edges(rows: &[(Seen, Component)]) -> BTreeSet<(String, String)> {
    let uuids: HashMap<&Purl, &String> =
        rows.iter().map(|(seen, component)| (&seen.purl, &component.uuid)).collect();
    let of = |(seen, parent): &(Seen, Component)| -> Vec<(String, String)> {
        let children = seen.depends.iter().filter_map(|on| uuids.get(on));
        children.map(|child| ((*child).clone(), parent.uuid.clone())).collect()
    };
    rows.iter().flat_map(of).filter(|(child, parent)| child != parent).collect()
}

/// Bounds what is kept of a component.
fn bound(seen: &mut Seen) {
    seen.licences.truncate(MAX_PLACES);
    seen.licences.iter_mut().for_each(cut);
    seen.places.truncate(MAX_PLACES);
    for place in &mut seen.places {
        cut(&mut place.path);
        cut(&mut place.reason);
    }
}

fn cut(text: &mut String) {
    let end = (0..=MAX_TEXT.min(text.len())).rev().find(|&at| text.is_char_boundary(at));
    text.truncate(end.unwrap_or(0));
    // Neither database keeps it.
    text.retain(|c| c != '\0');
}

/// What the API tells of a component in a task beyond its columns.
fn detail(seen: &Seen, verdict: &Verdict) -> Result<String> {
    let detail = json!({
        "known_as": seen.kind().name(),
        "confidence": seen.confidence,
        "scope": seen.scope.name(),
        "relation": seen.relation.name(),
        "licences": seen.licences,
        "places": seen.places.iter().map(own::place).collect::<Vec<Value>>(),
        "why": verdict.advice.as_ref().map_or("not_checked", |advice| advice.why.code()),
        "not_checked": verdict.not_checked.unwrap_or_default(),
        "ended": verdict.ended,
    });
    serde_json::to_string(&detail).map_err(Error::internal)
}

/// Per ecosystem whether it was checked, by what, how old that is: never a silent zero.
fn coverage(report: &Report, known: &muster_sca::Known) -> Result<String> {
    let state = known.state.as_ref();
    let troubles = report.troubles.iter().take(MAX_TROUBLES);
    let coverage = json!({
        "complete": report.ended.is_none(),
        "ended_by": report.ended.as_ref().map(own::trouble),
        "counts": {"files": report.members, "archives": report.archives, "bytes": report.bytes},
        "knowledge": state.map(|it| json!({"digest": it.digest, "built": it.built.iso()})),
        "ecosystems": known.coverage.iter().map(verdicts::coverage).collect::<Vec<Value>>(),
        "troubles": troubles.map(own::trouble).collect::<Vec<Value>>(),
        "troubles_in_all": report.troubles.len(),
    });
    serde_json::to_string(&coverage).map_err(Error::internal)
}

/// The component of a row. What has no whole package URL is known by its name and the artifact it lay in.
fn component(seen: &Seen, sha256: &str) -> Component {
    let purl = if seen.is_identified() { seen.purl.to_string() } else { String::new() };
    let kept = |text: &str| {
        let mut text = text.to_owned();
        cut(&mut text);
        text
    };
    let (kind, group) = (seen.purl.kind(), kept(seen.purl.namespace()));
    let (name, version) = (kept(seen.purl.name()), kept(seen.purl.version()));
    let mut hash = Sha256::new();
    if purl.is_empty() {
        let place = seen.places.first().map_or("", |place| place.path.as_str());
        for part in [kind, &group, &name, &version, sha256, place] {
            hash.update(part);
            hash.update([0]);
        }
    } else {
        hash.update(&purl);
    }
    let uuid = hash.hex().chars().take(32).collect();
    Component { uuid, purl, group, name, version, language: language(kind).to_owned() }
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

    const NOTHING: Knowing<'_> = Knowing { knowledge: None, licences: None, today: "2026-11-25" };

    fn of(report: &Value, sha256: &str) -> Outcome {
        let (_, report) = Report::read(report.to_string().as_bytes()).unwrap();
        Outcome::of(report, NOTHING, Artifact { name: "a.zip", sha256 }).unwrap()
    }

    fn report() -> Value {
        let component = |purl: Option<&str>, group: &str, name: &str| {
            json!({
                "purl": purl, "type": "maven", "group": group, "name": name, "version": "1",
                "confidence": 95, "known_as": "archive", "relation": "direct", "licences": ["MIT"],
                "places": [{"path": "a.jar", "known_as": "archive", "by": "java-archive", "because": "pom"}],
            })
        };
        json!({
            "complete": true, "counts": {"files": 1, "archives": 1, "bytes": 9},
            "components": [
                component(Some("pkg:maven/g/b@1"), "g", "b"),
                component(Some("pkg:maven/g/a@1"), "g", "a"),
                component(Some("pkg:maven/g/a@1"), "g", "a"),
                component(None, "", "unknown"),
                component(Some("not a purl"), "", "liar"),
            ],
        })
    }

    #[test]
    fn without_knowledge_nothing_is_called_clean() {
        let outcome = of(&report(), "abc");
        let names: Vec<_> = outcome.found.iter().map(|row| row.component.name.as_str()).collect();
        assert_eq!(names, ["liar", "unknown", "a", "b"]);
        assert!(outcome.found.iter().all(|row| row.grade == NOT_CHECKED));
        assert!(outcome.coverage.contains("\"state\":\"not_checked\""), "{}", outcome.coverage);
        assert_eq!(outcome.licences.len(), 4);
    }

    #[test]
    fn a_component_is_known_by_its_package_url_and_else_by_where_it_lay() {
        let one = of(&report(), "abc");
        let other = of(&report(), "def");
        let uuid = |outcome: &Outcome, n: usize| outcome.found[n].component.uuid.clone();
        assert_eq!(uuid(&one, 2), uuid(&other, 2));
        assert_ne!(uuid(&one, 0), uuid(&other, 0));
        assert_eq!(uuid(&one, 0).len(), 32);
    }

    #[test]
    fn an_artifact_nobody_recognises_is_a_row_of_its_own() {
        let nothing = json!({"complete": true, "counts": {}});
        let outcome = of(&nothing, "abc");
        assert_eq!(outcome.found.len(), 1);
        assert_eq!(outcome.found[0].component.name, "a.zip");
        assert_ne!(outcome.found[0].component.uuid, of(&nothing, "def").found[0].component.uuid);
    }

    #[test]
    fn texts_are_cut_between_characters() {
        let mut text = "é".repeat(MAX_TEXT);
        cut(&mut text);
        assert_eq!(text.len(), MAX_TEXT);
        let mut text = format!("a{}\0", "é".repeat(MAX_TEXT));
        cut(&mut text);
        assert_eq!(text.len(), MAX_TEXT - 1);
        let mut text = "a\0b".to_owned();
        cut(&mut text);
        assert_eq!(text, "ab");
    }

    #[test]
    fn every_language_is_in_the_dictionary() {
        for kind in ["maven", "npm", "deb", "conan", "whatever"] {
            assert!(LANGUAGES.contains(&language(kind)));
        }
    }
}
