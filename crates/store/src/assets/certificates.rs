//! Certificates that were found on hosts.

use crate::Tx;
use crate::db::{Row, binds};
use muster_model::{Micros, Result};

/// Most certificates of one answer.
const MOST: i64 = 10_000;

/// A certificate found at least at one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// SHA-256 of its DER form, lower hexadecimal.
    pub sha256: String,
    /// Whose it is, for people.
    pub subject: String,
    /// Who issued it, for people.
    pub issuer: String,
    /// When it ends.
    pub not_after: Option<Micros>,
    /// On how many hosts.
    pub hosts: i64,
    /// The id of the account's certificate it is, if it is one.
    pub managed: Option<String>,
}

fn found(row: &Row) -> Result<Found> {
    let mut cells = row.cells();
    Ok(Found {
        sha256: cells.take()?,
        subject: cells.take::<Option<String>>()?.unwrap_or_default(),
        issuer: cells.take::<Option<String>>()?.unwrap_or_default(),
        // Facts have it in seconds.
        not_after: cells.take::<Option<i64>>()?.map(Micros::from_secs),
        hosts: cells.take()?,
        managed: cells.take()?,
    })
}

/// The certificates sites of an account's hosts have now, the first to end first.
///
/// # Errors
/// Those of the database.
pub async fn certificates(tx: &mut Tx, domain: i64) -> Result<Vec<Found>> {
    let sql = "SELECT f.cert_sha256, MIN(f.cert_subject), MIN(f.cert_issuer), MIN(f.cert_not_after), \
               COUNT(DISTINCT s.host), \
               (SELECT MAX(c.id) FROM certificates c WHERE c.domain = ? AND c.sha256 = f.cert_sha256) \
               FROM facts f JOIN sightings s ON s.fact = f.id JOIN projects p ON p.key = f.project \
               WHERE p.domain = ? AND f.cert_sha256 IS NOT NULL \
               GROUP BY f.cert_sha256 ORDER BY MIN(f.cert_not_after), f.cert_sha256 LIMIT ?";
    tx.all(sql, binds![domain, domain, MOST]).await?.iter().map(found).collect()
}
