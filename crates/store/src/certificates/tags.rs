//! Tags of certificates: a name and a value, the name once a certificate.

use crate::Tx;
use crate::db::{Row, binds};
use muster_model::Result;
use std::collections::HashMap;

/// A tag.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tag {
    /// Its name.
    pub name: String,
    /// Its value, may be empty.
    pub value: String,
}

fn tag(row: &Row) -> Result<Tag> {
    let mut cells = row.cells();
    Ok(Tag { name: cells.take()?, value: cells.take()? })
}

/// The tags of a certificate by name.
///
/// # Errors
/// Those of the database.
pub async fn of(tx: &mut Tx, certificate: i64) -> Result<Vec<Tag>> {
    let sql = "SELECT name, value FROM certificate_tags WHERE certificate = ? ORDER BY name";
    tx.all(sql, binds![certificate]).await?.iter().map(tag).collect()
}

/// Every tag an account's certificates have, once each, by name and value.
///
/// # Errors
/// Those of the database.
pub async fn all(tx: &mut Tx, domain: i64) -> Result<Vec<Tag>> {
    let sql = "SELECT DISTINCT t.name, t.value FROM certificate_tags t \
               JOIN certificates c ON c.key = t.certificate WHERE c.domain = ? \
               ORDER BY t.name, t.value LIMIT 10000";
    tx.all(sql, binds![domain]).await?.iter().map(tag).collect()
}

/// The tags of all certificates of an account, by the certificates' keys.
///
/// # Errors
/// Those of the database.
pub async fn by_certificate(tx: &mut Tx, domain: i64) -> Result<HashMap<i64, Vec<Tag>>> {
    let sql = "SELECT t.certificate, t.name, t.value FROM certificate_tags t \
               JOIN certificates c ON c.key = t.certificate WHERE c.domain = ?";
    let mut all: HashMap<i64, Vec<Tag>> = HashMap::new();
    for row in tx.all(sql, binds![domain]).await? {
        let mut cells = row.cells();
        let certificate = cells.take()?;
        let tag = Tag { name: cells.take()?, value: cells.take()? };
        all.entry(certificate).or_default().push(tag);
    }
    Ok(all)
}

/// Sets a tag, whatever its value was.
///
/// # Errors
/// Those of the database.
pub async fn set(tx: &mut Tx, certificate: i64, tag: &Tag) -> Result<()> {
    tx.execute(
        "INSERT INTO certificate_tags (certificate, name, value) VALUES (?,?,?) \
         ON CONFLICT (certificate, name) DO UPDATE SET value = excluded.value",
        binds![certificate, &tag.name, &tag.value],
    )
    .await
    .map(drop)
}

/// Removes a tag. One that is not there is no error.
///
/// # Errors
/// Those of the database.
pub async fn remove(tx: &mut Tx, certificate: i64, name: &str) -> Result<()> {
    let sql = "DELETE FROM certificate_tags WHERE certificate = ? AND name = ?";
    tx.execute(sql, binds![certificate, name]).await.map(drop)
}
