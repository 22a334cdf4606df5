//! Keeping the keys that seal: what seals what, a new key for every owner, a new root key.
//!
//! Everything goes in small transactions and can be run again: a server that is killed in between leaves some
//! values under the older key, which still opens, and the next run takes them on.

use crate::app::App;
use crate::audit::checkpoints;
use crate::{audit, authz, sealing};
use muster_model::{Action, Caller, Micros, Owner, Result};
use muster_store::identity::access_keys;
use muster_store::sealed::{self, PLACES, Place, Sealed};
use muster_store::{Db, Tx, meta, owner_keys, transact};
use muster_vault::owner_key::{OwnerKey, version_of};
use muster_vault::{Keyring, Suite};
use std::collections::BTreeMap;

/// Values of one transaction.
const BATCH: u32 = 200;

/// How things are sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// Public names of the root keys this server has, newest first.
    pub roots: Vec<String>,
    /// Owners' keys, access keys, token keys and the audit's that are not under the newest root key.
    pub stale: u64,
    /// Owners with their keys.
    pub owners: Vec<OwnerStatus>,
}

/// An owner's keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnerStatus {
    /// Whose.
    pub owner: Owner,
    /// The version that seals.
    pub version: u32,
    /// When it was made.
    pub made_at: Micros,
    /// Versions that are kept because they may still open something.
    pub older: u32,
    /// What the version that seals seals by.
    pub suite: Suite,
    /// Values under the version that seals.
    pub fresh: u64,
    /// Values under older ones.
    pub old: u64,
}

/// Whether these root keys open what lies directly under them.
///
/// # Errors
/// `Internal` naming what does not open; those of the database.
pub async fn opens(db: &Db, ring: &Keyring) -> Result<()> {
    let mut tx = db.read().await?;
    for key in owner_keys::all(&mut tx).await? {
        OwnerKey::unwrap(ring, key.owner, key.version, &key.wrapped)?;
    }
    for key in access_keys::all(&mut tx).await? {
        ring.open(&crate::identity::access_key_sealing(&key.access), &key.sealed_secret)?;
    }
    Ok(())
}

/// What was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Done {
    /// Keys made.
    pub made: u64,
    /// Values wrapped anew.
    pub wrapped: u64,
    /// Versions forgotten.
    pub forgotten: u64,
}

/// How everything of the caller's account is sealed.
///
/// # Errors
/// `Forbidden` naming the action; those of the database.
pub async fn status(app: &App, caller: &Caller) -> Result<Status> {
    authz::account(app, caller, Action::VaultShow)?;
    let mut tx = app.db.read().await?;
    let mut owners: BTreeMap<Owner, OwnerStatus> = BTreeMap::new();
    let mut stale = 0;
    for key in owner_keys::all(&mut tx).await? {
        stale += u64::from(app.vault.is_stale(&key.wrapped));
        // By owner and version: the last one seals.
        let older = owners.get(&key.owner).map_or(0, |known| known.older + 1);
        let (version, made_at, owner) = (key.version, key.created_at, key.owner);
        let suite = OwnerKey::unwrap(&app.vault, owner.clone(), version, &key.wrapped)?.suite();
        let (fresh, old) = (0, 0);
        let status =
            OwnerStatus { owner: owner.clone(), version, made_at, older, suite, fresh, old };
        owners.insert(owner, status);
    }
    stale += count(access_keys::all(&mut tx).await?.iter(), |key| {
        app.vault.is_stale(&key.sealed_secret)
    });
    stale += count(meta::token_keys(&mut tx, app.now()).await?.iter(), |key| {
        app.vault.is_stale(&key.sealed)
    });
    let signing = meta::get(&mut tx, checkpoints::KEY).await?;
    stale += count(signing.iter(), |sealed| app.vault.is_stale(sealed));
    for place in PLACES {
        let mut after = 0;
        loop {
            let page = sealed::page(&mut tx, *place, after, BATCH).await?;
            let Some(last) = page.last() else { break };
            after = last.key;
            for value in &page {
                if let Some(status) = owners.get_mut(&value.owner) {
                    let fresh = version_of(&value.sealed) == Some(status.version);
                    *(if fresh { &mut status.fresh } else { &mut status.old }) += 1;
                }
            }
        }
    }
    Ok(Status { roots: app.vault.names(), stale, owners: owners.into_values().collect() })
}

fn count<T>(all: impl Iterator<Item = T>, is: impl Fn(&T) -> bool) -> u64 {
    all.filter(is).fold(0, |sum, _| sum + 1)
}

/// Gives every owner a new key, wraps everything by it and forgets the older ones.
///
/// # Errors
/// `Forbidden` naming the action; those of the database; `Internal` for a value that does not open, which stays as it
/// is, with the key that may open it.
pub async fn rotate(app: &App, caller: &Caller) -> Result<Done> {
    authz::account(app, caller, Action::VaultRotate)?;
    let mut done = Done::default();
    for owner in owners(app).await? {
        transact!(app.db, |tx| {
            sealing::rotate(tx, app, &owner).await?;
            let target = format!("vault/{owner}");
            audit::append(tx, app, caller, Action::VaultRotate, "", &target).await
        })?;
        done.made += 1;
    }
    finish(app, &mut done).await?;
    Ok(done)
}

/// Wraps everything by the newest root key and in the suite the operator chose, and by the newest key of its owner.
///
/// # Errors
/// As [`rotate`].
pub async fn rewrap(app: &App, caller: &Caller) -> Result<Done> {
    authz::account(app, caller, Action::VaultRotate)?;
    transact!(app.db, |tx| {
        audit::append(tx, app, caller, Action::VaultRotate, "", "vault/root").await
    })?;
    let mut done =
        Done { wrapped: transact!(app.db, |tx| roots(tx, app).await)?, ..Done::default() };
    finish(app, &mut done).await?;
    Ok(done)
}

async fn owners(app: &App) -> Result<Vec<Owner>> {
    let mut owners: Vec<_> = owner_keys::all(&mut app.db.read().await?)
        .await?
        .into_iter()
        .map(|key| key.owner)
        .collect();
    owners.dedup();
    Ok(owners)
}

/// What lies directly under the root key.
async fn roots(tx: &mut Tx, app: &App) -> Result<u64> {
    let mut wrapped = 0;
    for mut key in owner_keys::all(tx).await? {
        if app.vault.is_stale(&key.wrapped) {
            key.wrapped = OwnerKey::rewrap(&app.vault, &key.owner, key.version, &key.wrapped)?;
            owner_keys::update(tx, &key).await?;
            wrapped += 1;
        }
    }
    for mut key in access_keys::all(tx).await? {
        if app.vault.is_stale(&key.sealed_secret) {
            let identity = crate::identity::access_key_sealing(&key.access);
            let secret = app.vault.open(&identity, &key.sealed_secret)?;
            key.sealed_secret = app.vault.seal(&identity, &secret)?;
            access_keys::update(tx, &key).await?;
            wrapped += 1;
        }
    }
    for key in meta::token_keys(tx, app.now()).await? {
        if app.vault.is_stale(&key.sealed) {
            let identity = crate::identity::token_key_sealing(&key.id);
            let secret = app.vault.open(&identity, &key.sealed)?;
            meta::reseal_token_key(tx, &key.id, &app.vault.seal(&identity, &secret)?).await?;
            wrapped += 1;
        }
    }
    wrapped += u64::from(checkpoints::rewrap(tx, app).await?);
    Ok(wrapped)
}

/// Wraps every value by its owner's newest key, then forgets versions nothing is under any more.
async fn finish(app: &App, done: &mut Done) -> Result<()> {
    for place in PLACES {
        let mut after = 0;
        loop {
            let (last, wrapped) = transact!(app.db, |tx| batch(tx, app, *place, after).await)?;
            done.wrapped += wrapped;
            match last {
                Some(last) => after = last,
                None => break,
            }
        }
    }
    for owner in owners(app).await? {
        done.forgotten += transact!(app.db, |tx| forget(tx, &owner).await)?;
    }
    Ok(())
}

async fn batch(tx: &mut Tx, app: &App, place: Place, after: i64) -> Result<(Option<i64>, u64)> {
    let mut wrapped = 0;
    let page = sealed::page(tx, place, after, BATCH).await?;
    for value in &page {
        let Sealed { owner, record, sealed, .. } = value;
        if let Some(new) = sealing::renew(tx, app, owner, record, place.field, sealed).await? {
            sealed::replace(tx, place, value, &new).await?;
            wrapped += 1;
        }
    }
    Ok((page.last().map(|last| last.key), wrapped))
}

/// Looks once more, in the transaction that forgets: what another server sealed meanwhile under an older version keeps
/// it alive.
async fn forget(tx: &mut Tx, owner: &Owner) -> Result<u64> {
    let Some(newest) = owner_keys::newest(tx, owner).await? else { return Ok(0) };
    for place in PLACES {
        let mut after = 0;
        loop {
            let page = sealed::page(tx, *place, after, BATCH).await?;
            let Some(last) = page.last() else { break };
            after = last.key;
            let mut own = page.iter().filter(|value| value.owner == *owner);
            if own.any(|value| version_of(&value.sealed) != Some(newest.version)) {
                return Ok(0);
            }
        }
    }
    owner_keys::forget_before(tx, owner, newest.version).await
}
