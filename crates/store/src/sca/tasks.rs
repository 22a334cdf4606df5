//! Tasks: what is to be analysed, how far that is, what came of it in numbers.

use crate::Tx;
use crate::db::{Row, binds};
use muster_model::{Error, Micros, Result};

/// How far a task is. The numbers are those of the wire and of the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Waits for a worker.
    Queued = 0,
    /// A worker is at it.
    Running = 1,
    /// There are results.
    Done = 2,
    /// There will be none.
    Failed = 3,
}

impl Status {
    /// The number on the wire.
    pub const fn number(self) -> i64 {
        self as i64
    }

    fn from_number(number: i64) -> Result<Self> {
        [Self::Queued, Self::Running, Self::Done, Self::Failed]
            .into_iter()
            .find(|status| status.number() == number)
            .ok_or_else(|| Error::internal("an unknown task status is stored"))
    }
}

/// A task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// Key inside the store.
    pub key: i64,
    /// Key of its project.
    pub project: i64,
    /// The caller's name for it, unique in the project.
    pub id: String,
    /// For people.
    pub name: String,
    /// Id of the artifact.
    pub file: String,
    /// Where its end is to be told, and the access key that signs the telling.
    pub callback: Option<(String, String)>,
    /// How far it is.
    pub status: Status,
    /// 0 to 100; only grows.
    pub percent: u8,
    /// Why it failed.
    pub error: Option<String>,
    /// What was checked against what, and troubles, as JSON.
    pub coverage: Option<String>,
    /// Components found.
    pub components: i64,
    /// Vulnerabilities found, each once.
    pub vulnerabilities: i64,
    /// Licences found, each once.
    pub licences: i64,
    /// Id of the user who made it.
    pub created_by: String,
    /// When it was made.
    pub created_at: Micros,
    /// When the first worker began.
    pub started_at: Option<Micros>,
    /// When it ended.
    pub ended_at: Option<Micros>,
    /// Until when it is kept, where somebody said so.
    pub keep_until: Option<Micros>,
}

const TASK: &str = "SELECT key, project, id, name, file, callback_url, callback_key, status, percent, error, \
                    coverage, components, vulnerabilities, licences, created_by, created_at, started_at, \
                    ended_at, keep_until FROM sca_tasks";

fn task(row: &Row) -> Result<Task> {
    let mut cells = row.cells();
    Ok(Task {
        key: cells.take()?,
        project: cells.take()?,
        id: cells.take()?,
        name: cells.take()?,
        file: cells.take()?,
        callback: {
            let (url, key): (Option<String>, Option<String>) = (cells.take()?, cells.take()?);
            url.zip(key)
        },
        status: Status::from_number(cells.take()?)?,
        percent: cells.take()?,
        error: cells.take()?,
        coverage: cells.take()?,
        components: cells.take()?,
        vulnerabilities: cells.take()?,
        licences: cells.take()?,
        created_by: cells.take()?,
        created_at: cells.take()?,
        started_at: cells.take()?,
        ended_at: cells.take()?,
        keep_until: cells.take()?,
    })
}

/// Adds a queued task and answers its key; the key, status and numbers of `task` are not looked at.
///
/// # Errors
/// `Conflict` when the project has a task of this id.
pub async fn create(tx: &mut Tx, task: &Task) -> Result<i64> {
    let (url, key) = task.callback.clone().unzip();
    tx.one(
        "INSERT INTO sca_tasks (project, id, name, file, callback_url, callback_key, status, percent, \
         components, vulnerabilities, licences, created_by, created_at) \
         VALUES (?,?,?,?,?,?,0,0,0,0,0,?,?) RETURNING key",
        binds![
            task.project,
            &task.id,
            &task.name,
            &task.file,
            url,
            key,
            &task.created_by,
            task.created_at
        ],
    )
    .await?
    .only()
}

/// The task of a project with this id.
///
/// # Errors
/// Those of the database.
pub async fn get(tx: &mut Tx, project: i64, id: &str) -> Result<Option<Task>> {
    let sql = format!("{TASK} WHERE project = ? AND id = ?");
    tx.optional(sql, binds![project, id]).await?.as_ref().map(task).transpose()
}

/// The task with this key: for the worker.
///
/// # Errors
/// Those of the database.
pub async fn by_key(tx: &mut Tx, key: i64) -> Result<Option<Task>> {
    let sql = format!("{TASK} WHERE key = ?");
    tx.optional(sql, binds![key]).await?.as_ref().map(task).transpose()
}

/// The tasks of a project, newest first, and how many there are.
///
/// # Errors
/// Those of the database.
pub async fn list(tx: &mut Tx, project: i64, limit: u32, offset: u32) -> Result<(i64, Vec<Task>)> {
    let sql = "SELECT count(*) FROM sca_tasks WHERE project = ?";
    let total = tx.one(sql, binds![project]).await?.only()?;
    let sql =
        format!("{TASK} WHERE project = ? ORDER BY created_at DESC, key DESC LIMIT ? OFFSET ?");
    let rows = tx.all(sql, binds![project, limit, offset]).await?;
    Ok((total, rows.iter().map(task).collect::<Result<_>>()?))
}

/// A task that has not ended, as the queue sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfinished {
    /// Key of the task.
    pub key: i64,
    /// The folder its artifact lies in, where it is worked at.
    pub place: String,
    /// Bytes of its artifact.
    pub size: i64,
    /// A worker is at it.
    pub running: bool,
    /// How far it is.
    pub percent: u8,
}

/// All tasks that have not ended, of all projects, in the order they were made.
///
/// # Errors
/// Those of the database.
pub async fn unfinished(tx: &mut Tx) -> Result<Vec<Unfinished>> {
    let sql = "SELECT t.key, f.place, COALESCE(f.size, 0), t.status, t.percent FROM sca_tasks t \
               JOIN sca_files f ON f.id = t.file WHERE t.status < 2 ORDER BY t.key";
    let rows = tx.all(sql, vec![]).await?;
    rows.iter()
        .map(|row| {
            let mut cells = row.cells();
            Ok(Unfinished {
                key: cells.take()?,
                place: cells.take()?,
                size: cells.take()?,
                running: cells.take::<i64>()? == Status::Running.number(),
                percent: cells.take()?,
            })
        })
        .collect()
}

/// Sizes and durations (bytes, microseconds) of the tasks that ended with results last, at most `limit`.
///
/// # Errors
/// Those of the database.
pub async fn pace(tx: &mut Tx, limit: u32) -> Result<Vec<(i64, i64)>> {
    let sql = "SELECT f.size, t.ended_at - t.started_at FROM sca_tasks t JOIN sca_files f ON f.id = t.file \
               WHERE t.status = 2 AND f.size IS NOT NULL AND t.started_at IS NOT NULL \
               ORDER BY t.ended_at DESC LIMIT ?";
    let rows = tx.all(sql, binds![limit]).await?;
    rows.iter()
        .map(|row| {
            let mut cells = row.cells();
            Ok((cells.take()?, cells.take()?))
        })
        .collect()
}

/// Keeps a task until a moment, or as long as the server keeps tasks.
///
/// # Errors
/// Those of the database.
pub async fn keep(tx: &mut Tx, key: i64, until: Option<Micros>) -> Result<()> {
    let sql = "UPDATE sca_tasks SET keep_until = ? WHERE key = ?";
    tx.execute(sql, binds![until, key]).await.map(drop)
}

/// Notes that a worker is at the task. No: it has ended.
///
/// # Errors
/// Those of the database.
pub async fn start(tx: &mut Tx, key: i64, now: Micros) -> Result<bool> {
    let sql = "UPDATE sca_tasks SET status = 1, started_at = COALESCE(started_at, ?) \
               WHERE key = ? AND status < 2";
    Ok(tx.execute(sql, binds![now, key]).await? == 1)
}

/// Notes the progress; one that is smaller than what is noted changes nothing.
///
/// # Errors
/// Those of the database.
pub async fn progress(tx: &mut Tx, key: i64, percent: u8) -> Result<()> {
    let sql = "UPDATE sca_tasks SET percent = ? WHERE key = ? AND status < 2 AND percent < ?";
    tx.execute(sql, binds![percent, key, percent]).await.map(drop)
}

/// Ends a task with its numbers. No: it had ended already.
///
/// # Errors
/// Those of the database.
pub async fn finish(tx: &mut Tx, key: i64, coverage: &str, now: Micros) -> Result<bool> {
    let sql = "UPDATE sca_tasks SET status = 2, percent = 100, coverage = ?, ended_at = ?, \
               components = (SELECT count(*) FROM sca_task_components c WHERE c.task = sca_tasks.key), \
               vulnerabilities = (SELECT count(DISTINCT f.vulnerability) FROM sca_task_findings f \
                                  WHERE f.task = sca_tasks.key), \
               licences = (SELECT count(DISTINCT l.licence) FROM sca_task_licences l \
                           WHERE l.task = sca_tasks.key) \
               WHERE key = ? AND status < 2";
    Ok(tx.execute(sql, binds![coverage, now, key]).await? == 1)
}

/// Ends a task without results. No: it had ended already.
///
/// # Errors
/// Those of the database.
pub async fn fail(tx: &mut Tx, key: i64, error: &str, now: Micros) -> Result<bool> {
    let sql =
        "UPDATE sca_tasks SET status = 3, error = ?, ended_at = ? WHERE key = ? AND status < 2";
    Ok(tx.execute(sql, binds![error, now, key]).await? == 1)
}

/// Forgets a task and what it found. Components stay: other tasks may have them too.
///
/// # Errors
/// Those of the database.
pub async fn delete(tx: &mut Tx, key: i64) -> Result<()> {
    super::results::clear(tx, key).await?;
    tx.execute("DELETE FROM sca_tasks WHERE key = ?", binds![key]).await.map(drop)
}

/// Keys of tasks that are kept no longer, at most `limit`: those that ended before `before`, unless somebody said until
/// when they are kept.
///
/// # Errors
/// Those of the database.
pub async fn outlived(tx: &mut Tx, before: Micros, now: Micros, limit: u32) -> Result<Vec<i64>> {
    let sql = "SELECT key FROM sca_tasks WHERE ended_at < ? AND keep_until IS NULL \
               OR ended_at IS NOT NULL AND keep_until < ? ORDER BY ended_at LIMIT ?";
    tx.all(sql, binds![before, now, limit]).await?.iter().map(Row::only).collect()
}

/// Tasks that have not ended although the job that was to run them in `queue` was given up: its workers died.
///
/// # Errors
/// Those of the database.
pub async fn abandoned(tx: &mut Tx, queue: &str) -> Result<Vec<Task>> {
    let sql = format!(
        "{TASK} WHERE status < 2 AND CAST(key AS TEXT) IN (SELECT payload FROM jobs WHERE queue = ? \
         AND failed_at IS NOT NULL) LIMIT 100"
    );
    tx.all(sql, binds![queue]).await?.iter().map(task).collect()
}
