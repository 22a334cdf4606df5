//! Images on the disks of hosts: one of a project once, with where it lies and what it is called there.

pub mod automatic;
mod filter;
mod list;
pub mod scans;
mod show;
mod software;
pub mod tasks;
mod tell;

pub use filter::{Filter, Named, Scanned};
pub use list::{Listed, count, list};
pub use scans::Scan;
pub use show::{Detail, Place, show};
pub use software::{Piece, Wanted, Weakness, pieces, weaknesses};
pub use tasks::Task;
pub use tell::tell;

use crate::Tx;
use crate::db::binds;
use muster_model::{Micros, Result};

/// Forgets where images lay that are gone since before `before`, a few at a time, images that lie nowhere any more, and tasks of that
/// age; answers how many places and tasks.
///
/// # Errors
/// Those of the database.
pub(crate) async fn forget(tx: &mut Tx, before: Micros, most: i64) -> Result<u64> {
    let old = "SELECT key FROM image_sightings WHERE gone_at < ? ORDER BY gone_at, key LIMIT ?";
    let sql = format!("DELETE FROM image_names WHERE sighting IN ({old})");
    tx.execute(sql, binds![before, most]).await?;
    let sql = format!("DELETE FROM image_sightings WHERE key IN ({old})");
    let forgotten = tx.execute(sql, binds![before, most]).await?;
    if forgotten > 0 {
        let sql = "DELETE FROM images WHERE NOT EXISTS \
                   (SELECT 1 FROM image_sightings s WHERE s.image = images.key)";
        tx.execute(sql, vec![]).await?;
        for table in ["image_scans", "image_facts"] {
            let sql = format!("DELETE FROM {table} WHERE image NOT IN (SELECT key FROM images)");
            tx.execute(sql, vec![]).await?;
        }
    }
    Ok(forgotten + tasks::forget(tx, before, most).await?)
}
