//! Bundles: signed on one machine, taken on another, refused when anything is wrong.

use super::small::{NOW, compiled, dump};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use muster_advisory::{Knowledge, bundle};
use muster_model::ErrorKind;

fn key() -> (Vec<u8>, [u8; 32]) {
    let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
    let pair = Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).unwrap();
    (pkcs8.as_ref().to_vec(), pair.public_key().as_ref().try_into().unwrap())
}

#[test]
fn a_bundle_is_taken_only_from_who_is_trusted() {
    let folder = tempfile::tempdir().unwrap();
    dump(
        folder.path(),
        "npm",
        &[
            r#"{"id":"A-1","affected":[{"package":{"ecosystem":"npm","name":"a"},"versions":["1.0.0"]}]}"#,
        ],
    );
    compiled(folder.path());
    let (private, public) = key();
    let path = folder.path().join("bundle.zip");
    let made = bundle::write(&folder.path().join("knowledge.mkb"), &path, &private, NOW).unwrap();
    assert_eq!(bundle::public_key(&made.signer).unwrap(), public);
    assert!(bundle::is_bundle(&path) && !bundle::is_bundle(&folder.path().join("npm/all.zip")));

    let target = folder.path().join("taken.mkb");
    let (_, other) = key();
    let refused = bundle::take(&path, &target, &[other], None).unwrap_err();
    assert!(refused.message().contains("not trusted"), "{}", refused.message());
    assert_eq!(bundle::take(&path, &target, &[other, public], None).unwrap(), made);
    let knowledge = Knowledge::open(&target).unwrap();
    assert_eq!(knowledge.assess(&["pkg:npm/a@1.0.0".parse().unwrap()]).findings.len(), 1);

    // Every changed byte of content, manifest or signature is noticed, and the file in use stays.
    let whole = std::fs::read(&path).unwrap();
    let mut refusals = 0;
    for at in (0..whole.len()).step_by(7) {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        std::fs::write(&path, bytes).unwrap();
        match bundle::take(&path, &target, &[public], None) {
            Err(error) => {
                assert!(matches!(error.kind(), ErrorKind::Invalid | ErrorKind::Unavailable));
                refusals += 1;
            }
            // Times and flags in the zip's own headers are not content.
            Ok(manifest) => assert_eq!(manifest, made),
        }
        Knowledge::open(&target).unwrap().verify().unwrap();
    }
    assert!(refusals * 10 > whole.len() / 7 * 7, "{refusals} of {}", whole.len() / 7);
}
