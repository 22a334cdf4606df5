//! Which component of a task pulled in which.

use crate::Tx;
use crate::db::{Bind, binds};
use muster_model::{Error, Result};
use std::collections::HashMap;

/// Stores edges of a task: pairs of child and parent by uuid, each once.
///
/// # Errors
/// Those of the database; `Internal` for a component without a key.
pub async fn put(
    tx: &mut Tx,
    task: i64,
    edges: &[(String, String)],
    components: &HashMap<String, i64>,
) -> Result<()> {
    let key = |uuid: &String| {
        let key = components.get(uuid).copied();
        key.ok_or_else(|| Error::internal("an edge names what was not stored"))
    };
    let mut values: Vec<Bind> = Vec::with_capacity(edges.len() * 3);
    for (child, parent) in edges {
        values.extend(binds![task, key(child)?, key(parent)?]);
    }
    let head = "INSERT INTO sca_task_edges (task, child, parent)";
    tx.bulk_insert(head, 3, values, "").await.map(drop)
}

/// The edges of a task: keys of child and parent.
///
/// # Errors
/// Those of the database.
pub async fn of(tx: &mut Tx, task: i64) -> Result<Vec<(i64, i64)>> {
    let sql = "SELECT child, parent FROM sca_task_edges WHERE task = ? ORDER BY child, parent";
    let rows = tx.all(sql, binds![task]).await?;
    rows.iter()
        .map(|row| {
            let mut cells = row.cells();
            Ok((cells.take()?, cells.take()?))
        })
        .collect()
}
