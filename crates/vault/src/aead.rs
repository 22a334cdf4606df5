//! AES-256-GCM with a random nonce in front: the one way anything is encrypted here.

use crate::random;
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use muster_model::{Error, Result};
use zeroize::Zeroizing;

/// Length of a key in bytes.
pub(crate) const KEY: usize = 32;
/// Length of the tag in bytes.
pub(crate) const TAG: usize = 16;

pub(crate) fn cipher(key: &[u8; KEY]) -> Result<LessSafeKey> {
    let key = UnboundKey::new(&AES_256_GCM, key).map_err(|_| Error::internal("AES-256-GCM"))?;
    Ok(LessSafeKey::new(key))
}

/// Appends nonce, encrypted `content` and tag to `out`. `bound` has to be the same when it is opened.
pub(crate) fn encrypt(
    key: &LessSafeKey,
    bound: &[u8],
    content: &[u8],
    out: &mut Vec<u8>,
) -> Result<()> {
    let nonce = random::bytes::<NONCE_LEN>()?;
    let mut content = Zeroizing::new(content.to_vec());
    let tag = key
        .seal_in_place_separate_tag(
            Nonce::assume_unique_for_key(*nonce),
            Aad::from(bound),
            &mut content,
        )
        .map_err(|_| Error::internal("AES-256-GCM"))?;
    out.extend_from_slice(nonce.as_slice());
    out.extend_from_slice(&content);
    out.extend_from_slice(tag.as_ref());
    Ok(())
}

/// Opens what [`encrypt`] appended. None if anything of it, the key or `bound` differs.
pub(crate) fn decrypt(
    key: &LessSafeKey,
    bound: &[u8],
    sealed: &[u8],
) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, content) = sealed.split_at_checked(NONCE_LEN)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    let mut content = Zeroizing::new(content.to_vec());
    let length = key.open_in_place(nonce, Aad::from(bound), &mut content).ok()?.len();
    content.truncate(length);
    Some(content)
}
