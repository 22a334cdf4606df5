//! Any bytes as account files: no panic, no hang, limits hold.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let _ = muster_formats::passwd::accounts(text);
    let _ = muster_formats::passwd::shadows(text);
    let _ = muster_formats::passwd::groups(text);
});
