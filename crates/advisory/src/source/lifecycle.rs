//! endoflife.date: release lines and when they end, by the package URLs of their products.

use super::feeds::Found;
use crate::compile::Compiler;
use crate::lifecycle::{Cycle, Product};
use muster_model::{Purl, Result};
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Row {
    #[serde(default)]
    title: String,
    identifiers: Option<Vec<BTreeMap<String, serde_json::Value>>>,
    releases: Option<Vec<Release>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Release {
    release_cycle: String,
    #[serde(default)]
    eol: serde_json::Value,
    latest: Option<String>,
}

/// Keeps what a package URL without version names, as one JSON object by package URL.
pub(super) fn load(found: &Found, compiler: &mut Compiler) -> Result<(u64, String)> {
    let rows: BTreeMap<String, Row> = super::json(found)?;
    let records = u64::try_from(rows.len()).unwrap_or_default();
    let mut products: BTreeMap<String, Product> = BTreeMap::new();
    for row in rows.into_values() {
        let releases = row.releases.unwrap_or_default();
        let cycles: Vec<Cycle> = releases.into_iter().map(Release::cycle).collect();
        let identifiers = row.identifiers.unwrap_or_default();
        let purls = identifiers.iter().filter_map(|identifier| identifier.get("purl")?.as_str());
        for purl in purls.filter_map(|purl| purl.parse::<Purl>().ok()) {
            let product = Product { title: row.title.clone(), cycles: cycles.clone() };
            products.insert(purl.package().to_string(), product);
        }
    }
    compiler.document("lifecycle", &serde_json::to_vec(&products).unwrap_or_default())?;
    Ok((records, String::new()))
}

impl Release {
    /// `eol` is a day, `true` for ended, `false` for not ended yet.
    fn cycle(self) -> Cycle {
        Cycle {
            name: self.release_cycle,
            ended: self.eol.as_bool() == Some(true),
            ends: self.eol.as_str().unwrap_or_default().to_owned(),
            latest: self.latest.unwrap_or_default(),
        }
    }
}
