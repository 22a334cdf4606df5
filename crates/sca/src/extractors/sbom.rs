//! SBOMs as input: in the artifact that they describe (PEP 770, jars, images), or as the artifact itself.
//! CycloneDX and SPDX 2 as JSON, SPDX 3 as far as its packages carry package URLs, and Muster's own reports.

mod kept;

use crate::extractor::File;
use crate::finding::{Finding, Found, Kind};
use crate::trouble::Trouble;
use kept::Kept;
use muster_model::purl::Purl;
use serde_json::{Map, Value};

/// Deepest nesting of components followed.
const MAX_DEPTH: usize = 32;

pub(super) fn extract(file: &File<'_>, found: &mut Found) -> Result<(), Trouble> {
    let first = file.bytes.iter().find(|byte| !byte.is_ascii_whitespace() && **byte < 0x80);
    if !file.name().ends_with(".json") && first != Some(&b'{') {
        return Ok(());
    }
    let document = match file.json() {
        Ok(Kept(document)) => document,
        // The one file that was asked for is looked into whatever it is.
        Err(_) if !claims(file) => return Ok(()),
        Err(trouble) => return Err(trouble),
    };
    let Some(document) = document.as_object() else { return Ok(()) };
    if text(document, "bomFormat") == "CycloneDX" {
        cyclonedx(document.get("components"), 0, found);
    } else if document.contains_key("spdxVersion") {
        spdx(document, found);
    } else if text(document, "schema").starts_with("muster.scan/") {
        own(document, found);
    } else if let Some(graph) = document.get("@graph") {
        spdx3(graph, found);
    }
    Ok(())
}

/// Whether it says that it is an SBOM.
fn claims(file: &File<'_>) -> bool {
    let begin = file.bytes.get(..4_096).unwrap_or(file.bytes);
    let has = |word: &[u8]| begin.windows(word.len()).any(|part| part == word);
    file.folder().ends_with("sboms") || has(b"bomFormat") || has(b"spdxVersion") || has(b"spdx.org")
}

fn text<'a>(object: &'a Map<String, Value>, name: &str) -> &'a str {
    object.get(name).and_then(Value::as_str).unwrap_or("")
}

fn objects(value: Option<&Value>) -> impl Iterator<Item = &Map<String, Value>> {
    value.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object)
}

fn add(purl: &str, licence: &str, found: &mut Found) {
    if let Ok(purl) = purl.parse::<Purl>() {
        let purl = identity(&purl);
        found.add(Finding::new(purl, Kind::Bundled).because("listed in an SBOM").licence(licence));
    }
}

/// Without what says where a package came from; of a distribution's package its release and source belong to it.
fn identity(purl: &Purl) -> Purl {
    let mut plain = purl.without_qualifiers();
    if matches!(purl.kind(), "deb" | "rpm" | "apk") {
        for name in ["arch", "distro", "epoch", "origin", "upstream"] {
            let Some(value) = purl.qualifier(name) else { continue };
            if let Ok(qualified) = plain.clone().with_qualifier(name, value) {
                plain = qualified;
            }
        }
    }
    plain
}

/// A report of `muster scan --format json`.
fn own(document: &Map<String, Value>, found: &mut Found) {
    for component in objects(document.get("components")) {
        let licence =
            component.get("licences").and_then(|list| list.get(0)).and_then(Value::as_str);
        let (purl, licence) = (text(component, "purl"), licence.unwrap_or_default());
        if purl.is_empty() {
            // Not identified: it is shown, and said that it cannot be checked.
            let of = |name| text(component, name);
            if let Ok(purl) = Purl::new(of("type"), of("group"), of("name"), of("version")) {
                add(&purl.to_string(), licence, found);
            }
        } else {
            add(purl, licence, found);
        }
    }
}

fn cyclonedx(components: Option<&Value>, depth: usize, found: &mut Found) {
    if depth > MAX_DEPTH {
        return;
    }
    for component in objects(components) {
        let licence = objects(component.get("licenses"))
            .find_map(|one| {
                let named = one.get("license").and_then(Value::as_object);
                let named = named.map(|l| [text(l, "id"), text(l, "name")]).into_iter().flatten();
                named.chain([text(one, "expression")]).find(|text| !text.is_empty())
            })
            .unwrap_or("");
        add(text(component, "purl"), licence, found);
        cyclonedx(component.get("components"), depth + 1, found);
    }
}

fn spdx(document: &Map<String, Value>, found: &mut Found) {
    for package in objects(document.get("packages")) {
        let licence = ["licenseConcluded", "licenseDeclared"]
            .into_iter()
            .map(|name| text(package, name))
            .find(|licence| !matches!(*licence, "" | "NOASSERTION" | "NONE"))
            .unwrap_or("");
        for reference in objects(package.get("externalRefs")) {
            if text(reference, "referenceType") == "purl" {
                add(text(reference, "referenceLocator"), licence, found);
            }
        }
    }
}

fn spdx3(graph: &Value, found: &mut Found) {
    for element in objects(Some(graph)) {
        let purl = ["software_packageUrl", "packageUrl"]
            .into_iter()
            .map(|name| text(element, name))
            .find(|purl| !purl.is_empty());
        if let Some(purl) = purl {
            add(purl, "", found);
        }
    }
}
