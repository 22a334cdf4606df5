//! `METADATA` and `PKG-INFO`: of an installed distribution, a wheel, an egg or a source archive.

use crate::extractor::{File, file_name};
use crate::extractors::purl;
use crate::finding::{Finding, Found, Kind};
use crate::trouble::Trouble;
use muster_formats::python::{author, licences, parse_metadata};

pub(in crate::extractors) fn extract(file: &File<'_>, found: &mut Found) -> Result<(), Trouble> {
    let Some(kind) = kind(file) else { return Ok(()) };
    let Some(own) = parse_metadata(file.bytes) else {
        return Err(Trouble::malformed("not the metadata of a distribution"));
    };
    if let Some(purl) = purl("pypi", "", &own.name, &own.version) {
        let mut finding = Finding::new(purl, kind).supplier(&author(file.bytes));
        for licence in licences(file.bytes) {
            finding = finding.licence(&licence);
        }
        found.add(finding);
    }
    Ok(())
}

/// What the place says: in a site directory it is installed, at the top of an archive it is the archive, deeper
/// in a site directory some distribution brought it along.
fn kind(file: &File<'_>) -> Option<Kind> {
    let inner = file.inner();
    let own = match file.name() {
        "PKG-INFO" if !file.folder().ends_with(".egg-info") && !inner.contains("EGG-INFO/") => {
            // A source archive has its own right below its top folder.
            return (file.path.contains("!/") && inner.matches('/').count() <= 1)
                .then_some(Kind::Archive);
        }
        name if name.ends_with(".egg-info") => file.folder(),
        _ => file.folder().rsplit_once('/').map_or("", |(above, _)| above),
    };
    let in_site = ["site-packages", "dist-packages"].iter().any(|site| inner.contains(site));
    let above = file_name(own);
    if above == "site-packages" || above == "dist-packages" || above.ends_with(".egg") {
        return Some(Kind::Installed);
    }
    if in_site {
        return Some(Kind::Bundled);
    }
    if file.path.contains("!/") && inner.matches('/').count() <= 1 {
        return Some(Kind::Archive);
    }
    // A source archive also carries the record its build made, a folder deeper.
    if file.path.contains("!/") && file.name() == "PKG-INFO" {
        return None;
    }
    Some(Kind::Installed)
}
