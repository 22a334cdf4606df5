//! One self-contained HTML file, for people who decide: what is inside, what is wrong with it, what to do first.

use super::{Document, judged, rfc3339};
use crate::known::Vulnerability;
use crate::report::Report;
use askama::Template;
use muster_advisory::Grade;
use muster_advisory::matching::Coverage;
use std::collections::BTreeMap;
use std::io::{self, Write};

/// Places shown of a component; the other forms have all.
const PLACES: usize = 3;
/// Steps in the list of what to do first.
const STEPS: usize = 25;

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    name: &'a str,
    created: String,
    tool: &'a str,
    report: &'a Report,
    verdict: String,
    grades: Vec<Bar>,
    steps: Vec<Step>,
    rows: Vec<Row<'a>>,
    components: Vec<Item<'a>>,
    coverage: Vec<Covered>,
    knowledge: Option<String>,
    not_checked: usize,
    closed: usize,
    ended: Vec<&'a str>,
}

/// How many of a grade.
struct Bar {
    word: &'static str,
    count: usize,
    percent: usize,
}

/// An update and what it is good for.
struct Step {
    component: String,
    from: String,
    to: String,
    closes: usize,
    worst: &'static str,
    exploited: bool,
    why: String,
}

/// A vulnerability of a component.
struct Row<'a> {
    one: &'a Vulnerability,
    component: String,
    fixed: String,
    standing: String,
}

/// A component.
struct Item<'a> {
    name: String,
    version: &'a str,
    kind: &'a str,
    licences: String,
    places: String,
    worst: &'static str,
    checked: &'a str,
}

/// An ecosystem.
struct Covered {
    name: String,
    checked: usize,
    not_checked: String,
    newest: String,
    sources: String,
}

/// Writes the report.
///
/// # Errors
/// What writing gives.
pub fn write(report: &Report, document: &Document<'_>, out: &mut dyn Write) -> io::Result<()> {
    let known = report.known.as_ref();
    let open = known.map(|known| known.open()).unwrap_or_default();
    let most = open.values().copied().max().unwrap_or(1).max(1);
    let page = Page {
        name: document.name,
        created: rfc3339(document.created),
        tool: document.tool_version,
        report,
        verdict: verdict(report, &open),
        grades: [Grade::Critical, Grade::High, Grade::Medium, Grade::Low, Grade::Unknown]
            .map(|grade| {
                let count = open.get(&grade).copied().unwrap_or_default();
                Bar { word: grade.word(), count, percent: count * 100 / most }
            })
            .into(),
        steps: steps(report),
        rows: rows(report),
        components: components(report),
        coverage: known.iter().flat_map(|known| &known.coverage).map(covered).collect(),
        knowledge: known
            .and_then(|known| known.state.as_ref())
            .map(|state| format!("{} from {}", rfc3339(state.built), state.origin)),
        not_checked: known.map(|known| known.not_checked()).unwrap_or_default(),
        closed: known
            .iter()
            .flat_map(|known| known.vulnerabilities())
            .filter(|one| one.judgement.as_ref().is_some_and(|it| it.standing.is_closed()))
            .count(),
        ended: judged(report).filter_map(|(_, verdict)| verdict.ended.as_deref()).collect(),
    };
    let text = page.render().map_err(io::Error::other)?;
    out.write_all(text.as_bytes())
}

/// The one sentence everybody reads.
fn verdict(report: &Report, open: &BTreeMap<Grade, usize>) -> String {
    let count = |grade| open.get(&grade).copied().unwrap_or_default();
    let total: usize = open.values().sum();
    let exploited = judged(report)
        .flat_map(|(_, verdict)| &verdict.vulnerabilities)
        .filter(|one| one.is_open() && one.finding.exploited)
        .count();
    match report.known.as_ref().map(|known| known.state.is_some()) {
        None | Some(false) => "Nothing was compared with known vulnerabilities.".to_owned(),
        Some(true) if total == 0 => {
            "No known vulnerability is open in the components that were checked.".to_owned()
        }
        Some(true) => {
            let mut text = format!(
                "{total} known vulnerabilities are open, {} of them critical and {} high.",
                count(Grade::Critical),
                count(Grade::High)
            );
            if exploited > 0 {
                text.push_str(&format!(" {exploited} are known to be exploited: begin there."));
            }
            text
        }
    }
}

/// Updates by what they are good for: exploited first, then the worst, then the most.
fn steps(report: &Report) -> Vec<Step> {
    let mut steps: Vec<(bool, Grade, usize, Step)> = Vec::new();
    for (component, verdict) in judged(report) {
        let Some(worst) = verdict.worst() else { continue };
        let open = || verdict.vulnerabilities.iter().filter(|one| one.is_open());
        let exploited = open().any(|one| one.finding.exploited);
        let (to, why) = verdict
            .advice
            .as_ref()
            .map(|advice| (advice.version.clone(), advice.explanation.clone()))
            .unwrap_or_default();
        let closes = open().count();
        let step = Step {
            component: component.name(),
            from: component.purl.version().to_owned(),
            to: if to.is_empty() { "no clean version known".to_owned() } else { to },
            closes,
            worst: worst.word(),
            exploited,
            why,
        };
        steps.push((!exploited, worst, closes, step));
    }
    steps.sort_by(|(a, b, c, _), (x, y, z, _)| (a, b, z).cmp(&(x, y, c)));
    steps.into_iter().take(STEPS).map(|(.., step)| step).collect()
}

fn rows(report: &Report) -> Vec<Row<'_>> {
    let mut rows: Vec<Row<'_>> = judged(report)
        .flat_map(|(component, verdict)| {
            verdict.vulnerabilities.iter().map(move |one| Row {
                one,
                component: format!("{} {}", component.name(), component.purl.version()),
                fixed: one.finding.fixed.join(", "),
                standing: standing(one),
            })
        })
        .collect();
    rows.sort_by(|left, right| {
        let key =
            |row: &Row<'_>| (!row.one.is_open(), row.one.finding.grade, !row.one.finding.exploited);
        key(left).cmp(&key(right)).then_with(|| left.one.finding.id.cmp(&right.one.finding.id))
    });
    rows
}

fn standing(one: &Vulnerability) -> String {
    match &one.judgement {
        Some(judgement) => {
            let words = [judgement.standing.name(), &judgement.justification, &judgement.text];
            let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
            words.join(": ").replace('_', " ")
        }
        None if one.finding.informational.is_some() => "notice".to_owned(),
        None if !one.is_open() => "unsure".to_owned(),
        None => "open".to_owned(),
    }
}

fn components(report: &Report) -> Vec<Item<'_>> {
    report
        .components
        .iter()
        .enumerate()
        .map(|(at, one)| {
            let verdict = super::verdict(report, at);
            let more = one.places.len().saturating_sub(PLACES);
            let mut places: Vec<String> =
                one.places.iter().take(PLACES).map(|place| place.path.clone()).collect();
            if more > 0 {
                places.push(format!("and {more} more"));
            }
            Item {
                name: one.name(),
                version: one.purl.version(),
                kind: one.purl.kind(),
                licences: one.licences.join("; "),
                places: places.join("\n"),
                worst: verdict.and_then(|it| it.worst()).map_or("", Grade::word),
                checked: verdict.map_or("", |it| it.not_checked.unwrap_or("yes")),
            }
        })
        .collect()
}

fn covered(row: &Coverage) -> Covered {
    let reasons: Vec<String> = row
        .not_checked
        .iter()
        .map(|(why, count)| format!("{count} ({})", why.replace('_', " ")))
        .collect();
    let sources: Vec<&str> = row.sources.iter().map(String::as_str).collect();
    Covered {
        name: row.ecosystem.clone(),
        checked: row.checked,
        not_checked: reasons.join(", "),
        newest: row.newest.get(..10).unwrap_or(&row.newest).to_owned(),
        sources: sources.join(", "),
    }
}
