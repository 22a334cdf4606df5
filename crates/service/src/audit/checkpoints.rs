//! Check points of this node's audit trail: signed by the installation's key, written beside the trail and into the
//! log, and handed to whoever keeps them elsewhere.

use crate::app::App;
use crate::authz;
use muster_model::{Action, Caller, Error, ErrorKind, Micros, Result};
use muster_store::trail::points;
use muster_store::{Db, Tx, meta, transact};
use muster_vault::Keyring;
use muster_vault::checkpoint::{self, CheckPoint, CheckPointKey};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// What the sealed key is called in the database, and what it is sealed as.
pub(crate) const KEY: &str = "audit_signing_key";
/// Between two check points while records are written.
const EVERY: Duration = Duration::from_secs(300);

/// The key and what it last signed. One in an [`App`].
pub(crate) struct CheckPoints {
    key: CheckPointKey,
    /// Place of the last record a written check point names.
    written: AtomicU64,
}

impl CheckPoints {
    /// The installation's key, made when it is first asked for.
    pub(crate) async fn open(db: &Db, vault: &Keyring, now: Micros) -> Result<Self> {
        let (_, seed) = CheckPointKey::generate()?;
        let fresh = vault.seal(KEY, seed.as_slice())?;
        let sealed = transact!(db, |tx| {
            match meta::get(tx, KEY).await? {
                Some(sealed) => Ok(sealed),
                None => meta::put(tx, KEY, &fresh, now).await.map(|()| fresh.clone()),
            }
        })?;
        let key = CheckPointKey::restore(&vault.open(KEY, &sealed)?)?;
        Ok(Self { key, written: AtomicU64::new(0) })
    }
}

/// Wraps the key by the newest root key if it is not.
pub(crate) async fn rewrap(tx: &mut Tx, app: &App) -> Result<bool> {
    match meta::get(tx, KEY).await? {
        Some(sealed) if app.vault.is_stale(&sealed) => {
            let again = app.vault.seal(KEY, &app.vault.open(KEY, &sealed)?)?;
            meta::put(tx, KEY, &again, app.now()).await.map(|()| true)
        }
        _ => Ok(false),
    }
}

/// What a trail that was just opened lacks, as far as the check points beside it tell: for the log. Blocks.
pub(crate) fn remark(folder: &Path, node: &str, end: u64) -> Option<String> {
    let lines = points::lines(&folder.join(format!("{node}.checkpoints"))).ok()?;
    let (point, _) = checkpoint::read(lines.last()?)?;
    (point.seq > end).then(|| {
        let at = point.at.iso();
        format!("it ends with record {end}, but the check point of {at} names record {}", point.seq)
    })
}

/// A check point of this moment, for somebody who keeps it elsewhere. It is also written beside the trail, if the last
/// one there says something else. A trail without a record has a check point of place 0.
///
/// # Errors
/// `Forbidden` naming the action; `Unavailable` if it cannot be written.
pub async fn show(app: &App, caller: &Caller) -> Result<String> {
    authz::account(app, caller, Action::AuditList)?;
    match mark(app).await? {
        Some(line) => Ok(line),
        None => app.checkpoints.key.sign(&now(app)),
    }
}

/// Where the chain stands.
fn now(app: &App) -> CheckPoint {
    let end = app.trail.end();
    let (seq, hash) = end.map_or((0, [0; 32]), |end| (end.seq, end.hash));
    CheckPoint { node: app.trail.node().to_owned(), seq, hash, at: app.now() }
}

/// Writes a check point and answers its line; none if the last one says the same.
async fn mark(app: &App) -> Result<Option<String>> {
    let point = now(app);
    if app.checkpoints.written.swap(point.seq, Ordering::SeqCst) == point.seq {
        return Ok(None);
    }
    let line = app.checkpoints.key.sign(&point)?;
    let (folder, written) = (app.settings.data_dir.join("audit"), line.clone());
    let append = move || points::append(&folder, &point.node, &written);
    let done = tokio::task::spawn_blocking(append).await.map_err(Error::internal)?;
    done.map_err(|error| {
        app.checkpoints.written.store(0, Ordering::SeqCst);
        Error::new(ErrorKind::Unavailable, "audit: the check point could not be written")
            .with_source(error)
    })?;
    tracing::info!(target: "muster_audit", checkpoint = line, "audit check point");
    Ok(Some(line))
}

/// Writes one from time to time until the stop.
pub(crate) async fn keep(app: App) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            () = app.stop.cancelled() => return,
        }
        last(&app).await;
    }
}

/// Writes one if something was recorded since the one before.
pub(crate) async fn last(app: &App) {
    if let Err(error) = mark(app).await {
        tracing::error!(?error, "an audit check point could not be made");
    }
}
