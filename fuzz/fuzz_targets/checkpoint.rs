//! Any text as a check point of an audit trail: no panic, and none but what was signed is believed.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    assert!(muster_vault::checkpoint::read(text).is_none());
});
