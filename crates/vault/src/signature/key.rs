//! A secret access key and the keys derived from it.

use super::{Authorization, Scheme};
use aws_lc_rs::hmac as sha256;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use hmac::{Hmac, KeyInit, Mac};
use sm2::dsa::signature::{Signer as _, Verifier as _};
use sm3::Sm3;
use std::sync::OnceLock;
use zeroize::Zeroizing;

/// The user id every published client signs SM2 with.
const SM2_USER: &str = "1234567812345678";

/// The secret of an access key, ready to check and make signatures. The pairs of the two
/// elliptic-curve schemes are derived once, at their first use: keep this value, not the text.
pub struct SecretKey {
    access: String,
    secret: Zeroizing<Vec<u8>>,
    sha256: sha256::Key,
    p256: OnceLock<Option<P256>>,
    sm2: OnceLock<Option<sm2::dsa::SigningKey>>,
}

struct P256 {
    signing: p256::ecdsa::SigningKey,
    verifying: UnparsedPublicKey<Vec<u8>>,
}

impl SecretKey {
    /// The key `access` with its secret.
    pub fn new(access: &str, secret: Zeroizing<Vec<u8>>) -> Self {
        Self {
            access: access.to_owned(),
            sha256: sha256::Key::new(sha256::HMAC_SHA256, &secret),
            secret,
            p256: OnceLock::new(),
            sm2: OnceLock::new(),
        }
    }

    /// The public name of the key.
    pub fn access(&self) -> &str {
        &self.access
    }

    /// Whether the authorization's signature is this key's over `text`. Takes the same time wherever a
    /// wrong HMAC differs.
    pub(super) fn verifies(&self, authorization: &Authorization<'_>, text: &[u8]) -> bool {
        let signature = authorization.signature.as_slice();
        match authorization.scheme {
            Scheme::HmacSha256 => sha256::verify(&self.sha256, text, signature).is_ok(),
            Scheme::HmacSha256Derived => authorization.scope.is_some_and(|scope| {
                sha256::verify(&self.derived(scope.text), text, signature).is_ok()
            }),
            Scheme::HmacSm3 => {
                self.hmac_sm3(text).is_some_and(|mac| mac.verify_slice(signature).is_ok())
            }
            Scheme::EcdsaP256 => {
                self.p256().is_some_and(|pair| pair.verifying.verify(text, signature).is_ok())
            }
            Scheme::Sm2Sm3 => self.sm2().is_some_and(|pair| {
                sm2::dsa::Signature::from_der(signature)
                    .is_ok_and(|signature| pair.verifying_key().verify(text, &signature).is_ok())
            }),
        }
    }

    /// Signs `text`; `scope` is used by the V11 scheme only. `None` if the secret yields no curve key,
    /// which is as likely as guessing it.
    pub(super) fn signature(&self, scheme: Scheme, scope: &str, text: &[u8]) -> Option<Vec<u8>> {
        Some(match scheme {
            Scheme::HmacSha256 => sha256::sign(&self.sha256, text).as_ref().to_vec(),
            Scheme::HmacSha256Derived => sha256::sign(&self.derived(scope), text).as_ref().to_vec(),
            Scheme::HmacSm3 => self.hmac_sm3(text)?.finalize().into_bytes().to_vec(),
            Scheme::EcdsaP256 => {
                let signature: p256::ecdsa::Signature = self.p256()?.signing.try_sign(text).ok()?;
                signature.to_der().as_bytes().to_vec()
            }
            Scheme::Sm2Sm3 => self.sm2()?.try_sign(text).ok()?.to_der().as_bytes().to_vec(),
        })
    }

    /// V11: the lower hexadecimal text of HKDF's first block is the key.
    fn derived(&self, scope: &str) -> sha256::Key {
        let extract = sha256::Key::new(sha256::HMAC_SHA256, self.access.as_bytes());
        let pseudo_random = sha256::sign(&extract, &self.secret);
        let expand = sha256::Key::new(sha256::HMAC_SHA256, pseudo_random.as_ref());
        let mut info = sha256::Context::with_key(&expand);
        info.update(scope.as_bytes());
        info.update(&[1]);
        let text = Zeroizing::new(hex::encode(info.sign()));
        sha256::Key::new(sha256::HMAC_SHA256, text.as_bytes())
    }

    fn hmac_sm3(&self, text: &[u8]) -> Option<Hmac<Sm3>> {
        let mut mac = Hmac::<Sm3>::new_from_slice(&self.secret).ok()?;
        mac.update(text);
        Some(mac)
    }

    fn p256(&self) -> Option<&P256> {
        let derive = || {
            let hmac = |data: &[u8]| {
                let mut out = Zeroizing::new([0; 32]);
                fill(&mut out, sha256::sign(&self.sha256, data).as_ref());
                Some(out)
            };
            let scalar = self.scalar(Scheme::EcdsaP256, &P256_LIMIT, hmac)?;
            let signing = p256::ecdsa::SigningKey::from_slice(scalar.as_slice()).ok()?;
            let point = signing.verifying_key().to_sec1_point(false).as_bytes().to_vec();
            let verifying = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point);
            Some(P256 { signing, verifying })
        };
        self.p256.get_or_init(derive).as_ref()
    }

    fn sm2(&self) -> Option<&sm2::dsa::SigningKey> {
        let derive = || {
            let hmac = |data: &[u8]| {
                let mut out = Zeroizing::new([0; 32]);
                fill(&mut out, &self.hmac_sm3(data)?.finalize().into_bytes());
                Some(out)
            };
            let scalar = self.scalar(Scheme::Sm2Sm3, &SM2_LIMIT, hmac)?;
            sm2::dsa::SigningKey::from_slice(SM2_USER, scalar.as_slice()).ok()
        };
        self.sm2.get_or_init(derive).as_ref()
    }

    /// The private number of a curve scheme: the first of 255 HMACs that is at most the order less two,
    /// plus one.
    fn scalar(
        &self,
        scheme: Scheme,
        limit: &[u8; 32],
        hmac: impl Fn(&[u8]) -> Option<Zeroizing<[u8; 32]>>,
    ) -> Option<Zeroizing<[u8; 32]>> {
        for counter in 0..255 {
            let mut data = vec![0, 0, 0, 1];
            data.extend_from_slice(scheme.word().as_bytes());
            data.push(0);
            data.extend_from_slice(self.access.as_bytes());
            data.extend_from_slice(&[counter, 0, 0, 1, 0]);
            let mut candidate = hmac(&data)?;
            if candidate.as_slice() <= limit.as_slice() {
                for byte in candidate.iter_mut().rev() {
                    *byte = byte.wrapping_add(1);
                    if *byte != 0 {
                        break;
                    }
                }
                return Some(candidate);
            }
        }
        None
    }
}

fn fill(to: &mut [u8; 32], from: &[u8]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = *from;
    }
}

/// Order of P-256 less two (FIPS 186-4, D.1.2.3).
const P256_LIMIT: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x4f,
];

/// Order of the SM2 curve less two (GB/T 32918.5).
const SM2_LIMIT: [u8; 32] = [
    0xff, 0xff, 0xff, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0x72, 0x03, 0xdf, 0x6b, 0x21, 0xc6, 0x05, 0x2b, 0x53, 0xbb, 0xf4, 0x09, 0x39, 0xd5, 0x41, 0x21,
];
