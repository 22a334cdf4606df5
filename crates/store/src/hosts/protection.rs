//! Which hosts are protected.

use crate::Tx;
use crate::db::binds;
use muster_model::{Micros, Result};

/// Says as what a host is protected, or that it is not. Whether it was already stays as it was.
///
/// # Errors
/// Those of the database.
pub async fn protect(tx: &mut Tx, host: i64, version: Option<&str>, now: Micros) -> Result<()> {
    let Some(version) = version else {
        let sql = "DELETE FROM host_protection WHERE host = ?";
        return tx.execute(sql, binds![host]).await.map(drop);
    };
    let sql = "INSERT INTO host_protection (host, version, opened_at) VALUES (?,?,?) \
               ON CONFLICT (host) DO UPDATE SET version = excluded.version";
    tx.execute(sql, binds![host, version, now]).await.map(drop)
}
