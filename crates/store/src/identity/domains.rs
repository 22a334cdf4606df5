//! Accounts and their projects.

use crate::Tx;
use crate::db::{Cells, Row, binds};
use muster_model::id::{DomainId, ProjectId};
use muster_model::{Error, Micros, Result};

/// An account; the vendor says domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Domain {
    /// Key inside the store.
    pub key: i64,
    /// Its id.
    pub id: DomainId,
    /// Its name, unique in the installation.
    pub name: String,
}

/// A project of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    /// Key inside the store.
    pub key: i64,
    /// Its id.
    pub id: ProjectId,
    /// Its account.
    pub domain: i64,
    /// Its name, unique in the account.
    pub name: String,
    /// For people.
    pub description: String,
    /// Nothing can be done in a disabled project.
    pub enabled: bool,
}

fn domain(row: &Row) -> Result<Domain> {
    let mut cells = row.cells();
    Ok(Domain {
        key: cells.take()?,
        id: DomainId::parse(&cells.take::<String>()?)?,
        name: cells.take()?,
    })
}

const PROJECT: &str = "SELECT key, id, domain, name, description, enabled FROM projects";

fn project(row: &Row) -> Result<Project> {
    let mut cells: Cells<'_> = row.cells();
    Ok(Project {
        key: cells.take()?,
        id: ProjectId::parse(&cells.take::<String>()?)?,
        domain: cells.take()?,
        name: cells.take()?,
        description: cells.take()?,
        enabled: cells.take()?,
    })
}

/// Adds an account.
///
/// # Errors
/// `Conflict` when the id or the name is taken.
pub async fn create_domain(tx: &mut Tx, id: &DomainId, name: &str, now: Micros) -> Result<Domain> {
    let row = tx
        .one(
            "INSERT INTO domains (id, name, created_at) VALUES (?,?,?) RETURNING key, id, name",
            binds![id.as_str(), name, now],
        )
        .await?;
    domain(&row)
}

/// All accounts by name.
///
/// # Errors
/// Those of the database.
pub async fn domains(tx: &mut Tx) -> Result<Vec<Domain>> {
    tx.all("SELECT key, id, name FROM domains ORDER BY name", vec![])
        .await?
        .iter()
        .map(domain)
        .collect()
}

/// The account with this key.
///
/// # Errors
/// Those of the database.
pub async fn domain_by_key(tx: &mut Tx, key: i64) -> Result<Option<Domain>> {
    let row = tx.optional("SELECT key, id, name FROM domains WHERE key = ?", binds![key]).await?;
    row.as_ref().map(domain).transpose()
}

/// The account with this id.
///
/// # Errors
/// Those of the database.
pub async fn domain_by_id(tx: &mut Tx, id: &str) -> Result<Option<Domain>> {
    let row = tx.optional("SELECT key, id, name FROM domains WHERE id = ?", binds![id]).await?;
    row.as_ref().map(domain).transpose()
}

/// The account with this name.
///
/// # Errors
/// Those of the database.
pub async fn domain_by_name(tx: &mut Tx, name: &str) -> Result<Option<Domain>> {
    let row = tx.optional("SELECT key, id, name FROM domains WHERE name = ?", binds![name]).await?;
    row.as_ref().map(domain).transpose()
}

/// Adds an enabled project to an account.
///
/// # Errors
/// `Conflict` when the id is taken, or the name in this account.
pub async fn create_project(
    tx: &mut Tx,
    domain: i64,
    id: &ProjectId,
    name: &str,
    description: &str,
    now: Micros,
) -> Result<Project> {
    let row = tx
        .one(
            "INSERT INTO projects (id, domain, name, description, enabled, created_at) \
             VALUES (?,?,?,?,1,?) RETURNING key, id, domain, name, description, enabled",
            binds![id.as_str(), domain, name, description, now],
        )
        .await?;
    project(&row)
}

/// Stores name, description and whether the project is enabled.
///
/// # Errors
/// `NotFound`; `Conflict` when the name is taken in its account.
pub async fn update_project(tx: &mut Tx, project: &Project) -> Result<()> {
    let touched = tx
        .execute(
            "UPDATE projects SET name = ?, description = ?, enabled = ? WHERE key = ?",
            binds![&project.name, &project.description, project.enabled, project.key],
        )
        .await?;
    if touched == 0 { Err(Error::not_found("the project")) } else { Ok(()) }
}

/// The projects of an account by name.
///
/// # Errors
/// Those of the database.
pub async fn projects(tx: &mut Tx, domain: i64) -> Result<Vec<Project>> {
    let rows = tx.all(format!("{PROJECT} WHERE domain = ? ORDER BY name"), binds![domain]).await?;
    rows.iter().map(project).collect()
}

/// Every project of the installation by key.
///
/// # Errors
/// Those of the database.
pub async fn all_projects(tx: &mut Tx) -> Result<Vec<Project>> {
    tx.all(format!("{PROJECT} ORDER BY key"), vec![]).await?.iter().map(project).collect()
}

/// The project with this id.
///
/// # Errors
/// Those of the database.
pub async fn project_by_id(tx: &mut Tx, id: &str) -> Result<Option<Project>> {
    let row = tx.optional(format!("{PROJECT} WHERE id = ?"), binds![id]).await?;
    row.as_ref().map(project).transpose()
}

/// The project with this key.
///
/// # Errors
/// Those of the database.
pub async fn project_by_key(tx: &mut Tx, key: i64) -> Result<Option<Project>> {
    let row = tx.optional(format!("{PROJECT} WHERE key = ?"), binds![key]).await?;
    row.as_ref().map(project).transpose()
}

/// The project of an account with this name.
///
/// # Errors
/// Those of the database.
pub async fn project_by_name(tx: &mut Tx, domain: i64, name: &str) -> Result<Option<Project>> {
    let sql = format!("{PROJECT} WHERE domain = ? AND name = ?");
    tx.optional(sql, binds![domain, name]).await?.as_ref().map(project).transpose()
}
