//! Any text as a token or a security token: no panic, and none opens that was not made here.
#![no_main]

use libfuzzer_sys::fuzz_target;
use muster_model::Micros;
use muster_vault::token::{TokenKey, TokenKeys};

fuzz_target!(|text: &str| {
    // The id in front is public: the fuzzer gets past it.
    let key = TokenKey::restore("01020304", Micros(0), &[7; 32]).expect("a key");
    let keys = TokenKeys::new(vec![key]);
    assert!(keys.open(text, Micros(0)).is_err());
    assert!(keys.open_temporary(text, Micros(0)).is_err());
});
