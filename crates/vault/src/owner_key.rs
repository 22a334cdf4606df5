//! Sealing of records under the key of their owner.
//!
//! Three layers: the root key wraps an owner's key, which has versions; the owner's key wraps a data key made
//! for one field of one record; the data key encrypts the field. Owner, record and field are associated data of
//! both inner layers and the version of the key's own, so neither a field nor its data key can be moved to
//! another record, nor a version passed off as another. Rotation wraps data keys anew and leaves contents alone.
//!
//! A version is of one suite, and so is all it seals; one of another suite takes over by encrypting contents anew.
//!
//! ```text
//! sealed = 2 | version (4) | nonce (12) | data key (32) + tag (16) | nonce (12) | content + tag (16)   AES-256-GCM
//! sealed = 3 | version (4) | nonce (12) | data key (16) + tag (16) | nonce (12) | content + tag (16)   SM4-GCM
//! ```

use crate::Keyring;
use crate::aead::{Cipher, NONCE, Suite, TAG, decrypt, encrypt};
use muster_model::{Error, Owner, Result};
use zeroize::Zeroizing;

const VERSION: usize = 4;

/// The first byte of what a suite sealed.
const fn format(suite: Suite) -> u8 {
    match suite {
        Suite::Aes256Gcm => 2,
        Suite::Sm4Gcm => 3,
    }
}

/// One version of an owner's key. No `Debug`, not cloned: share it by reference.
pub struct OwnerKey {
    owner: Owner,
    version: u32,
    key: Cipher,
}

impl OwnerKey {
    /// Makes a key of the ring's suite, and answers it also wrapped by the root key, to be stored.
    ///
    /// # Errors
    /// `Internal` without randomness.
    pub fn generate(ring: &Keyring, owner: Owner, version: u32) -> Result<(Self, Vec<u8>)> {
        let bytes = ring.suite().generate()?;
        let wrapped = ring.seal(&identity(&owner, version), &bytes)?;
        Ok((Self { key: Cipher::new(&bytes)?, owner, version }, wrapped))
    }

    /// A key that was stored.
    ///
    /// # Errors
    /// `Internal` if it was wrapped for another owner or version, by another root key, or was altered.
    pub fn unwrap(ring: &Keyring, owner: Owner, version: u32, wrapped: &[u8]) -> Result<Self> {
        let bytes = ring.open(&identity(&owner, version), wrapped)?;
        Ok(Self { key: Cipher::new(&bytes)?, owner, version })
    }

    /// Wraps a stored key by the newest root key.
    ///
    /// # Errors
    /// As [`OwnerKey::unwrap`].
    pub fn rewrap(ring: &Keyring, owner: &Owner, version: u32, wrapped: &[u8]) -> Result<Vec<u8>> {
        let identity = identity(owner, version);
        ring.seal(&identity, &ring.open(&identity, wrapped)?)
    }

    /// Its number: 1 for an owner's first key.
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// What it seals by.
    pub const fn suite(&self) -> Suite {
        self.key.suite()
    }

    /// Encrypts `content` for a field of a record, such as `private_key` of `certificate/scs…`.
    ///
    /// # Errors
    /// `Internal` without randomness.
    pub fn seal(&self, record: &str, field: &str, content: &[u8]) -> Result<Vec<u8>> {
        let data_key = self.suite().generate()?;
        let mut sealed = self.head(content.len());
        let bound = self.bound(record, field, Some(self.version));
        encrypt(&self.key, &bound, &data_key, &mut sealed)?;
        encrypt(&Cipher::new(&data_key)?, &self.bound(record, field, None), content, &mut sealed)?;
        Ok(sealed)
    }

    /// Decrypts what [`OwnerKey::seal`] made for the same field.
    ///
    /// # Errors
    /// `Internal` if it was made for another owner, record or field, by another version, or was altered.
    pub fn open(&self, record: &str, field: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        let opened = self.data_key(record, field, sealed).and_then(|(key, content)| {
            decrypt(&Cipher::new(&key).ok()?, &self.bound(record, field, None), content)
        });
        opened.ok_or_else(|| self.closed(record, field))
    }

    /// Wraps the data key of a field that `older` sealed by this key. The content stays as it is, unless the suites
    /// differ.
    ///
    /// # Errors
    /// As [`OwnerKey::open`] of `older`.
    pub fn take_over(
        &self,
        older: &Self,
        record: &str,
        field: &str,
        sealed: &[u8],
    ) -> Result<Vec<u8>> {
        if older.suite() != self.suite() {
            return self.seal(record, field, &older.open(record, field, sealed)?);
        }
        let (data_key, content) =
            older.data_key(record, field, sealed).ok_or_else(|| older.closed(record, field))?;
        let mut again = self.head(content.len());
        encrypt(&self.key, &self.bound(record, field, Some(self.version)), &data_key, &mut again)?;
        again.extend_from_slice(content);
        Ok(again)
    }

    fn head(&self, content: usize) -> Vec<u8> {
        let wrapped = self.suite().wrapped_len();
        let mut head = Vec::with_capacity(1 + VERSION + wrapped + NONCE + content + TAG);
        head.push(format(self.suite()));
        head.extend_from_slice(&self.version.to_be_bytes());
        head
    }

    /// The data key of a sealed field, and its content still encrypted.
    fn data_key<'s>(
        &self,
        record: &str,
        field: &str,
        sealed: &'s [u8],
    ) -> Option<(Zeroizing<Vec<u8>>, &'s [u8])> {
        if suite_of(sealed)? != self.suite() || version_of(sealed)? != self.version {
            return None;
        }
        let wrapped = self.suite().wrapped_len();
        let (wrapped, content) = sealed.get(1 + VERSION..)?.split_at_checked(wrapped)?;
        let key = decrypt(&self.key, &self.bound(record, field, Some(self.version)), wrapped)?;
        Some((key, content))
    }

    /// The associated data. Every part has its length in front, so that no two fields have the same.
    fn bound(&self, record: &str, field: &str, version: Option<u32>) -> Vec<u8> {
        let owner = self.owner.to_string();
        let mut bound = Vec::new();
        for part in [owner.as_str(), record, field] {
            bound.extend_from_slice(&part.len().to_be_bytes());
            bound.extend_from_slice(part.as_bytes());
        }
        bound.extend(version.iter().flat_map(|version| version.to_be_bytes()));
        bound
    }

    fn closed(&self, record: &str, field: &str) -> Error {
        Error::internal(format!("sealed {field} of {record} of {} does not open", self.owner))
    }
}

/// The version of the owner's key that sealed this. None for what no owner's key sealed.
pub fn version_of(sealed: &[u8]) -> Option<u32> {
    suite_of(sealed)?;
    Some(u32::from_be_bytes(*sealed.get(1..)?.first_chunk::<VERSION>()?))
}

/// The suite that sealed this. None for what no owner's key sealed.
pub fn suite_of(sealed: &[u8]) -> Option<Suite> {
    let first = *sealed.first()?;
    [Suite::Aes256Gcm, Suite::Sm4Gcm].into_iter().find(|suite| format(*suite) == first)
}

/// What an owner's key itself is sealed as.
fn identity(owner: &Owner, version: u32) -> String {
    format!("owner_key/{owner}/{version}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use muster_model::{DomainId, ProjectId};
    use proptest::prelude::*;

    fn owner(id: &str) -> Owner {
        Owner::Domain(DomainId::parse(id).unwrap())
    }

    fn key(ring: &Keyring, id: &str, version: u32) -> OwnerKey {
        OwnerKey::generate(ring, owner(id), version).unwrap().0
    }

    #[test]
    fn opens_only_where_it_was_sealed_and_unaltered() {
        let ring = Keyring::ephemeral().unwrap();
        let key = key(&ring, "a", 1);
        let sealed = key.seal("certificate/1", "private_key", b"secret").unwrap();
        let open = |record, field| key.open(record, field, &sealed);
        assert_eq!(open("certificate/1", "private_key").unwrap().as_slice(), b"secret");
        assert!(open("certificate/2", "private_key").is_err());
        assert!(open("certificate/1", "enc_private_key").is_err());
        assert!(open("certificate/1p", "rivate_key").is_err());
        for at in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[at] ^= 1;
            let opened = key.open("certificate/1", "private_key", &altered);
            assert!(opened.is_err(), "byte {at}");
            assert!(
                key.open("certificate/1", "private_key", &sealed[..at]).is_err(),
                "cut at {at}"
            );
        }
    }

    #[test]
    fn a_stored_key_is_of_one_owner_and_version() {
        let ring = Keyring::ephemeral().unwrap();
        let (key, wrapped) = OwnerKey::generate(&ring, owner("a"), 3).unwrap();
        let sealed = key.seal("r", "f", b"x").unwrap();
        let again = OwnerKey::unwrap(&ring, owner("a"), 3, &wrapped).unwrap();
        assert_eq!(again.open("r", "f", &sealed).unwrap().as_slice(), b"x");
        assert!(OwnerKey::unwrap(&ring, owner("b"), 3, &wrapped).is_err());
        assert!(OwnerKey::unwrap(&ring, owner("a"), 2, &wrapped).is_err());
        let project = Owner::Project(ProjectId::parse("a").unwrap());
        assert!(OwnerKey::unwrap(&ring, project, 3, &wrapped).is_err());
        assert!(OwnerKey::unwrap(&Keyring::ephemeral().unwrap(), owner("a"), 3, &wrapped).is_err());
    }

    #[test]
    fn a_new_version_takes_over_without_touching_the_content() {
        let ring = Keyring::ephemeral().unwrap();
        let (old, new) = (key(&ring, "a", 1), key(&ring, "a", 2));
        let sealed = old.seal("r", "f", b"secret").unwrap();
        assert_eq!(version_of(&sealed), Some(1));
        assert!(new.open("r", "f", &sealed).is_err());
        let again = new.take_over(&old, "r", "f", &sealed).unwrap();
        assert_eq!(version_of(&again), Some(2));
        let wrapped = 1 + VERSION + Suite::Aes256Gcm.wrapped_len();
        assert_eq!(again[wrapped..], sealed[wrapped..]);
        assert_eq!(new.open("r", "f", &again).unwrap().as_slice(), b"secret");
        assert!(old.open("r", "f", &again).is_err());
        assert!(new.take_over(&old, "r", "g", &sealed).is_err());
        // A version is not what somebody wrote in front of it.
        let mut relabelled = again;
        relabelled[4] = 1;
        assert!(old.open("r", "f", &relabelled).is_err());
    }

    #[test]
    fn a_stored_key_moves_to_the_newest_root() {
        let (old, new) = ("00".repeat(32), "11".repeat(32));
        let (key, wrapped) =
            OwnerKey::generate(&Keyring::parse(&old).unwrap(), owner("a"), 1).unwrap();
        let both = Keyring::parse(&format!("{new}\n{old}")).unwrap();
        assert!(both.is_stale(&wrapped));
        let again = OwnerKey::rewrap(&both, &owner("a"), 1, &wrapped).unwrap();
        let alone = Keyring::parse(&new).unwrap();
        let moved = OwnerKey::unwrap(&alone, owner("a"), 1, &again).unwrap();
        let sealed = key.seal("r", "f", b"x").unwrap();
        assert_eq!(moved.open("r", "f", &sealed).unwrap().as_slice(), b"x");
    }

    #[test]
    fn suites_stand_beside_each_other_and_take_over_both_ways() {
        let text = "5a".repeat(32);
        let ring = |suite| Keyring::parse(&text).unwrap().by(suite);
        let (aes, sm4) = (ring(Suite::Aes256Gcm), ring(Suite::Sm4Gcm));
        let (old, wrapped) = OwnerKey::generate(&aes, owner("a"), 1).unwrap();
        let (new, wrapped_new) = OwnerKey::generate(&sm4, owner("a"), 2).unwrap();
        assert_eq!((old.suite(), new.suite()), (Suite::Aes256Gcm, Suite::Sm4Gcm));
        // Either ring opens the keys of both, and knows its own.
        for ring in [&aes, &sm4] {
            assert_eq!(
                OwnerKey::unwrap(ring, owner("a"), 1, &wrapped).unwrap().suite(),
                old.suite()
            );
            let again = OwnerKey::unwrap(ring, owner("a"), 2, &wrapped_new).unwrap();
            assert_eq!(again.suite(), new.suite());
        }
        assert!(
            sm4.is_stale(&wrapped) && !sm4.is_stale(&wrapped_new) && aes.is_stale(&wrapped_new)
        );
        let sealed = old.seal("r", "f", b"secret").unwrap();
        let moved = new.take_over(&old, "r", "f", &sealed).unwrap();
        assert_eq!((suite_of(&moved), version_of(&moved)), (Some(Suite::Sm4Gcm), Some(2)));
        assert_eq!(new.open("r", "f", &moved).unwrap().as_slice(), b"secret");
        let third = OwnerKey::generate(&aes, owner("a"), 3).unwrap().0;
        let back = third.take_over(&new, "r", "f", &moved).unwrap();
        assert_eq!(third.open("r", "f", &back).unwrap().as_slice(), b"secret");
        for at in 0..moved.len() {
            let mut altered = moved.clone();
            altered[at] ^= 1;
            assert!(new.open("r", "f", &altered).is_err(), "byte {at}");
            assert!(new.open("r", "f", &moved[..at]).is_err(), "cut at {at}");
        }
    }

    proptest! {
        #[test]
        fn takes_any_bytes(sealed in proptest::collection::vec(any::<u8>(), 0..200)) {
            let key = key(&Keyring::ephemeral().unwrap(), "a", 1);
            prop_assert!(key.open("r", "f", &sealed).is_err());
        }
    }
}
