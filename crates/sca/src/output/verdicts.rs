//! What is known, as Muster's own JSON has it.

use super::object;
use crate::known::{Known, Verdict, Vulnerability};
use crate::report::Report;
use muster_advisory::matching::Coverage;
use serde_json::{Map, Value, json};

/// The state of knowledge, how far the answer goes, counts; null where nobody asked.
pub(super) fn knowledge(report: &Report) -> Value {
    let Some(known) = &report.known else { return Value::Null };
    let state = known.state.as_ref().map(|state| {
        json!({ "digest": state.digest, "built": state.built.iso(), "origin": state.origin })
    });
    object([
        ("state", state.unwrap_or(Value::Null)),
        ("not_checked", json!(known.not_checked())),
        ("coverage", known.coverage.iter().map(coverage).collect()),
        ("open", open(known)),
        (
            "unused_statements",
            known
                .unused
                .iter()
                .map(|one| json!({ "place": one.place, "about": one.about, "reason": one.reason }))
                .collect(),
        ),
    ])
}

fn open(known: &Known) -> Value {
    let counts =
        known.open().into_iter().map(|(grade, count)| (grade.word().to_owned(), json!(count)));
    Value::Object(counts.collect())
}

/// Never a silent zero: checked, or why not, and by what of which age.
pub fn coverage(coverage: &Coverage) -> Value {
    json!({
        "ecosystem": coverage.ecosystem,
        "state": if coverage.checked > 0 { "checked" } else { "not_checked" },
        "checked": coverage.checked,
        "not_checked": coverage.not_checked,
        "sources": coverage.sources,
        "newest": coverage.newest,
    })
}

/// The members a component gains.
pub(super) fn component(verdict: &Verdict) -> Value {
    let mut members = Map::new();
    members.insert("checked".to_owned(), json!(verdict.not_checked.is_none()));
    let rest = object([
        ("not_checked_because", json!(verdict.not_checked)),
        ("vulnerabilities", verdict.vulnerabilities.iter().map(vulnerability).collect()),
        ("recommended", json!(verdict.advice)),
        ("ended", json!(verdict.ended)),
    ]);
    if let Value::Object(rest) = rest {
        members.extend(rest);
    }
    Value::Object(members)
}

fn vulnerability(one: &Vulnerability) -> Value {
    let finding = &one.finding;
    object([
        ("id", json!(finding.id)),
        ("aliases", json!(finding.aliases)),
        ("grade", json!(finding.grade)),
        ("because", json!(finding.reason)),
        ("confidence", json!(finding.confidence)),
        ("open", json!(one.is_open())),
        ("exploited", json!(finding.exploited)),
        ("epss", json!(finding.epss)),
        (
            "score",
            json!(
                finding.score.map(|(version, score)| json!({ "version": version, "base": score }))
            ),
        ),
        ("malicious", json!(finding.malicious)),
        ("disputed", json!(finding.disputed)),
        ("informational", json!(finding.informational)),
        ("summary", json!(one.details.summary)),
        ("cwes", json!(one.details.cwes)),
        ("published", json!(one.published)),
        ("modified", json!(one.modified)),
        ("fixed", json!(finding.fixed)),
        ("stated_by", json!(finding.hits)),
        (
            "judgement",
            one.judgement.as_ref().map_or(Value::Null, |judgement| {
                object([
                    ("standing", json!(judgement.standing.name())),
                    ("justification", json!(judgement.justification)),
                    ("text", json!(judgement.text)),
                    ("source", json!(judgement.source)),
                ])
            }),
        ),
    ])
}
