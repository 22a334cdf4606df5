//! Muster's own JSON: everything the report knows.

use super::{Document, object, rfc3339, verdict};
use crate::licences::expression;
use crate::report::{Component, LicenceText, Place, Report};
use muster_model::Diagnostic;
use serde_json::{Value, json};
use std::io::{self, Write};

/// Writes the report.
///
/// # Errors
/// What writing gives.
pub fn write(report: &Report, document: &Document<'_>, out: &mut dyn Write) -> io::Result<()> {
    let whole = object([
        ("schema", json!("muster.scan/1")),
        ("name", json!(document.name)),
        ("created", json!(rfc3339(document.created))),
        ("tool", json!({ "name": "muster", "version": document.tool_version })),
        ("complete", json!(report.ended.is_none())),
        ("ended_by", report.ended.as_ref().map_or(Value::Null, trouble)),
        (
            "counts",
            json!({
                "components": report.components.len(),
                "files": report.members,
                "archives": report.archives,
                "bytes": report.bytes,
            }),
        ),
        ("knowledge", super::verdicts::knowledge(report)),
        ("components", components(report)),
        ("licence_texts", report.loose_texts().map(text).collect()),
        ("troubles", report.troubles.iter().map(trouble).collect()),
        ("left_out", json!(report.left_out)),
    ]);
    serde_json::to_writer_pretty(&mut *out, &whole)?;
    writeln!(out)
}

fn components(report: &Report) -> Value {
    report
        .components
        .iter()
        .enumerate()
        .map(|(at, one)| {
            let mut value = component(one);
            if let Some(verdict) = verdict(report, at)
                && let (Some(object), Value::Object(more)) =
                    (value.as_object_mut(), super::verdicts::component(verdict))
            {
                object.extend(more);
            }
            value
        })
        .collect()
}

/// What could not be read.
pub fn trouble(trouble: &Diagnostic) -> Value {
    object([
        ("code", json!(trouble.code)),
        ("path", json!(trouble.subject)),
        ("message", json!(trouble.message)),
    ])
}

fn component(component: &Component) -> Value {
    let purl = &component.purl;
    object([
        // Without its group a Java archive has no package URL that anybody else would understand.
        ("purl", if component.is_identified() { json!(purl) } else { Value::Null }),
        ("type", json!(purl.kind())),
        ("group", json!(purl.namespace())),
        ("name", json!(purl.name())),
        ("version", json!(purl.version())),
        ("identified", json!(component.is_identified())),
        ("confidence", json!(component.confidence)),
        ("known_as", json!(component.kind().name())),
        ("scope", json!(component.scope.name())),
        ("relation", json!(component.relation.name())),
        ("supplier", json!(component.supplier)),
        ("licences", json!(component.licences)),
        ("licence_expression", json!(expression::all(&component.licences))),
        ("licence_texts", component.texts.iter().map(text).collect()),
        ("depends_on", json!(component.depends)),
        (
            "file",
            component.file.as_ref().map_or(Value::Null, |file| {
                json!({
                    "name": file.name,
                    "size": file.size,
                    "sha512": file.sha512,
                    "executable": file.executable,
                    "archive": file.archive,
                })
            }),
        ),
        ("places", component.places.iter().map(place).collect()),
    ])
}

/// A licence recognised in a file.
fn text(text: &LicenceText) -> Value {
    let LicenceText { path, id, percent, by, source } = text;
    json!({ "path": path, "id": id, "percent": percent, "by": by.name(), "source": source })
}

/// Where a component is and why that is believed.
pub fn place(place: &Place) -> Value {
    object([
        ("path", json!(place.path)),
        ("known_as", json!(place.kind.name())),
        ("by", json!(place.extractor)),
        ("confidence", json!(place.confidence)),
        ("because", json!(place.reason)),
    ])
}
