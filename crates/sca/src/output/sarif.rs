//! SARIF 2.1.0 (OASIS): one rule a vulnerability, one result a component and place that has it.

use super::{Document, judged, object, rfc3339};
use crate::known::Vulnerability;
use crate::report::{Component, Report};
use muster_advisory::Grade;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{self, Write};

/// Places shown of one result; the other forms have all.
const PLACES: usize = 32;

/// Writes the report.
///
/// # Errors
/// What writing gives.
pub fn write(report: &Report, document: &Document<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut rules: BTreeMap<&str, &Vulnerability> = BTreeMap::new();
    for (_, verdict) in judged(report) {
        for one in &verdict.vulnerabilities {
            rules.entry(&one.finding.id).or_insert(one);
        }
    }
    let places: BTreeMap<&str, usize> =
        rules.keys().enumerate().map(|(at, id)| (*id, at)).collect();
    let results: Vec<Value> = judged(report)
        .flat_map(|(component, verdict)| {
            verdict.vulnerabilities.iter().map(move |one| (component, one))
        })
        .map(|(component, one)| result(component, one, places.get(one.finding.id.as_str())))
        .collect();
    let whole = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "muster",
                "version": document.tool_version,
                "rules": rules.values().map(|one| rule(one)).collect::<Vec<_>>(),
            } },
            "invocations": [{
                "executionSuccessful": report.ended.is_none(),
                "endTimeUtc": rfc3339(document.created),
                "toolExecutionNotifications": notifications(report),
            }],
            "results": results,
            "columnKind": "unicodeCodePoints",
        }],
    });
    serde_json::to_writer_pretty(&mut *out, &whole)?;
    writeln!(out)
}

fn rule(one: &Vulnerability) -> Value {
    let finding = &one.finding;
    let text = if one.details.description.is_empty() {
        &one.details.summary
    } else {
        &one.details.description
    };
    let help = one.details.references.first().map(|(_, url)| url.as_str()).unwrap_or_default();
    object([
        ("id", json!(finding.id)),
        ("shortDescription", text_of(&one.details.summary, &finding.id)),
        ("fullDescription", text_of(text, &finding.id)),
        ("helpUri", json!(if help.starts_with("http") { help } else { "" })),
        ("defaultConfiguration", json!({ "level": level(finding.grade) })),
        (
            "properties",
            object([
                ("security-severity", json!(severity(one))),
                ("tags", json!(["security", "vulnerability"])),
            ]),
        ),
    ])
}

fn text_of(text: &str, otherwise: &str) -> Value {
    json!({ "text": if text.is_empty() { otherwise } else { text } })
}

fn result(component: &Component, one: &Vulnerability, rule: Option<&usize>) -> Value {
    let finding = &one.finding;
    let fixed = match finding.fixed.as_slice() {
        [] => "no fix is known".to_owned(),
        versions => format!("fixed in {}", versions.join(", ")),
    };
    let message = format!(
        "{} has {} ({}: {}); {fixed}",
        component.purl,
        finding.id,
        finding.grade.word(),
        finding.reason
    );
    let locations: Vec<Value> = component
        .places
        .iter()
        .take(PLACES)
        .map(|place| {
            json!({
                "physicalLocation": {
                    "artifactLocation": { "uri": uri(&place.path) },
                    "region": { "startLine": 1 },
                },
                "logicalLocations": [{ "fullyQualifiedName": component.purl }],
            })
        })
        .collect();
    let suppressions = one
        .judgement
        .as_ref()
        .filter(|judgement| judgement.standing.is_closed())
        .map(|judgement| {
            let reason = [judgement.standing.name(), &judgement.justification, &judgement.text];
            let reason: Vec<&str> = reason.into_iter().filter(|text| !text.is_empty()).collect();
            json!([{ "kind": "external", "justification": reason.join(": ") }])
        });
    object([
        ("ruleId", json!(finding.id)),
        ("ruleIndex", json!(rule)),
        ("level", json!(if one.is_open() { level(finding.grade) } else { "note" })),
        ("message", json!({ "text": message })),
        ("locations", Value::Array(locations)),
        (
            "partialFingerprints",
            json!({ "musterComponent/v1": super::digest(&format!("{} {}", finding.id, component.purl)) }),
        ),
        ("suppressions", suppressions.unwrap_or(Value::Null)),
    ])
}

/// What was not checked is said, so that no result is not read as none.
fn notifications(report: &Report) -> Vec<Value> {
    let coverage = report.known.iter().flat_map(|known| &known.coverage);
    coverage
        .filter(|row| !row.not_checked.is_empty())
        .map(|row| {
            let reasons: Vec<String> =
                row.not_checked.iter().map(|(why, count)| format!("{why} {count}")).collect();
            let text = format!("not checked: {} ({})", row.ecosystem, reasons.join(", "));
            json!({ "level": "warning", "message": { "text": text } })
        })
        .collect()
}

const fn level(grade: Grade) -> &'static str {
    match grade {
        Grade::Critical | Grade::High => "error",
        Grade::Medium => "warning",
        Grade::Low | Grade::Unknown => "note",
    }
}

/// The number code scanning platforms sort by.
fn severity(one: &Vulnerability) -> String {
    match (one.finding.score, one.finding.grade) {
        (Some((_, score)), _) if score > 0.0 => format!("{score:.1}"),
        (_, Grade::Critical) => "9.5".to_owned(),
        (_, Grade::High) => "8.0".to_owned(),
        (_, Grade::Medium) => "5.5".to_owned(),
        (_, Grade::Low) => "2.0".to_owned(),
        (_, Grade::Unknown) => String::new(),
    }
}

/// A path as a relative URI reference (RFC 3986).
fn uri(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/!$&'()*+,;=@".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_a_uri_reference() {
        assert_eq!(uri("a b/c.jar!/d:#é"), "a%20b/c.jar!/d%3A%23%C3%A9");
    }
}
