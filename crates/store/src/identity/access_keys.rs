//! Access keys: a public name and a sealed secret, belonging to a user.

use crate::Tx;
use crate::db::{Row, binds};
use muster_model::{Error, Micros, Result};
use std::fmt;

/// An access key. The secret is sealed; its `Debug` form shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessKey {
    /// Its public name.
    pub access: String,
    /// Key of its user.
    pub user: i64,
    /// The secret as the vault sealed it.
    pub sealed_secret: Vec<u8>,
    /// An inactive key is not let in.
    pub active: bool,
    /// For people.
    pub description: String,
    /// When it was made.
    pub created_at: Micros,
    /// When it was last used, to the minute or coarser.
    pub last_used: Option<Micros>,
}

impl fmt::Debug for AccessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessKey").field("access", &self.access).finish_non_exhaustive()
    }
}

const KEY: &str = "SELECT access, owner, sealed_secret, active, description, created_at, last_used FROM access_keys";

fn access_key(row: &Row) -> Result<AccessKey> {
    let mut cells = row.cells();
    Ok(AccessKey {
        access: cells.take()?,
        user: cells.take()?,
        sealed_secret: cells.take()?,
        active: cells.take()?,
        description: cells.take()?,
        created_at: cells.take()?,
        last_used: cells.take()?,
    })
}

/// Adds an access key.
///
/// # Errors
/// `Conflict` when the name is taken.
pub async fn create(tx: &mut Tx, key: &AccessKey) -> Result<()> {
    tx.execute(
        "INSERT INTO access_keys (access, owner, sealed_secret, active, description, created_at, last_used) \
         VALUES (?,?,?,?,?,?,?)",
        binds![
            &key.access,
            key.user,
            key.sealed_secret.as_slice(),
            key.active,
            &key.description,
            key.created_at,
            key.last_used
        ],
    )
    .await
    .map(drop)
}

/// The access key of this name.
///
/// # Errors
/// Those of the database.
pub async fn get(tx: &mut Tx, access: &str) -> Result<Option<AccessKey>> {
    let row = tx.optional(format!("{KEY} WHERE access = ?"), binds![access]).await?;
    row.as_ref().map(access_key).transpose()
}

/// A user's access keys, oldest first.
///
/// # Errors
/// Those of the database.
pub async fn of_user(tx: &mut Tx, user: i64) -> Result<Vec<AccessKey>> {
    let sql = format!("{KEY} WHERE owner = ? ORDER BY created_at, access");
    tx.all(sql, binds![user]).await?.iter().map(access_key).collect()
}

/// Every access key of the installation, for sealing anew.
///
/// # Errors
/// Those of the database.
pub async fn all(tx: &mut Tx) -> Result<Vec<AccessKey>> {
    tx.all(format!("{KEY} ORDER BY access"), vec![]).await?.iter().map(access_key).collect()
}

/// Stores whether the key is active, its description and its sealed secret.
///
/// # Errors
/// `NotFound`.
pub async fn update(tx: &mut Tx, key: &AccessKey) -> Result<()> {
    let touched = tx
        .execute(
            "UPDATE access_keys SET active = ?, description = ?, sealed_secret = ? WHERE access = ?",
            binds![key.active, &key.description, key.sealed_secret.as_slice(), &key.access],
        )
        .await?;
    if touched == 0 { Err(Error::not_found("the access key")) } else { Ok(()) }
}

/// Notes when the key was last used. Callers do this rarely: it is a write.
///
/// # Errors
/// Those of the database.
pub async fn used(tx: &mut Tx, access: &str, at: Micros) -> Result<()> {
    tx.execute(
        "UPDATE access_keys SET last_used = ? WHERE access = ? AND (last_used IS NULL OR last_used < ?)",
        binds![at, access, at],
    )
    .await
    .map(drop)
}

/// Removes an access key.
///
/// # Errors
/// `NotFound`.
pub async fn delete(tx: &mut Tx, access: &str) -> Result<()> {
    let touched = tx.execute("DELETE FROM access_keys WHERE access = ?", binds![access]).await?;
    if touched == 0 { Err(Error::not_found("the access key")) } else { Ok(()) }
}
