//! Conda: `conda-meta/*.json`, one file an installed package.

use crate::extractor::File;
use crate::extractors::purl;
use crate::finding::{Finding, Found, Kind};
use crate::trouble::Trouble;
use serde::Deserialize;

#[derive(Deserialize)]
struct Record {
    name: String,
    version: String,
    #[serde(default)]
    build: String,
    #[serde(default)]
    subdir: String,
    #[serde(default)]
    license: Option<String>,
}

pub(super) fn extract(file: &File<'_>, found: &mut Found) -> Result<(), Trouble> {
    if !file.name().ends_with(".json") {
        return Ok(());
    }
    let record: Record = file.json()?;
    let purl = purl("conda", "", &record.name, &record.version)
        .and_then(|purl| purl.with_qualifier("build", &record.build).ok())
        .and_then(|purl| purl.with_qualifier("subdir", &record.subdir).ok());
    if let Some(purl) = purl {
        let licence = record.license.unwrap_or_default();
        found.add(Finding::new(purl, Kind::Installed).licence(&licence));
    }
    Ok(())
}
