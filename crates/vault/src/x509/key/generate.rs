//! Making keys. RSA takes from a tenth of a second (2048 bits) to seconds (4096): call it off the async threads.

use super::{Algorithm, Kind, PrivateKey};
use crate::random::Provider;
use aws_lc_rs::rsa::{self, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, ECDSA_P521_SHA512_ASN1_SIGNING,
    EcdsaKeyPair, Ed25519KeyPair,
};
use muster_model::{Error, Result};
use sm2::elliptic_curve::Generate as _;

impl PrivateKey {
    /// Makes a key. RSA with 2048, 3072, 4096 or 8192 bits.
    ///
    /// # Errors
    /// `Internal` without randomness or for another size.
    pub fn generate(algorithm: Algorithm) -> Result<Self> {
        let failed = |_| Error::internal("a key could not be made");
        let ec = |signing| {
            let pair = EcdsaKeyPair::generate(signing).map_err(failed)?;
            Ok(Self(Kind::Ec(algorithm, Box::new(pair))))
        };
        match algorithm {
            Algorithm::Rsa(bits) => {
                let size = match bits {
                    2048 => KeySize::Rsa2048,
                    3072 => KeySize::Rsa3072,
                    4096 => KeySize::Rsa4096,
                    8192 => KeySize::Rsa8192,
                    _ => return Err(Error::internal("an RSA key of an odd size")),
                };
                let pair = rsa::KeyPair::generate(size).map_err(failed)?;
                Ok(Self(Kind::Rsa(Box::new(pair))))
            }
            Algorithm::EcP256 => ec(&ECDSA_P256_SHA256_ASN1_SIGNING),
            Algorithm::EcP384 => ec(&ECDSA_P384_SHA384_ASN1_SIGNING),
            Algorithm::EcP521 => ec(&ECDSA_P521_SHA512_ASN1_SIGNING),
            Algorithm::Ed25519 => {
                let pair = Ed25519KeyPair::generate().map_err(failed)?;
                Ok(Self(Kind::Ed25519(Box::new(pair))))
            }
            Algorithm::Sm2 => {
                let secret = sm2::SecretKey::try_generate_from_rng(&mut Provider);
                let secret = secret.map_err(Error::internal)?;
                Ok(Self(Kind::Sm2(Box::new(secret))))
            }
        }
    }
}
