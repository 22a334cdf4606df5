//! Digital envelopes against openssl, in both directions, and every shape that is read.

use crate::openssl::Folder;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use muster_vault::envelope::{open, seal};
use muster_vault::x509::{Algorithm, PrivateKey};
use proptest::prelude::*;

fn sm2() -> PrivateKey {
    PrivateKey::generate(Algorithm::Sm2).unwrap()
}

/// DER by hand: tag, length, content.
fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let head = match length {
        0..=127 => vec![tag, length as u8],
        128..=255 => vec![tag, 0x81, length as u8],
        _ => vec![tag, 0x82, (length >> 8) as u8, length as u8],
    };
    [head, content.to_vec()].concat()
}

/// The parts of an envelope of ours: encrypted SM4 key (DER), public key, encrypted private key.
fn parts(envelope: &str) -> (Vec<u8>, Vec<u8>, Vec<u8>) {
    let der = STANDARD.decode(envelope).unwrap();
    let mut rest = &der[if der[1] < 0x80 { 2 } else { (der[1] & 0x7f) as usize + 2 }..];
    let mut items = Vec::new();
    while !rest.is_empty() {
        let (head, length) = match rest[1] {
            0x81 => (3, rest[2] as usize),
            0x82 => (4, (rest[2] as usize) << 8 | rest[3] as usize),
            length => (2, length as usize),
        };
        items.push((rest[..head + length].to_vec(), rest[head..head + length].to_vec()));
        rest = &rest[head + length..];
    }
    (items[1].0.clone(), items[2].1[1..].to_vec(), items[3].1[1..].to_vec())
}

const ECB: &[u8] = &[0x06, 0x08, 0x2a, 0x81, 0x1c, 0xcf, 0x55, 0x01, 0x68, 0x01];
const BARE: &[u8] = &[0x06, 0x07, 0x2a, 0x81, 0x1c, 0xcf, 0x55, 0x01, 0x68];

fn envelope(algorithm: &[u8], key: &[u8], public: &[u8], private: &[u8]) -> String {
    let bits = |bytes: &[u8]| tlv(3, &[&[0], bytes].concat());
    let whole = [tlv(0x30, algorithm), key.to_vec(), bits(public), bits(private)].concat();
    STANDARD.encode(tlv(0x30, &whole))
}

#[test]
fn openssl_opens_ours() {
    let folder = Folder::new();
    for _ in 0..5 {
        let (sign, enc) = (sm2(), sm2());
        let (key, public, private) = parts(&seal(&sign.public(), &enc).unwrap());
        assert_eq!(public, enc.public());
        folder.put("sign.pem", sign.to_pem().unwrap().as_bytes());
        folder.put("key.der", key);
        folder.put("private.bin", private);
        folder.run("pkeyutl -decrypt -inkey sign.pem -in key.der -out sm4.bin");
        let sm4 = hex::encode(folder.bytes("sm4.bin"));
        folder.run(&format!("enc -d -sm4-ecb -nopad -K {sm4} -in private.bin -out plain.bin"));
        let plain = PrivateKey::from_sm2(&folder.bytes("plain.bin")).unwrap();
        assert_eq!(plain.public(), enc.public());
    }
}

/// An envelope made by openssl alone: SM4 key, private key encrypted as given.
struct Made {
    sign: PrivateKey,
    public: Vec<u8>,
    key: Vec<u8>,
    number: Vec<u8>,
    sm4: Vec<u8>,
}

fn made(folder: &Folder) -> Made {
    folder.run("genpkey -algorithm SM2 -out sign.pem");
    folder.run("pkey -in sign.pem -pubout -out sign.pub");
    folder.run("rand -out sm4.bin 16");
    folder.run("pkeyutl -encrypt -pubin -inkey sign.pub -in sm4.bin -out key.der");
    let enc = sm2();
    // The number stands in the SEC1 key after `02 01 01 04 20`.
    let pkcs8 = enc.to_pkcs8().unwrap();
    let at = pkcs8.windows(5).position(|window| window == [2, 1, 1, 4, 0x20]).unwrap() + 5;
    Made {
        sign: PrivateKey::from_pem(&folder.text("sign.pem")).unwrap(),
        public: enc.public(),
        key: folder.bytes("key.der"),
        number: pkcs8[at..at + 32].to_vec(),
        sm4: folder.bytes("sm4.bin"),
    }
}

fn encrypt(folder: &Folder, made: &Made, plain: &[u8], options: &str) -> Vec<u8> {
    folder.put("plain.bin", plain);
    let sm4 = hex::encode(&made.sm4);
    folder.run(&format!("enc {options} -K {sm4} -in plain.bin -out private.bin"));
    folder.bytes("private.bin")
}

#[test]
fn ours_opens_openssls_in_every_shape() {
    let folder = Folder::new();
    for _ in 0..3 {
        let made = made(&folder);
        let private = encrypt(&folder, &made, &made.number, "-sm4-ecb -nopad");
        let opens = |envelope: &str, what: &str| {
            for certified in [None, Some(made.public.as_slice())] {
                let found = open(envelope.as_bytes(), &made.sign, certified);
                let found = found.map_err(|flaw| format!("{what}: {flaw}")).unwrap();
                assert_eq!(found.public(), made.public, "{what}");
            }
        };
        let usual = envelope(ECB, &made.key, &made.public, &private);
        opens(&usual, "as written");
        opens(
            &envelope(&[ECB, &[5, 0]].concat(), &made.key, &made.public, &private),
            "null parameters",
        );
        opens(&envelope(BARE, &made.key, &made.public, &private), "SM4 without a mode");
        opens(&envelope(ECB, &made.key, &made.public[1..], &private), "a point without 04");
        let long = [vec![0; 32], made.number.clone()].concat();
        let long = encrypt(&folder, &made, &long, "-sm4-ecb -nopad");
        opens(&envelope(ECB, &made.key, &made.public, &long), "64 bytes");
        let padded = encrypt(&folder, &made, &made.number, "-sm4-ecb");
        opens(&envelope(ECB, &made.key, &made.public, &padded), "padded");
        let wrapped = tlv(4, &made.key);
        opens(&envelope(ECB, &wrapped, &made.public, &private), "DER within octets");
        for raw in raw(&made.key) {
            opens(&envelope(ECB, &tlv(4, &raw), &made.public, &private), "raw");
        }
        let wide = usual.as_bytes().chunks(60).map(|line| [line, b"\r\n"].concat());
        opens(&String::from_utf8(wide.flatten().collect()).unwrap(), "broken lines");
        let der = STANDARD.decode(&usual).unwrap();
        assert_eq!(open(&der, &made.sign, None).unwrap().public(), made.public);
        let pem = muster_vault::pem::write("SM2 ENVELOPED KEY", &der);
        opens(&pem, "PEM");
    }
}

/// The three parts one after another: C1C3C2 and C1C2C3, with and without 04.
fn raw(der: &[u8]) -> Vec<Vec<u8>> {
    let mut rest = &der[2..];
    let mut parts = Vec::new();
    while !rest.is_empty() {
        let length = rest[1] as usize;
        parts.push(rest[2..2 + length].to_vec());
        rest = &rest[2 + length..];
    }
    let coordinate = |part: &Vec<u8>| {
        let digits = part.strip_prefix(&[0]).unwrap_or(part);
        [vec![0; 32 - digits.len()], digits.to_vec()].concat()
    };
    let (x, y, hash, text) = (coordinate(&parts[0]), coordinate(&parts[1]), &parts[2], &parts[3]);
    let orders = [
        [&x, &y, hash, text].map(Vec::clone).concat(),
        [&x, &y, text, hash].map(Vec::clone).concat(),
    ];
    orders.into_iter().flat_map(|raw| [[vec![4], raw.clone()].concat(), raw]).collect()
}

#[test]
fn coordinates_of_any_length_are_read() {
    let folder = Folder::new();
    let made = made(&folder);
    let private = encrypt(&folder, &made, &made.number, "-sm4-ecb -nopad");
    let point = raw(&made.key).remove(1);
    // Always 32 bytes, with no zero in front of a set bit: wrong DER that some write.
    let fixed = [
        tlv(2, &point[..32]),
        tlv(2, &point[32..64]),
        tlv(4, &point[64..96]),
        tlv(4, &point[96..]),
    ];
    let sloppy = envelope(ECB, &tlv(0x30, &fixed.concat()), &made.public, &private);
    assert_eq!(open(sloppy.as_bytes(), &made.sign, None).unwrap().public(), made.public);
    // Until a coordinate begins with a zero byte and takes less than 32: one in 128 does.
    let sign = sm2();
    let enc = sm2();
    let mut envelopes = (0..4000).map(|_| seal(&sign.public(), &enc).unwrap());
    let short = envelopes.find(|envelope| {
        let (key, ..) = parts(envelope);
        let (x, y) = (usize::from(key[3]), usize::from(key[3 + usize::from(key[3]) + 2]));
        x < 32 || y < 32
    });
    let short = short.expect("one in 128 is short");
    open(short.as_bytes(), &sign, None).unwrap();
}

/// Enveloped data of GM/T 0010 around the same key.
fn pkcs7(recipient: &[u8], key: &[u8], algorithm: &[u8], content: &[u8], signed: bool) -> Vec<u8> {
    let oid = |last: u8| tlv(6, &[0x2a, 0x81, 0x1c, 0xcf, 0x55, 0x06, 0x01, 0x04, 0x02, last]);
    let version = tlv(2, &[1]);
    let encryption = tlv(0x30, &tlv(6, &[0x2a, 0x81, 0x1c, 0xcf, 0x55, 0x01, 0x82, 0x2d, 0x03]));
    let info = tlv(0x30, &[version.clone(), recipient.to_vec(), encryption, tlv(4, key)].concat());
    let hash = if signed { tlv(0x31, &tlv(0x30, &[5, 0])) } else { vec![] };
    let encrypted = tlv(0x30, &[oid(1), tlv(0x30, algorithm), tlv(0x80, content)].concat());
    let data = tlv(0x30, &[version, tlv(0x31, &info), hash, encrypted].concat());
    tlv(0x30, &[oid(if signed { 4 } else { 3 }), tlv(0xa0, &data)].concat())
}

#[test]
fn enveloped_data_opens_with_the_certificates_key_to_compare() {
    let folder = Folder::new();
    let made = made(&folder);
    let issuer = tlv(0x30, &[tlv(0x30, &[]), tlv(2, &[1])].concat());
    let identifier = tlv(0x80, &[1; 20]);
    let ecb = encrypt(&folder, &made, &made.number, "-sm4-ecb");
    let vector = [7; 16];
    let cbc =
        encrypt(&folder, &made, &made.number, &format!("-sm4-cbc -iv {}", hex::encode(vector)));
    let cbc_name =
        [&[0x06, 0x08, 0x2a, 0x81, 0x1c, 0xcf, 0x55, 0x01, 0x68, 0x02], tlv(4, &vector).as_slice()]
            .concat();
    let cases = [
        pkcs7(&issuer, &made.key, ECB, &ecb, true),
        pkcs7(&identifier, &made.key, ECB, &ecb, false),
        pkcs7(&issuer, &raw(&made.key)[0], &cbc_name, &cbc, true),
    ];
    for case in cases {
        let found = open(&case, &made.sign, Some(&made.public)).unwrap();
        assert_eq!(found.public(), made.public);
        let flaw = open(&case, &made.sign, None).err().unwrap();
        assert!(flaw.to_string().contains("give the encryption certificate"));
        assert!(open(&case, &made.sign, Some(&sm2().public())).is_err());
        assert!(open(&case, &sm2(), Some(&made.public)).is_err());
    }
}

#[test]
fn whatever_is_altered_does_not_open() {
    let (sign, enc) = (sm2(), sm2());
    let der = STANDARD.decode(seal(&sign.public(), &enc).unwrap()).unwrap();
    for at in 0..der.len() {
        for bit in [1, 0x80] {
            let mut altered = der.clone();
            altered[at] ^= bit;
            let opened = open(&altered, &sign, Some(&enc.public()));
            // A few bits say nothing: the name of a mode, an unused-bits count of a string.
            assert!(
                opened.is_err() || opened.is_ok_and(|key| key.public() == enc.public()),
                "byte {at}"
            );
        }
        assert!(open(&der[..at], &sign, Some(&enc.public())).is_err(), "cut at {at}");
    }
    // Two blocks of the private key swapped: ECB alone would not notice.
    let (key, public, private) = parts(&STANDARD.encode(&der));
    let swapped = envelope(ECB, &key, &public, &[&private[16..], &private[..16]].concat());
    assert!(open(swapped.as_bytes(), &sign, None).is_err());
    let doubled = envelope(ECB, &key, &public, &[&private[..16], &private[..16]].concat());
    assert!(open(doubled.as_bytes(), &sign, None).is_err());
    assert!(open(&der, &sm2(), None).is_err());
    let rsa = PrivateKey::generate(Algorithm::EcP256).unwrap();
    assert!(open(&der, &rsa, None).err().unwrap().to_string().contains("SM2 is needed"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn takes_any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let key = PrivateKey::from_sm2(&[1; 32]).unwrap();
        let _ = open(&bytes, &key, Some(&[4; 65]));
    }
}
