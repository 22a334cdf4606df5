//! Any bytes as a licence text, as the top of a source file and as what a package states: no panic, no hang, and never more than
//! the whole of a licence.
#![no_main]

use libfuzzer_sys::fuzz_target;
use muster_model::Micros;
use muster_sca::output::Document;
use muster_sca::output::form::Form;
use muster_sca::{Budget, Input, Limits, Options, Report, scan};
use std::time::Instant;

fn of(name: &str, bytes: &[u8]) -> Report {
    let options = Options { threads: 1, licences: true, ..Options::default() };
    scan(Input::Bytes(name, bytes), &options, &Budget::new(Limits::default(), Instant::now()))
}

fuzz_target!(|data: &[u8]| {
    for one in muster_sca::licences::recognise(data) {
        assert!(one.percent <= 100 && !one.id.is_empty());
    }
    of("a.c", data);
    let stated = String::from_utf8_lossy(data);
    let lock = serde_json::json!({ "packages": { "node_modules/a": { "version": "1", "license": stated } } });
    let report = of("package-lock.json", lock.to_string().as_bytes());
    let document = Document { name: "a", tool_version: "0", created: Micros(0) };
    for form in Form::ALL {
        form.write(&report, &document, None, &mut std::io::sink()).unwrap();
    }
});
