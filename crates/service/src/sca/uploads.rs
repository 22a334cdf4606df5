//! Artifacts on their way in: announced, then put to an address that is good for that one artifact.

use crate::app::App;
use crate::{audit, authz};
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use muster_model::id::ProjectId;
use muster_model::{Action, Caller, Error, ErrorKind, Micros, Result};
use muster_store::sca::files::Content;
use muster_store::sca::{File, files};
use muster_store::{blobs, transact};
use muster_vault::hash::Sha256;
use std::io::Write;
use std::pin::pin;
use std::sync::PoisonError;
use std::time::Duration;
use tokio::sync::mpsc;

/// Longest file name in characters.
const MAX_NAME: usize = 255;
/// How long an address is good, in seconds.
const TICKET_SECS: i64 = 3600;
/// A client that sends nothing for this long has gone.
const SILENCE: Duration = Duration::from_secs(60);
/// Bytes written until the room left is looked at again: not everybody announces a length.
const LOOK_AGAIN: u64 = 64 << 20;
/// Pieces of a body between network and disk.
const AHEAD: usize = 8;

/// Where an announced artifact is to be put.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// Id of the artifact.
    pub file_id: String,
    /// Path and query below the endpoint.
    pub uri: String,
}

/// What the address of an upload says.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    /// Id of the artifact.
    pub file_id: &'a str,
    /// Seconds since 1970.
    pub expires: i64,
    /// Most bytes.
    pub max: u64,
    /// Hexadecimal.
    pub signature: &'a str,
}

/// Announces an artifact. `once` names the request: the same one again gets the same artifact.
///
/// # Errors
/// `Invalid` for a name that cannot be one; those of [`authz::require`] and of the database.
pub async fn announce(
    app: &App,
    caller: &Caller,
    project: Option<&ProjectId>,
    name: &str,
    once: &[u8],
) -> Result<Ticket> {
    let project = authz::require(app, caller, Action::ScaTaskCreate, project).await?;
    let long = name.chars().count();
    if !(1..=MAX_NAME).contains(&long) || name.chars().any(char::is_control) {
        return Err(Error::invalid(
            "fileName",
            "must be 1 to 255 characters, none of them a control",
        ));
    }
    let mut hash = Sha256::new();
    hash.update(b"sca_file\0");
    hash.update(once);
    let id: String = hash.hex().chars().take(32).collect();
    let now = app.now();
    let expires = now.plus_secs(TICKET_SECS);
    let file = File {
        id: id.clone(),
        project,
        name: name.to_owned(),
        content: None,
        place: String::new(),
        created_by: caller.user_id.to_string(),
        created_at: now,
        // Long enough to be put at the last moment and then named in a task.
        expires_at: expires.plus_secs(TICKET_SECS),
    };
    transact!(app.db, |tx| {
        if let Some(known) = files::get(tx, &id, now).await? {
            let same = known.project == project && known.name == name;
            return if same { Ok(()) } else { Err(Error::conflict("the artifact is another's")) };
        }
        files::create(tx, &file).await?;
        let target = format!("sca_file/{id}");
        audit::append(tx, app, caller, Action::ScaTaskCreate, "", &target).await
    })?;
    let (expires, max) = (expires.0 / 1_000_000, app.settings.sca.max_bytes);
    let signature = hex::encode(app.vault.seal(&identity(&id, expires, max), b"")?);
    let uri = format!("{PATH}/{id}?expires={expires}&max={max}&signature={signature}");
    Ok(Ticket { file_id: id, uri })
}

/// Where artifacts are put, below the endpoint.
pub const PATH: &str = "/uploads/sca";

/// What the signature of an address covers. Sealing nothing under a name is a keyed hash of the name.
fn identity(id: &str, expires: i64, max: u64) -> String {
    format!("sca_upload/{id}/{expires}/{max}")
}

/// Takes an artifact in: all of it, or nothing is left of it. `announced` is the length the client says it has.
///
/// # Errors
/// `Unauthenticated` for an address that was not handed out or has expired, `TooLarge` as soon as that is known,
/// `NotFound` if the artifact is not awaited, `Conflict` if it is there already.
pub async fn receive<E: std::error::Error + Send + Sync + 'static>(
    app: &App,
    claim: Claim<'_>,
    announced: Option<u64>,
    body: impl Stream<Item = std::result::Result<Bytes, E>>,
) -> Result<()> {
    admit(app, &claim)?;
    if announced.is_some_and(|bytes| bytes > claim.max) {
        return Err(too_large(claim.max));
    }
    let known = files::get(&mut app.db.read().await?, claim.file_id, app.now()).await?;
    match known {
        None => return Err(Error::not_found("the artifact")),
        Some(File { content: Some(_), .. }) => return Err(there()),
        Some(_) => {}
    }
    let _alone = Alone::with(app, claim.file_id)?;
    let shared = app.clone();
    let room = tokio::task::spawn_blocking(move || room(&shared, announced.unwrap_or_default()));
    room.await.map_err(Error::internal)??;
    let (sender, receiver) = mpsc::channel(AHEAD);
    let (shared, id) = (app.clone(), claim.file_id.to_owned());
    let written = tokio::task::spawn_blocking(move || write(&shared, &id, receiver));
    let sent = send(claim.max, body, sender).await;
    let written = written.await.map_err(Error::internal)?;
    // What went wrong with the client says more than that the writer was left alone.
    sent?;
    let (size, sha256, place) = written?;
    let (now, id) = (app.now(), claim.file_id);
    let content = Content { size, sha256: &sha256, place: &place };
    let wanted = transact!(app.db, |tx| files::arrived(tx, id, content, now).await);
    if matches!(wanted, Ok(true)) {
        return Ok(());
    }
    // It is not awaited any more: nobody will ever ask for these bytes.
    let (shared, gone) = (app.clone(), id.to_owned());
    let deleted = tokio::task::spawn_blocking(move || shared.sca.artifacts.blobs()?.delete(&gone));
    deleted.await.map_err(Error::internal)??;
    wanted?;
    Err(there())
}

/// One upload of an artifact at a time: two would write under one name.
struct Alone<'a> {
    app: &'a App,
    id: &'a str,
}

impl<'a> Alone<'a> {
    fn with(app: &'a App, id: &'a str) -> Result<Self> {
        let mut receiving = app.sca.receiving.lock().unwrap_or_else(PoisonError::into_inner);
        if receiving.insert(id.to_owned()) {
            Ok(Self { app, id })
        } else {
            Err(Error::conflict("the artifact is being uploaded by another request"))
        }
    }
}

impl Drop for Alone<'_> {
    fn drop(&mut self) {
        let mut receiving = self.app.sca.receiving.lock().unwrap_or_else(PoisonError::into_inner);
        receiving.remove(self.id);
    }
}

/// A piece of an upload on its way to the disk. Without an end it was not whole.
enum Piece {
    Bytes(Bytes),
    End,
}

/// Hands the body on, piece by piece, up to `max` bytes.
async fn send<E: std::error::Error + Send + Sync + 'static>(
    max: u64,
    body: impl Stream<Item = std::result::Result<Bytes, E>>,
    writer: mpsc::Sender<Piece>,
) -> Result<()> {
    let (mut body, mut taken) = (pin!(body), 0_u64);
    loop {
        let next = tokio::time::timeout(SILENCE, body.next()).await;
        let next =
            next.map_err(|_| Error::new(ErrorKind::Unavailable, "the upload fell silent"))?;
        let piece = match next {
            None => Piece::End,
            Some(Ok(bytes)) => {
                taken = taken.saturating_add(bytes.len() as u64);
                if taken > max {
                    return Err(too_large(max));
                }
                Piece::Bytes(bytes)
            }
            Some(Err(error)) => {
                let broken = Error::new(ErrorKind::Unavailable, "the upload broke off");
                return Err(broken.with_source(error));
            }
        };
        let last = matches!(piece, Piece::End);
        // A writer that is gone has failed, and says so itself.
        if writer.send(piece).await.is_err() || last {
            return Ok(());
        }
    }
}

/// Sees that the disk takes so many bytes and keeps what others need of it.
fn room(app: &App, bytes: u64) -> Result<()> {
    let free = app.sca.artifacts.blobs()?.room()?;
    if free < bytes.saturating_add(app.settings.sca.keep_free_bytes) {
        tracing::error!(free, bytes, "an artifact is refused: the disk has too little room");
        return Err(blobs::full());
    }
    Ok(())
}

/// Writes what comes in to the folder of artifacts. Answers its length, its SHA-256 and the folder's name.
fn write(app: &App, id: &str, mut pieces: mpsc::Receiver<Piece>) -> Result<(i64, String, String)> {
    let place = app.sca.place.name()?.to_owned();
    let mut blob = app.sca.artifacts.blobs()?.create(id)?;
    let (mut hash, mut since) = (Sha256::new(), 0_u64);
    while let Some(piece) = pieces.blocking_recv() {
        match piece {
            Piece::Bytes(bytes) => {
                hash.update(&bytes);
                blob.write_all(&bytes).map_err(blobs::failed)?;
                since = since.saturating_add(bytes.len() as u64);
                if since > LOOK_AGAIN {
                    since = 0;
                    room(app, 0)?;
                }
            }
            Piece::End => {
                let size = i64::try_from(blob.commit()?).map_err(Error::internal)?;
                return Ok((size, hash.hex(), place));
            }
        }
    }
    Err(Error::new(ErrorKind::Unavailable, "the upload ended early"))
}

/// Checks that an address was handed out by us and is still good.
fn admit(app: &App, claim: &Claim<'_>) -> Result<()> {
    let identity = identity(claim.file_id, claim.expires, claim.max);
    let ours =
        hex::decode(claim.signature).is_ok_and(|sealed| app.vault.open(&identity, &sealed).is_ok());
    if !ours {
        return Err(Error::unauthenticated(
            "the address of the upload was not handed out by this server",
        ));
    }
    if app.now() >= Micros::from_secs(claim.expires) {
        return Err(Error::unauthenticated(
            "the address of the upload has expired: ask for a new one",
        ));
    }
    Ok(())
}

fn too_large(max: u64) -> Error {
    Error::new(ErrorKind::TooLarge, format!("an artifact may have at most {max} bytes"))
}

fn there() -> Error {
    Error::conflict("the artifact is there already: announce another")
}
