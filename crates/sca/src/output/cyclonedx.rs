//! CycloneDX 1.6 and 1.7 (ECMA-424), as JSON and as XML.

mod vulnerabilities;
mod xml;

use super::{Document, digest, group, object, reference, rfc3339, verdict};
use crate::file::FileFacts;
use crate::finding::{Kind, Scope};
use crate::known::Verdict;
use crate::licences::expression::{self, is_id};
use crate::report::{Component, Report};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::ops::Range;

/// An edition of the standard; what is written reads the same in both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edition {
    /// 1.6.
    V1_6,
    /// 1.7.
    V1_7,
}

impl Edition {
    const fn number(self) -> &'static str {
        match self {
            Self::V1_6 => "1.6",
            Self::V1_7 => "1.7",
        }
    }
}

/// Writes the report.
///
/// # Errors
/// What writing gives.
pub fn write(
    edition: Edition,
    report: &Report,
    document: &Document<'_>,
    out: &mut dyn Write,
) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &whole(edition, report, document)?)?;
    writeln!(out)
}

/// Writes the report as XML.
///
/// # Errors
/// What writing gives.
pub fn write_xml(
    edition: Edition,
    report: &Report,
    document: &Document<'_>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let whole = whole(edition, report, document)?;
    out.write_all(xml::spell(&whole, edition.number()).as_bytes())
}

fn whole(edition: Edition, report: &Report, document: &Document<'_>) -> io::Result<Value> {
    let components: Vec<Value> = report
        .components
        .iter()
        .enumerate()
        .map(|(at, one)| component(one, verdict(report, at)))
        .collect();
    let root = "root";
    let mut dependencies = vec![json!({
        "ref": root,
        "dependsOn": report.components.iter().map(reference).collect::<Vec<_>>(),
    })];
    dependencies.extend(report.components.iter().filter(|one| !one.depends.is_empty()).map(
        |one| {
            let on: Vec<String> = one.depends.iter().map(ToString::to_string).collect();
            json!({ "ref": reference(one), "dependsOn": on })
        },
    ));
    let content = serde_json::to_string(&components)?;
    let mut whole = json!({
        "$schema": format!("http://cyclonedx.org/schema/bom-{}.schema.json", edition.number()),
        "bomFormat": "CycloneDX",
        "specVersion": edition.number(),
        "serialNumber": serial(&content, document),
        "version": 1,
        "metadata": {
            "timestamp": rfc3339(document.created),
            "tools": { "components": [
                { "type": "application", "name": "muster", "version": document.tool_version }
            ] },
            "component": { "type": "application", "bom-ref": root, "name": document.name },
        },
        "components": components,
        "dependencies": dependencies,
        "compositions": [{
            "aggregate": if report.ended.is_some() { "incomplete" } else { "unknown" },
            "assemblies": [root],
        }],
    });
    if report.known.is_some()
        && let Some(whole) = whole.as_object_mut()
    {
        whole.insert("vulnerabilities".to_owned(), json!(vulnerabilities::all(report)));
    }
    if let (Some(creator), Some(metadata)) =
        (&report.creator, whole.get_mut("metadata").and_then(Value::as_object_mut))
    {
        metadata.insert("manufacturer".to_owned(), manufacturer(creator));
    }
    Ok(whole)
}

/// A UUID made of the content: the same report has the same.
fn serial(content: &str, document: &Document<'_>) -> String {
    let first = digest(content);
    let second = digest(&format!("{}{}{first}", document.name, document.created.0));
    let part = |text: &str, range: Range<usize>| text.get(range).unwrap_or_default().to_owned();
    format!(
        "urn:uuid:{}-{}-8{}-8{}-{}",
        part(&first, 0..8),
        part(&first, 8..12),
        part(&first, 12..15),
        part(&second, 0..3),
        part(&second, 4..16)
    )
}

fn component(component: &Component, verdict: Option<&Verdict>) -> Value {
    let purl = &component.purl;
    let recognised: BTreeSet<&str> =
        component.texts.iter().map(|text| text.id.as_str()).filter(|id| is_id(id)).collect();
    let recognised: Vec<Value> =
        recognised.into_iter().map(|id| json!({ "license": { "id": id } })).collect();
    let methods: Vec<Value> = component
        .places
        .iter()
        .take(16)
        .map(|place| {
            object([
                ("technique", json!(technique(place.kind))),
                ("confidence", json!(fraction(place.confidence))),
                ("value", json!(place.reason)),
            ])
        })
        .collect();
    let occurrences: Vec<Value> =
        component.places.iter().map(|place| json!({ "location": place.path })).collect();
    let mut properties =
        vec![json!({ "name": "muster:known_as", "value": component.kind().name() })];
    if let Some(file) = &component.file {
        properties.extend(bsi(file));
    }
    if !component.relation.name().is_empty() {
        properties.push(json!({ "name": "muster:relation", "value": component.relation.name() }));
    }
    if let Some(why) = verdict.and_then(|verdict| verdict.not_checked) {
        properties.push(json!({ "name": "muster:not_checked", "value": why }));
    }
    if let Some(ended) = verdict.and_then(|verdict| verdict.ended.as_ref()) {
        properties.push(json!({ "name": "muster:end_of_life", "value": ended }));
    }
    object([
        ("type", json!("library")),
        ("bom-ref", json!(reference(component))),
        (
            "supplier",
            component.supplier.as_ref().map_or(Value::Null, |name| json!({ "name": name })),
        ),
        ("group", json!(group(component))),
        ("name", json!(purl.name())),
        ("version", json!(purl.version())),
        ("scope", json!(scope(component.scope))),
        ("hashes", hashes(component.file.as_ref())),
        ("licenses", licences(component)),
        ("purl", if component.is_identified() { json!(purl) } else { Value::Null }),
        (
            "evidence",
            object([
                (
                    "identity",
                    json!([{
                        "field": "purl",
                        "confidence": fraction(component.confidence),
                        "methods": methods,
                    }]),
                ),
                ("occurrences", Value::Array(occurrences)),
                ("licenses", Value::Array(recognised)),
            ]),
        ),
        ("properties", Value::Array(properties)),
    ])
}

/// What is stated: an expression stands alone, identifiers and names may stand beside each other.
fn licences(component: &Component) -> Value {
    let one = |stated: &String| match expression::normalised(stated) {
        Some(id) if is_id(&id) => json!({ "license": { "id": id } }),
        Some(expression) if component.licences.len() == 1 => json!({ "expression": expression }),
        _ => json!({ "license": { "name": stated } }),
    };
    component.licences.iter().map(one).collect()
}

/// A mail address or a URL, as the BSI wants it.
fn manufacturer(creator: &str) -> Value {
    if creator.contains('@') && !creator.contains("://") {
        json!({ "contact": [{ "email": creator }] })
    } else {
        json!({ "url": [creator] })
    }
}

fn hashes(file: Option<&FileFacts>) -> Value {
    file.map_or(Value::Null, |file| json!([{ "alg": "SHA-512", "content": file.sha512 }]))
}

/// The properties of TR-03183-2. What can be taken apart into its files is structured.
fn bsi(file: &FileFacts) -> [Value; 4] {
    let pick = |flag: bool, yes: &'static str, no: &'static str| if flag { yes } else { no };
    [
        ("filename", file.name.as_str()),
        ("executable", pick(file.executable, "executable", "non-executable")),
        ("archive", pick(file.archive, "archive", "no archive")),
        ("structured", pick(file.archive, "structured", "unstructured")),
    ]
    .map(|(name, value)| json!({ "name": format!("bsi:component:{name}"), "value": value }))
}

fn fraction(percent: u8) -> f64 {
    f64::from(percent) / 100.0
}

const fn technique(kind: Kind) -> &'static str {
    match kind {
        Kind::Installed | Kind::Locked | Kind::Declared | Kind::Bundled => "manifest-analysis",
        Kind::Archive => "filename",
        Kind::Binary => "binary-analysis",
    }
}

/// The words of CycloneDX: what is not needed to run is excluded.
const fn scope(scope: Scope) -> &'static str {
    match scope {
        Scope::Runtime => "required",
        Scope::Optional => "optional",
        Scope::Build | Scope::Test | Scope::Development => "excluded",
        Scope::Unknown => "",
    }
}
