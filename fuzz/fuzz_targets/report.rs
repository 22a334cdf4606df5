//! Any bytes as what an agent sends: no panic, no hang, limits hold.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(report) = serde_json::from_slice::<muster_model::report::Report>(data) else { return };
    let again = serde_json::to_vec(&report).unwrap();
    assert_eq!(serde_json::from_slice::<muster_model::report::Report>(&again).unwrap(), report);
});
