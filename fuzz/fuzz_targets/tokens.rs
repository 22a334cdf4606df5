//! Any text as a token or a security token: no panic, and none opens that was not made here.
#![no_main]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use libfuzzer_sys::fuzz_target;
use muster_model::Micros;
use muster_vault::token::{TokenKey, TokenKeys};

const ID: [u8; 4] = [1, 2, 3, 4];

/// A text of the right form: its format, the key's id and its length are public, so the fuzzer gets past them.
fn formed(format: u8, length: usize, data: &[u8]) -> String {
    let mut raw = vec![format];
    raw.extend(ID);
    raw.extend(data);
    raw.resize(length, 0);
    URL_SAFE_NO_PAD.encode(raw)
}

fuzz_target!(|data: &[u8]| {
    let key = TokenKey::restore("01020304", Micros(0), &[7; 32]).expect("a key");
    let keys = TokenKeys::new(vec![key]);
    let text = String::from_utf8_lossy(data);
    for text in [text.as_ref(), &formed(3, 116, data), &formed(4, 176, data)] {
        assert!(keys.open(text, Micros(0)).is_err());
        assert!(keys.open_temporary(text, Micros(0)).is_err());
    }
});
