//! CVE records, merged of the CVE Program's, CISA's and others' data, one JSON document a line.

use super::feeds::Found;
use super::unpack;
use crate::compile::Compiler;
use crate::file::trouble;
use crate::osv::cut;
use muster_model::{Diagnostic, Result};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

#[derive(Deserialize)]
struct Row {
    id: String,
    #[serde(default)]
    cvss: BTreeMap<String, VectorRow>,
    #[serde(default)]
    cwe: Vec<String>,
    #[serde(default)]
    published: String,
    #[serde(default)]
    modified: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    ssvc: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct VectorRow {
    #[serde(default)]
    vector: String,
    #[serde(default)]
    source: String,
}

pub(super) fn load(found: &Found, compiler: &mut Compiler) -> Result<(u64, String)> {
    let (mut records, mut bad) = (0, 0_u64);
    let mut newest = String::new();
    let now = compiler.built().iso();
    unpack::lines(&found.path, |line| {
        let Ok(row) = serde_json::from_slice::<Row>(line) else {
            bad += 1;
            return Ok(());
        };
        if row.modified > newest && row.modified <= now {
            newest.clone_from(&row.modified);
        }
        let id = row.id.clone();
        let taken = compiler.enrich(
            &id,
            |enrichment| {
                for vector in row.cvss.values() {
                    enrichment.add_vector(&vector.vector, &vector.source);
                }
                enrichment.add_cwes(row.cwe.iter().map(String::as_str));
                enrichment.disputed |= is_disputed(&row.description);
                enrichment.description = cut(row.description, 64 << 10);
                enrichment.published = row.published;
                enrichment.modified = row.modified;
                enrichment.ssvc = row.ssvc.into_iter().collect();
            },
            false,
        );
        records += u64::from(taken);
        Ok(())
    })
    .map_err(|error| trouble(Path::new(&found.name), error))?;
    if bad > 0 {
        compiler.diagnostic(Diagnostic::new("cve.unreadable", &found.name, format!("{bad} lines")));
    }
    Ok((records, newest))
}

/// The CVE Program marks a dispute in the text itself.
pub(super) fn is_disputed(description: &str) -> bool {
    let start = description.trim_start();
    start.starts_with("** DISPUTED **")
        || start.starts_with("**DISPUTED**")
        || start.starts_with("[DISPUTED]")
}
