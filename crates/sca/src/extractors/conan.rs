//! Conan, C and C++: `conan.lock` of Conan 1 and 2, and the record of a built package.

use crate::extractor::File;
use crate::extractors::purl;
use crate::finding::{Finding, Found, Kind, Relation, Scope};
use crate::trouble::Trouble;
use muster_model::purl::Purl;
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Lock {
    #[serde(default)]
    requires: Vec<String>,
    #[serde(default)]
    build_requires: Vec<String>,
    graph_lock: Option<Graph>,
}

#[derive(Deserialize)]
struct Graph {
    nodes: BTreeMap<String, Node>,
}

#[derive(Deserialize)]
struct Node {
    #[serde(rename = "ref", default)]
    reference: String,
    #[serde(default)]
    requires: Vec<String>,
}

/// `name/version[@user/channel][#revision][%time]`.
fn reference(text: &str) -> Option<Purl> {
    let text = text.split(['#', '%', '@']).next()?;
    let (name, version) = text.split_once('/')?;
    purl("conan", "", name, version)
}

/// `conan.lock`.
pub(super) fn lock(file: &File<'_>, found: &mut Found) -> Result<(), Trouble> {
    let lock: Lock = file.json()?;
    for (list, scope) in [(&lock.requires, Scope::Runtime), (&lock.build_requires, Scope::Build)] {
        for purl in list.iter().filter_map(|text| reference(text)) {
            found.add(Finding::new(purl, Kind::Locked).scope(scope));
        }
    }
    let Some(graph) = lock.graph_lock else { return Ok(()) };
    let top = graph.nodes.get("0").map(|node| node.requires.clone()).unwrap_or_default();
    for (id, node) in &graph.nodes {
        let needs =
            node.requires.iter().filter_map(|id| reference(&graph.nodes.get(id)?.reference));
        let relation = if top.contains(id) { Relation::Direct } else { Relation::Transitive };
        if id != "0"
            && let Some(purl) = reference(&node.reference)
        {
            let needs = needs.collect();
            found.add(Finding::new(purl, Kind::Locked).relation(relation).depends(needs));
        }
    }
    Ok(())
}

/// `conaninfo.txt`: the section of what was really required.
pub(super) fn info(file: &File<'_>, found: &mut Found) -> Result<(), Trouble> {
    let text = file.text();
    let mut section = "";
    for line in text.lines().map(str::trim) {
        if line.starts_with('[') {
            section = line;
        } else if section == "[full_requires]"
            && let Some(purl) = reference(line.split(':').next().unwrap_or(line))
        {
            found.add(Finding::new(purl, Kind::Locked));
        }
    }
    Ok(())
}
