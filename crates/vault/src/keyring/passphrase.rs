//! Root keys made of passphrases.

use super::{KEY, Keyring, Root};
use crate::aead::Suite;
use argon2::{Algorithm, Argon2, Params, Version};
use muster_model::{Error, ErrorKind, Result};
use zeroize::Zeroizing;

/// Memory in KiB, passes, lanes: a fifth of a second once a start (RFC 9106, second recommendation).
const COST: (u32, u32, u32) = (64 * 1024, 3, 4);
/// Shortest passphrase in characters.
const SHORTEST: usize = 16;
/// Most passphrases of one ring.
const MOST: usize = 8;

impl Keyring {
    /// Root keys of passphrases, one a line, newest first; empty lines and `#` comments are skipped. `salt` belongs to the
    /// installation. Takes a fifth of a second and 64 MiB for each.
    ///
    /// # Errors
    /// `Unavailable` for none, for more than eight, and for one of fewer than 16 characters.
    pub fn of_passphrases(text: &str, salt: &[u8; 16]) -> Result<Self> {
        let refused = |why| Err(Error::new(ErrorKind::Unavailable, why));
        let lines = text.lines().map(str::trim);
        let lines: Vec<_> =
            lines.filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
        if lines.is_empty() || lines.len() > MOST {
            return refused("the passphrase file must hold one to eight passphrases, one a line");
        }
        let (memory, passes, lanes) = COST;
        let params = Params::new(memory, passes, lanes, Some(KEY)).map_err(Error::internal)?;
        let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let mut roots = Vec::new();
        for line in lines {
            if line.chars().count() < SHORTEST {
                return refused("a root passphrase must have at least 16 characters");
            }
            let mut key = Zeroizing::new([0; KEY]);
            argon
                .hash_password_into(line.as_bytes(), salt, key.as_mut_slice())
                .map_err(Error::internal)?;
            roots.push(Root::new(&key)?);
        }
        Ok(Self { roots, suite: Suite::default() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_words_and_salt_open_again() {
        let (old, new) = ("correct horse battery", "staple and paperclip");
        let ring = Keyring::of_passphrases(old, &[1; 16]).unwrap();
        let sealed = ring.seal("r", b"x").unwrap();
        let both =
            Keyring::of_passphrases(&format!("# new\n{new}\n\n {old} \n"), &[1; 16]).unwrap();
        assert_eq!(both.open("r", &sealed).unwrap().as_slice(), b"x");
        assert!(both.is_stale(&sealed));
        assert!(Keyring::of_passphrases(old, &[2; 16]).unwrap().open("r", &sealed).is_err());
        assert!(Keyring::of_passphrases(new, &[1; 16]).unwrap().open("r", &sealed).is_err());
        for text in ["", "# no", "too short"] {
            assert!(Keyring::of_passphrases(text, &[1; 16]).is_err());
        }
    }
}
