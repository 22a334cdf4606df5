//! Exported files in the database, cut into parts: where several servers share one, the file a worker wrote
//! must be there for whichever server is asked for it.

use crate::Tx;
use crate::db::binds;
use muster_model::{Micros, Result};

/// Stores the part with this number, counted from 0. A mebibyte or so: it is held in memory.
///
/// # Errors
/// `Conflict` for a part that is there.
pub async fn put(tx: &mut Tx, file_id: &str, no: i64, content: Vec<u8>, now: Micros) -> Result<()> {
    tx.execute(
        "INSERT INTO export_parts (file_id, no, content, created_at) VALUES (?,?,?,?)",
        binds![file_id, no, content, now],
    )
    .await
    .map(drop)
}

/// The part with this number; none after the last.
///
/// # Errors
/// Those of the database.
pub async fn get(tx: &mut Tx, file_id: &str, no: i64) -> Result<Option<Vec<u8>>> {
    tx.optional(
        "SELECT content FROM export_parts WHERE file_id = ? AND no = ?",
        binds![file_id, no],
    )
    .await?
    .map(|row| row.only())
    .transpose()
}

/// Deletes a file's parts; there may be none.
///
/// # Errors
/// Those of the database.
pub async fn delete(tx: &mut Tx, file_id: &str) -> Result<()> {
    tx.execute("DELETE FROM export_parts WHERE file_id = ?", binds![file_id]).await.map(drop)
}

/// Deletes what workers that died have left: parts from before `before` of files no task has.
///
/// # Errors
/// Those of the database.
pub async fn delete_orphans(tx: &mut Tx, before: Micros) -> Result<u64> {
    tx.execute(
        "DELETE FROM export_parts WHERE created_at < ? AND NOT EXISTS \
         (SELECT 1 FROM exports e WHERE e.file_id = export_parts.file_id)",
        binds![before],
    )
    .await
}
