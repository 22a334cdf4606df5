//! The agent's own key: Ed25519, made on the host, never leaves it.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use muster_model::{Error, Micros, Result, proof};
use zeroize::Zeroizing;

/// The key pair.
pub struct AgentKey {
    pair: Ed25519KeyPair,
    pkcs8: Zeroizing<Vec<u8>>,
}

impl AgentKey {
    /// A new key.
    ///
    /// # Errors
    /// `Internal` when the machine gives no randomness.
    pub fn generate() -> Result<Self> {
        let pair = Ed25519KeyPair::generate().map_err(Error::internal)?;
        let pkcs8 = pair.to_pkcs8().map_err(Error::internal)?;
        Ok(Self { pair, pkcs8: Zeroizing::new(pkcs8.as_ref().to_vec()) })
    }

    /// From PKCS#8.
    ///
    /// # Errors
    /// `Invalid` when it is not an Ed25519 key.
    pub fn from_pkcs8(pkcs8: Zeroizing<Vec<u8>>) -> Result<Self> {
        let pair = Ed25519KeyPair::from_pkcs8(&pkcs8)
            .map_err(|_| Error::invalid("agent key", "is not an Ed25519 key in PKCS#8"))?;
        Ok(Self { pair, pkcs8 })
    }

    /// PKCS#8, for the file beside the spool.
    pub fn pkcs8(&self) -> &[u8] {
        &self.pkcs8
    }

    /// The public key, 64 hexadecimal digits.
    pub fn public_key(&self) -> String {
        hex::encode(self.pair.public_key().as_ref())
    }

    /// The agent's id: SHA-256 of the public key.
    pub fn agent_id(&self) -> String {
        let public = self.pair.public_key().as_ref();
        hex::encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, public))
    }

    /// Signs a request: see [`muster_model::proof`].
    pub fn prove(
        &self,
        method: &str,
        path: &str,
        date: Micros,
        counter: u64,
        body: &[u8],
    ) -> proof::Proof {
        let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, body);
        let text = proof::signed_bytes(method, path, date, counter, hash.as_ref());
        let mut signature = [0; 64];
        let signed = self.pair.sign(&text);
        signature.iter_mut().zip(signed.as_ref()).for_each(|(to, from)| *to = *from);
        proof::Proof { agent: self.agent_id(), date, counter, signature }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};

    #[test]
    fn a_key_survives_its_file_and_its_signature_holds() {
        let key = AgentKey::generate().unwrap();
        let again = AgentKey::from_pkcs8(Zeroizing::new(key.pkcs8().to_vec())).unwrap();
        assert_eq!(key.agent_id(), again.agent_id());
        let proof = again.prove("POST", "/x", Micros(5), 6, b"body");
        let public = hex::decode(key.public_key()).unwrap();
        let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, b"body");
        let text = proof::signed_bytes("POST", "/x", Micros(5), 6, hash.as_ref());
        UnparsedPublicKey::new(&ED25519, public).verify(&text, &proof.signature).unwrap();
        assert!(AgentKey::from_pkcs8(Zeroizing::new(vec![1, 2, 3])).is_err());
    }
}
