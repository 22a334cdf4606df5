//! Any bytes as archives within archives: no panic, no hang, limits hold.
#![no_main]

use libfuzzer_sys::fuzz_target;
use muster_formats::jar::Limits;

fuzz_target!(|data: &[u8]| {
    if let Ok(survey) = muster_formats::jar::survey(
        &data,
        "outer.jar",
        Limits { depth: 3, archives: 100, memory: 8 << 20, work: 64 << 20 },
    ) {
        assert!(survey.jars.len() <= 100);
    }
});
