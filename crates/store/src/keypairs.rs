//! Key pairs: what is public of them, and their sealed private halves.

pub mod bindings;
pub mod found;
pub mod tasks;

use crate::Tx;
use crate::db::{Row, binds};
use muster_model::{Error, Micros, Result};

/// A key pair without its private half.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keypair {
    /// Key inside the store; it grows, and so it is the order of lists.
    pub key: i64,
    /// Its id: 32 hexadecimal digits.
    pub id: String,
    /// Key of its project.
    pub project: i64,
    /// Key of the one user it is for; none, it is for everybody.
    pub owner: Option<i64>,
    /// Its name.
    pub name: String,
    /// `ssh` or `x509`.
    pub kind: String,
    /// `rsa-2048`, `ed25519` ...
    pub algorithm: String,
    /// One line as in `authorized_keys`; of an x509 pair the certificate, PEM.
    pub public_key: String,
    /// The vendor's fingerprint: MD5 of an ssh pair, SHA-1 of an x509 pair, in pairs with colons.
    pub fingerprint: String,
    /// `SHA256:...`, as OpenSSH names the key.
    pub sha256: String,
    /// Whether its private half is kept.
    pub has_private_key: bool,
    /// For people.
    pub description: String,
    /// Id of the user who made it.
    pub created_by: String,
    /// When it was made.
    pub created_at: Micros,
    /// When it was last changed.
    pub updated_at: Micros,
}

const KEYPAIR: &str = "SELECT key, id, project, owner, name, kind, algorithm, public_key, fingerprint, sha256, \
                       CAST(CASE WHEN sealed_private_key IS NULL THEN 0 ELSE 1 END AS BIGINT), description, \
                       created_by, created_at, updated_at FROM keypairs";

/// What a user sees: pairs for everybody, and the own ones.
const VISIBLE: &str = "project = ? AND (owner IS NULL OR owner = ?)";

fn keypair(row: &Row) -> Result<Keypair> {
    let mut cells = row.cells();
    Ok(Keypair {
        key: cells.take()?,
        id: cells.take()?,
        project: cells.take()?,
        owner: cells.take()?,
        name: cells.take()?,
        kind: cells.take()?,
        algorithm: cells.take()?,
        public_key: cells.take()?,
        fingerprint: cells.take()?,
        sha256: cells.take()?,
        has_private_key: cells.take()?,
        description: cells.take()?,
        created_by: cells.take()?,
        created_at: cells.take()?,
        updated_at: cells.take()?,
    })
}

/// Adds a pair, whose `key` and `has_private_key` count for nothing, and answers its key.
///
/// # Errors
/// `Conflict` when the owner has one of that name.
pub async fn create(tx: &mut Tx, pair: &Keypair, sealed: Option<&[u8]>) -> Result<i64> {
    tx.one(
        "INSERT INTO keypairs (id, project, owner, name, kind, algorithm, public_key, fingerprint, sha256, \
         sealed_private_key, description, created_by, created_at, updated_at) \
         VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?) RETURNING key",
        binds![
            &pair.id,
            pair.project,
            pair.owner,
            &pair.name,
            &pair.kind,
            &pair.algorithm,
            &pair.public_key,
            &pair.fingerprint,
            &pair.sha256,
            sealed.map(<[u8]>::to_vec),
            &pair.description,
            &pair.created_by,
            pair.created_at,
            pair.updated_at
        ],
    )
    .await?
    .only()
}

/// The pair of this name that `user` sees: the own one before the one for everybody.
///
/// # Errors
/// Those of the database.
pub async fn by_name(tx: &mut Tx, project: i64, user: i64, name: &str) -> Result<Option<Keypair>> {
    let sql = format!(
        "{KEYPAIR} WHERE {VISIBLE} AND name = ? ORDER BY CASE WHEN owner IS NULL THEN 1 ELSE 0 END LIMIT 1"
    );
    tx.optional(sql, binds![project, user, name]).await?.as_ref().map(keypair).transpose()
}

/// The pair with this key.
///
/// # Errors
/// Those of the database.
pub async fn by_key(tx: &mut Tx, key: i64) -> Result<Option<Keypair>> {
    let row = tx.optional(format!("{KEYPAIR} WHERE key = ?"), binds![key]).await?;
    row.as_ref().map(keypair).transpose()
}

/// What `user` sees from the pair with the key `from` on, in the order of keys.
///
/// # Errors
/// Those of the database.
pub async fn list(
    tx: &mut Tx,
    project: i64,
    user: i64,
    from: i64,
    limit: u32,
) -> Result<Vec<Keypair>> {
    let sql = format!("{KEYPAIR} WHERE {VISIBLE} AND key >= ? ORDER BY key LIMIT ?");
    tx.all(sql, binds![project, user, from, limit]).await?.iter().map(keypair).collect()
}

/// Where the page of `limit` pairs before the one with the key `from` begins; none if nothing is before it.
///
/// # Errors
/// Those of the database.
pub async fn page_before(
    tx: &mut Tx,
    project: i64,
    user: i64,
    from: i64,
    limit: u32,
) -> Result<Option<i64>> {
    let sql =
        format!("SELECT key FROM keypairs WHERE {VISIBLE} AND key < ? ORDER BY key DESC LIMIT ?");
    let rows = tx.all(sql, binds![project, user, from, limit]).await?;
    rows.last().map(Row::only).transpose()
}

/// Fingerprints (`SHA256:...`) of all pairs of a project, whoever's.
///
/// # Errors
/// Those of the database.
pub async fn fingerprints(tx: &mut Tx, project: i64) -> Result<Vec<String>> {
    let sql = "SELECT DISTINCT sha256 FROM keypairs WHERE project = ?";
    tx.all(sql, binds![project]).await?.iter().map(Row::only).collect()
}

/// The sealed private half, if it is kept.
///
/// # Errors
/// Those of the database.
pub async fn private_key(tx: &mut Tx, key: i64) -> Result<Option<Vec<u8>>> {
    let sql = "SELECT sealed_private_key FROM keypairs WHERE key = ?";
    Ok(tx.optional(sql, binds![key]).await?.map(|row| row.only()).transpose()?.flatten())
}

/// Keeps a private half, or forgets it.
///
/// # Errors
/// `NotFound` if the pair is gone.
pub async fn set_private_key(
    tx: &mut Tx,
    key: i64,
    sealed: Option<&[u8]>,
    now: Micros,
) -> Result<()> {
    let sql = "UPDATE keypairs SET sealed_private_key = ?, updated_at = ? WHERE key = ?";
    let touched = tx.execute(sql, binds![sealed.map(<[u8]>::to_vec), now, key]).await?;
    if touched == 0 { Err(Error::not_found("the key pair")) } else { Ok(()) }
}

/// Changes the description.
///
/// # Errors
/// `NotFound` if the pair is gone.
pub async fn set_description(tx: &mut Tx, key: i64, description: &str, now: Micros) -> Result<()> {
    let sql = "UPDATE keypairs SET description = ?, updated_at = ? WHERE key = ?";
    let touched = tx.execute(sql, binds![description, now, key]).await?;
    if touched == 0 { Err(Error::not_found("the key pair")) } else { Ok(()) }
}

/// Removes a pair, its private half and its bindings.
///
/// # Errors
/// Those of the database.
pub async fn delete(tx: &mut Tx, key: i64) -> Result<()> {
    tx.execute("DELETE FROM keypairs WHERE key = ?", binds![key]).await.map(drop)
}

/// Every pair with a private half after the one with the key `after`, of whatever project: for sealing anew.
///
/// # Errors
/// Those of the database.
pub async fn sealed(tx: &mut Tx, after: i64, limit: u32) -> Result<Vec<(Keypair, Vec<u8>)>> {
    let sql =
        format!("{KEYPAIR} WHERE key > ? AND sealed_private_key IS NOT NULL ORDER BY key LIMIT ?");
    let pairs: Vec<Keypair> =
        tx.all(sql, binds![after, limit]).await?.iter().map(keypair).collect::<Result<_>>()?;
    let mut sealed = Vec::with_capacity(pairs.len());
    for pair in pairs {
        if let Some(bytes) = private_key(tx, pair.key).await? {
            sealed.push((pair, bytes));
        }
    }
    Ok(sealed)
}
