//! Any bytes as a signed body of the SCA open API: its canonical form is JSON, is its own canonical form, and is
//! authentic exactly where its signature fits.
#![no_main]

use libfuzzer_sys::fuzz_target;
use muster_vault::sca_signature::{Algorithm, canonical, sign, verify};

fuzz_target!(|body: &[u8]| {
    let Ok(form) = canonical(body) else { return };
    // By its grammar: a number too large for a machine stays as it came.
    serde_json::from_slice::<&serde_json::value::RawValue>(&form).expect("a canonical form is JSON");
    assert_eq!(canonical(&form).expect("a form of a form"), form);
    let signature = sign(Algorithm::HmacMd5, b"secret", &form).expect("a signature");
    assert!(verify(Algorithm::HmacMd5, b"secret", body, &signature).expect("an answer"));
    assert!(!verify(Algorithm::HmacMd5, b"another", body, &signature).expect("an answer"));
});
