//! SHA-256, piece by piece: names of things and check sums of what streams by. HMAC-SM3 for keys made of keys.

use aws_lc_rs::digest::{Context, SHA256};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sm3::Sm3;

/// HMAC-SM3 (GM/T 0004 in RFC 2104) under a key of 32 bytes.
pub(crate) fn hmac_sm3(key: &[u8; 32], message: &[u8]) -> [u8; 32] {
    // A key of this length is used as it is, padded to a block.
    let mut block = zeroize::Zeroizing::new([0; 64]);
    let (front, _) = block.split_at_mut(key.len());
    front.copy_from_slice(key);
    let mut mac = Hmac::<Sm3>::new(&(*block).into());
    mac.update(message);
    mac.finalize().into_bytes().into()
}

/// A running digest.
#[derive(Clone)]
pub struct Sha256(Context);

impl Sha256 {
    /// Of nothing yet.
    pub fn new() -> Self {
        Self(Context::new(&SHA256))
    }

    /// With more behind.
    pub fn update(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.update(bytes.as_ref());
    }

    /// The digest in lower hexadecimal.
    pub fn hex(self) -> String {
        hex::encode(self.0.finish())
    }
}

impl Default for Sha256 {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_the_whole() {
        let mut hash = Sha256::new();
        hash.update(b"a");
        hash.update("bc");
        // FIPS 180-2, B.1.
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(hash.hex(), expected);
    }
}
