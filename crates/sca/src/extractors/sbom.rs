//! SBOMs as input: in the artifact that they describe (PEP 770, jars, images), or as the artifact itself.
//! CycloneDX and SPDX 2 as JSON, and SPDX 3 as far as its packages carry package URLs.

use crate::extractor::File;
use crate::finding::{Finding, Found, Kind};
use crate::trouble::Trouble;
use muster_model::purl::Purl;
use serde_json::{Map, Value};

/// Deepest nesting of components followed.
const MAX_DEPTH: usize = 32;

pub(super) fn extract(file: &File<'_>, found: &mut Found) -> Result<(), Trouble> {
    if !file.name().ends_with(".json") {
        return Ok(());
    }
    let document: Value = file.json()?;
    let Some(document) = document.as_object() else { return Ok(()) };
    if text(document, "bomFormat") == "CycloneDX" {
        cyclonedx(document.get("components"), 0, found);
    } else if document.contains_key("spdxVersion") {
        spdx(document, found);
    } else if let Some(graph) = document.get("@graph") {
        spdx3(graph, found);
    }
    Ok(())
}

fn text<'a>(object: &'a Map<String, Value>, name: &str) -> &'a str {
    object.get(name).and_then(Value::as_str).unwrap_or("")
}

fn objects(value: Option<&Value>) -> impl Iterator<Item = &Map<String, Value>> {
    value.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object)
}

fn add(purl: &str, licence: &str, found: &mut Found) {
    if let Ok(purl) = purl.parse::<Purl>() {
        let purl = purl.without_qualifiers();
        found.add(Finding::new(purl, Kind::Bundled).because("listed in an SBOM").licence(licence));
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
