//! Images that are looked into although nobody asked: those that are new, and those that were looked into with less.

use super::scans::{self, State};
use crate::Tx;
use crate::db::{Bind, binds};
use muster_model::{Micros, Result};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Images of one host that wait at a time: what its agent may take of the processor has to do for them until they are too late.
const MAX_OF_HOST: usize = 16;
/// Images looked through at a time.
const MAX_CANDIDATES: i64 = 2_000;

/// What is looked into.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Largest image, bytes, as its store tells them.
    pub max_bytes: i64,
    /// Only by agents heard of since.
    pub heard_since: Micros,
    /// Again what has failed before this moment.
    pub failed_before: Micros,
}

/// Projects that have a host whose agent looks into images unasked.
///
/// # Errors
/// Those of the database.
pub async fn projects(tx: &mut Tx) -> Result<Vec<i64>> {
    let sql = "SELECT DISTINCT project FROM hosts WHERE scans_images > 0 ORDER BY project";
    tx.all(sql, vec![]).await?.iter().map(|row| row.only()).collect()
}

/// Images of a project that want looking into: never looked into, or with less than an agent they lie near can do now, or without success
/// some time ago. Those that are too large are in the second list.
///
/// # Errors
/// Those of the database.
pub async fn wanted(
    tx: &mut Tx,
    project: i64,
    limits: Limits,
) -> Result<(BTreeSet<i64>, BTreeSet<i64>)> {
    let sql = "SELECT s.host, count(*) FROM image_scans q JOIN image_sightings s ON s.image = q.image AND s.host = q.host \
               WHERE q.ended_at IS NULL AND q.host IN (SELECT key FROM hosts WHERE project = ?) GROUP BY s.host";
    let mut open: HashMap<i64, usize> = HashMap::new();
    for row in tx.all(sql, binds![project]).await? {
        let mut cells = row.cells();
        let (host, count): (i64, i64) = (cells.take()?, cells.take()?);
        open.insert(host, usize::try_from(count).unwrap_or(usize::MAX));
    }
    let sql = "SELECT s.image, s.host, s.size FROM image_sightings s JOIN hosts h ON h.key = s.host \
               LEFT JOIN image_scans q ON q.image = s.image \
               WHERE h.project = ? AND s.gone_at IS NULL AND h.scans_images > 0 AND h.agent_id IS NOT NULL \
               AND h.last_seen >= ? AND (q.image IS NULL \
               OR (q.ended_at IS NOT NULL AND q.state <> 'failed' AND q.analyser < h.scans_images) \
               OR (q.state = 'failed' AND q.ended_at < ?) OR (q.ended_at IS NULL AND q.asked_at < ?) \
               OR (q.state = 'image_oversized' AND s.size <= ?)) \
               ORDER BY s.image, h.last_seen DESC, s.host LIMIT ?";
    let values = binds![
        project,
        limits.heard_since,
        limits.failed_before,
        limits.failed_before,
        limits.max_bytes,
        MAX_CANDIDATES
    ];
    let mut images: BTreeMap<i64, (i64, i64)> = BTreeMap::new();
    for row in tx.all(sql, values).await? {
        let mut cells = row.cells();
        let (image, host, size) = (cells.take::<i64>()?, cells.take()?, cells.take()?);
        // The host heard of last is the one that will be asked.
        images.entry(image).or_insert((host, size));
    }
    let (mut small, mut large) = (BTreeSet::new(), BTreeSet::new());
    for (image, (host, size)) in images {
        let waiting = open.entry(host).or_default();
        if size > limits.max_bytes {
            large.insert(image);
        } else if *waiting < MAX_OF_HOST {
            *waiting += 1;
            small.insert(image);
        }
    }
    Ok((small, large))
}

/// Asks for a scan of these images that nobody waits for.
///
/// # Errors
/// Those of the database.
pub async fn order(tx: &mut Tx, images: &BTreeSet<i64>, now: Micros) -> Result<()> {
    scans::order(tx, images, true, now).await
}

/// Notes that these images are too large to be looked into unasked, by the limit that `why` names. What was found in one before stays.
///
/// # Errors
/// Those of the database.
pub async fn too_large(tx: &mut Tx, images: &BTreeSet<i64>, why: &str, now: Micros) -> Result<()> {
    let sql = "SELECT max(scans_images) FROM hosts";
    let analyser = tx.one(sql, vec![]).await?.only::<Option<i64>>()?.unwrap_or_default();
    let row = |image: &i64| -> Vec<Bind> {
        binds![*image, 0_i64, State::Oversized.name(), why, now, now, 1_i64, analyser]
    };
    let values = images.iter().flat_map(row).collect();
    let head = "INSERT INTO image_scans (image, host, state, reason, asked_at, ended_at, at_leisure, analyser)";
    let tail = "ON CONFLICT (image) DO UPDATE SET state = excluded.state, reason = excluded.reason, \
                ended_at = excluded.ended_at, analyser = excluded.analyser RETURNING image";
    tx.bulk_insert(head, 8, values, tail).await.map(drop)
}
