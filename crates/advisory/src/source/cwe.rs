//! Weaknesses: names by number, from the list of MITRE as JSON.

use super::feeds::Found;
use crate::compile::Compiler;
use muster_model::Result;
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct List {
    #[serde(default)]
    date: String,
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    id: String,
    name: String,
}

pub(super) fn load(found: &Found, compiler: &mut Compiler) -> Result<(u64, String)> {
    let list: List = super::json(found)?;
    let names: BTreeMap<String, String> =
        list.entries.into_iter().map(|entry| (entry.id, entry.name)).collect();
    compiler.document("cwe", &serde_json::to_vec(&names).unwrap_or_default())?;
    Ok((u64::try_from(names.len()).unwrap_or_default(), list.date))
}
