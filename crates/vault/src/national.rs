//! The examples that the national standards print, and those of the IETF's draft on SM4, against what is called here.

use crate::envelope;
use crate::x509::certificate::PublicKey;
use crate::x509::{PrivateKey, oid, verify};
use der::asn1::UintRef;
use der::{Encode as _, Sequence};
use sm2::pke::{DecryptingKey, Mode};
use sm3::{Digest as _, Sm3};
use sm4::Sm4;
use sm4::cipher::{BlockCipherEncrypt as _, KeyInit as _};
use x509_parser::prelude::{FromDer as _, SubjectPublicKeyInfo};

/// GM/T 0003.5: the private key, the coordinates of its public key.
const SECRET: &str = "3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8";
const PUBLIC: [&str; 2] = [
    "09F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020",
    "CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13",
];
/// GM/T 0002: key and block.
const KEY: &str = "0123456789ABCDEFFEDCBA9876543210";

fn bytes(text: &str) -> Vec<u8> {
    hex::decode(text).unwrap()
}

fn point() -> Vec<u8> {
    bytes(&format!("04{}{}", PUBLIC[0], PUBLIC[1]))
}

#[test]
fn sm3_hashes_the_two_examples_of_gmt_0004() {
    let hash = |text: &[u8]| hex::encode(Sm3::digest(text));
    let expected = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0";
    assert_eq!(hash(b"abc"), expected);
    let expected = "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732";
    assert_eq!(hash(&b"abcd".repeat(16)), expected);
}

#[test]
fn sm4_encrypts_the_two_examples_of_gmt_0002() {
    let cipher = Sm4::new_from_slice(&bytes(KEY)).unwrap();
    let mut block = bytes(KEY);
    for (rounds, expected) in
        [(1, "681edf34d206965e86b3e94f536e4246"), (999_999, "595298c7c6fd271f0402f804c33d3f66")]
    {
        for _ in 0..rounds {
            cipher.encrypt_block(block.as_mut_slice().try_into().unwrap());
        }
        assert_eq!(hex::encode(&block), expected);
    }
}

#[test]
fn sm4_decrypts_by_ecb_and_by_cbc() {
    let plain = "AAAAAAAABBBBBBBBCCCCCCCCDDDDDDDDEEEEEEEEFFFFFFFFAAAAAAAABBBBBBBB";
    let vector = bytes("000102030405060708090A0B0C0D0E0F");
    for (vector, encrypted) in [
        (None, "5EC8143DE509CFF7B5179F8F474B86192F1D305A7FB17DF985F81C8482192304"),
        (Some(vector), "78EBB11CC40B0A48312AAEB2040244CB4CB7016951909226979B0D15DC6A8F6D"),
    ] {
        let opened = envelope::decrypt(&bytes(KEY), vector.as_deref(), &bytes(encrypted)).unwrap();
        assert_eq!(hex::encode_upper(&*opened), plain);
    }
}

#[test]
fn a_private_sm2_key_has_the_public_key_of_gmt_0003_5() {
    let key = PrivateKey::from_sm2(&bytes(SECRET)).unwrap_or_else(|flaw| panic!("{flaw}"));
    assert_eq!(key.public(), point());
}

#[derive(Sequence)]
struct Signature<'a> {
    r: UintRef<'a>,
    s: UintRef<'a>,
}

#[test]
fn the_sm2_signature_of_gmt_0003_5_fits_its_message_alone() {
    let (r, s) = (
        bytes("F5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3"),
        bytes("B1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA"),
    );
    let der = |r: &[u8], s: &[u8]| {
        let signature = Signature { r: UintRef::new(r).unwrap(), s: UintRef::new(s).unwrap() };
        signature.to_der().unwrap()
    };
    // id-ecPublicKey on the SM2 curve.
    let spki = bytes("3059301306072A8648CE3D020106082A811CCF5501822D034200");
    let spki = [spki, point()].concat();
    let (_, info) = SubjectPublicKeyInfo::from_der(&spki).unwrap();
    let (key, algorithm) = (PublicKey::of(&info), oid::SM2_SM3.to_string());
    let fits = |message: &[u8], signature: &[u8]| {
        verify::check(&key, &algorithm, message, signature).is_ok()
    };
    let signature = der(&r, &s);
    assert!(fits(b"message digest", &signature));
    assert!(!fits(b"message digesT", &signature));
    assert!(!fits(b"message digest", &der(&s, &r)));
    // Neither half may be zero, the order of the group, or more.
    let order = bytes("FFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123");
    for bad in [vec![0], order, vec![0xff; 32]] {
        assert!(!fits(b"message digest", &der(&bad, &s)));
        assert!(!fits(b"message digest", &der(&r, &bad)));
    }
    for end in 0..signature.len() {
        assert!(!fits(b"message digest", &signature[..end]), "cut to {end} bytes");
    }
}

#[test]
fn the_sm2_ciphertext_of_gmt_0003_5_opens_in_both_orders_and_only_unaltered() {
    let start = bytes(
        "0404EBFC718E8D1798620432268E77FEB6415E2EDE0E073C0F4F640ECD2E149A73\
         E858F9D81E5430A57B36DAAB8F950A3C64E6EE6A63094D99283AFF767E124DF0",
    );
    let hash = bytes("59983C18F809E262923C53AEC295D30383B54E39D609D160AFCB1908D0BD8766");
    let text = bytes("21886CA989CA9C7D58087307CA93092D651EFA");
    let newer = DecryptingKey::from_slice(&bytes(SECRET)).unwrap();
    let older = DecryptingKey::new_with_mode(*newer.as_nonzero_scalar(), Mode::C1C2C3);
    let orders = [
        (&newer, [start.clone(), hash.clone(), text.clone()].concat()),
        (&older, [start, text, hash].concat()),
    ];
    for (key, cipher) in orders {
        assert_eq!(key.decrypt(&cipher).unwrap(), b"encryption standard");
        for at in 1..cipher.len() {
            let mut altered = cipher.clone();
            altered[at] ^= 1;
            assert!(key.decrypt(&altered).is_err(), "byte {at}");
        }
    }
}
