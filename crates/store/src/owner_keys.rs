//! Keys of accounts and projects, as the root key wrapped them.

use crate::Tx;
use crate::db::{Row, binds};
use muster_model::{Error, Micros, Owner, Result};

/// One version of an owner's key, wrapped.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredKey {
    /// Whose it is.
    pub owner: Owner,
    /// Its number: 1 for the first.
    pub version: u32,
    /// The key as the vault wrapped it.
    pub wrapped: Vec<u8>,
    /// When it was made.
    pub created_at: Micros,
}

const KEY: &str = "SELECT owner, version, wrapped, created_at FROM owner_keys";

fn stored(row: &Row) -> Result<StoredKey> {
    let mut cells = row.cells();
    let owner: String = cells.take()?;
    Ok(StoredKey {
        owner: Owner::parse(&owner).ok_or_else(|| Error::internal("an owner's name"))?,
        version: cells.take()?,
        wrapped: cells.take()?,
        created_at: cells.take()?,
    })
}

/// The newest key of an owner.
///
/// # Errors
/// Those of the database.
pub async fn newest(tx: &mut Tx, owner: &Owner) -> Result<Option<StoredKey>> {
    let sql = format!("{KEY} WHERE owner = ? ORDER BY version DESC LIMIT 1");
    tx.optional(sql, binds![owner.to_string()]).await?.as_ref().map(stored).transpose()
}

/// One version of an owner's key.
///
/// # Errors
/// Those of the database.
pub async fn get(tx: &mut Tx, owner: &Owner, version: u32) -> Result<Option<StoredKey>> {
    let sql = format!("{KEY} WHERE owner = ? AND version = ?");
    tx.optional(sql, binds![owner.to_string(), version]).await?.as_ref().map(stored).transpose()
}

/// Every key of every owner, by owner and version.
///
/// # Errors
/// Those of the database.
pub async fn all(tx: &mut Tx) -> Result<Vec<StoredKey>> {
    tx.all(format!("{KEY} ORDER BY owner, version"), vec![]).await?.iter().map(stored).collect()
}

/// Adds a key. False, and nothing done, if the owner has one of that version.
///
/// # Errors
/// Those of the database.
pub async fn add(tx: &mut Tx, key: &StoredKey) -> Result<bool> {
    let added = tx
        .execute(
            "INSERT INTO owner_keys (owner, version, wrapped, created_at) VALUES (?,?,?,?) \
             ON CONFLICT (owner, version) DO NOTHING",
            binds![key.owner.to_string(), key.version, key.wrapped.as_slice(), key.created_at],
        )
        .await?;
    Ok(added > 0)
}

/// Replaces the wrapped form of a key.
///
/// # Errors
/// `NotFound`.
pub async fn update(tx: &mut Tx, key: &StoredKey) -> Result<()> {
    let touched = tx
        .execute(
            "UPDATE owner_keys SET wrapped = ? WHERE owner = ? AND version = ?",
            binds![key.wrapped.as_slice(), key.owner.to_string(), key.version],
        )
        .await?;
    if touched == 0 { Err(Error::not_found("the owner's key")) } else { Ok(()) }
}

/// Forgets the versions of an owner's key before `version`: what they sealed never opens again.
///
/// # Errors
/// Those of the database.
pub async fn forget_before(tx: &mut Tx, owner: &Owner, version: u32) -> Result<u64> {
    tx.execute(
        "DELETE FROM owner_keys WHERE owner = ? AND version < ?",
        binds![owner.to_string(), version],
    )
    .await
}
