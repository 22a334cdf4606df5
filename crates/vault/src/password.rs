//! Passwords: Argon2id with 19 MiB and two passes (OWASP's recommendation), as PHC text.

use crate::random;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use muster_model::{Error, Result};

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

/// Whether `password` is the one that was hashed. As dear as [`hash`].
pub fn verify(password: &str, hash: &str) -> bool {
    password.len() <= MAX_LEN
        && hasher().is_ok_and(|hasher| hasher.verify_password(password.as_bytes(), hash).is_ok())
}

/// Does the work of [`verify`] for a user who does not exist, so that the time tells nothing.
pub fn verify_nobody(password: &str) {
    let password = if password.len() > MAX_LEN { "" } else { password };
    let mut out = [0; 32];
    if let Ok(hasher) = hasher() {
        let _ = hasher.hash_password_into(password.as_bytes(), b"sixteen bytes...", &mut out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_password_itself_verifies() {
        let stored = hash("päss word").unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert!(verify("päss word", &stored));
        assert!(!verify("pass word", &stored));
        assert!(!verify("päss word", ""));
        assert!(!verify("päss word", "$argon2id$broken"));
        assert_ne!(stored, hash("päss word").unwrap());
    }

    #[test]
    fn the_length_is_bounded() {
        assert!(hash(&"x".repeat(MAX_LEN + 1)).is_err());
    }
}
