//! Random bytes and the texts made of them.

use muster_model::{Error, Result};
use sm2::elliptic_curve::rand_core::{TryCryptoRng, TryRng};
use zeroize::Zeroizing;

/// Fills an array from the provider's generator.
///
/// # Errors
/// `Internal` if the generator fails.
pub fn bytes<const N: usize>() -> Result<Zeroizing<[u8; N]>> {
    let mut bytes = Zeroizing::new([0; N]);
    aws_lc_rs::rand::fill(bytes.as_mut_slice()).map_err(|_| Error::internal("no randomness"))?;
    Ok(bytes)
}

/// The provider's generator, for arithmetic that is not the provider's own.
pub(crate) struct Provider;

impl TryRng for Provider {
    type Error = Unavailable;

    fn try_next_u32(&mut self) -> std::result::Result<u32, Unavailable> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> std::result::Result<u64, Unavailable> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> std::result::Result<(), Unavailable> {
        aws_lc_rs::rand::fill(bytes).map_err(|_| Unavailable)
    }
}

impl TryCryptoRng for Provider {}

/// The generator failed.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("no randomness")]
pub(crate) struct Unavailable;

/// An id for the outside: 32 hexadecimal digits.
///
/// # Errors
/// `Internal` if the generator fails.
pub fn id() -> Result<String> {
    Ok(hex::encode(*bytes::<16>()?))
}

/// The public name of an access key: 20 capital letters and digits.
///
/// # Errors
/// `Internal` if the generator fails.
pub fn access_key() -> Result<String> {
    Ok(text(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 20)?.to_string())
}

/// A secret access key: 40 letters and digits, 200 bits.
///
/// # Errors
/// `Internal` if the generator fails.
pub fn secret_key() -> Result<Zeroizing<String>> {
    text(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 40)
}

/// A password: 24 letters, digits and signs of 64, 144 bits, safe in a shell, a URL and JSON.
///
/// # Errors
/// `Internal` if the generator fails.
pub fn password() -> Result<Zeroizing<String>> {
    text(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", 24)
}

/// `alphabet` has 32 or 64 letters, so that every one is equally likely.
fn text(alphabet: &[u8], length: usize) -> Result<Zeroizing<String>> {
    debug_assert!(256 % alphabet.len() == 0, "a letter would be more likely than another");
    let bytes = bytes::<64>()?;
    let letters = bytes.iter().take(length);
    let letters = letters.filter_map(|byte| alphabet.get(usize::from(*byte) % alphabet.len()));
    Ok(Zeroizing::new(letters.map(|letter| char::from(*letter)).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_have_their_length_and_differ() {
        assert_eq!(access_key().unwrap().len(), 20);
        assert_eq!(secret_key().unwrap().len(), 40);
        assert_ne!(*password().unwrap(), *password().unwrap());
    }
}
