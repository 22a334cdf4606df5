//! Agencies: rights an account lends to the users of another account, or to its own.

use crate::Tx;
use crate::db::{Row, binds};
use muster_model::{Error, Micros, Result};

/// An agency of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agency {
    /// Key inside the store.
    pub key: i64,
    /// Its id.
    pub id: String,
    /// The account that lends.
    pub domain: i64,
    /// Its name, unique in the account.
    pub name: String,
    /// The account whose users may assume it.
    pub trusted: i64,
    /// For people.
    pub description: String,
    /// When it was made.
    pub created_at: Micros,
    /// When it ends; none: never.
    pub expires_at: Option<Micros>,
    /// Grows with each change: what was assumed under another one is void.
    pub version: i64,
}

const AGENCY: &str = "SELECT key, id, domain, name, trusted, description, created_at, expires_at, version \
                      FROM agencies";

fn agency(row: &Row) -> Result<Agency> {
    let mut cells = row.cells();
    Ok(Agency {
        key: cells.take()?,
        id: cells.take()?,
        domain: cells.take()?,
        name: cells.take()?,
        trusted: cells.take()?,
        description: cells.take()?,
        created_at: cells.take()?,
        expires_at: cells.take()?,
        version: cells.take()?,
    })
}

/// Adds an agency; its key and version are not looked at.
///
/// # Errors
/// `Conflict` when the id is taken, or the name in this account.
pub async fn create(tx: &mut Tx, new: &Agency) -> Result<()> {
    tx.execute(
        "INSERT INTO agencies (id, domain, name, trusted, description, created_at, expires_at, version) \
         VALUES (?,?,?,?,?,?,?,?)",
        binds![
            &new.id,
            new.domain,
            &new.name,
            new.trusted,
            &new.description,
            new.created_at,
            new.expires_at,
            new.created_at
        ],
    )
    .await
    .map(drop)
}

/// Every agency of the installation by name.
///
/// # Errors
/// Those of the database.
pub async fn all(tx: &mut Tx) -> Result<Vec<Agency>> {
    tx.all(format!("{AGENCY} ORDER BY name, key"), vec![]).await?.iter().map(agency).collect()
}

/// The agency with this id.
///
/// # Errors
/// Those of the database.
pub async fn by_id(tx: &mut Tx, id: &str) -> Result<Option<Agency>> {
    let row = tx.optional(format!("{AGENCY} WHERE id = ?"), binds![id]).await?;
    row.as_ref().map(agency).transpose()
}

/// Stores whom it trusts, its description and its end. The version grows.
///
/// # Errors
/// `NotFound`.
pub async fn update(tx: &mut Tx, it: &Agency) -> Result<()> {
    let touched = tx
        .execute(
            "UPDATE agencies SET trusted = ?, description = ?, expires_at = ?, version = version + 1 \
             WHERE key = ?",
            binds![it.trusted, &it.description, it.expires_at, it.key],
        )
        .await?;
    if touched == 0 { Err(Error::not_found("the agency")) } else { Ok(()) }
}

/// Removes an agency with its rights.
///
/// # Errors
/// `NotFound`.
pub async fn delete(tx: &mut Tx, key: i64) -> Result<()> {
    let touched = tx.execute("DELETE FROM agencies WHERE key = ?", binds![key]).await?;
    if touched == 0 { Err(Error::not_found("the agency")) } else { Ok(()) }
}
