//! The forms of a report: well-formed, complete, and the same twice.

use crate::pack::zip;
use crate::scan_bytes;
use muster_model::Micros;
use muster_sca::output::{Document, csv, cyclonedx, dsdx, json, spdx, table};
use serde_json::Value;

fn report() -> muster_sca::Report {
    scan_bytes(
        "a.zip",
        &zip(&[
            (
                "package-lock.json",
                br#"{"packages":{"":{"dependencies":{"@s/a":"1"}},"node_modules/@s/a":{"version":"1.0.0",
                "license":"MIT","dependencies":{"b":"1"}},"node_modules/b":{"version":"1.0.0","dev":true}}}"#,
            ),
            ("acme-1.0.jar", &zip(&[("A.class", b"")])),
        ]),
    )
}

const DOCUMENT: Document<'_> =
    Document { name: "a.zip", tool_version: "0.1.0", created: Micros(1_700_000_000_000_000) };

#[test]
fn every_form_is_the_same_twice_and_names_everything() {
    type Write = fn(&muster_sca::Report, &mut Vec<u8>);
    let forms: [Write; 7] = [
        |report, out| json::write(report, &DOCUMENT, out).unwrap(),
        |report, out| cyclonedx::write(report, &DOCUMENT, out).unwrap(),
        |report, out| {
            cyclonedx::write_as(cyclonedx::Edition::V1_7, report, &DOCUMENT, out).unwrap();
        },
        |report, out| dsdx::write(report, &DOCUMENT, out).unwrap(),
        |report, out| spdx::write(report, &DOCUMENT, out).unwrap(),
        |report, out| csv::write(report, out).unwrap(),
        |report, out| table::write(report, out).unwrap(),
    ];
    for form in forms {
        let (mut first, mut second) = (Vec::new(), Vec::new());
        form(&report(), &mut first);
        form(&report(), &mut second);
        assert_eq!(first, second);
        let text = String::from_utf8(first).unwrap();
        assert!(text.contains("acme") && text.contains("1.0.0"), "{text}");
    }
}

#[test]
fn cyclonedx_refers_only_to_what_it_lists() {
    let mut out = Vec::new();
    cyclonedx::write(&report(), &DOCUMENT, &mut out).unwrap();
    let bom: Value = serde_json::from_slice(&out).unwrap();
    let list = |value: &Value| value.as_array().unwrap().clone();
    let mut refs: Vec<Value> =
        list(&bom["components"]).iter().map(|one| one["bom-ref"].clone()).collect();
    refs.push(bom["metadata"]["component"]["bom-ref"].clone());
    for one in list(&bom["dependencies"]) {
        assert!(refs.contains(&one["ref"]));
        assert!(list(&one["dependsOn"]).iter().all(|on| refs.contains(on)));
    }
    let acme = list(&bom["components"]).into_iter().find(|one| one["name"] == "acme").unwrap();
    assert_eq!(acme.get("purl"), None);
    let b = list(&bom["components"]).into_iter().find(|one| one["name"] == "b").unwrap();
    assert_eq!(b["scope"], "excluded");
    assert_eq!(bom["metadata"]["timestamp"], "2023-11-14T22:13:20Z");
}

#[test]
fn dsdx_refers_only_to_what_it_lists() {
    let mut out = Vec::new();
    dsdx::write(&report(), &DOCUMENT, &mut out).unwrap();
    let whole: Value = serde_json::from_slice(&out).unwrap();
    let ids: Vec<&Value> =
        whole["components"].as_array().unwrap().iter().map(|one| &one["id"]).collect();
    let dependencies = whole["dependencies"].as_object().unwrap();
    assert_eq!(dependencies.len(), 1);
    for (parent, children) in dependencies {
        assert!(ids.contains(&&Value::from(parent.as_str())));
        assert!(children.as_array().unwrap().iter().all(|child| ids.contains(&child)));
    }
    assert_eq!(whole["create_time"], "2023-11-14 22:13:20");
}
