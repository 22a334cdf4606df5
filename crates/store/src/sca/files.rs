//! Artifacts that were announced, and those whose bytes have come in.

use crate::Tx;
use crate::db::{Row, binds};
use muster_model::{Micros, Result};

/// An artifact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its id (32 hexadecimal digits).
    pub id: String,
    /// Key of its project.
    pub project: i64,
    /// The name it was announced by. A name, never a path.
    pub name: String,
    /// Its length and SHA-256 (lower hexadecimal), once it has come in whole.
    pub content: Option<(i64, String)>,
    /// The folder its bytes lie in; empty until they do.
    pub place: String,
    /// Id of the user who announced it.
    pub created_by: String,
    /// When it was announced.
    pub created_at: Micros,
    /// From then on it is gone.
    pub expires_at: Micros,
}

const FILE: &str = "SELECT id, project, name, size, sha256, place, created_by, created_at, expires_at FROM sca_files";

fn file(row: &Row) -> Result<File> {
    let mut cells = row.cells();
    Ok(File {
        id: cells.take()?,
        project: cells.take()?,
        name: cells.take()?,
        content: {
            let (size, sha256): (Option<i64>, Option<String>) = (cells.take()?, cells.take()?);
            size.zip(sha256)
        },
        place: cells.take()?,
        created_by: cells.take()?,
        created_at: cells.take()?,
        expires_at: cells.take()?,
    })
}

/// Announces an artifact.
///
/// # Errors
/// `Conflict` when the id is taken.
pub async fn create(tx: &mut Tx, file: &File) -> Result<()> {
    tx.execute(
        "INSERT INTO sca_files (id, project, name, created_by, created_at, expires_at) VALUES (?,?,?,?,?,?)",
        binds![&file.id, file.project, &file.name, &file.created_by, file.created_at, file.expires_at],
    )
    .await
    .map(drop)
}

/// The artifact with this id, unless it has expired.
///
/// # Errors
/// Those of the database.
pub async fn get(tx: &mut Tx, id: &str, now: Micros) -> Result<Option<File>> {
    let sql = format!("{FILE} WHERE id = ? AND expires_at > ?");
    tx.optional(sql, binds![id, now]).await?.as_ref().map(file).transpose()
}

/// What has come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Content<'a> {
    /// Length in bytes.
    pub size: i64,
    /// Lower hexadecimal.
    pub sha256: &'a str,
    /// The folder it lies in.
    pub place: &'a str,
}

/// Notes that an artifact's bytes have come in. No: it is not awaited (any more), the bytes are not wanted.
///
/// # Errors
/// Those of the database.
pub async fn arrived(tx: &mut Tx, id: &str, content: Content<'_>, now: Micros) -> Result<bool> {
    let Content { size, sha256, place } = content;
    let sql = "UPDATE sca_files SET size = ?, sha256 = ?, place = ? WHERE id = ? AND size IS NULL AND expires_at > ?";
    Ok(tx.execute(sql, binds![size, sha256, place, id, now]).await? == 1)
}

/// Keeps an artifact until `until` at least.
///
/// # Errors
/// Those of the database.
pub async fn keep(tx: &mut Tx, id: &str, until: Micros) -> Result<()> {
    let sql = "UPDATE sca_files SET expires_at = ? WHERE id = ? AND expires_at < ?";
    tx.execute(sql, binds![until, id, until]).await.map(drop)
}

/// Artifacts of a folder, and such as never came in, that have expired and no waiting or running task needs, at most
/// `limit`.
///
/// # Errors
/// Those of the database.
pub async fn expired(tx: &mut Tx, place: &str, now: Micros, limit: u32) -> Result<Vec<File>> {
    let sql = format!(
        "{FILE} WHERE expires_at <= ? AND place IN (?, '') AND NOT EXISTS (SELECT 1 FROM sca_tasks t WHERE t.file = sca_files.id \
         AND t.status < 2) ORDER BY expires_at LIMIT ?"
    );
    tx.all(sql, binds![now, place, limit]).await?.iter().map(file).collect()
}

/// Forgets an artifact.
///
/// # Errors
/// Those of the database.
pub async fn delete(tx: &mut Tx, id: &str) -> Result<()> {
    tx.execute("DELETE FROM sca_files WHERE id = ?", binds![id]).await.map(drop)
}
