//! Forgets what is old, in small transactions, and facts that nobody refers to any more.

use crate::db::binds;
use crate::{Db, Tx, events, images, transact};
use muster_model::{Kind, Micros, Result};

/// Rows one transaction deletes at most: other writers wait for so long and no longer.
const BATCH: i64 = 2000;

const DAY: i64 = 86_400;

/// How long ended intervals and changes are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keep {
    /// Days for all kinds but processes.
    pub days: u32,
    /// Days for processes.
    pub process_days: u32,
}

impl Default for Keep {
    fn default() -> Self {
        Self { days: 365, process_days: 30 }
    }
}

/// What was forgotten.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Purged {
    /// Ended intervals.
    pub sightings: u64,
    /// Changes.
    pub changes: u64,
    /// Facts.
    pub facts: u64,
}

/// Forgets everything older than `keep` says. What is there now is never touched.
///
/// # Errors
/// Those of the database; what was forgotten until then stays so.
pub async fn purge(db: &Db, keep: Keep, now: Micros) -> Result<Purged> {
    let mut purged = Purged::default();
    let projects: Vec<i64> = {
        let mut tx = db.read().await?;
        let rows = tx.all("SELECT project FROM change_counters ORDER BY project", vec![]).await?;
        rows.iter().map(|row| row.only()).collect::<Result<_>>()?
    };
    for kind in Kind::ALL {
        let days = if kind == Kind::Process { keep.process_days } else { keep.days };
        let before = now.plus_secs(-i64::from(days) * DAY);
        loop {
            let n = transact!(db, |tx| sightings(tx, kind, before).await)?;
            purged.sightings += n;
            if n == 0 {
                break;
            }
        }
        for project in &projects {
            loop {
                let n = transact!(db, |tx| changes(tx, *project, kind, before).await)?;
                purged.changes += n;
                if n == 0 {
                    break;
                }
            }
        }
    }
    let before = now.plus_secs(-i64::from(keep.days.max(keep.process_days)) * DAY);
    transact!(db, |tx| scopes(tx, before).await)?;
    while transact!(db, |tx| events::forget(tx, before, BATCH).await)? > 0 {}
    while transact!(db, |tx| images::forget(tx, before, BATCH).await)? > 0 {}
    let mut from = Some(0);
    while let Some(id) = from {
        let (n, next) = transact!(db, |tx| facts(tx, id).await)?;
        purged.facts += n;
        from = next;
    }
    Ok(purged)
}

async fn sightings(tx: &mut Tx, kind: Kind, before: Micros) -> Result<u64> {
    tx.execute(
        "DELETE FROM sightings_past WHERE (fact, host, container, seq, gone_at) IN \
         (SELECT fact, host, container, seq, gone_at FROM sightings_past WHERE gone_at < ? AND kind = ? \
         ORDER BY gone_at LIMIT ?)",
        binds![before, kind.code(), BATCH],
    )
    .await
}

async fn changes(tx: &mut Tx, project: i64, kind: Kind, before: Micros) -> Result<u64> {
    let oldest = "SELECT cursor, span FROM changes WHERE project = ? AND kind = ? AND at < ? \
                  ORDER BY cursor LIMIT ?";
    let values = binds![project, kind.code(), before, BATCH];
    let end: Option<i64> = tx
        .one(format!("SELECT max(cursor + span - 1) FROM ({oldest}) o"), values.clone())
        .await?
        .only()?;
    let Some(end) = end else { return Ok(0) };
    let sql = format!(
        "DELETE FROM changes WHERE project = ? AND cursor IN (SELECT cursor FROM ({oldest}) o)"
    );
    let n = tx.execute(sql, binds![project].into_iter().chain(values).collect()).await?;
    tx.execute(
        "INSERT INTO change_horizons (project, kind, cursor) VALUES (?,?,?) \
         ON CONFLICT (project, kind) DO UPDATE SET cursor = excluded.cursor",
        binds![project, kind.code(), end],
    )
    .await?;
    Ok(n)
}

/// Scopes that are long gone, and containers nothing refers to.
async fn scopes(tx: &mut Tx, before: Micros) -> Result<()> {
    tx.execute(
        "DELETE FROM host_kinds WHERE length(digest) = 0 AND changed_at < ?",
        binds![before],
    )
    .await?;
    tx.execute(
        "DELETE FROM containers WHERE NOT EXISTS (SELECT 1 FROM host_kinds k WHERE k.host = containers.host \
         AND k.container = containers.key) AND NOT EXISTS (SELECT 1 FROM sightings_past p WHERE \
         p.host = containers.host AND p.container = containers.key) \
         AND key NOT IN (SELECT container FROM changes)",
        vec![],
    )
    .await
    .map(drop)
}

/// Facts nobody refers to, among those with the next ids; answers where to go on. A change needs no asking: what
/// it names began with a sighting, or ended at the very moment of the change, and that interval is kept as long.
async fn facts(tx: &mut Tx, from: i64) -> Result<(u64, Option<i64>)> {
    let end: Option<i64> = tx
        .one(
            "SELECT max(id) FROM (SELECT id FROM facts WHERE id > ? ORDER BY id LIMIT ?) w",
            binds![from, BATCH],
        )
        .await?
        .only()?;
    let Some(end) = end else { return Ok((0, None)) };
    let n = tx
        .execute(
            "DELETE FROM facts WHERE id > ? AND id <= ? \
             AND NOT EXISTS (SELECT 1 FROM sightings s WHERE s.fact = facts.id) \
             AND NOT EXISTS (SELECT 1 FROM sightings_past p WHERE p.fact = facts.id) \
             AND NOT EXISTS (SELECT 1 FROM image_facts x WHERE x.fact = facts.id)",
            binds![from, end],
        )
        .await?;
    for table in ["fact_counts", "fact_vulnerabilities", "fact_unchecked"] {
        let sql = format!(
            "DELETE FROM {table} WHERE fact > ? AND fact <= ? \
             AND NOT EXISTS (SELECT 1 FROM facts f WHERE f.id = {table}.fact)"
        );
        tx.execute(sql, binds![from, end]).await?;
    }
    Ok((n, Some(end)))
}
