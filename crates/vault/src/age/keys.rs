//! Recipients (`age1…`) and identities (`AGE-SECRET-KEY-1…`): X25519 keys in Bech32.

use super::header::Stanza;
use super::{FILE_KEY, FileKey, hkdf};
use crate::aead::TAG;
use crate::random;
use aws_lc_rs::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::agreement::{PrivateKey, UnparsedPublicKey, X25519, agree};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use bech32::{Bech32, Hrp};
use muster_model::{Error, Result};
use std::fmt;
use zeroize::Zeroizing;

const RECIPIENT: &str = "age";
const IDENTITY: &str = "age-secret-key-";
const X25519_STANZA: &str = "X25519";
const INFO: &str = "age-encryption.org/v1/X25519";
const KEY: usize = 32;

/// Somebody a file can be written to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Recipient([u8; KEY]);

/// What opens files written to its recipient. No `Debug`.
pub struct Identity {
    secret: PrivateKey,
    bytes: Zeroizing<[u8; KEY]>,
    recipient: Recipient,
}

/// The bytes of a Bech32 text with this prefix.
fn decode(text: &str, prefix: &str) -> Option<Zeroizing<[u8; KEY]>> {
    // Bech32 is all capitals or all small letters; the crate sees to that.
    let (hrp, bytes) = bech32::decode(text.trim()).ok()?;
    let bytes = Zeroizing::new(bytes);
    let fits = hrp.to_lowercase() == prefix;
    // The other checksum, of segregated witnesses, is not age's.
    let checked = bech32::primitives::decode::CheckedHrpstring::new::<Bech32>(text.trim()).is_ok();
    (fits && checked).then(|| bytes.as_slice().try_into().ok().map(Zeroizing::new))?
}

fn encode(bytes: &[u8; KEY], prefix: &str) -> Result<String> {
    let hrp = Hrp::parse(prefix).map_err(Error::internal)?;
    bech32::encode::<Bech32>(hrp, bytes).map_err(Error::internal)
}

impl Recipient {
    /// Reads `age1…`.
    ///
    /// # Errors
    /// `Invalid`, if it is none, or of another kind than X25519.
    pub fn parse(text: &str) -> Result<Self> {
        let bytes = decode(text, RECIPIENT);
        bytes.map(|bytes| Self(*bytes)).ok_or_else(|| {
            Error::invalid("recipient", "must be an age recipient of X25519, as age1…")
        })
    }

    /// Wraps a file key: ephemeral agreement, then ChaCha20-Poly1305 under what comes of it.
    pub(super) fn wrap(&self, key: &FileKey) -> Result<Stanza> {
        let failed = |_| Error::internal("X25519");
        let ephemeral = PrivateKey::generate(&X25519).map_err(failed)?;
        let share = ephemeral.compute_public_key().map_err(failed)?;
        let shared = shared(&ephemeral, &self.0)
            .ok_or_else(|| Error::invalid("recipient", "is no point that can be agreed with"))?;
        let cipher = wrapping(&shared, share.as_ref(), &self.0)?;
        let mut body = key.to_vec();
        cipher
            .seal_in_place_append_tag(zero_nonce(), Aad::empty(), &mut body)
            .map_err(|_| Error::internal("ChaCha20-Poly1305"))?;
        let share = STANDARD_NO_PAD.encode(share.as_ref());
        Ok(Stanza { args: vec![X25519_STANZA.to_owned(), share], body })
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&encode(&self.0, RECIPIENT).map_err(|_| fmt::Error)?)
    }
}

impl Identity {
    /// Makes one.
    ///
    /// # Errors
    /// `Internal` without randomness.
    pub fn generate() -> Result<Self> {
        Self::of(random::bytes()?)
    }

    fn of(bytes: Zeroizing<[u8; KEY]>) -> Result<Self> {
        let failed = |_| Error::internal("X25519");
        let secret = PrivateKey::from_private_key(&X25519, bytes.as_slice())
            .map_err(|_| Error::internal("X25519"))?;
        let public = secret.compute_public_key().map_err(failed)?;
        let recipient = Recipient(public.as_ref().try_into().map_err(Error::internal)?);
        Ok(Self { secret, bytes, recipient })
    }

    /// Reads the file of an age tool: the first `AGE-SECRET-KEY-1…` in it, other lines being comments.
    ///
    /// # Errors
    /// `Invalid`, if there is none.
    pub fn parse(text: &str) -> Result<Self> {
        let bytes = text.lines().find_map(|line| decode(line, IDENTITY));
        let bytes = bytes.ok_or_else(|| {
            Error::invalid("identity", "must hold an age identity, as AGE-SECRET-KEY-1…")
        })?;
        Self::of(bytes)
    }

    /// Its text, a secret.
    ///
    /// # Errors
    /// `Internal`; it never fails.
    pub fn secret_text(&self) -> Result<Zeroizing<String>> {
        let mut text = Zeroizing::new(encode(&self.bytes, IDENTITY)?);
        text.make_ascii_uppercase();
        Ok(text)
    }

    /// Whom to write to so that this opens it.
    pub const fn recipient(&self) -> &Recipient {
        &self.recipient
    }

    pub(super) fn unwrap(&self, stanza: &Stanza) -> Option<FileKey> {
        let [kind, share] = stanza.args.as_slice() else { return None };
        if kind != X25519_STANZA || stanza.body.len() != FILE_KEY + TAG {
            return None;
        }
        let share: [u8; KEY] = STANDARD_NO_PAD.decode(share).ok()?.try_into().ok()?;
        let shared = shared(&self.secret, &share)?;
        let cipher = wrapping(&shared, &share, &self.recipient.0).ok()?;
        let mut body = Zeroizing::new(stanza.body.clone());
        let key = cipher.open_in_place(zero_nonce(), Aad::empty(), &mut body).ok()?;
        Some(Zeroizing::new((&*key).try_into().ok()?))
    }
}

/// The agreement; none for points that agree with everybody.
pub(super) fn shared(secret: &PrivateKey, public: &[u8; KEY]) -> Option<Zeroizing<Vec<u8>>> {
    let peer = UnparsedPublicKey::new(&X25519, public);
    agree(secret, peer, (), |shared| Ok(Zeroizing::new(shared.to_vec()))).ok()
}

fn wrapping(shared: &[u8], share: &[u8], recipient: &[u8; KEY]) -> Result<LessSafeKey> {
    let key = hkdf(shared, &[share, recipient.as_slice()].concat(), INFO.as_bytes())?;
    let key = UnboundKey::new(&CHACHA20_POLY1305, key.as_slice());
    key.map(LessSafeKey::new).map_err(|_| Error::internal("ChaCha20-Poly1305"))
}

/// The format wants it: the key is used once.
fn zero_nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; 12])
}
