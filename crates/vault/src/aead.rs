//! AES-256-GCM, or SM4-GCM in the national profile, with a random nonce in front: the one way anything is encrypted at
//! rest here.

mod sm4_gcm;

use crate::random;
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use muster_model::{Error, Result};
use serde::{Deserialize, Serialize};
use sm4_gcm::Sm4Gcm;
use zeroize::Zeroizing;

/// Length of a nonce in bytes.
pub(crate) const NONCE: usize = NONCE_LEN;
/// Length of the tag in bytes.
pub(crate) const TAG: usize = 16;

/// What records are sealed by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub enum Suite {
    /// AES with 256 bits.
    #[default]
    #[serde(rename = "aes-256-gcm")]
    Aes256Gcm,
    /// SM4 (GM/T 0002), in Galois counter mode as RFC 8998 has it.
    #[serde(rename = "sm4-gcm")]
    Sm4Gcm,
}

impl Suite {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Aes256Gcm => "aes-256-gcm",
            Self::Sm4Gcm => "sm4-gcm",
        }
    }

    /// Length of a key in bytes.
    pub(crate) const fn key_len(self) -> usize {
        match self {
            Self::Aes256Gcm => 32,
            Self::Sm4Gcm => 16,
        }
    }

    /// The suite whose keys have this length.
    pub(crate) fn of_key(key: &[u8]) -> Option<Self> {
        [Self::Aes256Gcm, Self::Sm4Gcm].into_iter().find(|suite| suite.key_len() == key.len())
    }

    /// Length of a key that was encrypted.
    pub(crate) const fn wrapped_len(self) -> usize {
        NONCE + self.key_len() + TAG
    }

    /// A new key.
    pub(crate) fn generate(self) -> Result<Zeroizing<Vec<u8>>> {
        let mut bytes = Zeroizing::new(random::bytes::<32>()?.to_vec());
        bytes.truncate(self.key_len());
        Ok(bytes)
    }
}

/// A key ready to be used. No `Debug`.
pub(crate) enum Cipher {
    Aes(LessSafeKey),
    Sm4(Box<Sm4Gcm>),
}

impl Cipher {
    /// By the key of a suite, which its length tells.
    pub(crate) fn new(key: &[u8]) -> Result<Self> {
        match Suite::of_key(key) {
            Some(Suite::Aes256Gcm) => {
                let key = UnboundKey::new(&AES_256_GCM, key);
                Ok(Self::Aes(LessSafeKey::new(key.map_err(|_| Error::internal("AES-256-GCM"))?)))
            }
            Some(Suite::Sm4Gcm) => {
                let key = key.try_into().map_err(Error::internal)?;
                Ok(Self::Sm4(Box::new(Sm4Gcm::new(key))))
            }
            None => Err(Error::internal("a key of another length")),
        }
    }

    pub(crate) const fn suite(&self) -> Suite {
        match self {
            Self::Aes(_) => Suite::Aes256Gcm,
            Self::Sm4(_) => Suite::Sm4Gcm,
        }
    }
}

/// Appends nonce, encrypted `content` and tag to `out`. `bound` has to be the same when it is opened.
pub(crate) fn encrypt(key: &Cipher, bound: &[u8], content: &[u8], out: &mut Vec<u8>) -> Result<()> {
    let nonce = random::bytes::<NONCE>()?;
    let mut content = Zeroizing::new(content.to_vec());
    let tag: [u8; TAG] = match key {
        Cipher::Aes(key) => {
            let nonce = Nonce::assume_unique_for_key(*nonce);
            let tag = key.seal_in_place_separate_tag(nonce, Aad::from(bound), &mut content);
            let tag = tag.map_err(|_| Error::internal("AES-256-GCM"))?;
            tag.as_ref().try_into().map_err(Error::internal)?
        }
        Cipher::Sm4(key) => key.seal(&nonce, bound, &mut content),
    };
    out.extend_from_slice(nonce.as_slice());
    out.extend_from_slice(&content);
    out.extend_from_slice(&tag);
    Ok(())
}

/// Opens what [`encrypt`] appended. None if anything of it, the key or `bound` differs.
pub(crate) fn decrypt(key: &Cipher, bound: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, content) = sealed.split_first_chunk::<NONCE>()?;
    let mut content = Zeroizing::new(content.to_vec());
    let length = match key {
        Cipher::Aes(key) => {
            let nonce = Nonce::assume_unique_for_key(*nonce);
            key.open_in_place(nonce, Aad::from(bound), &mut content).ok()?.len()
        }
        Cipher::Sm4(key) => {
            let length = content.len().checked_sub(TAG)?;
            let (text, tag) = content.split_at_mut(length);
            key.open(nonce, bound, text, tag).then_some(length)?
        }
    };
    content.truncate(length);
    Some(content)
}
