//! Which notices of expiry were made.

use super::{COLUMNS, Certificate, certificate};
use crate::Tx;
use crate::db::binds;
use muster_model::{Micros, Result};

/// Certificates whose owners want notices, that end before `until` and were not yet said to have expired; the first to
/// end first, from the one after `after` in that order of key.
///
/// # Errors
/// Those of the database.
pub async fn due(tx: &mut Tx, until: Micros, after: i64, limit: u32) -> Result<Vec<Certificate>> {
    let sql = format!(
        "SELECT key, {COLUMNS} FROM certificates c WHERE c.notices <> 0 AND c.not_after < ? \
         AND c.status IN ('ISSUED','UPLOAD') AND c.key > ? AND NOT EXISTS \
         (SELECT 1 FROM certificate_notices n WHERE n.certificate = c.key AND n.stage = 0) \
         ORDER BY c.key LIMIT ?"
    );
    tx.all(sql, binds![until, after, limit]).await?.iter().map(certificate).collect()
}

/// The stage nearest to the end that a notice was made for.
///
/// # Errors
/// Those of the database.
pub async fn last(tx: &mut Tx, certificate: i64) -> Result<Option<i64>> {
    let sql = "SELECT MIN(stage) FROM certificate_notices WHERE certificate = ?";
    tx.one(sql, binds![certificate]).await?.only()
}

/// Notes a notice. False if it was noted before.
///
/// # Errors
/// Those of the database.
pub async fn add(tx: &mut Tx, certificate: i64, stage: i64, at: Micros) -> Result<bool> {
    let added = tx
        .execute(
            "INSERT INTO certificate_notices (certificate, stage, at) VALUES (?,?,?) \
             ON CONFLICT (certificate, stage) DO NOTHING",
            binds![certificate, stage, at],
        )
        .await?;
    Ok(added > 0)
}

/// Whether the hosts of the account serve the certificate's domain by another that ends later, and this one nowhere.
///
/// # Errors
/// Those of the database.
pub async fn replaced(tx: &mut Tx, it: &Certificate) -> Result<bool> {
    let sites = "FROM facts f JOIN projects p ON p.key = f.project WHERE p.domain = ? \
                 AND EXISTS (SELECT 1 FROM sightings s WHERE s.fact = f.id)";
    let sha256 = &it.content.sha256;
    let served = format!("SELECT 1 {sites} AND f.cert_sha256 = ? LIMIT 1");
    if tx.optional(served, binds![it.domain, sha256]).await?.is_some() {
        return Ok(false);
    }
    // Facts have it in seconds.
    let end = it.content.not_after.map(Micros::secs);
    let newer = format!("SELECT 1 {sites} AND f.name = ? AND f.cert_not_after > ? LIMIT 1");
    Ok(tx.optional(newer, binds![it.domain, &it.main_domain, end]).await?.is_some())
}
