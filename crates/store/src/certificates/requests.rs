//! Certificate requests of an account, made here or uploaded.

use crate::Tx;
use crate::db::{Row, binds, folded};
use muster_model::{Error, Micros, Page, Paging, Result};
use std::fmt;

/// A request. Its `Debug` form shows nothing of the key.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// Key inside the store; 0 before it is stored.
    pub key: i64,
    /// `csr` and 13 digits.
    pub id: String,
    /// Its account.
    pub domain: i64,
    /// For people.
    pub name: String,
    /// The request in PEM.
    pub csr: String,
    /// The first domain.
    pub main_domain: String,
    /// Further names, separated by `;`.
    pub sans: String,
    /// `RSA_2048` ...
    pub algorithm: String,
    /// `PERSONAL` or `ENTERPRISE`.
    pub usage: String,
    /// Two letters, or empty.
    pub country: String,
    /// Province, or empty.
    pub province: String,
    /// City, or empty.
    pub city: String,
    /// Company, or empty.
    pub company: String,
    /// The private key as the vault sealed it; none where the customer keeps it.
    pub sealed_key: Option<Vec<u8>>,
    /// When it was made or uploaded.
    pub created_at: Micros,
    /// When it was last changed.
    pub updated_at: Micros,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request").field("id", &self.id).finish_non_exhaustive()
    }
}

const COLUMNS: &str = "id, domain, name, csr, main_domain, sans, algorithm, usage, country, province, city, \
                       company, sealed_key, created_at, updated_at";

fn request(row: &Row) -> Result<Request> {
    let mut cells = row.cells();
    Ok(Request {
        key: cells.take()?,
        id: cells.take()?,
        domain: cells.take()?,
        name: cells.take()?,
        csr: cells.take()?,
        main_domain: cells.take()?,
        sans: cells.take()?,
        algorithm: cells.take()?,
        usage: cells.take()?,
        country: cells.take()?,
        province: cells.take()?,
        city: cells.take()?,
        company: cells.take()?,
        sealed_key: cells.take()?,
        created_at: cells.take()?,
        updated_at: cells.take()?,
    })
}

/// Adds a request.
///
/// # Errors
/// `Conflict` when the id is taken.
pub async fn create(tx: &mut Tx, it: &Request) -> Result<()> {
    tx.execute(
        format!(
            "INSERT INTO certificate_requests ({COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
        ),
        binds![
            &it.id,
            it.domain,
            &it.name,
            &it.csr,
            &it.main_domain,
            &it.sans,
            &it.algorithm,
            &it.usage,
            &it.country,
            &it.province,
            &it.city,
            &it.company,
            it.sealed_key.clone(),
            it.created_at,
            it.updated_at
        ],
    )
    .await
    .map(drop)
}

/// An account's request of this id.
///
/// # Errors
/// Those of the database.
pub async fn get(tx: &mut Tx, domain: i64, id: &str) -> Result<Option<Request>> {
    let sql =
        format!("SELECT key, {COLUMNS} FROM certificate_requests WHERE domain = ? AND id = ?");
    tx.optional(sql, binds![domain, id]).await?.as_ref().map(request).transpose()
}

/// An account's requests, newest first; with a part of the name or of an algorithm where given.
///
/// # Errors
/// Those of the database.
pub async fn list(
    tx: &mut Tx,
    domain: i64,
    name: Option<&str>,
    algorithm: Option<&str>,
    paging: Paging,
) -> Result<Page<Request>> {
    let (mut condition, mut values) = ("domain = ?".to_owned(), binds![domain]);
    if let Some(name) = name {
        condition.push_str(" AND ");
        condition.push_str(&tx.contains("name"));
        values.extend(binds![folded(name)]);
    }
    if let Some(algorithm) = algorithm {
        condition.push_str(" AND algorithm = ?");
        values.extend(binds![algorithm]);
    }
    let count = format!("SELECT COUNT(*) FROM certificate_requests WHERE {condition}");
    let total: i64 = tx.one(count, values.clone()).await?.only()?;
    values.extend(binds![paging.limit, paging.offset]);
    let sql = format!(
        "SELECT key, {COLUMNS} FROM certificate_requests WHERE {condition} \
         ORDER BY created_at DESC, key DESC LIMIT ? OFFSET ?"
    );
    let rows = tx.all(sql, values).await?.iter().map(request).collect::<Result<_>>()?;
    Ok(Page { rows, total })
}

/// Stores a request's name, its sealed key and when it was changed.
///
/// # Errors
/// `NotFound`.
pub async fn update(tx: &mut Tx, it: &Request) -> Result<()> {
    let touched = tx
        .execute(
            "UPDATE certificate_requests SET name = ?, sealed_key = ?, updated_at = ? WHERE key = ?",
            binds![&it.name, it.sealed_key.clone(), it.updated_at, it.key],
        )
        .await?;
    if touched == 0 { Err(Error::not_found("the certificate request")) } else { Ok(()) }
}

/// Removes a request.
///
/// # Errors
/// `NotFound`.
pub async fn delete(tx: &mut Tx, key: i64) -> Result<()> {
    let touched = tx.execute("DELETE FROM certificate_requests WHERE key = ?", binds![key]).await?;
    if touched == 0 { Err(Error::not_found("the certificate request")) } else { Ok(()) }
}
