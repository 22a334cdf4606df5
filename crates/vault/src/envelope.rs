//! Digital envelopes: how an encryption key travels to whoever holds the signing key.
//!
//! Written is the SM2EnvelopedKey of GM/T 0009: an SM4 key encrypted under the signing public key, the encryption key
//! encrypted by SM4-ECB under that, base64 of DER. Read are also the shapes that issuers send; SM4-ECB tells nothing
//! of tampering, so the public key is always computed anew and compared.

mod pkcs7;
mod read;

pub use read::open;

use crate::random;
use crate::random::Provider;
use crate::x509::PrivateKey;
use crate::x509::key::AlgorithmId;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use der::asn1::{AnyRef, BitStringRef, ObjectIdentifier};
use der::{Decode as _, Encode as _, Sequence};
use muster_model::{Error, Result};
use sm2::pke::EncryptingKey;
use sm4::Sm4;
use sm4::cipher::{BlockCipherDecrypt as _, BlockCipherEncrypt as _, KeyInit as _};
use zeroize::Zeroizing;

/// Longest envelope worth reading, in bytes.
pub const MAX_ENVELOPE: usize = 64 * 1024;

const SM4: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.156.10197.1.104");
const SM4_ECB: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.156.10197.1.104.1");
const SM4_CBC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.156.10197.1.104.2");
const BLOCK: usize = 16;

/// `SM2EnvelopedKey`. The encrypted key is left open: some write it as an octet string.
#[derive(Sequence)]
struct EnvelopedKey<'a> {
    algorithm: AlgorithmId<'a>,
    key: AnyRef<'a>,
    public: BitStringRef<'a>,
    private: BitStringRef<'a>,
}

/// Wraps an SM2 encryption key for the holder of `signing`, the point of an SM2 public key.
///
/// # Errors
/// `Internal` without randomness, or for keys that are not SM2: checked before.
pub fn seal(signing: &[u8], encryption: &PrivateKey) -> Result<String> {
    let bad = |error: der::Error| Error::internal(error);
    let secret = encryption.sm2().map_err(|flaw| Error::internal(flaw.to_string()))?;
    let key = random::bytes::<BLOCK>()?;
    let to = EncryptingKey::from_sec1_bytes(signing).map_err(Error::internal)?;
    let wrapped = to.encrypt_der(&mut Provider, key.as_slice()).map_err(Error::internal)?;
    let mut private = Zeroizing::new(secret.to_bytes().to_vec());
    let cipher = Sm4::new_from_slice(key.as_slice()).map_err(Error::internal)?;
    for block in private.chunks_exact_mut(BLOCK) {
        cipher.encrypt_block(block.try_into().map_err(Error::internal)?);
    }
    let public = encryption.public();
    let envelope = EnvelopedKey {
        algorithm: AlgorithmId { algorithm: SM4_ECB, parameters: None },
        key: AnyRef::from_der(&wrapped).map_err(bad)?,
        public: BitStringRef::from_bytes(&public).map_err(bad)?,
        private: BitStringRef::from_bytes(&private).map_err(bad)?,
    };
    Ok(STANDARD.encode(envelope.to_der().map_err(bad)?))
}

/// Decrypts whole blocks by SM4, in ECB or, with an initial vector, CBC.
pub(crate) fn decrypt(
    key: &[u8],
    vector: Option<&[u8]>,
    content: &[u8],
) -> Option<Zeroizing<Vec<u8>>> {
    if content.is_empty() || !content.len().is_multiple_of(BLOCK) {
        return None;
    }
    let cipher = Sm4::new_from_slice(key).ok()?;
    let mut plain = Zeroizing::new(content.to_vec());
    let mut before: Option<&[u8]> = vector;
    for (block, encrypted) in plain.chunks_exact_mut(BLOCK).zip(content.chunks_exact(BLOCK)) {
        cipher.decrypt_block(block.try_into().ok()?);
        if let Some(before) = before.replace(encrypted).filter(|_| vector.is_some()) {
            block.iter_mut().zip(before).for_each(|(byte, before)| *byte ^= before);
        }
    }
    Some(plain)
}
