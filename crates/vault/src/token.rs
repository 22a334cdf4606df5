//! Tokens: opaque, authenticated-encrypted claims. Nothing is stored for one.
//!
//! ```text
//! token = base64url( 3 | key id (4) | nonce (12) | claims (83) + tag (16) )      155 characters
//! ```
//! Whether the user still has the rights the token was issued with is told by the user's version,
//! which the identity service compares.

mod temporary;

pub use temporary::Temporary;

use crate::random;
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use muster_model::{Error, Micros, Result};
use zeroize::Zeroizing;

const FORMAT: u8 = 3;
const HEAD: usize = 1 + 4;
const CLAIMS: usize = 8 * 8 + 1 + 1 + 1 + 16;
const TAG: usize = 16;
/// Length of a token in bytes before base64.
const RAW: usize = HEAD + NONCE_LEN + CLAIMS + TAG;
/// Length of a token's text.
pub const TEXT_LEN: usize = (RAW * 8).div_ceil(6);
/// A key makes new tokens for this long, in seconds.
pub const ROTATION_SECS: i64 = 24 * 3600;

/// What a token says, in the keys of the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claims {
    /// The user.
    pub user: i64,
    /// The user's version at the time; another one now makes the token void.
    pub version: i64,
    /// The account: the user's own, or the one whose agency it acts as.
    pub domain: i64,
    /// The project, or the whole account.
    pub project: Option<i64>,
    /// When it was issued.
    pub issued: Micros,
    /// When it ends.
    pub expires: Micros,
    /// How the user proved itself: 1 for the password.
    pub methods: u8,
    /// Names the token in the audit log.
    pub id: [u8; 16],
    /// The agency the user acts as.
    pub agency: Option<Assumed>,
}

/// An agency that a user acts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Assumed {
    /// The agency.
    pub agency: i64,
    /// Its version at the time; another one now makes the token void.
    pub version: i64,
}

/// Why a token is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Not one of ours, altered, or of a key that is gone.
    Undecipherable,
    /// Made by a key we do not have: another server may have rotated.
    UnknownKey,
    /// Past its end, which was then.
    Expired(Micros),
}

/// A key that makes tokens for [`ROTATION_SECS`] and reads them until the last has ended.
pub struct TokenKey {
    id: [u8; 4],
    created: Micros,
    bytes: Zeroizing<[u8; 32]>,
    key: LessSafeKey,
}

impl TokenKey {
    /// A new key.
    ///
    /// # Errors
    /// `Internal` without randomness.
    pub fn generate(now: Micros) -> Result<Self> {
        Self::new(*random::bytes()?, now, random::bytes()?)
    }

    /// A key that was stored.
    ///
    /// # Errors
    /// `Internal` for an id or bytes of another form.
    pub fn restore(id: &str, created: Micros, bytes: &[u8]) -> Result<Self> {
        let mut raw = [0; 4];
        hex::decode_to_slice(id, &mut raw).map_err(Error::internal)?;
        Self::new(raw, created, Zeroizing::new(bytes.try_into().map_err(Error::internal)?))
    }

    fn new(id: [u8; 4], created: Micros, bytes: Zeroizing<[u8; 32]>) -> Result<Self> {
        let key = UnboundKey::new(&AES_256_GCM, bytes.as_slice());
        let key = LessSafeKey::new(key.map_err(|_| Error::internal("AES-256-GCM"))?);
        Ok(Self { id, created, bytes, key })
    }

    /// Its public name: eight hexadecimal digits.
    pub fn id(&self) -> String {
        hex::encode(self.id)
    }

    /// When it was made.
    pub const fn created(&self) -> Micros {
        self.created
    }

    /// The key itself, to be sealed and stored.
    pub fn secret(&self) -> &[u8] {
        self.bytes.as_slice()
    }
}

/// The keys that make and read tokens. The newest makes them.
pub struct TokenKeys(Vec<TokenKey>);

impl TokenKeys {
    /// The keys, newest first.
    pub const fn new(keys: Vec<TokenKey>) -> Self {
        Self(keys)
    }

    /// Whether a new key has to be made before the next token.
    pub fn is_due(&self, now: Micros) -> bool {
        self.0.first().is_none_or(|newest| now >= newest.created.plus_secs(ROTATION_SECS))
    }

    /// Makes a token.
    ///
    /// # Errors
    /// `Internal` without randomness.
    pub fn issue(&self, claims: &Claims) -> Result<String> {
        self.seal(FORMAT, &mut claims.to_bytes())
    }

    /// Encrypts a content where it lies and writes the text of a token.
    fn seal(&self, format: u8, content: &mut [u8]) -> Result<String> {
        let key = self.0.first().ok_or_else(|| Error::internal("no token key"))?;
        let nonce = random::bytes::<NONCE_LEN>()?;
        let mut raw = Vec::with_capacity(HEAD + NONCE_LEN + content.len() + TAG);
        raw.push(format);
        raw.extend_from_slice(&key.id);
        let tag = key
            .key
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(*nonce),
                Aad::from(raw.as_slice()),
                content,
            )
            .map_err(|_| Error::internal("AES-256-GCM"))?;
        raw.extend_from_slice(nonce.as_slice());
        raw.extend_from_slice(content);
        raw.extend_from_slice(tag.as_ref());
        Ok(URL_SAFE_NO_PAD.encode(raw))
    }

    /// Reads a token.
    ///
    /// # Errors
    /// A [`Refusal`].
    pub fn open(&self, token: &str, now: Micros) -> std::result::Result<Claims, Refusal> {
        let mut raw = [0; RAW];
        let content = self.unseal(FORMAT, token, &mut raw)?;
        let claims = Claims::from_bytes(content).ok_or(Refusal::Undecipherable)?;
        if now >= claims.expires { Err(Refusal::Expired(claims.expires)) } else { Ok(claims) }
    }

    /// Decrypts the text of a token of this format and length into `raw`, and answers its content.
    fn unseal<'raw>(
        &self,
        format: u8,
        token: &str,
        raw: &'raw mut [u8],
    ) -> std::result::Result<&'raw mut [u8], Refusal> {
        let length = raw.len();
        let fits = token.len() == (length * 8).div_ceil(6);
        if !fits || URL_SAFE_NO_PAD.decode_slice(token, raw) != Ok(length) {
            return Err(Refusal::Undecipherable);
        }
        let (head, rest) = raw.split_at_mut(HEAD);
        let [found, id @ ..] = head else { return Err(Refusal::Undecipherable) };
        if *found != format {
            return Err(Refusal::Undecipherable);
        }
        let key = self.0.iter().find(|key| key.id == *id).ok_or(Refusal::UnknownKey)?;
        let (nonce, sealed) = rest.split_at_mut(NONCE_LEN);
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| Refusal::Undecipherable)?;
        let opened = key.key.open_in_place(nonce, Aad::from(&*head), sealed);
        opened.map_err(|_| Refusal::Undecipherable)
    }
}

impl Claims {
    fn to_bytes(self) -> Vec<u8> {
        let mut out = Vec::with_capacity(CLAIMS);
        let project = self.project.unwrap_or_default();
        let agency = self.agency.unwrap_or(Assumed { agency: 0, version: 0 });
        let times = [self.issued.0, self.expires.0, agency.agency, agency.version];
        for number in [self.user, self.version, self.domain, project].into_iter().chain(times) {
            out.extend_from_slice(&number.to_le_bytes());
        }
        let (scoped, assumed) = (self.project.is_some(), self.agency.is_some());
        out.extend_from_slice(&[u8::from(scoped), self.methods, u8::from(assumed)]);
        out.extend_from_slice(&self.id);
        out
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut read = Reader(bytes);
        let mut number = || read.take().map(i64::from_le_bytes);
        let (user, version, domain, project) = (number()?, number()?, number()?, number()?);
        let (issued, expires) = (Micros(number()?), Micros(number()?));
        let agency = Assumed { agency: number()?, version: number()? };
        let [scoped, methods, assumed] = read.take()?;
        let project = (scoped == 1).then_some(project);
        let agency = (assumed == 1).then_some(agency);
        let id = read.take()?;
        Some(Self { user, version, domain, project, issued, expires, methods, id, agency })
    }
}

/// Takes arrays off the front.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LIFE: i64 = 24 * 3600;

    fn claims(now: Micros) -> Claims {
        Claims {
            user: 7,
            version: 3,
            domain: 1,
            project: Some(-5),
            issued: now,
            expires: now.plus_secs(LIFE),
            methods: 1,
            id: [9; 16],
            agency: None,
        }
    }

    #[test]
    fn says_what_was_put_in_until_its_end() {
        let now = Micros::from_secs(1000);
        let keys = TokenKeys::new(vec![TokenKey::generate(now).unwrap()]);
        let token = keys.issue(&claims(now)).unwrap();
        assert_eq!(token.len(), TEXT_LEN);
        assert_eq!(keys.open(&token, now), Ok(claims(now)));
        let end = now.plus_secs(LIFE);
        assert_eq!(keys.open(&token, end), Err(Refusal::Expired(end)));
        let domain = Claims { project: None, ..claims(now) };
        assert_eq!(keys.open(&keys.issue(&domain).unwrap(), now), Ok(domain));
        let assumed = Some(Assumed { agency: 5, version: -6 });
        let assumed = Claims { agency: assumed, ..claims(now) };
        assert_eq!(keys.open(&keys.issue(&assumed).unwrap(), now), Ok(assumed));
    }

    #[test]
    fn every_altered_character_is_found() {
        let now = Micros::from_secs(1000);
        let keys = TokenKeys::new(vec![TokenKey::generate(now).unwrap()]);
        let token = keys.issue(&claims(now)).unwrap();
        for at in 0..token.len() {
            let other = if token.as_bytes()[at] == b'A' { "B" } else { "A" };
            let mut altered = token.clone();
            altered.replace_range(at..=at, other);
            assert!(keys.open(&altered, now).is_err(), "character {at}");
        }
    }

    #[test]
    fn a_stored_key_reads_and_a_new_one_makes() {
        let mut now = Micros::from_secs(0);
        let old = TokenKey::generate(now).unwrap();
        let stored = TokenKey::restore(&old.id(), now, old.secret()).unwrap();
        let first = TokenKeys::new(vec![old]);
        assert!(!first.is_due(now));
        now = now.plus_secs(ROTATION_SECS);
        assert!(first.is_due(now));
        let token = first.issue(&claims(now)).unwrap();
        let both = TokenKeys::new(vec![TokenKey::generate(now).unwrap(), stored]);
        assert_eq!(both.open(&token, now), Ok(claims(now)));
        let newer = both.issue(&claims(now)).unwrap();
        assert_eq!(first.open(&newer, now), Err(Refusal::UnknownKey));
        assert!(TokenKeys::new(vec![]).is_due(now));
    }

    proptest! {
        #[test]
        fn takes_any_text(token in "\\PC{0,200}") {
            let keys = TokenKeys::new(vec![TokenKey::generate(Micros(0)).unwrap()]);
            prop_assert!(keys.open(&token, Micros(0)).is_err());
        }
    }
}
