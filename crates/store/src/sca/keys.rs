//! Access keys of the SCA open API: they belong to a project and act with their owner's rights.

use crate::Tx;
use crate::db::{Row, binds};
use muster_model::{Error, Micros, Result};
use std::fmt;

/// An access key. The secret is sealed; its `Debug` form shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Key {
    /// Its public name.
    pub access: String,
    /// Key of its project.
    pub project: i64,
    /// Key of the user whose rights it has.
    pub owner: i64,
    /// The secret as the vault sealed it.
    pub sealed_secret: Vec<u8>,
    /// An inactive key is not let in.
    pub active: bool,
    /// Whether it may sign by HMAC-MD5, as the document has it.
    pub allow_md5: bool,
    /// For people.
    pub description: String,
    /// When it was made.
    pub created_at: Micros,
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").field("access", &self.access).finish_non_exhaustive()
    }
}

const KEY: &str = "SELECT access, project, owner, sealed_secret, active, allow_md5, description, created_at \
                   FROM sca_keys";

fn key(row: &Row) -> Result<Key> {
    let mut cells = row.cells();
    Ok(Key {
        access: cells.take()?,
        project: cells.take()?,
        owner: cells.take()?,
        sealed_secret: cells.take()?,
        active: cells.take()?,
        allow_md5: cells.take()?,
        description: cells.take()?,
        created_at: cells.take()?,
    })
}

/// Adds a key.
///
/// # Errors
/// `Conflict` when the name is taken.
pub async fn create(tx: &mut Tx, key: &Key) -> Result<()> {
    tx.execute(
        "INSERT INTO sca_keys (access, project, owner, sealed_secret, active, allow_md5, description, \
         created_at) VALUES (?,?,?,?,?,?,?,?)",
        binds![
            &key.access,
            key.project,
            key.owner,
            key.sealed_secret.as_slice(),
            key.active,
            key.allow_md5,
            &key.description,
            key.created_at
        ],
    )
    .await
    .map(drop)
}

/// The key of this name.
///
/// # Errors
/// Those of the database.
pub async fn get(tx: &mut Tx, access: &str) -> Result<Option<Key>> {
    tx.optional(format!("{KEY} WHERE access = ?"), binds![access])
        .await?
        .as_ref()
        .map(key)
        .transpose()
}

/// The keys of a project, oldest first.
///
/// # Errors
/// Those of the database.
pub async fn list(tx: &mut Tx, project: i64) -> Result<Vec<Key>> {
    let sql = format!("{KEY} WHERE project = ? ORDER BY created_at, access");
    tx.all(sql, binds![project]).await?.iter().map(key).collect()
}

/// Stores whether a key is active and may sign by MD5.
///
/// # Errors
/// `NotFound`.
pub async fn update(tx: &mut Tx, key: &Key) -> Result<()> {
    let touched = tx
        .execute(
            "UPDATE sca_keys SET active = ?, allow_md5 = ? WHERE access = ?",
            binds![key.active, key.allow_md5, &key.access],
        )
        .await?;
    if touched == 0 { Err(Error::not_found("the access key")) } else { Ok(()) }
}

/// Removes a key of a project.
///
/// # Errors
/// `NotFound`.
pub async fn delete(tx: &mut Tx, project: i64, access: &str) -> Result<()> {
    let sql = "DELETE FROM sca_keys WHERE project = ? AND access = ?";
    let touched = tx.execute(sql, binds![project, access]).await?;
    if touched == 0 { Err(Error::not_found("the access key")) } else { Ok(()) }
}
