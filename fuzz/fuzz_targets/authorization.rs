//! Any `Authorization` header over any request: no panic, no hang, and no stranger is let in.
#![no_main]

use libfuzzer_sys::fuzz_target;
use muster_model::Micros;
use muster_vault::signature::{Authorization, Request, SecretKey, canonical_request, verify};

fuzz_target!(|input: (&str, &str, &str, Vec<(&str, &[u8])>, &[u8])| {
    let (header, path, query, mut headers, body) = input;
    let Some(Ok(authorization)) = Authorization::parse(header) else { return };
    headers.push(("x-sdk-date", b"20260101T000000Z"));
    let request = Request { method: "GET", path, query, headers: &headers, body };
    let _ = canonical_request(&authorization, &request, false);
    let secret = b"kept from the fuzzer's inputs 42".to_vec();
    let key = SecretKey::new(authorization.access, secret.into());
    let now = Micros::from_secs(1_767_225_600);
    for unsigned in [false, true] {
        assert!(verify(&authorization, &request, &key, now, unsigned).is_err());
    }
});
