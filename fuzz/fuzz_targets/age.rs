//! Any bytes as a file in the age format: no panic, no hang, and none that was not written to this key opens.
#![no_main]

use libfuzzer_sys::fuzz_target;
use muster_vault::Keyring;
use muster_vault::age::{Identity, Opener, Recipient, decrypt, salt};

const IDENTITY: &str = "AGE-SECRET-KEY-1AG2JLF6LH26P4CL8Z4JKF9MYJ3DGAYYRZQUQSJMAGE30R9KSREJSR0S3WG";

fuzz_target!(|input: &[u8]| {
    let ring = Keyring::parse(&"5a".repeat(32)).expect("a root key");
    assert!(decrypt(&Opener::Root(&ring), input).is_err());
    let _ = salt(input);
    let text = String::from_utf8_lossy(input);
    let _ = Recipient::parse(&text);
    let _ = Identity::parse(&text);
    let identity = Identity::parse(IDENTITY).expect("an identity");
    assert!(decrypt(&Opener::Identity(&identity), input).is_err());
});
