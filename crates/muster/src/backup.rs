//! One sealed file with everything a server keeps: `muster backup` and `muster restore`.
//!
//! It holds the database as it was at one moment, the audit trail, exported files, the TLS folder and the
//! configuration, as a gzipped tar in the age format: for the root key, and for the recovery recipients where there are
//! some. It holds neither the root key nor credentials; so whoever finds it has nothing, and whoever has it and the root
//! key has everything.

mod contents;
mod restore;
mod write;

pub(crate) use restore::restore;
pub(crate) use write::write;

use muster_model::{Error, ErrorKind, Micros, Result};
use muster_store::audit::{self, Record};
use muster_store::identity::domains;
use muster_store::{Db, transact};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The name of the database in every backup.
const DATABASE: &str = "muster.db";
/// The last entry: what was there, with hashes.
const MANIFEST: &str = "manifest.json";
const FORMAT: u32 = 1;
/// Entries of a backup at most.
const MAX_ENTRIES: usize = 1_000_000;
/// Largest manifest in bytes.
const MAX_MANIFEST: u64 = 256 << 20;

/// What a backup holds.
#[derive(Deserialize, Serialize)]
struct Manifest {
    format: u32,
    /// The program that wrote it.
    version: String,
    created_at: String,
    files: Vec<Entry>,
}

/// One file of it.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
struct Entry {
    path: String,
    size: u64,
    sha256: String,
}

fn failed(path: &Path, error: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Unavailable, format!("{}: {error}", path.display()))
}

/// Says in the audit log what was done, to the first account: that of whoever runs this machine.
async fn tell(db: &Db, now: Micros, action: &str, file: &Path) -> Result<()> {
    let domains = domains::domains(&mut db.read().await?).await?;
    let domain_id = domains.first().map(|domain| domain.id.to_string()).unwrap_or_default();
    let record = Record {
        at: now,
        request_id: String::new(),
        domain_id,
        project_id: String::new(),
        user_id: "system".to_owned(),
        user_name: String::new(),
        credential: "local".to_owned(),
        action: action.to_owned(),
        target: format!("backup/{}", file.display()),
        outcome: "success".to_owned(),
        detail: String::new(),
    };
    transact!(db, |tx| audit::append(tx, &record).await)
}
