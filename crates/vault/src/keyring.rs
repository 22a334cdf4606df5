//! Sealing at rest.
//!
//! Every record is encrypted by a key of its own (AES-256-GCM, or SM4-GCM), which lies beside it encrypted by the
//! root key. The identity of the record is associated data of both: a sealed value moved to another
//! record does not open. The root key file holds one key a line, newest first; older ones only open.
//!
//! ```text
//! sealed = 1 | root key id (4) | nonce (12) | data key (32) + tag (16) | nonce (12) | content + tag (16)   AES-256-GCM
//! sealed = 4 | root key id (4) | nonce (12) | data key (16) + tag (16) | nonce (12) | content + tag (16)   SM4-GCM
//! ```
//! Both open at any time. The SM4 key of a root key is the first half of its HMAC-SM3 over a fixed text.

mod passphrase;

use crate::aead::{Cipher, NONCE, Suite, TAG, decrypt, encrypt};
use crate::hash::hmac_sm3;
use crate::random;
use muster_model::{Error, Result};
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use zeroize::Zeroizing;

/// Length of a root key in bytes.
const KEY: usize = 32;
const ID: usize = 4;
/// What the SM4 key of a root key is derived by.
const SM4: &[u8] = b"muster root key, sm4-gcm";

/// The first byte of what a suite sealed.
const fn format(suite: Suite) -> u8 {
    match suite {
        Suite::Aes256Gcm => 1,
        Suite::Sm4Gcm => 4,
    }
}
/// Largest root key file in bytes.
const MAX_FILE: usize = 64 * 1024;

/// The root keys. No `Debug`, not cloned: share it by reference.
pub struct Keyring {
    /// Newest first; never empty.
    roots: Vec<Root>,
    suite: Suite,
}

struct Root {
    id: [u8; ID],
    aes: Cipher,
    sm4: Cipher,
    /// The key itself, for whoever may recover it.
    bytes: Zeroizing<[u8; KEY]>,
}

impl Root {
    fn new(bytes: &[u8; KEY]) -> Result<Self> {
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
        let mut id = [0; ID];
        for (to, from) in id.iter_mut().zip(digest.as_ref()) {
            *to = *from;
        }
        let derived = Zeroizing::new(hmac_sm3(bytes, SM4));
        let (sm4, _) = derived.split_at(Suite::Sm4Gcm.key_len());
        let (aes, sm4) = (Cipher::new(bytes)?, Cipher::new(sm4)?);
        Ok(Self { id, aes, sm4, bytes: Zeroizing::new(*bytes) })
    }

    const fn key(&self, suite: Suite) -> &Cipher {
        match suite {
            Suite::Aes256Gcm => &self.aes,
            Suite::Sm4Gcm => &self.sm4,
        }
    }
}

impl Keyring {
    /// A ring with one new key that lies nowhere. For tests.
    ///
    /// # Errors
    /// `Internal` without randomness.
    pub fn ephemeral() -> Result<Self> {
        Ok(Self { roots: vec![Root::new(&*random::bytes()?)?], suite: Suite::default() })
    }

    /// The same ring sealing by another suite from now on.
    #[must_use]
    pub fn by(mut self, suite: Suite) -> Self {
        self.suite = suite;
        self
    }

    /// What it seals by.
    pub const fn suite(&self) -> Suite {
        self.suite
    }

    /// Reads the root keys from `path`, which only its owner may read.
    ///
    /// # Errors
    /// `Unavailable` if the file cannot be read, is open to others, or holds no key.
    pub fn read(path: &Path) -> Result<Self> {
        let trouble = |why: &str| {
            let message = format!("root key file {}: {why}", path.display());
            Error::new(muster_model::ErrorKind::Unavailable, message)
        };
        let meta = fs::metadata(path).map_err(|error| trouble(&error.to_string()))?;
        if !meta.is_file() || meta.len() > MAX_FILE as u64 {
            return Err(trouble("must be a file of at most 64 KiB"));
        }
        if meta.permissions().mode() & 0o077 != 0 {
            return Err(trouble("must not be readable by group or others (chmod 600)"));
        }
        let text = fs::read_to_string(path).map_err(|error| trouble(&error.to_string()))?;
        Self::parse(&Zeroizing::new(text))
            .ok_or_else(|| trouble("must hold 64 hexadecimal digits a line"))
    }

    /// Reads `path`, or makes it with a new key if there is no such file.
    ///
    /// # Errors
    /// As [`Keyring::read`].
    pub fn read_or_create(path: &Path) -> Result<Self> {
        match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
            Ok(mut file) => {
                let line = Self::generate_text()?;
                file.write_all(line.as_bytes())
                    .and_then(|()| file.sync_all())
                    .map_err(Error::internal)?;
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(Error::internal(error)),
        }
        Self::read(path)
    }

    /// The text of a ring with one new key, in the form of its file.
    ///
    /// # Errors
    /// `Internal` without randomness.
    pub fn generate_text() -> Result<Zeroizing<String>> {
        Ok(Zeroizing::new(format!("{}\n", hex::encode(*random::bytes::<KEY>()?))))
    }

    /// Root keys as text, one a line, newest first; empty lines and `#` comments are skipped.
    pub fn parse(text: &str) -> Option<Self> {
        let lines = text.lines().map(str::trim);
        let keys = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
        let mut roots = Vec::new();
        for line in keys {
            let mut key = Zeroizing::new([0; KEY]);
            hex::decode_to_slice(line, key.as_mut_slice()).ok()?;
            roots.push(Root::new(&key).ok()?);
        }
        (!roots.is_empty()).then_some(Self { roots, suite: Suite::default() })
    }

    /// Encrypts `content` for the record named `identity`, such as `access_key/AK…`.
    ///
    /// # Errors
    /// `Internal` without randomness.
    pub fn seal(&self, identity: &str, content: &[u8]) -> Result<Vec<u8>> {
        let root = self.roots.first().ok_or_else(|| Error::internal("no root key"))?;
        let data_key = self.suite.generate()?;
        let wrapped = self.suite.wrapped_len();
        let mut sealed = Vec::with_capacity(1 + ID + wrapped + NONCE + content.len() + TAG);
        sealed.push(format(self.suite));
        sealed.extend_from_slice(&root.id);
        encrypt(root.key(self.suite), identity.as_bytes(), &data_key, &mut sealed)?;
        encrypt(&Cipher::new(&data_key)?, identity.as_bytes(), content, &mut sealed)?;
        Ok(sealed)
    }

    /// Decrypts what [`Keyring::seal`] made for the same `identity`.
    ///
    /// # Errors
    /// `Internal` if it was made for another record or by another key, or was altered.
    pub fn open(&self, identity: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        self.try_open(identity, sealed)
            .ok_or_else(|| Error::internal(format!("sealed value of {identity} does not open")))
    }

    fn try_open(&self, identity: &str, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (&first, rest) = sealed.split_first()?;
        let suites = [Suite::Aes256Gcm, Suite::Sm4Gcm];
        let suite = suites.into_iter().find(|suite| format(*suite) == first)?;
        let (id, rest) = rest.split_at_checked(ID)?;
        let (wrapped, content) = rest.split_at_checked(suite.wrapped_len())?;
        let root = self.roots.iter().find(|root| root.id == id)?;
        let data_key = decrypt(root.key(suite), identity.as_bytes(), wrapped)?;
        decrypt(&Cipher::new(&data_key).ok()?, identity.as_bytes(), content)
    }

    /// Public names of the root keys, newest first: eight hexadecimal digits each.
    pub fn names(&self) -> Vec<String> {
        self.roots.iter().map(|root| hex::encode(root.id)).collect()
    }

    /// The keys in the form of their file: what is wrapped for a recovery recipient.
    pub fn secret_text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(self.roots.len() * (2 * KEY + 1)));
        for root in &self.roots {
            let line = Zeroizing::new(hex::encode(root.bytes.as_slice()));
            text.push_str(&line);
            text.push('\n');
        }
        text
    }

    /// Whether a sealed value is still wrapped by an older root key or another suite: open and seal it again.
    pub fn is_stale(&self, sealed: &[u8]) -> bool {
        let newest = self.roots.first().map(|root| root.id.as_slice());
        sealed.get(1..=ID) != newest || sealed.first() != Some(&format(self.suite))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn opens_only_for_its_own_record_and_unaltered() {
        let ring = Keyring::ephemeral().unwrap();
        let sealed = ring.seal("access_key/A", b"secret").unwrap();
        assert_eq!(ring.open("access_key/A", &sealed).unwrap().as_slice(), b"secret");
        assert!(ring.open("access_key/B", &sealed).is_err());
        for at in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[at] ^= 1;
            assert!(ring.open("access_key/A", &altered).is_err(), "byte {at}");
            assert!(ring.open("access_key/A", &sealed[..at]).is_err(), "cut at {at}");
        }
        assert!(Keyring::ephemeral().unwrap().open("access_key/A", &sealed).is_err());
    }

    #[test]
    fn an_older_key_still_opens_and_is_told() {
        let (old, new) = ("00".repeat(32), "11".repeat(32));
        let sealed = Keyring::parse(&old).unwrap().seal("r", b"x").unwrap();
        let both = Keyring::parse(&format!("# newest first\n{new}\n{old}\n")).unwrap();
        assert_eq!(both.open("r", &sealed).unwrap().as_slice(), b"x");
        assert!(both.is_stale(&sealed));
        assert_eq!(both.secret_text().as_str(), format!("{new}\n{old}\n"));
        assert!(!both.is_stale(&both.seal("r", b"x").unwrap()));
    }

    #[test]
    fn the_file_is_made_once_and_must_be_private() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("root.key");
        assert!(Keyring::read(&path).is_err());
        let sealed = Keyring::read_or_create(&path).unwrap().seal("r", b"x").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let again = Keyring::read_or_create(&path).unwrap();
        assert_eq!(again.open("r", &sealed).unwrap().as_slice(), b"x");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(Keyring::read(&path).err().unwrap().message().contains("chmod 600"));
    }

    proptest! {
        #[test]
        fn takes_any_bytes(sealed in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(Keyring::ephemeral().unwrap().open("r", &sealed).is_err());
        }
    }
}
