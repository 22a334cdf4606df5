//! Vulnerabilities of a CycloneDX document: one object a vulnerability and decision, with the components it affects.

use super::super::{judged, object, reference};
use crate::known::Vulnerability;
use crate::report::{Component, Report};
use crate::vex::{Judgement, Standing};
use muster_advisory::{Grade, cvss};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// All of them.
pub(super) fn all(report: &Report) -> Vec<Value> {
    let mut groups: BTreeMap<(&str, String), (&Vulnerability, Vec<&Component>)> = BTreeMap::new();
    for (component, verdict) in judged(report) {
        for one in &verdict.vulnerabilities {
            let key = (one.finding.id.as_str(), format!("{:?}", one.judgement));
            groups.entry(key).or_insert((one, Vec::new())).1.push(component);
        }
    }
    groups.values().map(|(one, affected)| vulnerability(one, affected)).collect()
}

fn vulnerability(one: &Vulnerability, affected: &[&Component]) -> Value {
    let (finding, details) = (&one.finding, &one.details);
    let source = finding.hits.first().map(|hit| hit.source.as_str()).unwrap_or_default();
    let references: Vec<Value> = finding
        .aliases
        .iter()
        .map(|alias| json!({ "id": alias, "source": { "name": publisher(alias) } }))
        .collect();
    let mut ratings: Vec<Value> = details
        .vectors
        .iter()
        .filter_map(|vector| {
            let score = cvss::score(&vector.vector, &vector.source)?;
            Some(object([
                ("source", object([("name", json!(vector.source))])),
                ("score", number(score.score)),
                ("severity", json!(severity(Grade::of_score(score.score)))),
                ("method", json!(method(&vector.vector, score.version))),
                ("vector", json!(vector.vector)),
            ]))
        })
        .collect();
    ratings.push(json!({
        "source": { "name": "muster" },
        "severity": severity(finding.grade),
        "method": "other",
        "justification": finding.reason,
    }));
    let cwes: Vec<u32> = details
        .cwes
        .iter()
        .filter_map(|cwe| cwe.strip_prefix("CWE-")?.parse().ok())
        .filter(|cwe| *cwe > 0)
        .collect();
    let advisories: Vec<Value> = details
        .references
        .iter()
        .filter(|(_, url)| is_address(url))
        .map(|(_, url)| json!({ "url": url }))
        .collect();
    let affects: Vec<Value> = affected
        .iter()
        .map(|component| {
            json!({
                "ref": reference(component),
                "versions": [{ "version": component.purl.version(), "status": status(one) }],
            })
        })
        .collect();
    object([
        ("id", json!(finding.id)),
        ("source", object([("name", json!(source))])),
        ("references", Value::Array(references)),
        ("ratings", Value::Array(ratings)),
        ("cwes", json!(cwes)),
        ("description", json!(details.summary)),
        ("detail", json!(details.description)),
        ("recommendation", json!(recommendation(one))),
        ("advisories", Value::Array(advisories)),
        ("published", json!(time(&one.published))),
        ("updated", json!(time(&one.modified))),
        ("analysis", one.judgement.as_ref().map_or(Value::Null, analysis)),
        ("affects", Value::Array(affects)),
        (
            "properties",
            json!([
                { "name": "muster:grade", "value": finding.grade.word() },
                { "name": "muster:exploited", "value": finding.exploited.to_string() },
                { "name": "muster:confidence", "value": format!("{:?}", finding.confidence).to_lowercase() },
            ]),
        ),
    ])
}

fn recommendation(one: &Vulnerability) -> String {
    match one.finding.fixed.as_slice() {
        [] => String::new(),
        versions => format!("update to {} or later", versions.join(" or ")),
    }
}

/// One decimal, as CVSS has it: no more digits than a score has.
fn number(score: f32) -> Value {
    format!("{score:.1}").parse::<f64>().map_or(Value::Null, |score| json!(score))
}

fn is_address(url: &str) -> bool {
    (url.starts_with("https://") || url.starts_with("http://"))
        && url.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>\"{}|\\^`".contains(&byte))
}

/// Only a whole moment: the schema takes no bare day.
fn time(text: &str) -> &str {
    if text.contains('T') { text } else { "" }
}

const fn severity(grade: Grade) -> &'static str {
    grade.word()
}

fn method(vector: &str, version: u8) -> &'static str {
    match version {
        4 => "CVSSv4",
        3 if vector.starts_with("CVSS:3.1") => "CVSSv31",
        3 => "CVSSv3",
        _ => "CVSSv2",
    }
}

fn publisher(id: &str) -> &'static str {
    match id.split('-').next().unwrap_or_default() {
        "CVE" => "CVE Program",
        "GHSA" => "GitHub Advisory Database",
        "CNVD" => "CNVD",
        "CNNVD" => "CNNVD",
        _ => "OSV",
    }
}

fn status(one: &Vulnerability) -> &'static str {
    match one.judgement.as_ref().map(|judgement| judgement.standing) {
        Some(Standing::NotAffected | Standing::Fixed) => "unaffected",
        Some(Standing::UnderInvestigation) => "unknown",
        _ => "affected",
    }
}

fn analysis(judgement: &Judgement) -> Value {
    let state = match judgement.standing {
        Standing::NotAffected => "not_affected",
        Standing::Fixed => "resolved",
        Standing::Ignored | Standing::Affected => "exploitable",
        Standing::UnderInvestigation => "in_triage",
    };
    let justification = match judgement.justification.as_str() {
        "component_not_present" | "vulnerable_code_not_present" | "code_not_present" => {
            "code_not_present"
        }
        "vulnerable_code_not_in_execute_path" | "code_not_reachable" => "code_not_reachable",
        "vulnerable_code_cannot_be_controlled_by_adversary" => "requires_environment",
        "inline_mitigations_already_exist" => "protected_by_mitigating_control",
        word @ ("requires_configuration"
        | "requires_dependency"
        | "requires_environment"
        | "protected_by_compiler"
        | "protected_at_runtime"
        | "protected_at_perimeter"
        | "protected_by_mitigating_control") => word,
        _ => "",
    };
    let response =
        if judgement.standing == Standing::Ignored { json!(["will_not_fix"]) } else { Value::Null };
    object([
        ("state", json!(state)),
        ("justification", json!(justification)),
        ("response", response),
        ("detail", json!(judgement.text)),
    ])
}
