//! PHP's Composer.

use crate::extractor::File;
use crate::extractors::{purl, split_name};
use crate::finding::{Finding, Found, Kind, Scope};
use crate::trouble::Trouble;
use muster_formats::composer;

/// `composer.lock`.
pub(super) fn lock(file: &File<'_>, found: &mut Found) -> Result<(), Trouble> {
    emit(composer::parse(file.bytes), Kind::Locked, Scope::Runtime, found)?;
    emit(composer::parse_dev(file.bytes), Kind::Locked, Scope::Development, found)
}

/// `vendor/composer/installed.json`.
pub(super) fn installed(file: &File<'_>, found: &mut Found) -> Result<(), Trouble> {
    if !file.folder().ends_with("composer") {
        return Ok(());
    }
    emit(composer::parse(file.bytes), Kind::Installed, Scope::Unknown, found)
}

fn emit(
    packages: Option<Vec<composer::Package>>,
    kind: Kind,
    scope: Scope,
    found: &mut Found,
) -> Result<(), Trouble> {
    let packages = packages.ok_or_else(|| Trouble::malformed("not the JSON of Composer"))?;
    for package in packages {
        let (vendor, name) = split_name(&package.name);
        if let Some(purl) = purl("composer", vendor, name, &package.version) {
            found.add(Finding::new(purl, kind).scope(scope));
        }
    }
    Ok(())
}
