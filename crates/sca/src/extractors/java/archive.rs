//! A Java archive: what it is, what was shaded into it, and what its notices say that it bundles.
//!
//! The archive's name does not matter, only its content: classes, a manifest of the Java kind, Maven's files.

use super::groups::{self, Correction};
use super::{bundles, moved};
use crate::extractor::File;
use crate::extractors::purl;
use crate::finding::{Finding, Found, Kind};
use crate::trouble::Trouble;
use muster_formats::jar::{GroupSource, Identity, VersionSource, identify, is_archive};
use muster_formats::manifest::Manifest;
use muster_formats::pom::{self, Coordinate};
use muster_formats::zipfile::{Entry, ZipFile};

const MAX_MANIFEST: u64 = 1 << 20;
const MAX_POM: u64 = 4 << 20;
const MAX_NOTICE: u64 = 16 << 20;
const MAX_POMS: usize = 10_000;

/// The entries of one archive that tell what it is.
#[derive(Default)]
struct Parts<'a> {
    manifest: Option<Entry<'a>>,
    properties: Vec<Entry<'a>>,
    xml: Vec<Entry<'a>>,
    notices: Vec<Entry<'a>>,
    dependencies: Option<Entry<'a>>,
    classes: bool,
    web: bool,
    android: bool,
}

pub(in crate::extractors) fn extract(file: &File<'_>, found: &mut Found) -> Result<(), Trouble> {
    let Some(zip) = file.zip else { return Ok(()) };
    let parts = parts(zip);
    let java = parts.classes || parts.web || !parts.properties.is_empty() || !parts.xml.is_empty();
    if !(java || is_archive(file.name())) || parts.android {
        return Ok(());
    }
    let read = |entry: &Entry<'_>, max| zip.read(entry, max).ok();
    let manifest = parts.manifest.as_ref().and_then(|entry| read(entry, MAX_MANIFEST));
    let manifest = Manifest::parse(&manifest.unwrap_or_default());
    let (poms, licences) = poms(zip, &parts);
    let holds = |package: &str| zip.entries().any(|entry| entry.name.starts_with(package));
    let (mut identity, shaded) = identify(file.name(), &manifest, poms, &holds);
    let mut reason = reason(&identity);
    let mut confidence = confidence(&identity);
    let correction = match identity.group_source {
        GroupSource::None => groups::find(&identity.artifact, &holds).map(Correction::Group),
        source @ (GroupSource::VendorId | GroupSource::BundleName | GroupSource::Vendor) => {
            let guessed = source != GroupSource::VendorId;
            groups::correct(&identity.artifact, &identity.group, guessed, &holds)
        }
        GroupSource::Pom | GroupSource::KnownName => None,
    };
    match correction {
        Some(Correction::Group(group)) => {
            identity.group = group.name.to_owned();
            confidence = group.confidence;
            reason = format!("{reason}, group of that name in public repositories{}", group.proof);
        }
        Some(Correction::Unknown) => {
            identity.group.clear();
            confidence = 50;
            reason = format!("{reason}, but in public repositories others have that name");
        }
        None => {}
    }
    // A repository's name has the version in it; what a server calls `el-api.jar` is its own.
    if identity.group.is_empty() && identity.version_source == VersionSource::FileName {
        let classes = || zip.entries().filter(|entry| entry.name.ends_with(".class"));
        let only = |package: &str| {
            let counted = || classes().filter(|entry| !entry.name.ends_with("module-info.class"));
            counted().next().is_some() && counted().all(|entry| entry.name.starts_with(package))
        };
        if let Some(group) = groups::of_specification(&identity.artifact, &only) {
            identity.group = group;
            confidence = 75;
            reason = format!("{reason}, group by the specification's one package");
        }
    }
    if let Some(own) = moved::look(file, zip, &identity, &shaded, found) {
        let Coordinate { group, artifact, version } = own.identity;
        identity = Identity { group, artifact, version, ..identity };
        (confidence, reason) = (90, own.reason);
    }
    if file.options.collect_classes {
        moved::note(zip, &identity, confidence, &shaded, found);
    }
    let mut listed = Vec::new();
    for entry in &parts.notices {
        let text = read(entry, MAX_NOTICE).unwrap_or_default();
        for bundle in bundles::notice(&String::from_utf8_lossy(&text)) {
            listed.push((bundle, entry.name.to_string()));
        }
    }
    let mut own_needs = Vec::new();
    if let Some(entry) = &parts.dependencies {
        let text = read(entry, MAX_NOTICE).unwrap_or_default();
        for needed in bundles::dependencies(&String::from_utf8_lossy(&text)) {
            own_needs.extend(maven(&needed));
        }
    }
    if let Some(own) = purl("maven", &identity.group, &identity.artifact, &identity.version) {
        let mut finding = Finding::new(own, Kind::Archive)
            .confidence(confidence)
            .because(reason)
            .depends(own_needs);
        let vendors = ["Implementation-Vendor", "Bundle-Vendor", "Specification-Vendor"];
        if let Some(vendor) = vendors.into_iter().find_map(|name| manifest.get(name)) {
            finding = finding.supplier(vendor);
        }
        if let Some(licence) = manifest.get("Bundle-License") {
            finding = finding.licence(licence);
        }
        for (of, licence) in &licences {
            if of.artifact == identity.artifact {
                finding = finding.licence(licence);
            }
        }
        found.add(finding);
    }
    for pom in &shaded {
        let Some(purl) = maven(pom) else { continue };
        let mut finding = Finding::new(purl, Kind::Bundled)
            .confidence(if pom.version.is_empty() { 60 } else { 95 })
            .because("Maven's files of it lie inside");
        for (of, licence) in &licences {
            if of == pom {
                finding = finding.licence(licence);
            }
        }
        found.add(finding);
    }
    for (bundle, entry) in listed {
        if bundle.artifact != identity.artifact
            && let Some(purl) = maven(&bundle)
        {
            let reason = format!("listed as bundled in {entry}");
            found.add(Finding::new(purl, Kind::Bundled).confidence(85).because(reason));
        }
    }
    Ok(())
}

fn maven(pom: &Coordinate) -> Option<muster_model::purl::Purl> {
    purl("maven", &pom.group, &pom.artifact, &pom.version)
}

fn parts<'a>(zip: &'a ZipFile<'_>) -> Parts<'a> {
    let mut parts = Parts::default();
    for entry in zip.entries() {
        let name: &str = &entry.name;
        if name.ends_with(".class") {
            parts.classes = true;
            continue;
        }
        if name == "AndroidManifest.xml" {
            parts.android = true;
        } else if name == "WEB-INF/web.xml" || name == "META-INF/application.xml" {
            parts.web = true;
        } else if let Some(inner) = name.strip_prefix("META-INF/") {
            if inner.eq_ignore_ascii_case("MANIFEST.MF") {
                parts.manifest = Some(entry);
            } else if inner.starts_with("maven/") && inner.ends_with("/pom.properties") {
                if parts.properties.len() < MAX_POMS {
                    parts.properties.push(entry);
                }
            } else if inner.starts_with("maven/") && inner.ends_with("/pom.xml") {
                if parts.xml.len() < MAX_POMS {
                    parts.xml.push(entry);
                }
            } else if inner.eq_ignore_ascii_case("DEPENDENCIES") {
                parts.dependencies = Some(entry);
            } else if is_notice(inner) {
                parts.notices.push(entry);
            }
        } else if is_notice(name) {
            parts.notices.push(entry);
        }
    }
    parts
}

fn is_notice(name: &str) -> bool {
    matches!(name, "NOTICE" | "NOTICE.txt" | "NOTICE.md" | "NOTICE-binary" | "LICENSE-binary")
}

/// The coordinates of Maven's files, and the licences that its `pom.xml` files name. The two files of one
/// artifact lie in the same folder.
fn poms(zip: &ZipFile<'_>, parts: &Parts<'_>) -> (Vec<Coordinate>, Vec<(Coordinate, String)>) {
    let mut poms: Vec<Coordinate> = parts
        .properties
        .iter()
        .filter_map(|entry| pom::parse_properties(&zip.read(entry, MAX_POM).ok()?))
        .collect();
    let mut licences = Vec::new();
    for entry in &parts.xml {
        let Ok(bytes) = zip.read(entry, MAX_POM) else { continue };
        let folder = entry.name.strip_suffix("pom.xml").unwrap_or_default();
        let has_properties = parts
            .properties
            .iter()
            .any(|other| other.name.strip_suffix("pom.properties") == Some(folder));
        let Some(own) = pom::parse_xml(&bytes) else { continue };
        let of = poms
            .iter()
            .find(|pom| pom.artifact == own.artifact)
            .cloned()
            .unwrap_or_else(|| own.clone());
        for licence in pom::licences(&bytes) {
            licences.push((of.clone(), licence));
        }
        if !has_properties {
            poms.push(own);
        }
    }
    (poms, licences)
}

fn reason(identity: &Identity) -> String {
    let version = match identity.version_source {
        VersionSource::None => return "file name only".to_owned(),
        source => source.name(),
    };
    match identity.group_source {
        GroupSource::None => format!("version by {version}"),
        GroupSource::Pom => "its own Maven files".to_owned(),
        group => format!("version by {version}, group by {}", group.name()),
    }
}

const fn confidence(identity: &Identity) -> u8 {
    match (identity.group_source, identity.version_source) {
        (GroupSource::Pom, _) => 100,
        (_, VersionSource::None) => 30,
        (GroupSource::VendorId, _) => 90,
        (GroupSource::KnownName, _) => 90,
        (GroupSource::BundleName | GroupSource::Vendor, _) => 80,
        (GroupSource::None, _) => 50,
    }
}
