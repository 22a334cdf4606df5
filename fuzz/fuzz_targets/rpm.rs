//! Any bytes as rpm databases of all three forms: no panic, no hang, limits hold.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = muster_formats::rpm::headers(&data, None, &mut |_| {});
});
