//! Signatures of the SSH protocol (RFC 4253, 5656, 8332, 8709): what an agent is asked for.

use super::private::{Pair, PrivateKey};
use super::wire::{put_positive, put_string};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RSA_PKCS1_SHA512, RsaEncoding};
use muster_model::{Error, Result};

/// Of an agent's request: sign by `rsa-sha2-512`.
const RSA_SHA2_512: u32 = 4;

impl PrivateKey {
    /// Signs `data` and answers the signature's blob. `flags` are those of the agent protocol; RSA with SHA-1,
    /// which is none of them, is never made: SHA-256 is taken.
    ///
    /// # Errors
    /// `Internal` if the provider fails.
    pub fn sign(&self, data: &[u8], flags: u32) -> Result<Vec<u8>> {
        let failed = |_| Error::internal("a signature failed");
        let random = SystemRandom::new();
        let mut blob = Vec::with_capacity(1200);
        match &self.pair {
            Pair::Rsa(pair) => {
                let (name, padding): (&str, &'static dyn RsaEncoding) = if flags & RSA_SHA2_512 == 0
                {
                    ("rsa-sha2-256", &RSA_PKCS1_SHA256)
                } else {
                    ("rsa-sha2-512", &RSA_PKCS1_SHA512)
                };
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(padding, &random, data, &mut signature).map_err(failed)?;
                put_string(&mut blob, name.as_bytes());
                put_string(&mut blob, &signature);
            }
            Pair::Ecdsa(curve, pair) => {
                let signature = pair.sign(&random, data).map_err(failed)?;
                let (r, s) = signature.as_ref().split_at(signature.as_ref().len() / 2);
                let mut numbers = Vec::with_capacity(160);
                put_positive(&mut numbers, r);
                put_positive(&mut numbers, s);
                put_string(&mut blob, super::Kind::Ecdsa(*curve).name().as_bytes());
                put_string(&mut blob, &numbers);
            }
            Pair::Ed25519(pair) => {
                put_string(&mut blob, b"ssh-ed25519");
                put_string(&mut blob, pair.sign(data).as_ref());
            }
        }
        Ok(blob)
    }
}
