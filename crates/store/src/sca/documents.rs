//! Reports of tasks, as the engine wrote them.

use crate::Tx;
use crate::db::binds;
use muster_model::Result;

/// A report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Of the artifact, lower hexadecimal.
    pub sha256: String,
    /// The engine's JSON, deflated.
    pub report: Vec<u8>,
}

/// Keeps the report of a task, in the place of an older one.
///
/// # Errors
/// Those of the database.
pub async fn put(tx: &mut Tx, task: i64, document: &Document) -> Result<()> {
    let sql = "INSERT INTO sca_documents (task, sha256, report) VALUES (?,?,?) \
               ON CONFLICT (task) DO UPDATE SET sha256 = excluded.sha256, report = excluded.report";
    tx.execute(sql, binds![task, &document.sha256, document.report.as_slice()]).await.map(drop)
}

/// The report of a task.
///
/// # Errors
/// Those of the database.
pub async fn get(tx: &mut Tx, task: i64) -> Result<Option<Document>> {
    let sql = "SELECT sha256, report FROM sca_documents WHERE task = ?";
    let row = tx.optional(sql, binds![task]).await?;
    row.map(|row| {
        let mut cells = row.cells();
        Ok(Document { sha256: cells.take()?, report: cells.take()? })
    })
    .transpose()
}
