//! The recorded vectors: their canonical requests, and the curve signatures, whose public key can be
//! worked out of any one of them and must then fit all others.

use muster_vault::signature::{Authorization, Request, Scheme, canonical_request};
use p256::ecdsa::signature::Verifier;
use p256::ecdsa::{RecoveryId, Signature, VerifyingKey};
use serde::Deserialize;
use std::collections::BTreeMap;

const FILE: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/contracts/signature-vectors.json");

#[derive(Deserialize)]
struct Vector {
    case: String,
    method: String,
    uri: String,
    headers: BTreeMap<String, String>,
    body: String,
    canonical: String,
}

fn vectors() -> Option<Vec<Vector>> {
    let Ok(text) = std::fs::read_to_string(FILE) else {
        assert!(std::env::var_os("CI").is_none(), "{FILE} is not there");
        return None;
    };
    Some(serde_json::from_str(&text).unwrap())
}

#[test]
fn every_recorded_request_has_its_canonical_form() {
    let Some(vectors) = vectors() else { return };
    assert_eq!(vectors.len(), 30);
    for vector in vectors {
        let (path, query) = vector.uri.split_once('?').unwrap_or((&vector.uri, ""));
        let headers: Vec<_> =
            vector.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        let body = vector.body.as_bytes();
        let request = Request { method: &vector.method, path, query, headers: &headers, body };
        let authorization =
            Authorization::parse(&vector.headers["Authorization"]).unwrap().unwrap();
        let canonical = canonical_request(&authorization, &request, true).unwrap();
        assert_eq!(
            String::from_utf8(canonical).unwrap(),
            vector.canonical,
            "{} {:?}",
            vector.case,
            authorization.scheme
        );
    }
}

#[test]
fn the_recorded_p256_signatures_are_all_of_one_key() {
    let Some(vectors) = vectors() else { return };
    let mut signed = Vec::new();
    for vector in &vectors {
        let header = &vector.headers["Authorization"];
        let authorization = Authorization::parse(header).unwrap().unwrap();
        if authorization.scheme == Scheme::EcdsaP256 {
            let hash = |data: &[u8]| aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, data);
            let text = format!(
                "SDK-ECDSA-P256-SHA256\n{}\n{}",
                vector.headers["X-Sdk-Date"],
                hex::encode(hash(vector.canonical.as_bytes()))
            );
            let hex_text = header.rsplit_once("Signature=").unwrap().1;
            signed.push((text, Signature::from_der(&hex::decode(hex_text).unwrap()).unwrap()));
        }
    }
    assert_eq!(signed.len(), 6);
    let fits_all = |key: &VerifyingKey| {
        signed.iter().all(|(text, signature)| key.verify(text.as_bytes(), signature).is_ok())
    };
    let (text, signature) = &signed[0];
    let candidates = (0..4).filter_map(|id| {
        let id = RecoveryId::from_byte(id)?;
        VerifyingKey::recover_from_msg(text.as_bytes(), signature, id).ok()
    });
    assert_eq!(candidates.filter(|key| fits_all(key)).count(), 1);
}
