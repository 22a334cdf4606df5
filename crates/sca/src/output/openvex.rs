//! OpenVEX 0.2: one statement a vulnerability and standing, to be gone through by people and handed back in.
//!
//! What nobody decided yet is `under_investigation`: a version in a range is not yet a product that is affected.

use super::{Document, digest, judged, object, rfc3339};
use crate::known::Vulnerability;
use crate::report::Report;
use crate::vex::{Judgement, Standing};
use muster_model::Purl;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{self, Write};

/// Writes the document. `product` is the package URL of what was scanned; without it one is made of its name.
///
/// # Errors
/// What writing gives.
pub fn write(
    report: &Report,
    document: &Document<'_>,
    product: Option<&Purl>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let made = Purl::new("generic", "", document.name, "").ok();
    let product = product.or(made.as_ref()).map(ToString::to_string).unwrap_or_default();
    // The same vulnerability with the same decision is one statement about several components.
    let mut groups: BTreeMap<(&str, String), (&Vulnerability, Vec<&Purl>)> = BTreeMap::new();
    for (component, verdict) in judged(report) {
        for one in verdict.vulnerabilities.iter().filter(|one| one.finding.informational.is_none())
        {
            let key = (one.finding.id.as_str(), format!("{:?}", one.judgement));
            groups.entry(key).or_insert((one, Vec::new())).1.push(&component.purl);
        }
    }
    let statements: Vec<Value> =
        groups.values().map(|(one, components)| statement(one, components, &product)).collect();
    let whole = json!({
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": format!("urn:muster:vex:{}", digest(&serde_json::to_string(&statements)?)),
        "author": "muster",
        "timestamp": rfc3339(document.created),
        "version": 1,
        "tooling": format!("muster {}", document.tool_version),
        "statements": statements,
    });
    serde_json::to_writer_pretty(&mut *out, &whole)?;
    writeln!(out)
}

fn statement(one: &Vulnerability, components: &[&Purl], product: &str) -> Value {
    let parts: Vec<Value> = components
        .iter()
        .map(|purl| json!({ "@id": purl, "identifiers": { "purl": purl } }))
        .collect();
    let (status, more) = match &one.judgement {
        None => ("under_investigation", Vec::new()),
        Some(judgement) => decided(judgement),
    };
    let mut members = vec![
        (
            "vulnerability",
            object([("name", json!(one.finding.id)), ("aliases", json!(one.finding.aliases))]),
        ),
        ("products", json!([{ "@id": product, "subcomponents": parts }])),
        ("status", json!(status)),
    ];
    if one.judgement.is_none() {
        members.push(("status_notes", json!(notes(one))));
    }
    members.extend(more);
    object(members)
}

fn notes(one: &Vulnerability) -> String {
    let finding = &one.finding;
    let fixed = match finding.fixed.as_slice() {
        [] => "no fix is known".to_owned(),
        versions => format!("fixed in {}", versions.join(", ")),
    };
    format!("{}: {}; {fixed}", finding.grade.word(), finding.reason)
}

/// What the standard demands beside a status.
fn decided(judgement: &Judgement) -> (&'static str, Vec<(&'static str, Value)>) {
    let reason = json!(judgement.text);
    match judgement.standing {
        Standing::NotAffected => {
            let mut more = vec![("justification", json!(openvex_word(&judgement.justification)))];
            let text =
                if judgement.text.is_empty() { &judgement.justification } else { &judgement.text };
            let text = if text.is_empty() { "no reason was given" } else { text };
            more.push(("impact_statement", json!(text)));
            ("not_affected", more)
        }
        // A risk that is accepted is not a product that is not affected.
        Standing::Ignored => {
            let text =
                if judgement.text.is_empty() { "the risk is accepted" } else { &judgement.text };
            ("affected", vec![("action_statement", json!(text))])
        }
        Standing::Affected => {
            let text = if judgement.text.is_empty() {
                "no action is decided yet"
            } else {
                &judgement.text
            };
            ("affected", vec![("action_statement", json!(text))])
        }
        Standing::Fixed => ("fixed", vec![("status_notes", reason)]),
        Standing::UnderInvestigation => ("under_investigation", vec![("status_notes", reason)]),
    }
}

/// The standard's five words; those of CycloneDX that mean the same become them.
fn openvex_word(word: &str) -> &str {
    match word {
        "component_not_present"
        | "vulnerable_code_not_present"
        | "vulnerable_code_not_in_execute_path"
        | "vulnerable_code_cannot_be_controlled_by_adversary"
        | "inline_mitigations_already_exist" => word,
        "code_not_present" => "vulnerable_code_not_present",
        "code_not_reachable" => "vulnerable_code_not_in_execute_path",
        "protected_by_mitigating_control"
        | "protected_at_perimeter"
        | "protected_at_runtime"
        | "protected_by_compiler" => "inline_mitigations_already_exist",
        _ => "",
    }
}
