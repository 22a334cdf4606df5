//! Which key pair opens which account of a host, as far as it was bound here.

use crate::Tx;
use crate::db::{Row, binds};
use muster_model::{Micros, Result};

/// A pair bound to an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// Id of the host.
    pub host_id: String,
    /// Its name.
    pub host_name: String,
    /// The account.
    pub account: String,
    /// Since when.
    pub bound_at: Micros,
}

/// What an account is bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound {
    /// Key of the pair.
    pub keypair: i64,
    /// Port of the SSH server it was bound over.
    pub port: i64,
}

/// Binds a pair to an account, in place of any other.
///
/// # Errors
/// Those of the database.
pub async fn bind(tx: &mut Tx, host: i64, account: &str, bound: Bound, now: Micros) -> Result<()> {
    tx.execute(
        "INSERT INTO keypair_bindings (host, account, keypair, port, bound_at) VALUES (?,?,?,?,?) \
         ON CONFLICT (host, account) DO UPDATE SET keypair = excluded.keypair, port = excluded.port, \
         bound_at = excluded.bound_at",
        binds![host, account, bound.keypair, bound.port, now],
    )
    .await
    .map(drop)
}

/// Forgets what is bound to an account.
///
/// # Errors
/// Those of the database.
pub async fn unbind(tx: &mut Tx, host: i64, account: &str) -> Result<()> {
    let sql = "DELETE FROM keypair_bindings WHERE host = ? AND account = ?";
    tx.execute(sql, binds![host, account]).await.map(drop)
}

/// What an account is bound to.
///
/// # Errors
/// Those of the database.
pub async fn bound(tx: &mut Tx, host: i64, account: &str) -> Result<Option<Bound>> {
    let sql = "SELECT keypair, port FROM keypair_bindings WHERE host = ? AND account = ?";
    let read = |row: Row| {
        let mut cells = row.cells();
        Ok(Bound { keypair: cells.take()?, port: cells.take()? })
    };
    tx.optional(sql, binds![host, account]).await?.map(read).transpose()
}

/// The accounts a pair is bound to, at most `limit`.
///
/// # Errors
/// Those of the database.
pub async fn of_pair(tx: &mut Tx, pair: i64, limit: u32) -> Result<Vec<Binding>> {
    let rows = tx
        .all(
            "SELECT h.id, h.name, b.account, b.bound_at FROM keypair_bindings b \
             JOIN hosts h ON h.key = b.host WHERE b.keypair = ? ORDER BY h.name, h.id, b.account LIMIT ?",
            binds![pair, limit],
        )
        .await?;
    rows.iter()
        .map(|row| {
            let mut cells = row.cells();
            Ok(Binding {
                host_id: cells.take()?,
                host_name: cells.take()?,
                account: cells.take()?,
                bound_at: cells.take()?,
            })
        })
        .collect()
}
