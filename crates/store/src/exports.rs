//! Export tasks: what is being written into which file, for whom, until when.

pub mod parts;

use crate::Tx;
use crate::db::{Row, binds};
use muster_model::{Error, Micros, Result};

/// How far an export is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Waiting or being written.
    Running,
    /// The file is there until the task expires.
    Success,
    /// There will be no file.
    Failure,
}

impl Status {
    /// The vendor's word, and the stored one.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Success => "success",
            Self::Failure => "failure",
        }
    }

    fn from_name(name: &str) -> Result<Self> {
        [Self::Running, Self::Success, Self::Failure]
            .into_iter()
            .find(|status| status.name() == name)
            .ok_or_else(|| Error::internal("an unknown export status is stored"))
    }
}

/// An export task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Export {
    /// Its id (UUID).
    pub id: String,
    /// Key of its project.
    pub project: i64,
    /// Id of the user who asked for it.
    pub created_by: String,
    /// Its name for people.
    pub name: String,
    /// What is exported, as JSON.
    pub params: String,
    /// How far it is.
    pub status: Status,
    /// Id of the file (UUID), once there is one.
    pub file_id: Option<String>,
    /// Name of the file, once there is one.
    pub file_name: Option<String>,
    /// Rows written so far.
    pub rows_done: i64,
    /// Why it failed, for the log.
    pub error: Option<String>,
    /// When it was asked for.
    pub created_at: Micros,
    /// When it ended.
    pub finished_at: Option<Micros>,
    /// From then on task and file are gone.
    pub expires_at: Micros,
}

const EXPORT: &str = "SELECT id, project, created_by, name, params, status, file_id, file_name, rows_done, error, \
                      created_at, finished_at, expires_at FROM exports";

fn export(row: &Row) -> Result<Export> {
    let mut cells = row.cells();
    Ok(Export {
        id: cells.take()?,
        project: cells.take()?,
        created_by: cells.take()?,
        name: cells.take()?,
        params: cells.take()?,
        status: Status::from_name(&cells.take::<String>()?)?,
        file_id: cells.take()?,
        file_name: cells.take()?,
        rows_done: cells.take()?,
        error: cells.take()?,
        created_at: cells.take()?,
        finished_at: cells.take()?,
        expires_at: cells.take()?,
    })
}

/// Adds a running task.
///
/// # Errors
/// `Conflict` when the id is taken.
pub async fn create(tx: &mut Tx, task: &Export) -> Result<()> {
    tx.execute(
        "INSERT INTO exports (id, project, created_by, name, params, status, rows_done, created_at, expires_at) \
         VALUES (?,?,?,?,?,?,0,?,?)",
        binds![
            &task.id,
            task.project,
            &task.created_by,
            &task.name,
            &task.params,
            Status::Running.name(),
            task.created_at,
            task.expires_at
        ],
    )
    .await
    .map(drop)
}

/// The task of a project with this id, unless it has expired.
///
/// # Errors
/// Those of the database.
pub async fn get(tx: &mut Tx, project: i64, id: &str, now: Micros) -> Result<Option<Export>> {
    let sql = format!("{EXPORT} WHERE project = ? AND id = ? AND expires_at > ?");
    tx.optional(sql, binds![project, id, now]).await?.as_ref().map(export).transpose()
}

/// The task of a project that wrote this file, unless it has expired.
///
/// # Errors
/// Those of the database.
pub async fn by_file(
    tx: &mut Tx,
    project: i64,
    file_id: &str,
    now: Micros,
) -> Result<Option<Export>> {
    let sql = format!("{EXPORT} WHERE project = ? AND file_id = ? AND expires_at > ?");
    tx.optional(sql, binds![project, file_id, now]).await?.as_ref().map(export).transpose()
}

/// The task with this id, of whatever project and age: for the worker.
///
/// # Errors
/// Those of the database.
pub async fn by_id(tx: &mut Tx, id: &str) -> Result<Option<Export>> {
    tx.optional(format!("{EXPORT} WHERE id = ?"), binds![id])
        .await?
        .as_ref()
        .map(export)
        .transpose()
}

/// The tasks of a project, newest first, at most `limit`.
///
/// # Errors
/// Those of the database.
pub async fn list(tx: &mut Tx, project: i64, limit: u32, now: Micros) -> Result<Vec<Export>> {
    let sql = format!(
        "{EXPORT} WHERE project = ? AND expires_at > ? ORDER BY created_at DESC, id LIMIT ?"
    );
    tx.all(sql, binds![project, now, limit]).await?.iter().map(export).collect()
}

/// How many tasks of a project are still running.
///
/// # Errors
/// Those of the database.
pub async fn running(tx: &mut Tx, project: i64, now: Micros) -> Result<i64> {
    tx.one(
        "SELECT count(*) FROM exports WHERE project = ? AND status = ? AND expires_at > ?",
        binds![project, Status::Running.name(), now],
    )
    .await?
    .only()
}

/// Notes how many rows are written.
///
/// # Errors
/// Those of the database.
pub async fn progress(tx: &mut Tx, id: &str, rows: i64) -> Result<()> {
    tx.execute("UPDATE exports SET rows_done = ? WHERE id = ?", binds![rows, id]).await.map(drop)
}

/// Ends a running task with its file. No: it had ended already, and the file is not wanted.
///
/// # Errors
/// Those of the database.
pub async fn succeed(
    tx: &mut Tx,
    id: &str,
    file_id: &str,
    file_name: &str,
    rows: i64,
    now: Micros,
) -> Result<bool> {
    let n = tx
        .execute(
            "UPDATE exports SET status = ?, file_id = ?, file_name = ?, rows_done = ?, finished_at = ? \
             WHERE id = ? AND status = ?",
            binds![
                Status::Success.name(),
                file_id,
                file_name,
                rows,
                now,
                id,
                Status::Running.name()
            ],
        )
        .await?;
    Ok(n == 1)
}

/// Ends a running task without a file.
///
/// # Errors
/// Those of the database.
pub async fn fail(tx: &mut Tx, id: &str, error: &str, now: Micros) -> Result<()> {
    tx.execute(
        "UPDATE exports SET status = ?, error = ?, finished_at = ? WHERE id = ? AND status = ?",
        binds![Status::Failure.name(), error, now, id, Status::Running.name()],
    )
    .await
    .map(drop)
}

/// Tasks that have expired, at most `limit`: their files are to be deleted, then they.
///
/// # Errors
/// Those of the database.
pub async fn expired(tx: &mut Tx, now: Micros, limit: u32) -> Result<Vec<Export>> {
    let sql = format!("{EXPORT} WHERE expires_at <= ? ORDER BY expires_at LIMIT ?");
    tx.all(sql, binds![now, limit]).await?.iter().map(export).collect()
}

/// Forgets a task.
///
/// # Errors
/// Those of the database.
pub async fn delete(tx: &mut Tx, id: &str) -> Result<()> {
    tx.execute("DELETE FROM exports WHERE id = ?", binds![id]).await.map(drop)
}
