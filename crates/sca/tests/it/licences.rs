//! Licences of files: what is said of them, and how far it goes into reports.

use crate::pack::zip;
use muster_model::Micros;
use muster_sca::output::cyclonedx::{self, Edition};
use muster_sca::output::form::Form;
use muster_sca::output::{Document, json};
use muster_sca::{Budget, Input, Limits, Options, Report, scan};
use serde_json::{Value, json};
use std::time::Instant;

const DOCUMENT: Document<'_> =
    Document { name: "a.zip", tool_version: "0.1.0", created: Micros(1_700_000_000_000_000) };

const ISC: &str = "ISC License\n\nPermission to use, copy, modify, and/or distribute this software for any\n\
    purpose with or without fee is hereby granted, provided that the above\ncopyright notice and this permission notice appear in all copies.\n\n\
    THE SOFTWARE IS PROVIDED \"AS IS\" AND THE AUTHOR DISCLAIMS ALL WARRANTIES\nWITH REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF\n\
    MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR\nANY SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES\n\
    WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN\nACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF\n\
    OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THIS SOFTWARE.\n";
const GNU: &str = "/* This program is free software; you can redistribute it and/or modify it under the terms of the GNU General Public\n\
    * License as published by the Free Software Foundation; either version 2 of the License, or (at your option) any later version. */\n";

fn archive() -> Vec<u8> {
    let long =
        format!("# SPDX-License-Identifier: MIT OR Apache-2.0\n{}", "x = 1\n".repeat(40_000));
    zip(&[
        ("LICENSE", ISC.as_bytes()),
        ("src/a.c", GNU.as_bytes()),
        ("src/b.py", long.as_bytes()),
        ("src/c.c", b"int main() { return 0; } /* what a licence is, nobody knows */"),
        ("src/d.bin", b"\0 licensed under the MIT license"),
        (
            "node_modules/q/package.json",
            br#"{"name":"q","version":"1.0.0","license":"(mit or Apache-2.0)"}"#,
        ),
        ("node_modules/q/LICENSE", ISC.as_bytes()),
        (
            "node_modules/r/package.json",
            br#"{"name":"r","version":"2.0.0","license":"The MIT License"}"#,
        ),
    ])
}

fn report(licences: bool) -> Report {
    let options = Options { licences, ..Options::default() };
    scan(
        Input::Bytes("a.zip", &archive()),
        &options,
        &Budget::new(Limits::default(), Instant::now()),
    )
}

fn loose(report: &Report) -> Vec<(&str, &str, &str)> {
    report
        .loose_texts()
        .map(|text| (text.path.as_str(), text.id.as_str(), text.by.name()))
        .collect()
}

#[test]
fn tops_of_files_are_read_where_that_is_asked_for() {
    assert_eq!(loose(&report(false)), [("a.zip!/LICENSE", "ISC", "text")]);
    assert_eq!(
        loose(&report(true)),
        [
            ("a.zip!/LICENSE", "ISC", "text"),
            ("a.zip!/node_modules/r/package.json", "MIT", "notice"),
            ("a.zip!/src/a.c", "GPL-2.0-or-later", "notice"),
            ("a.zip!/src/b.py", "MIT OR Apache-2.0", "tag"),
        ]
    );
}

#[test]
fn a_report_keeps_them_and_is_read_back() {
    let report = report(true);
    let mut out = Vec::new();
    json::write(&report, &DOCUMENT, &mut out).unwrap();
    let whole: Value = serde_json::from_slice(&out).unwrap();
    let q = whole["components"].as_array().unwrap().iter().find(|one| one["name"] == "q").unwrap();
    assert_eq!(q["licence_expression"], "MIT OR Apache-2.0");
    assert_eq!(
        q["licence_texts"],
        json!([{ "path": "a.zip!/node_modules/q/LICENSE", "id": "ISC", "percent": 100, "by": "text", "source": false }])
    );
    let (_, again) = Report::read(&out).unwrap();
    assert_eq!(again.texts, report.texts);
    assert_eq!(loose(&again), loose(&report));
}

#[test]
fn what_is_stated_becomes_identifiers_and_expressions() {
    let report = report(false);
    let mut out = Vec::new();
    cyclonedx::write(Edition::V1_6, &report, &DOCUMENT, &mut out).unwrap();
    let bom: Value = serde_json::from_slice(&out).unwrap();
    let of = |name: &str| {
        bom["components"]
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["name"] == name)
            .unwrap()
            .clone()
    };
    assert_eq!(of("q")["licenses"], json!([{ "expression": "MIT OR Apache-2.0" }]));
    assert_eq!(of("q")["evidence"]["licenses"], json!([{ "license": { "id": "ISC" } }]));
    assert_eq!(of("r")["licenses"], json!([{ "license": { "id": "MIT" } }]));
    let mut out = Vec::new();
    Form::Spdx.write(&report, &DOCUMENT, None, &mut out).unwrap();
    let document: Value = serde_json::from_slice(&out).unwrap();
    let r = document["packages"].as_array().unwrap().iter().find(|one| one["name"] == "r").unwrap();
    assert_eq!(r["licenseDeclared"], "MIT");
}
