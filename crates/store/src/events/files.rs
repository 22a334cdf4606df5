//! Paths that the containers of a project are not to change.

use crate::Tx;
use crate::db::binds;
use muster_model::{Micros, Result};

/// All of a project, in their order.
///
/// # Errors
/// Those of the database.
pub async fn protected_files(tx: &mut Tx, project: i64) -> Result<Vec<String>> {
    let sql = "SELECT path FROM protected_files WHERE project = ? ORDER BY path";
    tx.all(sql, binds![project]).await?.iter().map(|row| row.only()).collect()
}

/// Adds what is not among them.
///
/// # Errors
/// Those of the database.
pub async fn protect_files(tx: &mut Tx, project: i64, paths: &[String], now: Micros) -> Result<()> {
    let values = paths.iter().flat_map(|path| binds![project, path, now]).collect();
    let head = "INSERT INTO protected_files (project, path, created_at)";
    tx.bulk_insert(head, 3, values, "ON CONFLICT (project, path) DO NOTHING").await.map(drop)
}

/// Takes one away; false if it is not among them.
///
/// # Errors
/// Those of the database.
pub async fn unprotect_file(tx: &mut Tx, project: i64, path: &str) -> Result<bool> {
    let sql = "DELETE FROM protected_files WHERE project = ? AND path = ?";
    Ok(tx.execute(sql, binds![project, path]).await? > 0)
}
