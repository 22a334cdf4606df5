//! Hosts in numbers: their containers and operating systems.

use super::Filter;
use crate::Tx;
use crate::db::Bind;
use muster_model::Result;
use std::collections::HashSet;

/// Those of `hosts` that are nodes: containers run on them, or their owners say so.
///
/// # Errors
/// Those of the database.
pub async fn nodes(tx: &mut Tx, hosts: &[i64]) -> Result<HashSet<i64>> {
    if hosts.is_empty() {
        return Ok(HashSet::new());
    }
    let places = vec!["?"; hosts.len()].join(",");
    // A container that is gone leaves scopes without a digest for a while.
    let sql = format!(
        "SELECT host FROM host_kinds WHERE container > 0 AND length(digest) > 0 AND host IN ({places}) \
         UNION SELECT key FROM hosts WHERE container_node = 1 AND key IN ({places})"
    );
    let values = hosts.iter().chain(hosts).map(|host| Bind::from(*host)).collect();
    tx.all(sql, values).await?.iter().map(|row| row.only()).collect()
}

/// How many containers run on the hosts that match.
///
/// # Errors
/// Those of the database.
pub async fn count_containers(tx: &mut Tx, project: i64, filter: &Filter) -> Result<i64> {
    let (condition, values) = filter.sql(tx, project);
    let sql = format!(
        "SELECT count(*) FROM (SELECT DISTINCT host, container FROM host_kinds WHERE container > 0 \
         AND length(digest) > 0 AND host IN (SELECT key FROM hosts WHERE {condition})) running"
    );
    tx.one(sql, values).await?.only()
}

/// How many of the hosts that match run each operating system, the most frequent first.
///
/// # Errors
/// Those of the database.
pub async fn systems(tx: &mut Tx, project: i64, filter: &Filter) -> Result<Vec<(String, i64)>> {
    let (condition, values) = filter.sql(tx, project);
    let sql = format!(
        "SELECT os_name, count(*) AS n FROM hosts WHERE {condition} \
         GROUP BY os_name ORDER BY n DESC, os_name"
    );
    let rows = tx.all(sql, values).await?;
    rows.iter()
        .map(|row| {
            let mut cells = row.cells();
            Ok((cells.take()?, cells.take()?))
        })
        .collect()
}

/// The keys of the hosts that match: bounded by the number of hosts of the project.
///
/// # Errors
/// Those of the database.
pub async fn keys(tx: &mut Tx, project: i64, filter: &Filter) -> Result<Vec<i64>> {
    let (condition, values) = filter.sql(tx, project);
    let sql = format!("SELECT key FROM hosts WHERE {condition} ORDER BY key");
    tx.all(sql, values).await?.iter().map(|row| row.only()).collect()
}
