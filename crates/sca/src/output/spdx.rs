//! SPDX 2.3 as JSON (ISO/IEC 5962 and its successor).

use super::{Document, digest, reference, rfc3339};
use crate::licences::expression;
use crate::report::{Component, Report};
use serde_json::{Value, json};
use std::io::{self, Write};

/// Writes the report.
///
/// # Errors
/// What writing gives.
pub fn write(report: &Report, document: &Document<'_>, out: &mut dyn Write) -> io::Result<()> {
    let root = "SPDXRef-root";
    let mut packages = vec![json!({
        "SPDXID": root,
        "name": document.name,
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": false,
    })];
    packages.extend(report.components.iter().map(package));
    let relate = |from: &str, kind: &str, to: &str| json!({ "spdxElementId": from, "relationshipType": kind, "relatedSpdxElement": to });
    let mut relations = vec![relate("SPDXRef-DOCUMENT", "DESCRIBES", root)];
    for one in &report.components {
        let own = id(&reference(one));
        relations.push(relate(root, "CONTAINS", &own));
        for on in &one.depends {
            relations.push(relate(&own, "DEPENDS_ON", &id(&on.to_string())));
        }
    }
    let content = serde_json::to_string(&packages)?;
    let whole = json!({
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": document.name,
        "documentNamespace": format!("urn:muster:scan:{}", digest(&content)),
        "creationInfo": {
            "created": rfc3339(document.created),
            "creators": [format!("Tool: muster-{}", document.tool_version)],
        },
        "packages": packages,
        "relationships": relations,
    });
    serde_json::to_writer_pretty(&mut *out, &whole)?;
    writeln!(out)
}

fn id(reference: &str) -> String {
    format!("SPDXRef-{}", digest(reference))
}

fn package(component: &Component) -> Value {
    let purl = &component.purl;
    let found: Vec<&str> = component.places.iter().map(|place| place.path.as_str()).collect();
    let mut package = json!({
        "SPDXID": id(&reference(component)),
        "name": component.name(),
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": false,
        "licenseConcluded": "NOASSERTION",
        "licenseDeclared": "NOASSERTION",
        "copyrightText": "NOASSERTION",
        "sourceInfo": format!("found at: {}", found.join(", ")),
    });
    if let Some(object) = package.as_object_mut() {
        if !purl.version().is_empty() {
            object.insert("versionInfo".to_owned(), json!(purl.version()));
        }
        if let Some(supplier) = &component.supplier {
            object.insert("supplier".to_owned(), json!(format!("Organization: {supplier}")));
        }
        // A licence of somebody's own would have to be defined in the document.
        let expression = expression::all(&component.licences)
            .filter(|expression| !expression.contains("LicenseRef-"));
        if let Some(expression) = expression {
            object.insert("licenseDeclared".to_owned(), json!(expression));
        } else if !component.licences.is_empty() {
            let said = format!("declared as: {}", component.licences.join("; "));
            object.insert("licenseComments".to_owned(), json!(said));
        }
        if component.is_identified() {
            let reference = json!([{
                "referenceCategory": "PACKAGE-MANAGER",
                "referenceType": "purl",
                "referenceLocator": purl,
            }]);
            object.insert("externalRefs".to_owned(), reference);
        }
    }
    package
}
