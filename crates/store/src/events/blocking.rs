//! Images whose containers may run nothing but the programs they are known for.

use super::programs::IMAGE;
use crate::Tx;
use crate::db::binds;
use muster_model::container::Allowed;
use muster_model::{Micros, Result};

/// From when on, and on how many hosts, it is so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reach {
    /// Until when the image is learned.
    pub learned_until: Micros,
    /// Protected hosts that have containers of the image.
    pub hosts: i64,
    /// Those of them whose operators allow it.
    pub allowing: i64,
}

/// Says whether the containers of an image are held to its programs, which must be known, and on how many hosts that is done.
///
/// # Errors
/// Those of the database.
pub async fn block(tx: &mut Tx, project: i64, image: &str, on: bool) -> Result<Reach> {
    let sql =
        "UPDATE image_learning SET blocking = ? WHERE project = ? AND image = ? RETURNING until";
    let learned_until = tx.one(sql, binds![on, project, image]).await?.only()?;
    let sql = format!(
        "SELECT COUNT(*), COUNT(CASE WHEN h.allows_blocking <> 0 THEN 1 END) FROM hosts h WHERE h.project = ? \
         AND EXISTS (SELECT 1 FROM host_protection p WHERE p.host = h.key) \
         AND EXISTS (SELECT 1 FROM containers c WHERE c.host = h.key AND {IMAGE} = ?)"
    );
    let row = tx.one(sql, binds![project, image]).await?;
    let mut cells = row.cells();
    Ok(Reach { learned_until, hosts: cells.take()?, allowing: cells.take()? })
}

/// Ends the learning of an image, if that goes on.
///
/// # Errors
/// Those of the database.
pub async fn end_learning(tx: &mut Tx, project: i64, image: &str, now: Micros) -> Result<()> {
    // What ends at a moment still holds in it.
    let end = now.plus_secs(-1);
    let sql = "UPDATE image_learning SET until = ? WHERE project = ? AND image = ? AND until > ?";
    tx.execute(sql, binds![end, project, image, end]).await.map(drop)
}

/// What the containers of a host may run alone, by image: of those that are no longer learned.
///
/// # Errors
/// Those of the database.
pub async fn allowed(tx: &mut Tx, project: i64, host: i64, now: Micros) -> Result<Vec<Allowed>> {
    let sql = format!(
        "SELECT l.image, p.path FROM image_learning l \
         LEFT JOIN image_programs p ON p.project = l.project AND p.image = l.image \
         WHERE l.project = ? AND l.blocking <> 0 AND l.until < ? \
         AND EXISTS (SELECT 1 FROM containers c WHERE c.host = ? AND {IMAGE} = l.image) \
         ORDER BY l.image, p.path"
    );
    let mut found: Vec<Allowed> = Vec::new();
    for row in tx.all(sql, binds![project, now, host]).await? {
        let mut cells = row.cells();
        let (image, path): (String, Option<String>) = (cells.take()?, cells.take()?);
        if found.last().is_none_or(|last| last.image != image) {
            found.push(Allowed { image, programs: Vec::new() });
        }
        if let Some(last) = found.last_mut() {
            last.programs.extend(path);
        }
    }
    Ok(found)
}
