//! The root key wrapped a second time, for recipients whose identities lie in a safe: whoever loses the root key gets it
//! back with one of them.

use muster_model::{Error, ErrorKind, Micros, Result};
use muster_store::{Db, meta, transact};
use muster_vault::Keyring;
use muster_vault::age::{self, Identity, Opener, Recipient};
use std::io::{Read, Write};
use zeroize::Zeroizing;

/// What the wrapped keys are called in the database, and what they were wrapped of and for.
const WRAPPED: &str = "root_recovery";
const MADE_OF: &str = "root_recovery_made_of";
/// Longest text of root keys.
const MAX_KEYS: u64 = 64 * 1024;

/// Sees to it that what is stored is of these root keys and for these recipients. Without any, nothing is stored.
pub(super) async fn keep(
    db: &Db,
    ring: &Keyring,
    recipients: &[Recipient],
    now: Micros,
) -> Result<()> {
    let mut made_of = ring.names().join(" ");
    for recipient in recipients {
        made_of.push_str(&format!("\n{recipient}"));
    }
    let stored = meta::get(&mut db.read().await?, MADE_OF).await?;
    let same = stored.as_deref() == Some(made_of.as_bytes());
    if same || (recipients.is_empty() && stored.is_none()) {
        return Ok(());
    }
    let mut wrapped = Vec::new();
    if !recipients.is_empty() {
        let mut writer = age::encrypt(None, recipients, Vec::new())?;
        writer.write_all(ring.secret_text().as_bytes()).map_err(Error::internal)?;
        wrapped = writer.finish()?;
    }
    transact!(db, |tx| {
        meta::put(tx, WRAPPED, &wrapped, now).await?;
        meta::put(tx, MADE_OF, made_of.as_bytes(), now).await
    })?;
    tracing::info!(recipients = recipients.len(), "the root key was wrapped for recovery");
    Ok(())
}

/// The root keys, unwrapped by the identity of a recipient, in the form of their file.
///
/// # Errors
/// `NotFound` if no recovery recipient was configured; `Forbidden` for the identity of somebody else.
pub(crate) async fn recover(db: &Db, identity: &Identity) -> Result<Zeroizing<String>> {
    let wrapped = meta::get(&mut db.read().await?, WRAPPED).await?;
    let wrapped = wrapped.filter(|wrapped| !wrapped.is_empty()).ok_or_else(|| {
        Error::new(
            ErrorKind::NotFound,
            "the root key was never wrapped for recovery: server.recovery named nobody",
        )
    })?;
    let reader = age::decrypt(&Opener::Identity(identity), wrapped.as_slice())?;
    let mut text = Zeroizing::new(String::new());
    let read = reader.take(MAX_KEYS).read_to_string(&mut text);
    read.map_err(|error| Error::internal(format!("the wrapped root key: {error}")))?;
    Ok(text)
}
