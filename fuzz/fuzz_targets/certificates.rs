//! Any bytes as PEM, keys, certificates, requests and envelopes: no panic, no hang, limits hold.
#![no_main]

use libfuzzer_sys::fuzz_target;
use muster_model::Micros;
use muster_vault::x509::chain::Chain;
use muster_vault::x509::request::Request;
use muster_vault::x509::{Certificate, PrivateKey};

fuzz_target!(|data: &[u8]| {
    let Ok(key) = PrivateKey::from_sm2(&[1; 32]) else { return };
    let _ = Certificate::from_der(data);
    let _ = PrivateKey::from_pkcs8(data);
    let _ = muster_vault::envelope::open(data, &key, Some(&[4; 65]));
    let request = muster_vault::pem::write("CERTIFICATE REQUEST", data);
    let _ = Request::from_pem(&request);
    let Ok(text) = std::str::from_utf8(data) else { return };
    let _ = PrivateKey::from_pem(text);
    let _ = Chain::assemble(text, "", &key, Micros(0));
});
