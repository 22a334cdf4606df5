//! The identity service's memory: directory, token keys, guards.

use super::attempts::Attempts;
use super::directory::{self, Directory};
use super::spare::Spare;
use super::temporary::LONGEST_SECS;
use crate::limits::Limiter;
use muster_model::{Error, Micros, Result};
use muster_store::meta::{self, TokenKey as StoredKey};
use muster_store::{Db, transact};
use muster_vault::Keyring;
use muster_vault::replay::ReplayGuard;
use muster_vault::token::{ROTATION_SECS, TokenKey, TokenKeys};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use tokio::sync::Semaphore;

/// Signatures the replay guard remembers: some 60 bytes each.
const REPLAY_CAPACITY: usize = 200_000;

/// What lies in memory of identities. One in an [`crate::App`].
pub struct Identity {
    directory: RwLock<Arc<Directory>>,
    tokens: RwLock<Arc<TokenKeys>>,
    /// When the token keys were last read: a token of an unknown key makes us look again, once a second.
    tokens_read: Mutex<Micros>,
    /// One reload at a time, so that an older state never replaces a newer one.
    reloading: tokio::sync::Mutex<()>,
    pub(super) replay: ReplayGuard,
    pub(super) locks: Attempts<(String, IpAddr)>,
    pub(super) logins: Limiter<IpAddr>,
    /// Password checks under way at most: each takes 19 MiB and a core.
    pub(super) hashing: Semaphore,
    /// What passwords are checked in, while more than one waits.
    pub(super) spare: Spare,
    /// Uses of access keys not yet stored.
    uses: Mutex<HashMap<String, Micros>>,
}

impl Identity {
    /// Reads everything. Makes the first token key if there is none.
    pub(crate) async fn open(
        db: &Db,
        vault: &Keyring,
        now: Micros,
        token_secs: i64,
    ) -> Result<Self> {
        let mut tx = db.read().await?;
        let directory = Directory::load(&mut tx, vault, &Directory::default()).await?;
        let keys = read_keys(&mut tx, vault, now).await?;
        drop(tx);
        // Half of the cores, so that logins never starve the rest.
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let identity = Self {
            directory: RwLock::new(Arc::new(directory)),
            tokens: RwLock::new(Arc::new(keys)),
            tokens_read: Mutex::new(now),
            reloading: tokio::sync::Mutex::new(()),
            replay: ReplayGuard::new(REPLAY_CAPACITY),
            locks: Attempts::new(),
            logins: Limiter::new(),
            hashing: Semaphore::new((cores / 2).max(1)),
            spare: Spare::default(),
            uses: Mutex::new(HashMap::new()),
        };
        identity.rotate(db, vault, now, token_secs).await?;
        Ok(identity)
    }

    /// The directory of now. Cheap.
    pub fn directory(&self) -> Arc<Directory> {
        Arc::clone(&self.directory.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn tokens(&self) -> Arc<TokenKeys> {
        Arc::clone(&self.tokens.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Replaces the directory by the stored state.
    pub(crate) async fn reload(&self, db: &Db, vault: &Keyring) -> Result<()> {
        let _one = self.reloading.lock().await;
        let before = self.directory();
        let mut tx = db.read().await?;
        let fresh = Directory::load(&mut tx, vault, &before).await?;
        *self.directory.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(fresh);
        Ok(())
    }

    /// Replaces the directory if another server changed the stored state.
    pub(crate) async fn refresh(&self, db: &Db, vault: &Keyring) -> Result<()> {
        let stored = directory::epoch(&mut db.read().await?).await?;
        if stored == self.directory().epoch() { Ok(()) } else { self.reload(db, vault).await }
    }

    /// Makes a new token key if the newest is due.
    pub(crate) async fn rotate(
        &self,
        db: &Db,
        vault: &Keyring,
        now: Micros,
        token_secs: i64,
    ) -> Result<()> {
        if !self.tokens().is_due(now) {
            return Ok(());
        }
        transact!(db, |tx| {
            // Another server may have been quicker.
            if read_keys(tx, vault, now).await?.is_due(now) {
                let key = TokenKey::generate(now)?;
                let id = key.id();
                let stored = StoredKey {
                    sealed: vault.seal(&sealing(&id), key.secret())?,
                    id,
                    created_at: now,
                    // As long as the last thing it made may live.
                    expires_at: now.plus_secs(ROTATION_SECS + token_secs.max(LONGEST_SECS)),
                };
                meta::add_token_key(tx, &stored).await?;
            }
            Ok::<_, Error>(())
        })?;
        self.reread_keys(db, vault, now).await
    }

    async fn reread_keys(&self, db: &Db, vault: &Keyring, now: Micros) -> Result<()> {
        let keys = read_keys(&mut db.read().await?, vault, now).await?;
        *self.tokens.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
        Ok(())
    }

    /// Looks for token keys other servers made. False if that was done less than a second ago.
    pub(super) async fn look_for_keys(
        &self,
        db: &Db,
        vault: &Keyring,
        now: Micros,
    ) -> Result<bool> {
        {
            let mut read = self.tokens_read.lock().unwrap_or_else(PoisonError::into_inner);
            if now < read.plus_secs(1) {
                return Ok(false);
            }
            *read = now;
        }
        self.reread_keys(db, vault, now).await?;
        Ok(true)
    }

    /// Notes the use of an access key, to the minute.
    pub(super) fn used(&self, access: &str, last: Option<Micros>, now: Micros) {
        if last.is_some_and(|last| now < last.plus_secs(60)) {
            return;
        }
        let mut uses = self.uses.lock().unwrap_or_else(PoisonError::into_inner);
        match uses.get_mut(access) {
            Some(at) => *at = now,
            None => drop(uses.insert(access.to_owned(), now)),
        }
    }

    /// When an access key was last used, as far as that is not stored yet.
    pub(super) fn last_use(&self, access: &str) -> Option<Micros> {
        self.uses.lock().unwrap_or_else(PoisonError::into_inner).get(access).copied()
    }

    /// Stores the uses noted since the last time.
    pub(crate) async fn store_uses(&self, db: &Db) -> Result<()> {
        let uses: Vec<_> =
            self.uses.lock().unwrap_or_else(PoisonError::into_inner).drain().collect();
        if uses.is_empty() {
            return Ok(());
        }
        transact!(db, |tx| {
            for (access, at) in &uses {
                muster_store::identity::access_keys::used(tx, access, *at).await?;
            }
            Ok(())
        })
    }
}

/// What a token key is sealed as.
pub(crate) fn sealing(id: &str) -> String {
    format!("token_key/{id}")
}

async fn read_keys(tx: &mut muster_store::Tx, vault: &Keyring, now: Micros) -> Result<TokenKeys> {
    let mut keys = Vec::new();
    for stored in meta::token_keys(tx, now).await? {
        let bytes = vault.open(&sealing(&stored.id), &stored.sealed)?;
        keys.push(TokenKey::restore(&stored.id, stored.created_at, &bytes)?);
    }
    Ok(TokenKeys::new(keys))
}
