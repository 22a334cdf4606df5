//! Secrets of records, sealed under the key of their account or project.
//!
//! Called within the transaction that writes or reads the record, so that a record and the key it needs become
//! durable together. An owner gets its first key with its first secret.

use crate::app::App;
use muster_model::{Error, Micros, Owner, Result};
use muster_store::Tx;
use muster_store::owner_keys::{self, StoredKey};
use muster_vault::owner_key::{OwnerKey, version_of};
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use zeroize::Zeroizing;

/// How long a key may lie in memory without being looked for in the database, in seconds: a version another
/// server forgot opens nothing here after that.
const FRESH_SECS: i64 = 30;
/// Keys in memory at most.
const MAX_KEYS: usize = 10_000;

/// The keys that lie in memory. One in an [`App`].
#[derive(Default)]
pub(crate) struct OwnerKeys(RwLock<HashMap<(Owner, u32), Held>>);

struct Held {
    key: Arc<OwnerKey>,
    read: Micros,
}

impl OwnerKeys {
    fn get(&self, owner: &Owner, version: u32, now: Micros) -> Option<Arc<OwnerKey>> {
        let held = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let found = held.get(&(owner.clone(), version))?;
        // A clock that was set back makes nothing fresh for ever.
        (found.read <= now && now < found.read.plus_secs(FRESH_SECS))
            .then(|| Arc::clone(&found.key))
    }

    fn put(&self, owner: &Owner, key: OwnerKey, now: Micros) -> Arc<OwnerKey> {
        let mut held = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if held.len() >= MAX_KEYS {
            held.clear();
        }
        let (version, key) = (key.version(), Arc::new(key));
        held.insert((owner.clone(), version), Held { key: Arc::clone(&key), read: now });
        key
    }
}

/// Encrypts `content` for a field of a record of `owner`, such as `private_key` of `certificate/scs…`.
///
/// # Errors
/// Those of the database; `Internal` without randomness, or if the owner's key does not open.
pub async fn seal(
    tx: &mut Tx,
    app: &App,
    owner: &Owner,
    record: &str,
    field: &str,
    content: &[u8],
) -> Result<Vec<u8>> {
    newest(tx, app, owner).await?.seal(record, field, content)
}

/// Decrypts what [`seal`] made for the same field of the same record.
///
/// # Errors
/// Those of the database; `Internal` if it was sealed for another place, was altered, or its key was forgotten.
pub async fn open(
    tx: &mut Tx,
    app: &App,
    owner: &Owner,
    record: &str,
    field: &str,
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>> {
    let held = version_of(sealed).and_then(|held| app.owner_keys.get(owner, held, app.now()));
    // One that does not open may be of a transaction that was rolled back.
    match held.map(|key| key.open(record, field, sealed)) {
        Some(Ok(content)) => Ok(content),
        Some(Err(_)) | None => stored(tx, app, owner, sealed).await?.open(record, field, sealed),
    }
}

/// A sealed field with the key that opens it: fetched in a transaction and opened after it, so that none is held while
/// a record of the audit is on its way to the disk.
pub struct Closed {
    owner: Owner,
    key: Arc<OwnerKey>,
    record: String,
    field: &'static str,
    sealed: Vec<u8>,
}

/// Fetches the key of a field that is about to be opened.
///
/// # Errors
/// Those of the database; `Internal` if the key was forgotten or does not open.
pub async fn closed(
    tx: &mut Tx,
    app: &App,
    owner: &Owner,
    record: &str,
    field: &'static str,
    sealed: Vec<u8>,
) -> Result<Closed> {
    let held = version_of(&sealed).and_then(|held| app.owner_keys.get(owner, held, app.now()));
    let key = match held {
        Some(key) => key,
        None => stored(tx, app, owner, &sealed).await?,
    };
    Ok(Closed { owner: owner.clone(), key, record: record.to_owned(), field, sealed })
}

impl Closed {
    /// Decrypts it.
    ///
    /// # Errors
    /// As [`open`].
    pub async fn open(self, app: &App) -> Result<Zeroizing<Vec<u8>>> {
        if let Ok(content) = self.key.open(&self.record, self.field, &self.sealed) {
            return Ok(content);
        }
        // One that does not open may be of a transaction that was rolled back.
        let key = stored(&mut app.db.read().await?, app, &self.owner, &self.sealed).await?;
        key.open(&self.record, self.field, &self.sealed)
    }
}

/// Wraps a sealed field by the owner's newest key. None if it already is.
///
/// # Errors
/// As [`open`].
pub async fn renew(
    tx: &mut Tx,
    app: &App,
    owner: &Owner,
    record: &str,
    field: &str,
    sealed: &[u8],
) -> Result<Option<Vec<u8>>> {
    let newest = newest(tx, app, owner).await?;
    if version_of(sealed) == Some(newest.version()) {
        return Ok(None);
    }
    let older = stored(tx, app, owner, sealed).await?;
    newest.take_over(&older, record, field, sealed).map(Some)
}

/// Gives an owner a new key, which seals from now on. Answers its version.
///
/// # Errors
/// Those of the database; `Internal` without randomness.
pub async fn rotate(tx: &mut Tx, app: &App, owner: &Owner) -> Result<u32> {
    let version = owner_keys::newest(tx, owner).await?.map_or(1, |newest| newest.version + 1);
    let (key, wrapped) = OwnerKey::generate(&app.vault, owner.clone(), version)?;
    let stored = StoredKey { owner: owner.clone(), version, wrapped, created_at: app.now() };
    if !owner_keys::add(tx, &stored).await? {
        return Err(Error::conflict("another server made a key for the same owner"));
    }
    Ok(key.version())
}

/// The key that seals. It is asked of the database each time: another server may have rotated.
async fn newest(tx: &mut Tx, app: &App, owner: &Owner) -> Result<Arc<OwnerKey>> {
    let stored = match owner_keys::newest(tx, owner).await? {
        Some(stored) => stored,
        None => {
            rotate(tx, app, owner).await?;
            let made = owner_keys::newest(tx, owner).await?;
            made.ok_or_else(|| Error::internal("a key that was just made"))?
        }
    };
    // Not kept: what was made in this transaction may yet be rolled back.
    let key = OwnerKey::unwrap(&app.vault, owner.clone(), stored.version, &stored.wrapped)?;
    if key.suite() == app.vault.suite() {
        return Ok(Arc::new(key));
    }
    // The operator chose another suite since: from now on its key seals.
    rotate(tx, app, owner).await?;
    let made = owner_keys::newest(tx, owner).await?;
    let made = made.ok_or_else(|| Error::internal("a key that was just made"))?;
    OwnerKey::unwrap(&app.vault, owner.clone(), made.version, &made.wrapped).map(Arc::new)
}

/// The key that opens `sealed`, from the database.
async fn stored(tx: &mut Tx, app: &App, owner: &Owner, sealed: &[u8]) -> Result<Arc<OwnerKey>> {
    let version = version_of(sealed).ok_or_else(|| Error::internal("not a sealed value"))?;
    let found = owner_keys::get(tx, owner, version).await?;
    let found = found.ok_or_else(|| {
        Error::internal(format!("version {version} of the key of {owner} is gone"))
    })?;
    let key = OwnerKey::unwrap(&app.vault, owner.clone(), version, &found.wrapped)?;
    Ok(app.owner_keys.put(owner, key, app.now()))
}
