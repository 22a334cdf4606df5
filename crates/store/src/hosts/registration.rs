//! Hosts that were entered before an agent is there: what is expected of the agent, and how its installation goes.

use super::{HOST, Host, Ownership, PROFILE_COLUMNS, host, profile_binds, tag_lines};
use crate::Tx;
use crate::db::{Bind, Cells, binds};
use muster_model::host::HostProfile;
use muster_model::id::HostId;
use muster_model::{Error, Micros, Result};
use std::collections::BTreeMap;

/// What was entered of a host before an agent was there. All empty for one that came with its agent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Registration {
    /// The name it was entered by. It stays, whatever its agent calls it.
    pub name: String,
    /// The address it was said to have, or empty.
    pub address: String,
    /// The machine id it was said to have, or empty.
    pub machine_id: String,
}

/// An installation of an agent that is under way or failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installation {
    /// Why it failed, or empty.
    pub reason: String,
    /// Whether it failed.
    pub failed: bool,
    /// Since when it is as it is.
    pub since: Micros,
}

pub(super) fn read(cells: &mut Cells<'_>) -> Result<Registration> {
    Ok(Registration { name: cells.take()?, address: cells.take()?, machine_id: cells.take()? })
}

pub(super) fn read_installation(cells: &mut Cells<'_>) -> Result<Option<Installation>> {
    let (state, reason, since): (String, String, Option<Micros>) =
        (cells.take()?, cells.take()?, cells.take()?);
    Ok(since.map(|since| Installation { reason, failed: state == "failed", since }))
}

/// A host to be entered.
#[derive(Clone, Debug)]
pub struct NewHost {
    /// Its id.
    pub id: HostId,
    /// What is known of it. The texts must be free of NUL.
    pub profile: HostProfile,
    /// What its owner says of it.
    pub owner: Ownership,
    /// What is expected of its agent.
    pub registration: Registration,
}

/// Adds hosts without agents.
///
/// # Errors
/// `Conflict` when an id is taken.
pub async fn register(tx: &mut Tx, project: i64, hosts: &[NewHost], now: Micros) -> Result<()> {
    let mut values = Vec::with_capacity(hosts.len() * WIDTH);
    for NewHost { id, profile, owner, registration } in hosts {
        values.extend(host_binds(project, id, profile, owner, registration, now));
    }
    tx.bulk_insert(&insert(), WIDTH, values, "").await.map(drop)
}

/// Adds a host and answers its key.
pub(super) async fn register_one(
    tx: &mut Tx,
    project: i64,
    id: &HostId,
    profile: &HostProfile,
    owner: &Ownership,
    now: Micros,
) -> Result<i64> {
    let values = host_binds(project, id, profile, owner, &Registration::default(), now);
    let rows = tx.bulk_insert(&insert(), WIDTH, values, "RETURNING key").await?;
    rows.first().ok_or_else(|| Error::internal("a row was expected"))?.only()
}

/// How many values a new host has.
const WIDTH: usize = 33;

fn insert() -> String {
    format!(
        "INSERT INTO hosts ({PROFILE_COLUMNS}, id, project, agent_version, department, importance, location, \
         host_group, enterprise_project_id, container_node, tags, entered_name, expected_address, \
         expected_machine_id, created_at)"
    )
}

fn host_binds(
    project: i64,
    id: &HostId,
    profile: &HostProfile,
    owner: &Ownership,
    registration: &Registration,
    now: Micros,
) -> Vec<Bind> {
    let mut values = profile_binds(profile);
    values.extend(binds![
        id.as_str(),
        project,
        "",
        &owner.department,
        &owner.importance,
        &owner.location,
        &owner.group,
        &owner.enterprise_project_id,
        owner.container_node,
        tag_lines(&owner.tags),
        &registration.name,
        &registration.address,
        &registration.machine_id,
        now
    ]);
    values
}

/// Stores what is expected of the host's agent.
///
/// # Errors
/// Those of the database.
pub async fn update_registration(tx: &mut Tx, key: i64, to: &Registration) -> Result<()> {
    tx.execute(
        "UPDATE hosts SET entered_name = ?, expected_address = ?, expected_machine_id = ? WHERE key = ?",
        binds![&to.name, &to.address, &to.machine_id, key],
    )
    .await
    .map(drop)
}

/// Stores the address that is shown of a host whose agent has not told any; empty for none.
///
/// # Errors
/// Those of the database.
pub async fn update_address(tx: &mut Tx, key: i64, address: &str) -> Result<()> {
    let lines = if address.is_empty() { "\n".to_owned() } else { format!("\n{address}\n") };
    tx.execute("UPDATE hosts SET ip = ?, addresses = ? WHERE key = ?", binds![address, lines, key])
        .await
        .map(drop)
}

/// Stores how the installation of the host's agent goes; none once there is nothing to say of it.
///
/// # Errors
/// Those of the database.
pub async fn set_installation(tx: &mut Tx, key: i64, to: Option<&Installation>) -> Result<()> {
    let state = match to {
        None => "",
        Some(Installation { failed: true, .. }) => "failed",
        Some(_) => "installing",
    };
    let reason = to.map(|to| to.reason.as_str()).unwrap_or_default();
    tx.execute(
        "UPDATE hosts SET install_state = ?, install_reason = ?, install_since = ? WHERE key = ?",
        binds![state, reason, to.map(|to| to.since), key],
    )
    .await
    .map(drop)
}

/// Entered by hand, and nobody ever spoke for it: not even one who was shut out since.
const WAITING: &str = "project = ? AND entered_name <> '' AND agent_id IS NULL \
                       AND NOT EXISTS (SELECT 1 FROM agents WHERE agents.host = hosts.key)";

/// The hosts that wait for an agent with this machine id.
///
/// # Errors
/// Those of the database.
pub async fn expecting_machine(tx: &mut Tx, project: i64, machine_id: &str) -> Result<Vec<Host>> {
    let sql = format!("{HOST} WHERE {WAITING} AND expected_machine_id = ? ORDER BY key");
    tx.all(sql, binds![project, machine_id]).await?.iter().map(host).collect()
}

/// The hosts entered by exactly this name that wait for an agent, of whatever machine id.
///
/// # Errors
/// Those of the database.
pub async fn expecting_name(tx: &mut Tx, project: i64, name: &str) -> Result<Vec<Host>> {
    let sql = format!(
        "{HOST} WHERE {WAITING} AND expected_machine_id = '' AND entered_name = ? ORDER BY key"
    );
    tx.all(sql, binds![project, name]).await?.iter().map(host).collect()
}

/// The hosts of a project that have, or were entered by, exactly one of these names.
///
/// # Errors
/// Those of the database.
pub async fn with_names(tx: &mut Tx, project: i64, names: &[&str]) -> Result<Vec<Host>> {
    in_project(tx, project, ["name", "entered_name"], names).await
}

/// The hosts of a project that have, or were entered with, one of these machine ids.
///
/// # Errors
/// Those of the database.
pub async fn with_machine_ids(tx: &mut Tx, project: i64, ids: &[&str]) -> Result<Vec<Host>> {
    in_project(tx, project, ["machine_id", "expected_machine_id"], ids).await
}

/// The hosts of a project that have one of these values in a column, or were entered with it in another, oldest first.
async fn in_project(
    tx: &mut Tx,
    project: i64,
    [told, entered]: [&str; 2],
    values: &[&str],
) -> Result<Vec<Host>> {
    let values: Vec<_> = values.iter().map(|value| Bind::from(*value)).collect();
    let mut hosts = BTreeMap::new();
    // The condition is that of the index; two statements, as one with OR would use neither.
    for column in [told.to_owned(), format!("{entered} <> '' AND {entered}")] {
        let head = format!("{HOST} WHERE project = ? AND {column}");
        for row in tx.all_in(&head, binds![project], values.clone()).await? {
            let host = host(&row)?;
            hosts.insert(host.key, host);
        }
    }
    Ok(hosts.into_values().collect())
}

/// Forgets a host that never had an agent and that no key pair is bound to, with the tokens that were for it. Answers
/// whether that was so.
///
/// # Errors
/// Those of the database.
pub async fn remove(tx: &mut Tx, key: i64) -> Result<bool> {
    let hangs_on_it: i64 = tx
        .one(
            "SELECT (SELECT count(*) FROM agents WHERE host = ?) \
             + (SELECT count(*) FROM keypair_bindings WHERE host = ?) \
             + (SELECT count(*) FROM keypair_tasks WHERE host = ? AND finished_at IS NULL)",
            binds![key, key, key],
        )
        .await?
        .only()?;
    if hangs_on_it > 0 {
        return Ok(false);
    }
    tx.execute("DELETE FROM enrolment_tokens WHERE host = ?", binds![key]).await?;
    Ok(tx.execute("DELETE FROM hosts WHERE key = ?", binds![key]).await? > 0)
}
