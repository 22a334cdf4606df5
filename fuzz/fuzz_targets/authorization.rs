//! Any `Authorization` header over any request: no panic, no hang, and no stranger is let in.
#![no_main]

use libfuzzer_sys::fuzz_target;
use muster_model::Micros;
use muster_vault::signature::{
    Authorization, Request, Scheme, SecretKey, canonical_request, verify,
};

fuzz_target!(|input: (u8, &str, &str, &str, Vec<(&str, &[u8])>, &[u8])| {
    let (scheme, text, path, query, mut headers, body) = input;
    // The words are public: the fuzzer gets past them, and past the form of the fields.
    let scheme = Scheme::ALL[usize::from(scheme) % Scheme::ALL.len()];
    let word = scheme.word();
    let who = match scheme {
        Scheme::HmacSha256Derived => "Credential=AK/20260101/r/s",
        _ => "Access=AK",
    };
    let mut names: Vec<_> = headers.iter().map(|(name, _)| *name).collect();
    names.push("x-sdk-date");
    let signature: String = text.bytes().take(72).map(|byte| format!("{byte:02x}")).collect();
    let whole = format!("{word} {who}, SignedHeaders={}, Signature={signature}", names.join(";"));
    headers.push(("x-sdk-date", b"20260101T000000Z"));
    let request = Request { method: "GET", path, query, headers: &headers, body };
    let now = Micros::from_secs(1_767_225_600);
    for header in [text, &format!("{word} {text}"), &whole] {
        let Some(Ok(authorization)) = Authorization::parse(header) else { continue };
        let _ = canonical_request(&authorization, &request, false);
        let secret = b"kept from the fuzzer's inputs 42".to_vec();
        let key = SecretKey::new(authorization.access, secret.into());
        for unsigned in [false, true] {
            assert!(verify(&authorization, &request, &key, now, unsigned).is_err());
        }
    }
});
