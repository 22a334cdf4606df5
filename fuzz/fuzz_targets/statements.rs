//! Any bytes as a VEX document or an ignore file: no panic, no hang.
#![no_main]

use libfuzzer_sys::fuzz_target;
use muster_sca::vex::{self, Product};
use muster_sca::{Known, Report};

const KINDS: [&str; 3] = [
    r#"{"@context":"https://openvex.dev/ns/v0.2.0","statements":"#,
    r#"{"bomFormat":"CycloneDX","vulnerabilities":"#,
    r#"{"document":{"csaf_version":"2.0"},"vulnerabilities":"#,
];

fuzz_target!(|data: &[u8]| {
    let Some((choice, data)) = data.split_first() else { return };
    let text = String::from_utf8_lossy(data);
    let statements = match usize::from(*choice) % 5 {
        4 => vex::rules("x", &text),
        3 => vex::read("x", data),
        kind => vex::read("x", format!("{}{text}}}", KINDS[kind]).as_bytes()),
    };
    if let Ok(statements) = statements {
        let (report, mut known) = (Report::default(), Known::default());
        vex::apply(&statements, &report, Product { name: "x", purl: None }, "2026-01-01", &mut known);
        assert_eq!(known.unused.len(), statements.len());
    }
});
