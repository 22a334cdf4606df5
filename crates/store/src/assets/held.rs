//! Which scopes of a host are held.

use super::facts;
use crate::Tx;
use crate::db::binds;
use muster_model::Result;
use muster_model::report::{ContainerRef, Scope};

/// The scopes of a host that are there now, whatever is in them.
///
/// # Errors
/// Those of the database.
pub async fn scopes(tx: &mut Tx, host: i64) -> Result<Vec<Scope>> {
    let sql = "SELECT k.kind, c.id, c.name FROM host_kinds k LEFT JOIN containers c ON c.key = k.container \
               WHERE k.host = ? AND length(k.digest) > 0 ORDER BY k.kind, k.container";
    let rows = tx.all(sql, binds![host]).await?;
    let scope = |row: &crate::db::Row| {
        let mut cells = row.cells();
        let kind = facts::kind(cells.take()?)?;
        let (id, name): (Option<String>, Option<String>) = (cells.take()?, cells.take()?);
        let container = id.zip(name).map(|(id, name)| ContainerRef { id, name });
        Ok(Scope { kind, container })
    };
    rows.iter().map(scope).collect()
}
