//! The forms of a report: well-formed, complete, and the same twice.

use crate::pack::zip;
use crate::scan_bytes;
use muster_model::Micros;
use muster_sca::output::cyclonedx::{self, Edition};
use muster_sca::output::form::Form;
use muster_sca::output::{Document, dsdx, json};
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
    for form in Form::ALL {
        let write = || {
            let mut out = Vec::new();
            form.write(&report(), &DOCUMENT, None, &mut out).unwrap();
            out
        };
        let (first, second) = (write(), write());
        assert_eq!(first, second);
        let text = String::from_utf8(first).unwrap();
        // Statements and findings are about vulnerabilities, and nothing was compared.
        let silent = matches!(form, Form::Openvex | Form::Sarif);
        assert!(silent || text.contains("acme") && text.contains("1.0.0"), "{text}");
    }
}

#[test]
fn cyclonedx_refers_only_to_what_it_lists() {
    let mut out = Vec::new();
    cyclonedx::write(Edition::V1_6, &report(), &DOCUMENT, &mut out).unwrap();
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

#[test]
fn a_report_that_is_read_back_is_the_same_report() {
    let written = |report: &muster_sca::Report| {
        let mut out = Vec::new();
        json::write(report, &DOCUMENT, &mut out).unwrap();
        out
    };
    let first = written(&report());
    let (name, back) = muster_sca::Report::read(&first).unwrap();
    assert_eq!(name, "a.zip");
    assert_eq!(back.components, report().components);
    assert_eq!(String::from_utf8(written(&back)).unwrap(), String::from_utf8(first).unwrap());
    for lie in ["", "no", "{\"components\": 1}"] {
        assert!(muster_sca::Report::read(lie.as_bytes()).is_err(), "{lie}");
    }
    let odd = br#"{"components": [{"type": "npm"}, {"purl": "no", "type": "npm", "name": "a", "version": "1",
                   "confidence": 200, "places": [{"known_as": "dreamt", "by": "nobody"}]}]}"#;
    let (_, odd) = muster_sca::Report::read(odd).unwrap();
    assert_eq!(odd.purls()[0].to_string(), "pkg:npm/a@1");
    assert_eq!((odd.components.len(), odd.components[0].confidence), (1, 100));
}
