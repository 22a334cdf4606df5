//! Files between servers that share a database: a worker hands what it wrote to the database, the server
//! that is asked for it takes it from there. On SQLite the folder is all there is.

use super::blocking;
use crate::App;
use muster_model::{Error, Result};
use muster_store::exports::parts;
use muster_store::transact;
use std::fs::File;
use std::io::{Read, Seek, Write};

/// Bytes of a part.
const PART: u64 = 1 << 20;
/// Parts of a file whose worker died are kept this long, in seconds: an upload takes less.
const ORPHANS_SECS: i64 = 24 * 3600;

/// Puts a finished file where every server finds it. Nothing to do on a database of one's own.
pub(super) async fn give(app: &App, file_id: &str) -> Result<()> {
    if !app.db.is_shared() {
        return Ok(());
    }
    let (shared, id) = (app.clone(), file_id.to_owned());
    let (mut file, _) = blocking(move || shared.exports.blobs()?.read(&id)).await?;
    for no in 0.. {
        let (back, part) = blocking(move || {
            let mut part = Vec::new();
            (&mut file).take(PART).read_to_end(&mut part).map_err(Error::internal)?;
            Ok((file, part))
        })
        .await?;
        if part.is_empty() {
            break;
        }
        file = back;
        transact!(app.db, |tx| parts::put(tx, file_id, no, part.clone(), app.now()).await)?;
    }
    let (shared, id) = (app.clone(), file_id.to_owned());
    blocking(move || shared.exports.blobs()?.delete(&id)).await
}

/// The file with its length in bytes, from wherever it lies.
///
/// # Errors
/// `NotFound` if it lies nowhere.
pub(super) async fn take(app: &App, file_id: &str) -> Result<(File, u64)> {
    let (shared, id) = (app.clone(), file_id.to_owned());
    if !app.db.is_shared() {
        return blocking(move || shared.exports.blobs()?.read(&id)).await;
    }
    let mut file = blocking(move || shared.exports.blobs()?.create(&id)?.into_unnamed()).await?;
    let mut size = 0;
    for no in 0.. {
        let part = parts::get(&mut app.db.read().await?, file_id, no).await?;
        let Some(part) = part else { break };
        size += part.len() as u64;
        file =
            blocking(move || file.write_all(&part).map(|()| file).map_err(Error::internal)).await?;
    }
    if size == 0 {
        return Err(Error::not_found("the file"));
    }
    file = blocking(move || file.rewind().map(|()| file).map_err(Error::internal)).await?;
    Ok((file, size))
}

/// Deletes a file from wherever it lies; it may lie nowhere.
pub(super) async fn drop_file(app: &App, file_id: &str) -> Result<()> {
    if app.db.is_shared() {
        transact!(app.db, |tx| parts::delete(tx, file_id).await)?;
    }
    let (shared, id) = (app.clone(), file_id.to_owned());
    blocking(move || shared.exports.blobs()?.delete(&id)).await
}

/// Deletes what was left of files nobody will ever know of.
pub(super) async fn drop_orphans(app: &App) -> Result<()> {
    if app.db.is_shared() {
        let before = app.now().plus_secs(-ORPHANS_SECS);
        transact!(app.db, |tx| parts::delete_orphans(tx, before).await)?;
    }
    Ok(())
}
