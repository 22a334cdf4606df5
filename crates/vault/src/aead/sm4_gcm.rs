//! SM4 in Galois counter mode (NIST SP 800-38D with SM4 as the block cipher, RFC 8998), 96-bit nonces, whole tags.
//!
//! The block cipher is a table look-up and not of constant time: it seals at rest, where nobody measures single blocks;
//! nothing on the network is decrypted by it. The hash is of constant time.

use super::{NONCE, TAG};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use ghash::GHash;
use ghash::universal_hash::{KeyInit as _, UniversalHash as _};
use sm4::Sm4;
use sm4::cipher::{Array, BlockCipherEncrypt as _};
use zeroize::Zeroizing;

const BLOCK: usize = 16;

/// A key. No `Debug`; wiped when dropped.
pub(crate) struct Sm4Gcm {
    cipher: Sm4,
    hash: GHash,
}

impl Sm4Gcm {
    pub(crate) fn new(key: &[u8; 16]) -> Self {
        let cipher = Sm4::new(&Array::from(*key));
        let mut hash_key = Zeroizing::new([0; BLOCK]);
        cipher.encrypt_block((&mut *hash_key).into());
        let hash = GHash::new(&Array::from(*hash_key));
        Self { cipher, hash }
    }

    /// Encrypts where it lies and answers the tag.
    pub(crate) fn seal(&self, nonce: &[u8; NONCE], bound: &[u8], content: &mut [u8]) -> [u8; TAG] {
        self.count(nonce, content);
        self.tag(nonce, bound, content)
    }

    /// Decrypts where it lies, if the tag is the right one; else nothing is touched.
    pub(crate) fn open(
        &self,
        nonce: &[u8; NONCE],
        bound: &[u8],
        content: &mut [u8],
        tag: &[u8],
    ) -> bool {
        let right = self.tag(nonce, bound, content);
        if verify_slices_are_equal(&right, tag).is_err() {
            return false;
        }
        self.count(nonce, content);
        true
    }

    /// The key stream of counter `number`.
    fn stream(&self, nonce: &[u8; NONCE], number: u32) -> Zeroizing<[u8; BLOCK]> {
        let mut block = Zeroizing::new([0; BLOCK]);
        let (front, end) = block.split_at_mut(NONCE);
        front.copy_from_slice(nonce);
        end.copy_from_slice(&number.to_be_bytes());
        self.cipher.encrypt_block((&mut *block).into());
        block
    }

    fn count(&self, nonce: &[u8; NONCE], content: &mut [u8]) {
        // Counter 1 hides the tag.
        for (number, block) in (2_u32..).zip(content.chunks_mut(BLOCK)) {
            let stream = self.stream(nonce, number);
            for (byte, with) in block.iter_mut().zip(stream.iter()) {
                *byte ^= with;
            }
        }
    }

    fn tag(&self, nonce: &[u8; NONCE], bound: &[u8], content: &[u8]) -> [u8; TAG] {
        let bits = |bytes: &[u8]| (bytes.len() as u64 * 8).to_be_bytes();
        let mut lengths = [0; BLOCK];
        lengths[..8].copy_from_slice(&bits(bound));
        lengths[8..].copy_from_slice(&bits(content));
        let mut hash = self.hash.clone();
        hash.update_padded(bound);
        hash.update_padded(content);
        hash.update(&[Array::from(lengths)]);
        let mut tag: [u8; TAG] = hash.finalize().into();
        for (byte, with) in tag.iter_mut().zip(self.stream(nonce, 1).iter()) {
            *byte ^= with;
        }
        tag
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Appendix A.1 of RFC 8998.
    #[test]
    fn the_vector_of_rfc_8998() {
        let bytes = |text: &str| hex::decode(text).unwrap();
        let key: [u8; 16] = bytes("0123456789ABCDEFFEDCBA9876543210").try_into().unwrap();
        let nonce: [u8; 12] = bytes("00001234567800000000ABCD").try_into().unwrap();
        let bound = bytes("FEEDFACEDEADBEEFFEEDFACEDEADBEEFABADDAD2");
        let plain = bytes(
            "AAAAAAAAAAAAAAAABBBBBBBBBBBBBBBBCCCCCCCCCCCCCCCCDDDDDDDDDDDDDDDD\
             EEEEEEEEEEEEEEEEFFFFFFFFFFFFFFFFEEEEEEEEEEEEEEEEAAAAAAAAAAAAAAAA",
        );
        let key = Sm4Gcm::new(&key);
        let mut content = plain.clone();
        let tag = key.seal(&nonce, &bound, &mut content);
        let expected = bytes(
            "17F399F08C67D5EE19D0DC9969C4BB7D5FD46FD3756489069157B282BB200735\
             D82710CA5C22F0CCFA7CBF93D496AC15A56834CBCF98C397B4024A2691233B8D",
        );
        assert_eq!(content, expected);
        assert_eq!(tag.to_vec(), bytes("83DE3541E4C2B58177E065A9BF7B62EC"));
        assert!(!key.open(&nonce, b"", &mut content.clone(), &tag));
        assert!(!key.open(&nonce, &bound, &mut content.clone(), &tag[..15]));
        assert!(key.open(&nonce, &bound, &mut content, &tag));
        assert_eq!(content, plain);
    }
}
