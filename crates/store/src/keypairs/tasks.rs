//! Tasks that bind, replace and unbind key pairs on hosts.

use crate::Tx;
use crate::db::{Bind, Row, binds};
use muster_model::{Error, Micros, Result};
use std::collections::HashMap;
use std::fmt;

/// What a task does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Binds a pair.
    Reset,
    /// Binds a pair in place of the one whose private half was given.
    Replace,
    /// Takes the bound pair away.
    Unbind,
}

impl Operation {
    /// The vendor's word, and the stored one.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reset => "RESET",
            Self::Replace => "REPLACE",
            Self::Unbind => "UNBIND",
        }
    }

    fn from_name(name: &str) -> Result<Self> {
        [Self::Reset, Self::Replace, Self::Unbind]
            .into_iter()
            .find(|operation| operation.name() == name)
            .ok_or_else(|| Error::internal("an unknown operation is stored"))
    }
}

/// How far a task is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Not begun.
    Ready,
    /// Begun; goes on after a crash.
    Running,
    /// Done.
    Success,
    /// Given up.
    Failed,
}

impl State {
    const ALL: [Self; 4] = [Self::Ready, Self::Running, Self::Success, Self::Failed];

    /// The vendor's word, and the stored one.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ready => "READY",
            Self::Running => "RUNNING",
            Self::Success => "SUCCESS",
            Self::Failed => "FAILED",
        }
    }

    fn from_name(name: &str) -> Result<Self> {
        Self::ALL
            .into_iter()
            .find(|state| state.name() == name)
            .ok_or_else(|| Error::internal("an unknown state is stored"))
    }
}

/// A task. Its `Debug` form shows nothing of the credential.
#[derive(Clone, PartialEq, Eq)]
pub struct Task {
    /// Its id (UUID).
    pub id: String,
    /// Key of its project.
    pub project: i64,
    /// Key of the host.
    pub host: i64,
    /// Its id.
    pub host_id: String,
    /// Its name when the task was made.
    pub host_name: String,
    /// Key of the pair to be bound; none where one is taken away.
    pub keypair: Option<i64>,
    /// Name of the pair that is bound or taken away.
    pub keypair_name: String,
    /// What it does.
    pub operation: Operation,
    /// How far it is.
    pub state: State,
    /// The account on the host.
    pub account: String,
    /// Port of the host's SSH server.
    pub port: u32,
    /// Public key that is to let in, one line; or empty.
    pub add_key: String,
    /// Public keys that are not to let in any more, a line each.
    pub remove_keys: String,
    /// What lets us in, sealed; none once the task has ended, and none where the host's agent does it.
    pub sealed_credential: Option<Vec<u8>>,
    /// The vendor's code of the failure, or empty.
    pub error_code: String,
    /// Why it failed, or empty.
    pub error: String,
    /// Id of the user who asked for it.
    pub created_by: String,
    /// When it was asked for.
    pub created_at: Micros,
    /// When it ended.
    pub finished_at: Option<Micros>,
}

impl fmt::Debug for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task")
            .field("id", &self.id)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

const TASK: &str = "SELECT id, project, host, host_id, host_name, keypair, keypair_name, operation, state, account, \
                    port, add_key, remove_keys, sealed_credential, error_code, error, created_by, created_at, \
                    finished_at FROM keypair_tasks";

fn task(row: &Row) -> Result<Task> {
    let mut cells = row.cells();
    Ok(Task {
        id: cells.take()?,
        project: cells.take()?,
        host: cells.take()?,
        host_id: cells.take()?,
        host_name: cells.take()?,
        keypair: cells.take()?,
        keypair_name: cells.take()?,
        operation: Operation::from_name(&cells.take::<String>()?)?,
        state: State::from_name(&cells.take::<String>()?)?,
        account: cells.take()?,
        port: cells.take()?,
        add_key: cells.take()?,
        remove_keys: cells.take()?,
        sealed_credential: cells.take()?,
        error_code: cells.take()?,
        error: cells.take()?,
        created_by: cells.take()?,
        created_at: cells.take()?,
        finished_at: cells.take()?,
    })
}

/// Adds a task that is ready.
///
/// # Errors
/// `Conflict` while another task of the host has not ended.
pub async fn create(tx: &mut Tx, task: &Task) -> Result<()> {
    tx.execute(
        "INSERT INTO keypair_tasks (id, project, host, host_id, host_name, keypair, keypair_name, operation, \
         state, account, port, add_key, remove_keys, sealed_credential, error_code, error, created_by, created_at) \
         VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,'','',?,?)",
        binds![
            &task.id,
            task.project,
            task.host,
            &task.host_id,
            &task.host_name,
            task.keypair,
            &task.keypair_name,
            task.operation.name(),
            State::Ready.name(),
            &task.account,
            task.port,
            &task.add_key,
            &task.remove_keys,
            task.sealed_credential.clone(),
            &task.created_by,
            task.created_at
        ],
    )
    .await
    .map(drop)
}

/// The task with this id, of whatever project.
///
/// # Errors
/// Those of the database.
pub async fn by_id(tx: &mut Tx, id: &str) -> Result<Option<Task>> {
    tx.optional(format!("{TASK} WHERE id = ?"), binds![id]).await?.as_ref().map(task).transpose()
}

/// Who looks at tasks of a project.
#[derive(Clone, Copy, Debug)]
pub struct Viewer<'a> {
    /// Key of the project.
    pub project: i64,
    /// Key of the user; 0 is none.
    pub user: i64,
    /// Its id.
    pub id: &'a str,
}

/// Tasks of the project, but those of a pair that is somebody else's own: the pair itself is not shown to the viewer
/// either. Its own tasks it always sees. A pair that is taken away is known by its name alone.
const SEEN: &str = "project = ? AND (created_by = ? OR NOT EXISTS (SELECT 1 FROM keypairs k      WHERE k.project = keypair_tasks.project AND k.owner <> ?      AND (k.key = keypair_tasks.keypair OR (keypair_tasks.keypair IS NULL AND k.name = keypair_tasks.keypair_name      AND NOT EXISTS (SELECT 1 FROM keypairs o WHERE o.project = k.project AND o.name = k.name      AND (o.owner IS NULL OR o.owner = ?))))))";

impl Viewer<'_> {
    fn binds(self) -> Vec<Bind> {
        binds![self.project, self.id, self.user, self.user]
    }

    fn and(self, more: Vec<Bind>) -> Vec<Bind> {
        let mut all = self.binds();
        all.extend(more);
        all
    }
}

/// The task with this id, if the viewer sees it.
///
/// # Errors
/// Those of the database.
pub async fn seen(tx: &mut Tx, viewer: Viewer<'_>, id: &str) -> Result<Option<Task>> {
    let sql = format!("{TASK} WHERE {SEEN} AND id = ?");
    tx.optional(sql, viewer.and(binds![id])).await?.as_ref().map(task).transpose()
}

/// Whether a task of a host has not ended.
///
/// # Errors
/// Those of the database.
pub async fn is_busy(tx: &mut Tx, host: i64) -> Result<bool> {
    let sql = "SELECT id FROM keypair_tasks WHERE host = ? AND finished_at IS NULL LIMIT 1";
    Ok(tx.optional(sql, binds![host]).await?.is_some())
}

/// Whether a task is about to bind a pair.
///
/// # Errors
/// Those of the database.
pub async fn binds_pair(tx: &mut Tx, pair: i64) -> Result<bool> {
    let sql = "SELECT id FROM keypair_tasks WHERE keypair = ? AND finished_at IS NULL LIMIT 1";
    Ok(tx.optional(sql, binds![pair]).await?.is_some())
}

/// Tasks the viewer sees in one of the states, oldest first, and how many there are.
///
/// # Errors
/// Those of the database.
pub async fn list(
    tx: &mut Tx,
    viewer: Viewer<'_>,
    states: [State; 2],
    limit: u32,
    offset: u32,
) -> Result<(i64, Vec<Task>)> {
    let [one, other] = states.map(State::name);
    let condition = format!("{SEEN} AND state IN (?,?)");
    let count = format!("SELECT count(*) FROM keypair_tasks WHERE {condition}");
    let total = tx.one(count, viewer.and(binds![one, other])).await?.only()?;
    let sql = format!("{TASK} WHERE {condition} ORDER BY created_at, id LIMIT ? OFFSET ?");
    let rows = tx.all(sql, viewer.and(binds![one, other, limit, offset])).await?;
    Ok((total, rows.iter().map(task).collect::<Result<_>>()?))
}

/// Notes that a task has begun.
///
/// # Errors
/// Those of the database.
pub async fn begin(tx: &mut Tx, id: &str) -> Result<()> {
    let sql = "UPDATE keypair_tasks SET state = ? WHERE id = ? AND finished_at IS NULL";
    tx.execute(sql, binds![State::Running.name(), id]).await.map(drop)
}

/// Ends a task and erases its credential. `failure` is the vendor's code and the reason. No: it had ended.
///
/// # Errors
/// Those of the database.
pub async fn finish(
    tx: &mut Tx,
    id: &str,
    failure: Option<(&str, &str)>,
    now: Micros,
) -> Result<bool> {
    let state = if failure.is_none() { State::Success } else { State::Failed };
    let (code, why) = failure.unwrap_or_default();
    let touched = tx
        .execute(
            "UPDATE keypair_tasks SET state = ?, error_code = ?, error = ?, finished_at = ?, \
             sealed_credential = NULL WHERE id = ? AND finished_at IS NULL",
            binds![state.name(), code, why, now, id],
        )
        .await?;
    Ok(touched == 1)
}

/// Forgets a failed task the viewer sees. No: there is none.
///
/// # Errors
/// Those of the database.
pub async fn delete_failed(tx: &mut Tx, viewer: Viewer<'_>, id: &str) -> Result<bool> {
    let sql = format!("DELETE FROM keypair_tasks WHERE {SEEN} AND id = ? AND state = ?");
    Ok(tx.execute(sql, viewer.and(binds![id, State::Failed.name()])).await? == 1)
}

/// Forgets all failed tasks the viewer sees and answers how many.
///
/// # Errors
/// Those of the database.
pub async fn delete_all_failed(tx: &mut Tx, viewer: Viewer<'_>) -> Result<u64> {
    let sql = format!("DELETE FROM keypair_tasks WHERE {SEEN} AND state = ?");
    tx.execute(sql, viewer.and(binds![State::Failed.name()])).await
}

/// Forgets tasks that succeeded before `before`.
///
/// # Errors
/// Those of the database.
pub async fn purge(tx: &mut Tx, before: Micros) -> Result<u64> {
    let sql = "DELETE FROM keypair_tasks WHERE state = ? AND finished_at < ?";
    tx.execute(sql, binds![State::Success.name(), before]).await
}

/// The tasks, one a host, that the agents of these hosts are to do, by the hosts' keys. They are given to the agent again
/// and again until it reports them done: an answer may get lost.
///
/// # Errors
/// Those of the database.
pub async fn for_agents(tx: &mut Tx, hosts: &[i64]) -> Result<HashMap<i64, Task>> {
    let head = format!("{TASK} WHERE finished_at IS NULL AND sealed_credential IS NULL AND host");
    let hosts = hosts.iter().copied().map(Bind::from).collect();
    let rows = tx.all_in(&head, vec![], hosts).await?;
    rows.iter().map(|row| task(row).map(|task| (task.host, task))).collect()
}

/// Tasks for agents that were ordered before `before` and have not ended.
///
/// # Errors
/// Those of the database.
pub async fn late(tx: &mut Tx, before: Micros) -> Result<Vec<Task>> {
    let sql = format!(
        "{TASK} WHERE finished_at IS NULL AND sealed_credential IS NULL AND created_at < ?"
    );
    tx.all(sql, binds![before]).await?.iter().map(task).collect()
}

/// Ids of tasks that have not ended and have no job in `queue` any more: their workers died too often.
///
/// # Errors
/// Those of the database.
pub async fn abandoned(tx: &mut Tx, queue: &str) -> Result<Vec<String>> {
    let sql = "SELECT t.id FROM keypair_tasks t WHERE t.finished_at IS NULL \
               AND t.sealed_credential IS NOT NULL AND NOT EXISTS \
               (SELECT 1 FROM jobs j WHERE j.queue = ? AND j.payload = t.id AND j.failed_at IS NULL)";
    tx.all(sql, binds![queue]).await?.iter().map(Row::only).collect()
}
