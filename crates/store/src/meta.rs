//! Small values of the installation itself, and the keys tokens are sealed with.

use crate::Tx;
use crate::db::{Row, binds};
use muster_model::{Micros, Result};

/// A named value.
///
/// # Errors
/// Those of the database.
pub async fn get(tx: &mut Tx, name: &str) -> Result<Option<Vec<u8>>> {
    let row = tx.optional("SELECT value FROM meta WHERE name = ?", binds![name]).await?;
    row.map(|row| row.only()).transpose()
}

/// Sets a named value.
///
/// # Errors
/// Those of the database.
pub async fn put(tx: &mut Tx, name: &str, value: &[u8], now: Micros) -> Result<()> {
    tx.execute(
        "INSERT INTO meta (name, value, updated_at) VALUES (?,?,?) \
         ON CONFLICT (name) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at",
        binds![name, value, now],
    )
    .await
    .map(drop)
}

/// A key tokens are sealed with, itself sealed by the vault.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenKey {
    /// Its public name, which stands in each token.
    pub id: String,
    /// The sealed key.
    pub sealed: Vec<u8>,
    /// When it was made: the newest one seals.
    pub created_at: Micros,
    /// From then on it opens nothing.
    pub expires_at: Micros,
}

fn token_key(row: &Row) -> Result<TokenKey> {
    let mut cells = row.cells();
    Ok(TokenKey {
        id: cells.take()?,
        sealed: cells.take()?,
        created_at: cells.take()?,
        expires_at: cells.take()?,
    })
}

/// All token keys that still open tokens at `now`, newest first.
///
/// # Errors
/// Those of the database.
pub async fn token_keys(tx: &mut Tx, now: Micros) -> Result<Vec<TokenKey>> {
    tx.all(
        "SELECT id, sealed, created_at, expires_at FROM token_keys WHERE expires_at > ? \
         ORDER BY created_at DESC, key DESC",
        binds![now],
    )
    .await?
    .iter()
    .map(token_key)
    .collect()
}

/// Adds a token key and forgets those that have expired by its making.
///
/// # Errors
/// `Conflict` when its id is taken.
pub async fn add_token_key(tx: &mut Tx, key: &TokenKey) -> Result<()> {
    tx.execute("DELETE FROM token_keys WHERE expires_at <= ?", binds![key.created_at]).await?;
    tx.execute(
        "INSERT INTO token_keys (id, sealed, created_at, expires_at) VALUES (?,?,?,?)",
        binds![&key.id, key.sealed.as_slice(), key.created_at, key.expires_at],
    )
    .await
    .map(drop)
}

/// Replaces the sealed form of a token key, sealed anew.
///
/// # Errors
/// Those of the database.
pub async fn reseal_token_key(tx: &mut Tx, id: &str, sealed: &[u8]) -> Result<()> {
    let sql = "UPDATE token_keys SET sealed = ? WHERE id = ?";
    tx.execute(sql, binds![sealed, id]).await.map(drop)
}
