//! Policies: what the artifacts of a project must be like.

use crate::Tx;
use crate::db::{Row, binds};
use muster_model::{Micros, Result};

/// A policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Unique in the project.
    pub name: String,
    /// Its rules, JSON.
    pub rules: String,
    /// Id of the user who wrote them.
    pub updated_by: String,
    /// When.
    pub updated_at: Micros,
}

const POLICY: &str = "SELECT name, rules, updated_by, updated_at FROM sca_policies";

fn policy(row: &Row) -> Result<Policy> {
    let mut cells = row.cells();
    Ok(Policy {
        name: cells.take()?,
        rules: cells.take()?,
        updated_by: cells.take()?,
        updated_at: cells.take()?,
    })
}

/// The policies of a project, by name.
///
/// # Errors
/// Those of the database.
pub async fn list(tx: &mut Tx, project: i64) -> Result<Vec<Policy>> {
    let sql = format!("{POLICY} WHERE project = ? ORDER BY name");
    tx.all(sql, binds![project]).await?.iter().map(policy).collect()
}

/// Keeps a policy, in the place of the one of this name.
///
/// # Errors
/// Those of the database.
pub async fn put(tx: &mut Tx, project: i64, policy: &Policy) -> Result<()> {
    let Policy { name, rules, updated_by, updated_at } = policy;
    tx.execute(
        "INSERT INTO sca_policies (project, name, rules, updated_by, updated_at) VALUES (?,?,?,?,?) \
         ON CONFLICT (project, name) DO UPDATE SET rules = excluded.rules, \
         updated_by = excluded.updated_by, updated_at = excluded.updated_at",
        binds![project, name, rules, updated_by, *updated_at],
    )
    .await
    .map(drop)
}

/// Forgets a policy. No: there is none of this name.
///
/// # Errors
/// Those of the database.
pub async fn delete(tx: &mut Tx, project: i64, name: &str) -> Result<bool> {
    let sql = "DELETE FROM sca_policies WHERE project = ? AND name = ?";
    Ok(tx.execute(sql, binds![project, name]).await? == 1)
}
