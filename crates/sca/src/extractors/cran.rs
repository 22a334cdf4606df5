//! R: the record of an installed package, and renv's lock.

use crate::extractor::File;
use crate::extractors::purl;
use crate::finding::{Finding, Found, Kind};
use crate::trouble::Trouble;
use serde::Deserialize;
use std::collections::BTreeMap;

/// `DESCRIPTION` of an installed package: only R's installer adds the field `Built`.
pub(super) fn description(file: &File<'_>, found: &mut Found) -> Result<(), Trouble> {
    let text = file.text();
    let field = |name: &str| {
        text.lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
            .map_or("", str::trim)
    };
    let (name, version) = (field("Package"), field("Version"));
    if field("Built").is_empty() || version.is_empty() {
        return Ok(());
    }
    // Packages of R itself carry R's version and come with it.
    if field("Priority") != "base"
        && let Some(purl) = purl("cran", "", name, version)
    {
        found.add(Finding::new(purl, Kind::Installed).licence(field("License")));
    }
    Ok(())
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Lock {
    packages: BTreeMap<String, Package>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Package {
    package: String,
    version: String,
}

/// `renv.lock`.
pub(super) fn renv(file: &File<'_>, found: &mut Found) -> Result<(), Trouble> {
    let lock: Lock = file.json()?;
    for one in lock.packages.into_values() {
        if let Some(purl) = purl("cran", "", &one.package, &one.version) {
            found.add(Finding::new(purl, Kind::Locked));
        }
    }
    Ok(())
}
