//! Bills of materials of tasks, as the engine wrote them.

use crate::Tx;
use crate::db::binds;
use muster_model::Result;

/// Keeps the document of a task, in the place of an older one.
///
/// # Errors
/// Those of the database.
pub async fn put(tx: &mut Tx, task: i64, cyclonedx: &[u8]) -> Result<()> {
    let sql = "INSERT INTO sca_documents (task, cyclonedx) VALUES (?,?) \
               ON CONFLICT (task) DO UPDATE SET cyclonedx = excluded.cyclonedx";
    tx.execute(sql, binds![task, cyclonedx]).await.map(drop)
}

/// The document of a task.
///
/// # Errors
/// Those of the database.
pub async fn get(tx: &mut Tx, task: i64) -> Result<Option<Vec<u8>>> {
    let sql = "SELECT cyclonedx FROM sca_documents WHERE task = ?";
    tx.optional(sql, binds![task]).await?.map(|row| row.only()).transpose()
}
