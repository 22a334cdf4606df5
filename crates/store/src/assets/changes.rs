//! What changed since a cursor.
//!
//! The first inventory of a scope is one stored row that stands for as many changes as the scope had rows;
//! they are told apart here, from the intervals that began at that moment.

use super::assemble::{HostRef, containers, hosts, read_volatile};
use super::facts;
use crate::Tx;
use crate::db::{Cells, binds};
use muster_model::report::{ContainerRef, Volatile};
use muster_model::{Error, Fact, Kind, Micros, Result};
use std::sync::Arc;

/// What happened to an asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// Its content is another one.
    Modified,
}

/// One change.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Its place among all changes of the project: strictly growing, with gaps.
    pub cursor: i64,
    /// When the server learned of it.
    pub at: Micros,
    /// What happened.
    pub op: Op,
    /// The kind.
    pub kind: Kind,
    /// The content before; none for what is new.
    pub before: Option<Arc<Fact>>,
    /// The content after; none for what is gone.
    pub after: Option<Arc<Fact>>,
    /// The host.
    pub host: Arc<HostRef>,
    /// The container, if it is in one.
    pub container: Option<Arc<ContainerRef>>,
    /// The process.
    pub pid: Option<u32>,
    /// Its start.
    pub started: Option<Micros>,
}

/// What a stored change is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stored {
    Added,
    Removed,
    Modified,
    Baseline,
}

impl Stored {
    pub(super) const fn code(self) -> u8 {
        match self {
            Self::Added => 1,
            Self::Removed => 2,
            Self::Modified => 3,
            Self::Baseline => 4,
        }
    }

    fn from_code(code: u8) -> Result<Self> {
        [Self::Added, Self::Removed, Self::Modified, Self::Baseline]
            .into_iter()
            .find(|op| op.code() == code)
            .ok_or_else(|| Error::internal("an unknown change is stored"))
    }
}

/// Columns of a change in the order [`Raw::read`] wants them.
pub(super) const CHANGE: &str = "c.cursor, c.span, c.at, c.op, c.kind, c.host, c.container, c.before, c.after, c.pid, c.started";

/// A change by its keys.
#[derive(Clone, Copy)]
pub(super) struct Raw {
    cursor: i64,
    span: i64,
    at: Micros,
    op: Stored,
    kind: Kind,
    host: i64,
    container: i64,
    before: Option<i64>,
    after: Option<i64>,
    pid: Option<u32>,
    started: Option<Micros>,
}

impl Raw {
    pub(super) fn read(cells: &mut Cells<'_>) -> Result<Self> {
        Ok(Self {
            cursor: cells.take()?,
            span: cells.take()?,
            at: cells.take()?,
            op: Stored::from_code(cells.take()?)?,
            kind: facts::kind(cells.take()?)?,
            host: cells.take()?,
            container: cells.take()?,
            before: cells.take()?,
            after: cells.take()?,
            pid: cells.take()?,
            started: cells.take()?,
        })
    }
}

/// The changes after cursor `since` (0: from the beginning), oldest first, at most `limit`. Give the cursor
/// of the last one to go on.
///
/// # Errors
/// `Invalid` for a cursor so old that changes after it were forgotten already: list the assets anew and go
/// on from [`latest_cursor`].
pub async fn changes(
    tx: &mut Tx,
    project: i64,
    kind: Option<Kind>,
    since: i64,
    limit: u32,
) -> Result<Vec<Change>> {
    let code = kind.map(|kind| i64::from(kind.code()));
    let forgotten: Option<i64> = tx
        .one(
            "SELECT max(cursor) FROM change_horizons WHERE project = ? AND kind = COALESCE(?, kind)",
            binds![project, code],
        )
        .await?
        .only()?;
    if forgotten.is_some_and(|horizon| since < horizon) {
        return Err(Error::invalid("since", "changes after this cursor have been forgotten"));
    }
    // The row that `since` lies in may have more to tell.
    let start: Option<i64> = tx
        .one(
            "SELECT max(cursor) FROM changes WHERE project = ? AND cursor <= ?",
            binds![project, since],
        )
        .await?
        .only()?;
    let start = start.unwrap_or(0);
    let sql = match kind {
        None => format!(
            "SELECT {CHANGE} FROM changes c WHERE c.project = ? AND c.cursor >= ? ORDER BY c.cursor LIMIT ?"
        ),
        Some(_) => format!(
            "SELECT {CHANGE} FROM changes c WHERE c.project = ? AND c.cursor >= ? AND c.kind = ? \
             ORDER BY c.cursor LIMIT ?"
        ),
    };
    let mut values = binds![project, start];
    values.extend(code.map(Into::into));
    values.extend(binds![i64::from(limit).saturating_add(1)]);
    let rows = tx.all(sql, values).await?;
    let wanted = usize::try_from(limit).map_err(Error::internal)?;
    let mut raw = Vec::new();
    for row in &rows {
        let change = Raw::read(&mut row.cells())?;
        if raw.len() >= wanted
            || change.cursor.saturating_add(change.span) <= since.saturating_add(1)
        {
            continue;
        }
        if change.op == Stored::Baseline {
            let room = i64::try_from(wanted - raw.len()).map_err(Error::internal)?;
            raw.extend(expand(tx, change, since, room).await?);
        } else {
            raw.push(change);
        }
    }
    assemble(tx, &raw).await
}

/// The newest cursor of a project, 0 before the first change: where a reader starts that has just listed
/// everything in the same transaction.
///
/// # Errors
/// Those of the database.
pub async fn latest_cursor(tx: &mut Tx, project: i64) -> Result<i64> {
    let row = tx
        .optional("SELECT next - 1 FROM change_counters WHERE project = ?", binds![project])
        .await?;
    row.map_or(Ok(0), |row| row.only())
}

/// The changes a baseline stands for, those after `since`.
async fn expand(tx: &mut Tx, baseline: Raw, since: i64, room: i64) -> Result<Vec<Raw>> {
    let one = "SELECT fact, seq, pid, started, ctime, mtime, atime";
    let place = "host = ? AND kind = ? AND container = ? AND first_seen = ?";
    let sql = format!(
        "{one} FROM sightings WHERE {place} UNION ALL {one} FROM sightings_past WHERE {place} \
         ORDER BY fact, seq LIMIT ? OFFSET ?"
    );
    let key = binds![baseline.host, baseline.kind.code(), baseline.container, baseline.at];
    let skip = since.saturating_add(1).saturating_sub(baseline.cursor).max(0);
    let values = key.iter().cloned().chain(key.iter().cloned()).chain(binds![room, skip]).collect();
    let first = baseline.cursor.saturating_add(skip);
    (first..)
        .zip(tx.all(sql, values).await?)
        .map(|(cursor, row)| {
            let mut cells = row.cells();
            let (fact, _seq): (i64, i64) = (cells.take()?, cells.take()?);
            let Volatile { pid, started, .. } = read_volatile(&mut cells)?;
            Ok(Raw {
                cursor,
                span: 1,
                op: Stored::Added,
                after: Some(fact),
                pid,
                started,
                ..baseline
            })
        })
        .collect()
}

/// Joins changes with all that belongs to them, in their order.
pub(super) async fn assemble(tx: &mut Tx, raw: &[Raw]) -> Result<Vec<Change>> {
    // Collected first: a future that holds this iterator could not move between threads.
    let ids: Vec<i64> = raw.iter().flat_map(|raw| [raw.before, raw.after]).flatten().collect();
    let facts = facts::load(tx, ids).await?;
    let hosts = hosts(tx, raw.iter().map(|raw| raw.host)).await?;
    let containers = containers(tx, raw.iter().map(|raw| raw.container)).await?;
    raw.iter()
        .map(|raw| {
            Ok(Change {
                cursor: raw.cursor,
                at: raw.at,
                op: match raw.op {
                    Stored::Added | Stored::Baseline => Op::Added,
                    Stored::Removed => Op::Removed,
                    Stored::Modified => Op::Modified,
                },
                kind: raw.kind,
                before: raw.before.and_then(|id| facts.get(&id).cloned()),
                after: raw.after.and_then(|id| facts.get(&id).cloned()),
                host: hosts
                    .get(&raw.host)
                    .cloned()
                    .ok_or_else(|| Error::internal("a change has lost its host"))?,
                container: containers.get(&raw.container).cloned(),
                pid: raw.pid,
                started: raw.started,
            })
        })
        .collect()
}
