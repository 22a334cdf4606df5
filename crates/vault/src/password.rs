//! Passwords: Argon2id with 19 MiB and two passes (OWASP's recommendation), as PHC text.

use crate::random;
use argon2::password_hash::PasswordHasher;
use argon2::password_hash::phc::{Output, PasswordHash};
use argon2::{ARGON2ID_IDENT, Algorithm, Argon2, Block, Params, Version};
use muster_model::{Error, Result};
use zeroize::Zeroize;

/// Longest password in bytes: a limit on the work a stranger can ask for.
pub const MAX_LEN: usize = 512;

/// Memory in KiB, passes, lanes.
const COST: (u32, u32, u32) = (19 * 1024, 2, 1);

fn hasher() -> Result<Argon2<'static>> {
    let params = Params::new(COST.0, COST.1, COST.2, None).map_err(Error::internal)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// Hashes a password with a fresh salt. Takes some 20 ms and 19 MiB: bound how many run at once.
///
/// # Errors
/// `Invalid` beyond [`MAX_LEN`].
pub fn hash(password: &str) -> Result<String> {
    if password.len() > MAX_LEN {
        return Err(Error::invalid("password", format_args!("must have at most {MAX_LEN} bytes")));
    }
    let salt = random::bytes::<16>()?;
    let hash = hasher()?.hash_password_with_salt(password.as_bytes(), salt.as_slice());
    Ok(hash.map_err(Error::internal)?.to_string())
}

/// The memory that passwords are checked in, one after the other. To get 19 MiB from the system costs half as much as the
/// hash that is computed in them, so who has many to check keeps it. Wiped when dropped.
#[derive(Default)]
pub struct Memory(Vec<Block>);

impl Memory {
    fn of(&mut self, params: &Params) -> &mut [Block] {
        let blocks = usize::try_from(params.m_cost()).unwrap_or_default();
        if self.0.len() < blocks {
            // Not grown: what is there already is as good as zeros.
            self.0 = vec![Block::new(); blocks];
        }
        &mut self.0
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        self.0.iter_mut().for_each(Zeroize::zeroize);
    }
}

/// Whether `password` is the one that was hashed. As dear as [`hash`].
pub fn verify(memory: &mut Memory, password: &str, hash: &str) -> bool {
    password.len() <= MAX_LEN && is_of(memory, password, hash).unwrap_or(false)
}

/// None where the hash is none of ours.
fn is_of(memory: &mut Memory, password: &str, hash: &str) -> Option<bool> {
    let stored = PasswordHash::new(hash).ok()?;
    let (salt, expected) = (stored.salt.as_ref()?, stored.hash.as_ref()?);
    if stored.algorithm != ARGON2ID_IDENT || stored.version != Some(Version::V0x13.into()) {
        return None;
    }
    // By the cost it was hashed with, whatever it is today.
    let params = Params::try_from(&stored).ok()?;
    let mut out = vec![0; expected.as_bytes().len()];
    let blocks = memory.of(&params);
    let hasher = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    hasher
        .hash_password_into_with_memory(password.as_bytes(), salt.as_ref(), &mut out, blocks)
        .ok()?;
    // Compared in a time that does not depend on where they differ.
    Some(Output::new(&out).ok()? == *expected)
}

/// Does the work of [`verify`] for a user who does not exist, so that the time tells nothing.
pub fn verify_nobody(memory: &mut Memory, password: &str) {
    let password = if password.len() > MAX_LEN { "" } else { password };
    let mut out = [0; 32];
    if let Ok(hasher) = hasher() {
        let (password, salt) = (password.as_bytes(), b"sixteen bytes...");
        let blocks = memory.of(hasher.params());
        let _ = hasher.hash_password_into_with_memory(password, salt, &mut out, blocks);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_password_itself_verifies() {
        let stored = hash("päss word").unwrap();
        let mut memory = Memory::default();
        let mut verify = |password: &str, hash: &str| verify(&mut memory, password, hash);
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert!(verify("päss word", &stored));
        assert!(!verify("pass word", &stored));
        assert!(!verify("päss word", ""));
        assert!(!verify("päss word", "$argon2id$broken"));
        assert!(!verify("päss word", &stored.replace("argon2id", "argon2i")));
        assert_ne!(stored, hash("päss word").unwrap());
    }

    #[test]
    fn memory_of_another_cost_serves_the_next_too() {
        let params = Params::new(4096, 3, 1, None).unwrap();
        let cheap = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let cheap = cheap.hash_password_with_salt(b"word", &[7; 16]).unwrap().to_string();
        let dear = hash("password").unwrap();
        let mut memory = Memory::default();
        for (stored, password) in [(&cheap, "word"), (&dear, "password"), (&cheap, "word")] {
            verify_nobody(&mut memory, "anything");
            assert!(verify(&mut memory, password, stored));
            assert!(!verify(&mut memory, "another", stored));
            assert!(verify(&mut Memory::default(), password, stored));
        }
        assert_eq!(memory.0.len(), 19 * 1024);
    }

    #[test]
    fn the_length_is_bounded() {
        assert!(hash(&"x".repeat(MAX_LEN + 1)).is_err());
    }
}
