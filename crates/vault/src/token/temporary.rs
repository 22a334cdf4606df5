//! Temporary access keys: the key and its secret lie in the security token that goes with them, so nothing is stored.
//!
//! ```text
//! security token = base64url( 4 | key id (4) | nonce (12) | claims (83), access key (20), secret (40) + tag (16) )
//! ```
//! A request is signed with the secret as with any other, and carries the token in `X-Security-Token`; whoever checks it
//! finds the secret there.

use super::{CLAIMS, Claims, HEAD, Refusal, TAG, TokenKeys};
use crate::random;
use aws_lc_rs::aead::NONCE_LEN;
use muster_model::{Error, Micros, Result};
use zeroize::Zeroizing;

const FORMAT: u8 = 4;
const ACCESS: usize = 20;
const SECRET: usize = 40;
const CONTENT: usize = CLAIMS + ACCESS + SECRET;
const RAW: usize = HEAD + NONCE_LEN + CONTENT + TAG;
/// How the access keys begin.
const PREFIX: &str = "HST";

/// A temporary access key. No `Debug`.
pub struct Temporary {
    /// Whose, for what and until when.
    pub claims: Claims,
    /// The access key.
    pub access: String,
    /// Its secret.
    pub secret: Zeroizing<String>,
}

impl Temporary {
    /// Makes a key.
    ///
    /// # Errors
    /// `Internal` without randomness.
    pub fn generate(claims: Claims) -> Result<Self> {
        let mut access = random::access_key()?;
        access.replace_range(..PREFIX.len(), PREFIX);
        Ok(Self { claims, access, secret: random::secret_key()? })
    }
}

impl TokenKeys {
    /// Makes the security token of a temporary key.
    ///
    /// # Errors
    /// `Internal` without randomness, or for a key of another form than [`Temporary::generate`] makes.
    pub fn issue_temporary(&self, key: &Temporary) -> Result<String> {
        if (key.access.len(), key.secret.len()) != (ACCESS, SECRET) {
            return Err(Error::internal("a temporary key of another form"));
        }
        let mut content = Zeroizing::new(Vec::with_capacity(CONTENT));
        content.extend_from_slice(&key.claims.to_bytes());
        content.extend_from_slice(key.access.as_bytes());
        content.extend_from_slice(key.secret.as_bytes());
        self.seal(FORMAT, &mut content)
    }

    /// Reads a security token.
    ///
    /// # Errors
    /// A [`Refusal`].
    pub fn open_temporary(
        &self,
        token: &str,
        now: Micros,
    ) -> std::result::Result<Temporary, Refusal> {
        let mut raw = Zeroizing::new([0; RAW]);
        let content = self.unseal(FORMAT, token, raw.as_mut_slice())?;
        let read = || {
            let (claims, rest) = content.split_at_checked(CLAIMS)?;
            let (access, secret) = rest.split_at_checked(ACCESS)?;
            let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
            let secret = Zeroizing::new(text(secret)?);
            Some(Temporary { claims: Claims::from_bytes(claims)?, access: text(access)?, secret })
        };
        let key = read().ok_or(Refusal::Undecipherable)?;
        if now >= key.claims.expires { Err(Refusal::Expired(key.claims.expires)) } else { Ok(key) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::TokenKey;
    use super::*;
    use proptest::prelude::*;

    fn key() -> Temporary {
        let claims = Claims {
            user: 7,
            version: 3,
            domain: 1,
            project: Some(5),
            issued: Micros(0),
            expires: Micros::from_secs(900),
            methods: 2,
            id: [9; 16],
            agency: None,
        };
        Temporary::generate(claims).unwrap()
    }

    #[test]
    fn the_token_holds_the_key_until_its_end_and_is_no_other_token() {
        let keys = TokenKeys::new(vec![TokenKey::generate(Micros(0)).unwrap()]);
        let key = key();
        assert!(key.access.starts_with("HST"));
        let token = keys.issue_temporary(&key).unwrap();
        let opened = keys.open_temporary(&token, Micros::from_secs(899)).ok().unwrap();
        assert_eq!((opened.claims, &opened.access), (key.claims, &key.access));
        assert_eq!(*opened.secret, *key.secret);
        let late = keys.open_temporary(&token, Micros::from_secs(900)).err();
        assert_eq!(late, Some(Refusal::Expired(Micros::from_secs(900))));
        assert_eq!(keys.open(&token, Micros(0)), Err(Refusal::Undecipherable));
        let plain = keys.issue(&key.claims).unwrap();
        assert!(keys.open_temporary(&plain, Micros(0)).is_err());
        let others = TokenKeys::new(vec![TokenKey::generate(Micros(0)).unwrap()]);
        assert_eq!(others.open_temporary(&token, Micros(0)).err(), Some(Refusal::UnknownKey));
    }

    proptest! {
        #[test]
        fn nothing_altered_opens(at: prop::sample::Index, to in b'A'..=b'Z') {
            let keys = TokenKeys::new(vec![TokenKey::generate(Micros(0)).unwrap()]);
            let mut token = keys.issue_temporary(&key()).unwrap().into_bytes();
            let at = at.index(token.len());
            prop_assume!(token[at] != to);
            token[at] = to;
            let token = String::from_utf8(token).unwrap();
            prop_assert!(keys.open_temporary(&token, Micros(0)).is_err());
            prop_assert!(keys.open_temporary(&token[..at], Micros(0)).is_err());
        }
    }
}
