//! Any bytes as a file of every extractor: no panic, no hang, and what is found can be written.
//!
//! The first byte chooses the extractor by its place in the table, so that a new one is covered on its first day.
#![no_main]

use libfuzzer_sys::fuzz_target;
use muster_model::Micros;
use muster_sca::extractor::Select;
use muster_sca::extractors::TABLE;
use muster_sca::output::{Document, spdx, table};
use muster_sca::{Budget, Input, Limits, Options, scan};
use std::time::{Duration, Instant};

/// A path that the extractor wants, and what its file begins with.
fn wanted(select: &Select) -> (String, &'static [u8]) {
    match select {
        Select::Name(name) => (format!("a/{name}"), b""),
        Select::Suffix(suffix) if suffix.starts_with('.') => (format!("a/x{suffix}"), b""),
        Select::Suffix(suffix) => (format!("a/{suffix}"), b""),
        Select::Folder(folder) => (format!("{folder}/x.json"), b""),
        Select::Program(_) => ("a/program".to_owned(), b"\x7fELF\x02\x01\x01\0"),
        Select::Zip => ("a/x-1.0.jar".to_owned(), b"PK\x03\x04"),
        Select::Text => ("a/x.c".to_owned(), b""),
    }
}

fuzz_target!(|data: &[u8]| {
    let [row, select, data @ ..] = data else { return };
    let row = &TABLE[usize::from(*row) % TABLE.len()];
    let (path, begin) = wanted(&row.selects[usize::from(*select) % row.selects.len()]);
    let bytes = if data.starts_with(begin) { data.to_vec() } else { [begin, data].concat() };
    let limits = Limits {
        depth: 4,
        memory: 32 << 20,
        total: 64 << 20,
        time: Duration::from_secs(5),
        ..Limits::default()
    };
    let budget = Budget::new(limits, Instant::now());
    let options = Options { threads: 1, fixtures: true, licences: true, ..Options::default() };
    let report = scan(Input::Bytes(&path, &bytes), &options, &budget);
    for component in &report.components {
        assert_eq!(component.purl.to_string().parse().ok().as_ref(), Some(&component.purl));
    }
    let document = Document { name: "x", tool_version: "0", created: Micros(0) };
    table::write(&report, &mut std::io::sink()).unwrap();
    spdx::write(&report, &document, &mut std::io::sink()).unwrap();
});
