//! Requests to sweep kinds of a host now, one a host and kind: a later one takes the place of the earlier.

use crate::Tx;
use crate::assets::facts;
use crate::db::{Bind, Row, binds};
use muster_model::report::TaskDone;
use muster_model::{Kind, Micros, Result};
use std::collections::HashMap;

/// The latest request for a kind of a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The kind.
    pub kind: Kind,
    /// Name of the task; one task may be for several kinds.
    pub task: String,
    /// When it was asked for.
    pub requested_at: Micros,
    /// When the agent was given it.
    pub sent_at: Option<Micros>,
    /// When the agent had done it, or failed.
    pub finished_at: Option<Micros>,
    /// Why it failed.
    pub error: Option<String>,
}

/// What is known of a kind on a host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// The latest request, if there ever was one.
    pub request: Option<Request>,
    /// When the kind was last looked at, be it on request or not.
    pub swept_at: Option<Micros>,
}

/// Asks for a sweep of some kinds.
///
/// # Errors
/// Those of the database.
pub async fn request(
    tx: &mut Tx,
    host: i64,
    kinds: &[Kind],
    task: &str,
    now: Micros,
) -> Result<()> {
    let values = kinds.iter().flat_map(|kind| binds![host, kind.code(), task, now]).collect();
    tx.bulk_insert(
        "INSERT INTO collect_tasks (host, kind, task, requested_at)",
        4,
        values,
        "ON CONFLICT (host, kind) DO UPDATE SET task = excluded.task, requested_at = excluded.requested_at, \
         sent_at = NULL, finished_at = NULL, error = NULL",
    )
    .await
    .map(drop)
}

/// Tasks that are not finished, with their kinds, oldest first, by the keys of these hosts. They are given to the agent
/// again and again until it reports them done: an answer may get lost.
///
/// # Errors
/// Those of the database.
pub async fn due(tx: &mut Tx, hosts: &[i64]) -> Result<HashMap<i64, Vec<(String, Vec<Kind>)>>> {
    let head = "SELECT host, requested_at, task, kind FROM collect_tasks WHERE finished_at IS NULL AND host";
    let hosts = hosts.iter().copied().map(Bind::from).collect();
    let unfinished = |row: &Row| {
        let mut cells = row.cells();
        Ok((cells.take()?, cells.take()?, cells.take()?, cells.take()?))
    };
    let rows = tx.all_in(head, vec![], hosts).await?;
    let mut rows: Vec<(i64, Micros, String, u8)> =
        rows.iter().map(unfinished).collect::<Result<_>>()?;
    rows.sort_unstable();
    let mut due: HashMap<i64, Vec<(String, Vec<Kind>)>> = HashMap::new();
    for (host, _, task, kind) in rows {
        let (kind, tasks) = (facts::kind(kind)?, due.entry(host).or_default());
        match tasks.last_mut() {
            Some((last, kinds)) if *last == task => kinds.push(kind),
            _ => tasks.push((task, vec![kind])),
        }
    }
    Ok(due)
}

/// Notes that the agents were given the unfinished tasks of these hosts.
///
/// # Errors
/// Those of the database.
pub async fn sent(tx: &mut Tx, hosts: &[i64], now: Micros) -> Result<()> {
    let head = "UPDATE collect_tasks SET sent_at = ? WHERE finished_at IS NULL AND sent_at IS NULL AND host";
    let hosts = hosts.iter().copied().map(Bind::from).collect();
    tx.all_in(head, binds![now], hosts).await.map(drop)
}

/// Notes that the agent has done a task, or why not all or none of it.
///
/// # Errors
/// Those of the database.
pub async fn finished(tx: &mut Tx, host: i64, done: &TaskDone, now: Micros) -> Result<()> {
    for (kind, why) in &done.failed {
        tx.execute(
            "UPDATE collect_tasks SET finished_at = ?, error = ? WHERE host = ? AND task = ? AND kind = ? \
             AND finished_at IS NULL",
            binds![now, why, host, &done.id, kind.code()],
        )
        .await?;
    }
    tx.execute(
        "UPDATE collect_tasks SET finished_at = ?, error = ? WHERE host = ? AND task = ? \
         AND finished_at IS NULL",
        binds![now, done.error.as_deref(), host, &done.id],
    )
    .await
    .map(drop)
}

/// What the host's own sweeps of a kind have come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Swept {
    /// The kind.
    pub kind: Kind,
    /// Assets on the host and in its containers.
    pub assets: i64,
    /// When it was last looked at.
    pub swept_at: Micros,
}

/// The kinds that were ever swept on a host.
///
/// # Errors
/// Those of the database.
pub async fn swept(tx: &mut Tx, host: i64) -> Result<Vec<Swept>> {
    let sql = "SELECT kind, CAST(sum(n) AS BIGINT), max(swept_at) FROM host_kinds WHERE host = ? \
               AND length(digest) > 0 GROUP BY kind ORDER BY kind";
    let rows = tx.all(sql, binds![host]).await?;
    let swept = |row: &Row| {
        let mut cells = row.cells();
        let kind = facts::kind(cells.take()?)?;
        Ok(Swept { kind, assets: cells.take()?, swept_at: cells.take()? })
    };
    rows.iter().map(swept).collect()
}

/// What is known of a kind on a host.
///
/// # Errors
/// Those of the database.
pub async fn state(tx: &mut Tx, host: i64, kind: Kind) -> Result<State> {
    let row = tx
        .optional(
            "SELECT task, requested_at, sent_at, finished_at, error FROM collect_tasks \
             WHERE host = ? AND kind = ?",
            binds![host, kind.code()],
        )
        .await?;
    let request = row
        .map(|row| {
            let mut cells = row.cells();
            Ok(Request {
                kind,
                task: cells.take()?,
                requested_at: cells.take()?,
                sent_at: cells.take()?,
                finished_at: cells.take()?,
                error: cells.take()?,
            })
        })
        .transpose()?;
    let swept_at = tx
        .one(
            "SELECT max(swept_at) FROM host_kinds WHERE host = ? AND kind = ?",
            binds![host, kind.code()],
        )
        .await?
        .only()?;
    Ok(State { request, swept_at })
}

/// Whether a sweep of any host of a project that was asked for after `since` has not ended.
///
/// # Errors
/// Those of the database.
pub async fn any_running(tx: &mut Tx, project: i64, since: Micros) -> Result<bool> {
    let row = tx
        .optional(
            "SELECT 1 FROM hosts h JOIN collect_tasks t ON t.host = h.key WHERE h.project = ? \
             AND t.finished_at IS NULL AND t.requested_at > ? LIMIT 1",
            binds![project, since],
        )
        .await?;
    Ok(row.is_some())
}
