//! The Kubernetes clusters that hosts say they are nodes of.

use super::Filter;
use crate::Tx;
use crate::db::{binds, folded};
use muster_model::host::Cluster;
use muster_model::{Micros, Page, Paging, Result};

/// A cluster with what its known nodes tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gathered {
    /// The cluster; of several names or servers the last in their order.
    pub cluster: Cluster,
    /// Hosts that are nodes of it.
    pub nodes: i64,
    /// Those whose agent is online.
    pub online: i64,
    /// When one of them was last heard of.
    pub last_seen: Option<Micros>,
}

/// The clusters of the hosts that match, by name. `name`: a part of it.
///
/// # Errors
/// Those of the database.
pub async fn clusters(
    tx: &mut Tx,
    project: i64,
    filter: &Filter,
    name: Option<&str>,
    paging: Paging,
) -> Result<Page<Gathered>> {
    let (mut condition, mut values) = filter.sql(tx, project);
    condition.push_str(" AND cluster_id <> ''");
    if let Some(name) = name {
        condition.push_str(" AND ");
        condition.push_str(&tx.contains("cluster_name"));
        values.push(folded(name).into());
    }
    let sql = format!("SELECT count(DISTINCT cluster_id) FROM hosts WHERE {condition}");
    let total = tx.one(sql, values.clone()).await?.only()?;
    let mut all = binds![filter.online_since];
    all.extend(values);
    all.extend(binds![paging.limit, paging.offset]);
    let sql = format!(
        "SELECT cluster_id, max(cluster_name) AS name, max(cluster_server), count(*), \
         CAST(sum(CASE WHEN agent_id IS NOT NULL AND last_seen >= ? THEN 1 ELSE 0 END) AS BIGINT), max(last_seen) \
         FROM hosts WHERE {condition} GROUP BY cluster_id ORDER BY name, cluster_id LIMIT ? OFFSET ?"
    );
    let rows = tx.all(sql, all).await?;
    let rows = rows.iter().map(|row| {
        let mut cells = row.cells();
        let cluster = Cluster { id: cells.take()?, name: cells.take()?, server: cells.take()? };
        let (nodes, online) = (cells.take()?, cells.take()?);
        Ok(Gathered { cluster, nodes, online, last_seen: cells.take()? })
    });
    Ok(Page { total, rows: rows.collect::<Result<_>>()? })
}
