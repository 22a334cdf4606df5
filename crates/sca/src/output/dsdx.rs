//! DSDX 1.0 as JSON, the exchange format that Chinese tools read: components by number, dependencies by their parents.

use super::{Document, digest, group, object, reference};
use crate::report::{Component, Report};
use muster_model::Micros;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::io::{self, Write};

/// Writes the report.
///
/// # Errors
/// What writing gives.
pub fn write(report: &Report, document: &Document<'_>, out: &mut dyn Write) -> io::Result<()> {
    let ids: HashMap<String, String> =
        report.components.iter().map(|one| (reference(one), digest(&reference(one)))).collect();
    let components: Vec<Value> = report.components.iter().map(|one| component(one, &ids)).collect();
    let mut dependencies = Map::new();
    for one in report.components.iter().filter(|one| !one.depends.is_empty()) {
        let on: Vec<&String> =
            one.depends.iter().filter_map(|on| ids.get(&on.to_string())).collect();
        if let Some(id) = ids.get(&reference(one)) {
            dependencies.insert(id.clone(), json!(on));
        }
    }
    let content = serde_json::to_string(&components)?;
    let whole = json!({
        "name": document.name,
        "creator": format!("muster-{}", document.tool_version),
        "dsdx_version": "DSDX-1.0",
        "create_time": time(document.created),
        "dsdx_id": digest(&format!("{}{}{content}", document.name, document.created.0)),
        "project_name": document.name,
        "components": components,
        "dependencies": dependencies,
    });
    serde_json::to_writer_pretty(&mut *out, &whole)?;
    writeln!(out)
}

fn component(component: &Component, ids: &HashMap<String, String>) -> Value {
    object([
        ("id", json!(ids.get(&reference(component)))),
        ("group", json!(group(component))),
        ("name", json!(component.purl.name())),
        ("version", json!(component.purl.version())),
        ("language", json!(language(component.purl.kind()))),
        ("license", json!(component.licences)),
    ])
}

/// `2026-11-25 12:00:00`, UTC.
fn time(moment: Micros) -> String {
    let iso = moment.iso().replace('T', " ");
    iso.get(..19).unwrap_or(&iso).to_owned()
}

/// The language of a type of package; empty where it says none.
fn language(kind: &str) -> &'static str {
    match kind {
        "maven" => "Java",
        "npm" => "JavaScript",
        "pypi" => "Python",
        "golang" => "Golang",
        "cargo" => "Rust",
        "nuget" => "CSharp",
        "gem" => "Ruby",
        "composer" => "PHP",
        "hex" => "Erlang",
        "pub" => "Dart",
        "swift" | "cocoapods" => "Swift",
        "cran" => "R",
        "hackage" => "Haskell",
        "conan" => "C/C++",
        _ => "",
    }
}
