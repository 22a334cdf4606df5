//! The queue of background jobs.
//!
//! A job is put in within the transaction that makes it necessary. A worker claims it for a while; one that
//! dies loses it to another when that while is over. So a job may run more than once and must bear it.

use crate::Tx;
use crate::db::{Bind, Row, binds};
use muster_model::{Micros, Result};

/// A claimed job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Key inside the store.
    pub key: i64,
    /// What kind of work.
    pub queue: String,
    /// What to do, as JSON.
    pub payload: String,
    /// The how-manieth attempt this is, from 1.
    pub attempt: u32,
    /// After so many it is given up.
    pub max_attempts: u32,
    lock: String,
}

fn job(row: &Row) -> Result<Job> {
    let mut cells = row.cells();
    Ok(Job {
        key: cells.take()?,
        queue: cells.take()?,
        payload: cells.take()?,
        attempt: cells.take()?,
        max_attempts: cells.take()?,
        lock: cells.take()?,
    })
}

/// Puts a job in, to be run at `run_at` or soon after, and answers its key.
///
/// # Errors
/// Those of the database.
pub async fn enqueue(
    tx: &mut Tx,
    queue: &str,
    payload: &str,
    max_attempts: u32,
    run_at: Micros,
    now: Micros,
) -> Result<i64> {
    tx.one(
        "INSERT INTO jobs (queue, payload, run_at, attempts, max_attempts, created_at) VALUES (?,?,?,0,?,?) \
         RETURNING key",
        binds![queue, payload, run_at, max_attempts, now],
    )
    .await?
    .only()
}

/// Claims the job that is due longest in one of the queues, for `lease_secs`. A job whose last attempt was
/// never ended is given up on the way.
///
/// # Errors
/// Those of the database.
pub async fn claim(
    tx: &mut Tx,
    queues: &[&str],
    lease_secs: i64,
    now: Micros,
) -> Result<Option<Job>> {
    let places = vec!["?"; queues.len()].join(",");
    let sql = format!(
        "SELECT key, attempts, max_attempts FROM jobs WHERE queue IN ({places}) AND failed_at IS NULL \
         AND run_at <= ? AND (locked_until IS NULL OR locked_until <= ?) ORDER BY run_at, key LIMIT 1 {}",
        tx.skip_locked()
    );
    loop {
        let values =
            queues.iter().map(|queue| Bind::from(*queue)).chain(binds![now, now]).collect();
        let Some(row) = tx.optional(sql.clone(), values).await? else { return Ok(None) };
        let mut cells = row.cells();
        let (key, attempts, max): (i64, u32, u32) = (cells.take()?, cells.take()?, cells.take()?);
        if attempts >= max {
            tx.execute(
                "UPDATE jobs SET failed_at = ?, error = COALESCE(error, 'its worker ended') WHERE key = ?",
                binds![now, key],
            )
            .await?;
            continue;
        }
        let lock = uuid::Uuid::new_v4().to_string();
        let row = tx
            .one(
                "UPDATE jobs SET locked_until = ?, lock_id = ?, attempts = attempts + 1 WHERE key = ? \
                 RETURNING key, queue, payload, attempts, max_attempts, lock_id",
                binds![now.plus_secs(lease_secs), lock, key],
            )
            .await?;
        return job(&row).map(Some);
    }
}

/// Whether [`claim`] would find something to do.
///
/// # Errors
/// Those of the database.
pub async fn any_due(tx: &mut Tx, queues: &[&str], now: Micros) -> Result<bool> {
    let places = vec!["?"; queues.len()].join(",");
    let sql = format!(
        "SELECT 1 FROM jobs WHERE queue IN ({places}) AND failed_at IS NULL AND run_at <= ? \
         AND (locked_until IS NULL OR locked_until <= ?) LIMIT 1"
    );
    let values = queues.iter().map(|queue| Bind::from(*queue)).chain(binds![now, now]).collect();
    Ok(tx.optional(sql, values).await?.is_some())
}

/// Prolongs a claim. No: it was lost to another worker, stop.
///
/// # Errors
/// Those of the database.
pub async fn extend(tx: &mut Tx, job: &Job, until: Micros) -> Result<bool> {
    let sql = "UPDATE jobs SET locked_until = ? WHERE key = ? AND lock_id = ?";
    Ok(tx.execute(sql, binds![until, job.key, &job.lock]).await? == 1)
}

/// Gives a claimed job back as if it had not been claimed: its worker stops in order.
///
/// # Errors
/// Those of the database.
pub async fn give_back(tx: &mut Tx, job: &Job) -> Result<()> {
    let sql = "UPDATE jobs SET locked_until = NULL, lock_id = NULL, attempts = attempts - 1 \
               WHERE key = ? AND lock_id = ?";
    tx.execute(sql, binds![job.key, &job.lock]).await.map(drop)
}

/// Removes a job that is done. No: the claim was lost, what it did may be done again.
///
/// # Errors
/// Those of the database.
pub async fn finish(tx: &mut Tx, job: &Job) -> Result<bool> {
    let sql = "DELETE FROM jobs WHERE key = ? AND lock_id = ?";
    Ok(tx.execute(sql, binds![job.key, &job.lock]).await? == 1)
}

/// Ends a failed attempt: the job is due again after a pause that doubles each time (10 s to 1 h), or is
/// given up after the last attempt. Answers whether it was given up.
///
/// # Errors
/// Those of the database.
pub async fn fail(tx: &mut Tx, job: &Job, error: &str, now: Micros) -> Result<bool> {
    let last = job.attempt >= job.max_attempts;
    let pause = (5_i64 << job.attempt.min(10)).min(3600);
    tx.execute(
        "UPDATE jobs SET error = ?, locked_until = NULL, lock_id = NULL, run_at = ?, failed_at = ? \
         WHERE key = ? AND lock_id = ?",
        binds![error, now.plus_secs(pause), last.then_some(now), job.key, &job.lock],
    )
    .await?;
    Ok(last)
}

/// How many jobs wait or run, and how many were given up.
///
/// # Errors
/// Those of the database.
pub async fn counts(tx: &mut Tx) -> Result<(i64, i64)> {
    let row =
        tx.one("SELECT count(*) - count(failed_at), count(failed_at) FROM jobs", vec![]).await?;
    let mut cells = row.cells();
    Ok((cells.take()?, cells.take()?))
}

/// Forgets jobs given up before `before`.
///
/// # Errors
/// Those of the database.
pub async fn purge(tx: &mut Tx, before: Micros) -> Result<u64> {
    tx.execute("DELETE FROM jobs WHERE failed_at < ?", binds![before]).await
}
