//! SPDX 3.0.1 as JSON-LD: a graph of elements that refer to each other by their ids.

use super::{Document, digest, judged, object, reference, rfc3339};
use crate::known::Vulnerability;
use crate::licences::expression;
use crate::report::{Component, Report};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

const CONTEXT: &str = "https://spdx.org/rdf/3.0.1/spdx-context.jsonld";
/// The one record of who wrote the elements, and when.
const CREATION: &str = "_:creation";

/// Writes the report.
///
/// # Errors
/// What writing gives.
pub fn write(report: &Report, document: &Document<'_>, out: &mut dyn Write) -> io::Result<()> {
    let content = format!("{}{:?}", document.name, report.components);
    let graph =
        Graph { namespace: format!("urn:muster:spdx3:{}", digest(&content)), elements: Vec::new() };
    let whole = json!({ "@context": CONTEXT, "@graph": graph.of(report, document) });
    serde_json::to_writer_pretty(&mut *out, &whole)?;
    writeln!(out)
}

struct Graph {
    namespace: String,
    elements: Vec<Value>,
}

impl Graph {
    /// An id within the document.
    fn id(&self, kind: &str, name: &str) -> String {
        format!("{}:{kind}:{}", self.namespace, digest(name))
    }

    /// Adds an element and answers its id.
    fn add<const N: usize>(
        &mut self,
        kind: &str,
        id: String,
        members: [(&'static str, Value); N],
    ) -> String {
        let head =
            [("type", json!(kind)), ("spdxId", json!(id)), ("creationInfo", json!(CREATION))];
        self.elements.push(object(head.into_iter().chain(members)));
        id
    }

    fn relate(&mut self, from: &str, kind: &'static str, to: &[String]) {
        if to.is_empty() {
            return;
        }
        let id = self.id("relation", &format!("{from} {kind}"));
        let members = [("from", json!(from)), ("relationshipType", json!(kind)), ("to", json!(to))];
        self.add("Relationship", id, members);
    }

    fn of(mut self, report: &Report, document: &Document<'_>) -> Vec<Value> {
        let tool = self.id("tool", "muster");
        let name = format!("muster {}", document.tool_version);
        self.add("Tool", tool.clone(), [("name", json!(name))]);
        let creator = self.creator(report);
        let root = self.id("package", "");
        let members =
            [("name", json!(document.name)), ("software_primaryPurpose", json!("application"))];
        self.add("software_Package", root.clone(), members);
        let licences = self.licences(report);
        let suppliers = self.suppliers(report);
        let mut contained = Vec::new();
        for one in &report.components {
            contained.push(self.package(one, &suppliers));
        }
        self.relate(&root, "contains", &contained);
        for (one, own) in report.components.iter().zip(&contained) {
            let on: Vec<String> =
                one.depends.iter().map(|on| self.id("package", &on.to_string())).collect();
            self.relate(own, "dependsOn", &on);
            let stated: BTreeSet<String> = one
                .licences
                .iter()
                .filter_map(|text| licences.get(text.as_str()))
                .cloned()
                .collect();
            self.relate(own, "hasDeclaredLicense", &Vec::from_iter(stated));
        }
        self.vulnerabilities(report);
        let bill = self.id("sbom", "");
        let all: Vec<Value> =
            self.elements.iter().filter_map(|element| element.get("spdxId").cloned()).collect();
        let members = [
            ("rootElement", json!([root])),
            ("element", json!(all)),
            ("software_sbomType", json!(["analyzed"])),
        ];
        self.add("software_Sbom", bill.clone(), members);
        let mut profiles = vec!["core", "software", "simpleLicensing"];
        if report.known.is_some() {
            profiles.push("security");
        }
        let members = [
            ("name", json!(document.name)),
            ("profileConformance", json!(profiles)),
            ("rootElement", json!([bill])),
        ];
        let id = self.id("document", "");
        self.add("SpdxDocument", id, members);
        let creation = json!({
            "type": "CreationInfo",
            "@id": CREATION,
            "specVersion": "3.0.1",
            "created": rfc3339(document.created),
            "createdBy": [creator],
            "createdUsing": [tool],
        });
        let mut graph = vec![creation];
        graph.append(&mut self.elements);
        graph
    }

    /// Who made the document: whoever says so, else the program.
    fn creator(&mut self, report: &Report) -> String {
        let Some(creator) = &report.creator else {
            let id = self.id("agent", "muster");
            return self.add("SoftwareAgent", id, [("name", json!("muster"))]);
        };
        let kind = if creator.contains("://") { "urlScheme" } else { "email" };
        let id = self.id("agent", creator);
        let known = json!([{
            "type": "ExternalIdentifier",
            "externalIdentifierType": kind,
            "identifier": creator,
        }]);
        self.add("Agent", id, [("name", json!(creator)), ("externalIdentifier", known)])
    }

    fn suppliers<'a>(&mut self, report: &'a Report) -> BTreeMap<&'a str, String> {
        let names: BTreeSet<&str> =
            report.components.iter().filter_map(|one| one.supplier.as_deref()).collect();
        let mut suppliers = BTreeMap::new();
        for name in names {
            let id = self.id("organization", name);
            suppliers.insert(name, self.add("Organization", id, [("name", json!(name))]));
        }
        suppliers
    }

    /// What components state is an expression, or a text of theirs that the document defines as a licence of its own.
    fn licences<'a>(&mut self, report: &'a Report) -> BTreeMap<&'a str, String> {
        let texts: BTreeSet<&str> = report
            .components
            .iter()
            .flat_map(|one| &one.licences)
            .map(String::as_str)
            .filter(|text| !text.is_empty())
            .collect();
        let mut licences = BTreeMap::new();
        for stated in texts {
            let known = expression::normalised(stated);
            if let Some(expression) = known.filter(|known| !known.contains("LicenseRef-")) {
                let id = self.id("licence", &expression);
                let members = [("simplelicensing_licenseExpression", json!(expression))];
                if !licences.values().any(|known| *known == id) {
                    self.add("simplelicensing_LicenseExpression", id.clone(), members);
                }
                licences.insert(stated, id);
                continue;
            }
            let id = self.id("text", stated);
            let members = [("simplelicensing_licenseText", json!(stated))];
            let text = self.add("simplelicensing_SimpleLicensingText", id, members);
            let own = format!("LicenseRef-{}", digest(stated));
            let entry = json!([{ "type": "DictionaryEntry", "key": own, "value": text }]);
            let id = self.id("licence", stated);
            let members = [
                ("name", json!(stated)),
                ("simplelicensing_licenseExpression", json!(own)),
                ("simplelicensing_customIdToUri", entry),
            ];
            let id = self.add("simplelicensing_LicenseExpression", id, members);
            licences.insert(stated, id);
        }
        licences
    }

    fn package(&mut self, one: &Component, suppliers: &BTreeMap<&str, String>) -> String {
        let found: Vec<&str> = one.places.iter().map(|place| place.path.as_str()).collect();
        let hash = one.file.as_ref().map(
            |file| json!([{ "type": "Hash", "algorithm": "sha512", "hashValue": file.sha512 }]),
        );
        let supplier = one.supplier.as_deref().and_then(|name| suppliers.get(name));
        let purl = if one.is_identified() { json!(one.purl) } else { Value::Null };
        let id = self.id("package", &reference(one));
        let members = [
            ("name", json!(one.name())),
            ("software_packageVersion", json!(one.purl.version())),
            ("software_packageUrl", purl),
            ("software_sourceInfo", json!(format!("found at: {}", found.join(", ")))),
            ("suppliedBy", json!(supplier)),
            ("verifiedUsing", json!(hash)),
        ];
        self.add("software_Package", id, members)
    }

    fn vulnerabilities(&mut self, report: &Report) {
        let mut all: BTreeMap<&str, (&Vulnerability, BTreeSet<String>)> = BTreeMap::new();
        for (component, verdict) in judged(report) {
            let package = self.id("package", &reference(component));
            for one in &verdict.vulnerabilities {
                let entry = all.entry(one.finding.id.as_str()).or_insert((one, BTreeSet::new()));
                entry.1.insert(package.clone());
            }
        }
        let mut of: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (id, (one, packages)) in all {
            let own = self.vulnerability(id, one);
            for package in packages {
                of.entry(package).or_default().push(own.clone());
            }
        }
        for (package, vulnerabilities) in of {
            self.relate(&package, "hasAssociatedVulnerability", &vulnerabilities);
        }
    }

    fn vulnerability(&mut self, id: &str, one: &Vulnerability) -> String {
        let kind = |id: &str| if id.starts_with("CVE-") { "cve" } else { "securityOther" };
        let names: Vec<Value> = std::iter::once(id)
            .chain(one.finding.aliases.iter().map(String::as_str))
            .map(|id| {
                json!({
                    "type": "ExternalIdentifier",
                    "externalIdentifierType": kind(id),
                    "identifier": id,
                })
            })
            .collect();
        let own = self.id("vulnerability", id);
        let members = [
            ("name", json!(id)),
            ("summary", json!(one.details.summary)),
            ("externalIdentifier", json!(names)),
            ("security_publishedTime", json!(moment(&one.published))),
            ("security_modifiedTime", json!(moment(&one.modified))),
        ];
        self.add("security_Vulnerability", own, members)
    }
}

/// A moment to the second in UTC, the only form the model takes; empty for any other.
fn moment(text: &str) -> String {
    match (text.get(..19), text.ends_with('Z')) {
        (Some(second), true) if text.contains('T') => format!("{second}Z"),
        _ => String::new(),
    }
}
