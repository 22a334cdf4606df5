//! The authorities of an account's own, and what they revoked.

use crate::Tx;
use crate::db::{Row, binds};
use muster_model::{Micros, Result};
use std::fmt;

/// An authority: a root certificate and its sealed key.
#[derive(Clone, PartialEq, Eq)]
pub struct Authority {
    /// Key inside the store; 0 before it is stored.
    pub key: i64,
    /// Its account.
    pub domain: i64,
    /// `RSA`, `EC` or `SM2`.
    pub algorithm: String,
    /// The root certificate in PEM.
    pub certificate: String,
    /// Its private key as the vault sealed it.
    pub sealed_key: Vec<u8>,
    /// Number of the last revocation list.
    pub crl_number: i64,
    /// When it was made.
    pub created_at: Micros,
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

const AUTHORITY: &str = "SELECT key, domain, algorithm, certificate, sealed_key, crl_number, created_at FROM authorities";

fn authority(row: &Row) -> Result<Authority> {
    let mut cells = row.cells();
    Ok(Authority {
        key: cells.take()?,
        domain: cells.take()?,
        algorithm: cells.take()?,
        certificate: cells.take()?,
        sealed_key: cells.take()?,
        crl_number: cells.take()?,
        created_at: cells.take()?,
    })
}

/// An account's authority of this algorithm.
///
/// # Errors
/// Those of the database.
pub async fn get(tx: &mut Tx, domain: i64, algorithm: &str) -> Result<Option<Authority>> {
    let sql = format!("{AUTHORITY} WHERE domain = ? AND algorithm = ?");
    tx.optional(sql, binds![domain, algorithm]).await?.as_ref().map(authority).transpose()
}

/// Every authority, by key.
///
/// # Errors
/// Those of the database.
pub async fn all(tx: &mut Tx) -> Result<Vec<Authority>> {
    tx.all(format!("{AUTHORITY} ORDER BY key"), vec![]).await?.iter().map(authority).collect()
}

/// Adds an authority and answers its key.
///
/// # Errors
/// `Conflict` when the account has one of the algorithm.
pub async fn create(tx: &mut Tx, it: &Authority) -> Result<i64> {
    tx.one(
        "INSERT INTO authorities (domain, algorithm, certificate, sealed_key, crl_number, created_at) \
         VALUES (?,?,?,?,?,?) RETURNING key",
        binds![
            it.domain,
            &it.algorithm,
            &it.certificate,
            it.sealed_key.as_slice(),
            it.crl_number,
            it.created_at
        ],
    )
    .await?
    .only()
}

/// Counts one more revocation list and answers its number.
///
/// # Errors
/// Those of the database.
pub async fn next_list(tx: &mut Tx, key: i64) -> Result<i64> {
    let sql =
        "UPDATE authorities SET crl_number = crl_number + 1 WHERE key = ? RETURNING crl_number";
    tx.one(sql, binds![key]).await?.only()
}

/// Revokes a serial number; one that is revoked stays so since then.
///
/// # Errors
/// Those of the database.
pub async fn revoke(tx: &mut Tx, authority: i64, serial: &str, at: Micros) -> Result<()> {
    tx.execute(
        "INSERT INTO revocations (authority, serial, revoked_at) VALUES (?,?,?) \
         ON CONFLICT (authority, serial) DO NOTHING",
        binds![authority, serial, at],
    )
    .await
    .map(drop)
}

/// What an authority revoked, by serial number.
///
/// # Errors
/// Those of the database.
pub async fn revoked(tx: &mut Tx, authority: i64) -> Result<Vec<(String, Micros)>> {
    let sql = "SELECT serial, revoked_at FROM revocations WHERE authority = ? ORDER BY serial";
    let rows = tx.all(sql, binds![authority]).await?;
    let read = |row: &Row| {
        let mut cells = row.cells();
        Ok((cells.take()?, cells.take()?))
    };
    rows.iter().map(read).collect()
}

/// How many serial numbers an authority revoked: it only grows.
///
/// # Errors
/// Those of the database.
pub async fn count_revoked(tx: &mut Tx, authority: i64) -> Result<i64> {
    let sql = "SELECT COUNT(*) FROM revocations WHERE authority = ?";
    tx.one(sql, binds![authority]).await?.only()
}
