//! Scans of images: asked for, given to agents, and what they found.

use super::filter::{Filter, NAMES};
use super::tasks;
use crate::Tx;
use crate::assets::{Target, facts};
use crate::db::{Bind, Row, binds};
use muster_model::image::Contents;
use muster_model::{Fact, Micros, Result};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Scans given to an agent at a time.
const MAX_DUE: i64 = 16;

/// The latest scan of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scan {
    /// How far it is.
    pub state: State,
    /// Why it failed.
    pub reason: String,
    /// When one last went well.
    pub scanned_at: Option<Micros>,
}

/// How far a scan is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Its agent was not told yet.
    Waiting,
    /// Its agent is at it.
    Scanning,
    /// What is in the image is known.
    Success,
    /// It is not.
    Failed,
    /// It is larger than what is looked into unasked.
    Oversized,
}

impl State {
    const ALL: [Self; 5] =
        [Self::Waiting, Self::Scanning, Self::Success, Self::Failed, Self::Oversized];

    /// Its word, in the store.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Scanning => "scanning",
            Self::Success => "success",
            Self::Failed => "failed",
            Self::Oversized => "image_oversized",
        }
    }

    pub(super) fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == word)
    }
}

/// Nobody speaks for a host the image lies on.
pub const NO_AGENT: &str = "failed_to_match_agent";
/// The agent did not tell.
pub const TIMED_OUT: &str = "response_timed_out";

/// Asks for a scan of the images that are wanted, each on the host heard of last that has it; answers their keys, at
/// most `most`.
///
/// # Errors
/// Those of the database.
pub async fn ask(
    tx: &mut Tx,
    project: i64,
    wanted: &Filter,
    most: u32,
    now: Micros,
) -> Result<BTreeSet<i64>> {
    let (condition, mut values) = wanted.sql(tx, project);
    values.push(most.into());
    let sql =
        format!("SELECT DISTINCT i.key FROM {NAMES} WHERE {condition} ORDER BY i.key LIMIT ?");
    let rows = tx.all(sql, values).await?;
    let keys = rows.iter().map(|row| row.only::<i64>()).collect::<Result<BTreeSet<i64>>>()?;
    order(tx, &keys, false, now).await?;
    Ok(keys)
}

/// Asks for a scan of these images; `at_leisure`: nobody waits for it, and only hosts that do so unasked are asked.
///
/// # Errors
/// Those of the database.
pub(super) async fn order(
    tx: &mut Tx,
    keys: &BTreeSet<i64>,
    at_leisure: bool,
    now: Micros,
) -> Result<()> {
    let unasked = if at_leisure { "AND h.scans_images > 0 " } else { "" };
    let head = format!(
        "SELECT s.image, s.host, h.last_seen, h.agent_id FROM image_sightings s \
         JOIN hosts h ON h.key = s.host WHERE s.gone_at IS NULL {unasked}AND s.image"
    );
    let mut on: BTreeMap<i64, Option<(Micros, i64)>> = BTreeMap::new();
    for row in tx.all_in(&head, vec![], keys.iter().map(|key| (*key).into()).collect()).await? {
        let mut cells = row.cells();
        let (image, host): (i64, i64) = (cells.take()?, cells.take()?);
        let (seen, agent): (Option<Micros>, Option<String>) = (cells.take()?, cells.take()?);
        let best = on.entry(image).or_default();
        *best = (*best).max(seen.filter(|_| agent.is_some()).map(|seen| (seen, host)));
    }
    let mut values = Vec::with_capacity(keys.len() * 7);
    for key in keys {
        let host = on.get(key).copied().flatten().map(|it| it.1);
        let (state, reason) = match on.get(key) {
            Some(Some(_)) => (State::Waiting, ""),
            Some(None) | None => (State::Failed, NO_AGENT),
        };
        let ended = host.is_none().then_some(now);
        values.extend(binds![*key, host.unwrap_or_default(), state.name(), reason, now, ended]);
        values.push(i64::from(at_leisure).into());
    }
    let head =
        "INSERT INTO image_scans (image, host, state, reason, asked_at, ended_at, at_leisure)";
    let tail = "ON CONFLICT (image) DO UPDATE SET host = excluded.host, state = excluded.state, \
                reason = excluded.reason, asked_at = excluded.asked_at, ended_at = excluded.ended_at, \
                at_leisure = excluded.at_leisure RETURNING image";
    tx.bulk_insert(head, 7, values, tail).await.map(drop)
}

/// What a host is to look into.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Due {
    /// Ids of images that somebody waits for.
    pub asked: Vec<String>,
    /// Those of the others.
    pub at_leisure: Vec<String>,
}

/// Ids of the images these hosts are to look into: asked for since `since`, and not told of yet. They are given again and again, as an
/// answer may get lost; what was asked for before has failed.
///
/// # Errors
/// Those of the database.
pub async fn due(tx: &mut Tx, hosts: &[i64], since: Micros) -> Result<HashMap<i64, Due>> {
    let mut due: HashMap<i64, Due> = HashMap::new();
    for host in hosts {
        let sql = "UPDATE image_scans SET state = ?, reason = ?, ended_at = ? \
                   WHERE host = ? AND ended_at IS NULL AND asked_at < ? RETURNING image";
        let late = binds![State::Failed.name(), TIMED_OUT, since, *host, since];
        let late = tx.all(sql, late).await?;
        let late = late.iter().map(Row::only).collect::<Result<BTreeSet<i64>>>()?;
        tasks::settle(tx, &late, since).await?;
        let sql = "SELECT i.key, i.id, q.at_leisure FROM image_scans q JOIN images i ON i.key = q.image \
                   WHERE q.host = ? AND q.ended_at IS NULL AND q.asked_at >= ? \
                   ORDER BY q.at_leisure, q.asked_at, i.key LIMIT ?";
        let rows = tx.all(sql, binds![*host, since, MAX_DUE]).await?;
        let mut keys: Vec<Bind> = Vec::with_capacity(rows.len());
        for row in &rows {
            let mut cells = row.cells();
            keys.push(cells.take::<i64>()?.into());
            let id = cells.take()?;
            let due = due.entry(*host).or_default();
            let list = if cells.take::<i64>()? == 0 { &mut due.asked } else { &mut due.at_leisure };
            list.push(id);
        }
        let head = "UPDATE image_scans SET state = 'scanning' WHERE image";
        tx.all_in(head, vec![], keys).await?;
    }
    Ok(due)
}

/// Takes in what a host found in images it was asked for. What nobody asked it for is not believed.
///
/// # Errors
/// Those of the database.
pub async fn told(tx: &mut Tx, target: Target, contents: &[Contents], now: Micros) -> Result<()> {
    let mut ended = BTreeSet::new();
    for told in contents {
        let sql = "SELECT i.key, h.scans_images FROM image_scans q JOIN images i ON i.key = q.image \
                   JOIN hosts h ON h.key = q.host WHERE i.project = ? AND i.id = ? AND q.host = ? AND q.ended_at IS NULL";
        let row = tx.optional(sql, binds![target.project, &told.id, target.host]).await?;
        let Some(row) = row else { continue };
        let mut cells = row.cells();
        let (image, analyser): (i64, i64) = (cells.take()?, cells.take()?);
        ended.insert(image);
        if let Some(why) = &told.error {
            let sql = "UPDATE image_scans SET state = ?, reason = ?, ended_at = ?, analyser = ? WHERE image = ?";
            tx.execute(sql, binds![State::Failed.name(), why, now, analyser, image]).await?;
            continue;
        }
        let of_project: Vec<(i64, &Fact)> =
            told.facts.iter().map(|fact| (target.project, fact)).collect();
        let interned = facts::intern(tx, &of_project, &[]).await?;
        // A piece is in one layer; told twice, the first counts.
        let mut ids: BTreeMap<i64, Option<i64>> = BTreeMap::new();
        for (nth, id) in interned.added.into_iter().enumerate() {
            let layer = told.layers.get(nth).copied().flatten().map(i64::from);
            ids.entry(id).or_insert(layer);
        }
        tx.execute("DELETE FROM image_facts WHERE image = ?", binds![image]).await?;
        let values = ids.into_iter().flat_map(|(fact, layer)| binds![image, fact, layer]).collect();
        tx.bulk_insert("INSERT INTO image_facts (image, fact, layer)", 3, values, "").await?;
        let sql = "UPDATE image_scans SET state = ?, reason = '', ended_at = ?, scanned_at = ?, \
                   analyser = ? WHERE image = ?";
        tx.execute(sql, binds![State::Success.name(), now, now, analyser, image]).await?;
    }
    tasks::settle(tx, &ended, now).await
}

/// The scan of an image from its state, its reason, when it was asked for and when one last went well; none if none was ever asked for.
pub(super) fn read(cells: &mut crate::db::Cells<'_>, late: Micros) -> Result<Option<Scan>> {
    let (state, reason) = (cells.take::<Option<String>>()?, cells.take::<Option<String>>()?);
    let (asked, scanned_at) = (cells.take::<Option<Micros>>()?, cells.take()?);
    let Some(state) = state.as_deref().and_then(State::named) else { return Ok(None) };
    let open = matches!(state, State::Waiting | State::Scanning);
    Ok(Some(if open && asked.is_none_or(|asked| asked < late) {
        Scan { state: State::Failed, reason: TIMED_OUT.to_owned(), scanned_at }
    } else {
        Scan { state, reason: reason.unwrap_or_default(), scanned_at }
    }))
}

/// Columns of `image_scans q` that [`read`] takes.
pub(super) const COLUMNS: &str = "q.state, q.reason, q.asked_at, q.scanned_at";

/// Whether the image with this id is one of the project's.
///
/// # Errors
/// Those of the database.
pub(super) async fn key(tx: &mut Tx, project: i64, id: &str) -> Result<Option<i64>> {
    let sql = "SELECT key FROM images WHERE project = ? AND id = ?";
    tx.optional(sql, binds![project, id]).await?.map(|row: Row| row.only()).transpose()
}
