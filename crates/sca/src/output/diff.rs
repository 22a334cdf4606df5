//! A difference of two reports: a table for people, or JSON.

use super::{Document, clean, object, rfc3339};
use crate::diff::{Diff, Open};
use crate::report::Component;
use serde_json::{Value, json};
use std::io::{self, Write};

/// Writes it for people.
///
/// # Errors
/// What writing gives.
pub fn write_text(diff: &Diff<'_>, out: &mut dyn Write) -> io::Result<()> {
    let components = |sign: &str, list: &[&Component], out: &mut dyn Write| {
        list.iter().try_for_each(|one| writeln!(out, "{sign} {}", clean(&one.purl.to_string())))
    };
    components("+", &diff.added, out)?;
    components("-", &diff.removed, out)?;
    for moved in &diff.moved {
        let (package, from, to) = (&moved.package, moved.from.join(", "), moved.to.join(", "));
        writeln!(out, "~ {}  {} -> {}", clean(&package.to_string()), none(&from), none(&to))?;
    }
    for (title, list) in
        [("New vulnerabilities", &diff.new), ("Vulnerabilities no longer there", &diff.gone)]
    {
        writeln!(out, "\n{title}: {}", list.len())?;
        for one in list {
            let finding = &one.vulnerability.finding;
            writeln!(
                out,
                "  {}  {}  {}  {}",
                finding.grade.word(),
                finding.id,
                clean(&one.component.purl.to_string()),
                finding.reason
            )?;
        }
    }
    let (added, removed, moved) = (diff.added.len(), diff.removed.len(), diff.moved.len());
    writeln!(out, "\n{added} packages added, {removed} removed, {moved} in other versions")
}

/// Writes it for programs.
///
/// # Errors
/// What writing gives.
pub fn write_json(diff: &Diff<'_>, document: &Document<'_>, out: &mut dyn Write) -> io::Result<()> {
    let purls = |list: &[&Component]| list.iter().map(|one| json!(one.purl)).collect::<Vec<_>>();
    let moved: Vec<Value> = diff
        .moved
        .iter()
        .map(|moved| json!({ "package": moved.package, "from": moved.from, "to": moved.to }))
        .collect();
    let whole = json!({
        "schema": "muster.diff/1",
        "name": document.name,
        "created": rfc3339(document.created),
        "added": purls(&diff.added),
        "removed": purls(&diff.removed),
        "moved": moved,
        "new_vulnerabilities": diff.new.iter().map(open).collect::<Vec<_>>(),
        "gone_vulnerabilities": diff.gone.iter().map(open).collect::<Vec<_>>(),
    });
    serde_json::to_writer_pretty(&mut *out, &whole)?;
    writeln!(out)
}

fn open(one: &Open<'_>) -> Value {
    let finding = &one.vulnerability.finding;
    object([
        ("component", json!(one.component.purl)),
        ("id", json!(finding.id)),
        ("grade", json!(finding.grade)),
        ("because", json!(finding.reason)),
        ("exploited", json!(finding.exploited)),
        ("fixed", json!(finding.fixed)),
    ])
}

fn none(versions: &str) -> &str {
    if versions.is_empty() { "(one less)" } else { versions }
}
