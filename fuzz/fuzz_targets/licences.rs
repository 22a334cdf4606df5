//! Any bytes as a licence text: no panic, no hang, and never more than the whole of a licence.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    for one in muster_sca::licences::recognise(data) {
        assert!(one.percent <= 100 && !one.id.is_empty());
    }
});
