//! Accounts that keys were found to open, by what agents report.

use crate::Tx;
use crate::db::{binds, folded};
use muster_model::{Kind, Result};

/// An account with keys, on a host or in a container of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Id of the host.
    pub host_id: String,
    /// Its name.
    pub host_name: String,
    /// Name of the container, or empty.
    pub container: String,
    /// The account.
    pub name: String,
    /// Its evidence, JSON: `authorized_keys` among it.
    pub evidence: String,
}

/// Accounts of a project whose evidence holds `text`, in the order of hosts and names; at most `limit` from
/// `offset` on.
///
/// # Errors
/// Those of the database.
pub async fn accounts(
    tx: &mut Tx,
    project: i64,
    text: &str,
    limit: u32,
    offset: u32,
) -> Result<Vec<Account>> {
    let sql = format!(
        "SELECT h.id, h.name, COALESCE(c.name, ''), f.name, f.evidence FROM facts f \
         JOIN sightings s ON s.fact = f.id JOIN hosts h ON h.key = s.host \
         LEFT JOIN containers c ON c.key = s.container \
         WHERE f.project = ? AND f.kind = ? AND f.evidence IS NOT NULL AND {} \
         ORDER BY h.name, h.key, s.container, f.name, f.id LIMIT ? OFFSET ?",
        tx.contains("f.evidence")
    );
    let values = binds![project, Kind::Users.code(), folded(text), limit, offset];
    tx.all(sql, values)
        .await?
        .iter()
        .map(|row| {
            let mut cells = row.cells();
            Ok(Account {
                host_id: cells.take()?,
                host_name: cells.take()?,
                container: cells.take()?,
                name: cells.take()?,
                evidence: cells.take()?,
            })
        })
        .collect()
}
