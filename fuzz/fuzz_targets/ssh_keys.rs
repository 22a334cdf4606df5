//! Any text as a public key, a private key, a certificate: no panic, no hang, limits hold. What is taken for a
//! public key is taken again in the form it is written in.
#![no_main]

use libfuzzer_sys::fuzz_target;
use muster_vault::ssh::{Certificate, PrivateKey, PublicKey};

fuzz_target!(|data: &[u8]| {
    let _ = PublicKey::from_blob(data, "");
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(key) = PublicKey::parse(text) {
        assert_eq!(
            PublicKey::parse(&key.line()).map(|again| again.blob().to_vec()),
            Ok(key.blob().to_vec())
        );
    }
    let _ = PrivateKey::parse(text);
    let _ = Certificate::parse(text);
});
