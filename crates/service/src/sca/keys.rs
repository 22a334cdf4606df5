//! Access keys of the SCA open API, and the proof they give.

use crate::app::App;
use crate::identity::caller_of_user;
use crate::limits::network;
use crate::{audit, authz, sealing};
use muster_model::id::ProjectId;
use muster_model::{Action, Caller, Credential, Error, Owner, Result, Scope};
use muster_store::sca::{Key, keys};
use muster_store::{Tx, transact};
use muster_vault::random;
use muster_vault::sca_signature::{self, Algorithm, WINDOW_MS};
use std::net::IpAddr;
use zeroize::Zeroizing;

/// Keys a project may have.
const LIMIT: usize = 20;
/// Longest description in characters.
const MAX_DESCRIPTION: usize = 255;
/// The sealed field.
const SECRET: &str = "secret";

/// What a request brings to prove its caller.
#[derive(Clone, Copy)]
pub struct Proof<'a> {
    /// Header `accessKeyId`.
    pub access: &'a str,
    /// Header `signature`.
    pub signature: &'a str,
    /// Header `signatureAlgorithm`; none means HMAC-MD5.
    pub algorithm: Option<&'a str>,
    /// The body as it came.
    pub body: &'a [u8],
    /// The other end of the connection.
    pub address: IpAddr,
    /// The request's id.
    pub request_id: &'a str,
}

/// The caller a signed body stands for: the owner of the key, within the key's project. After more than five wrong
/// signatures in a row the key is locked for five minutes for the address they came from.
///
/// # Errors
/// `Unauthenticated`; `Invalid` naming the parameter for a body that is no object or has no timestamp.
pub async fn prove(app: &App, proof: &Proof<'_>) -> Result<Caller> {
    let now = app.now();
    let origin = (proof.access.to_owned(), network(proof.address));
    if app.sca.locks.is_locked(&origin, now) {
        return Err(Error::unauthenticated("too many wrong signatures, try again in five minutes"));
    }
    let name = proof.algorithm.unwrap_or(Algorithm::HmacMd5.name());
    let algorithm = Algorithm::from_name(name).ok_or_else(|| {
        Error::invalid("signatureAlgorithm", "must be HMAC-MD5, HMAC-SHA256 or HMAC-SM3")
    })?;
    let mut tx = app.db.read().await?;
    let unknown = || Error::unauthenticated("accessKeyId or signature is wrong");
    let key = keys::get(&mut tx, proof.access).await?.ok_or_else(unknown)?;
    let directory = app.identity.directory();
    let project = directory.project_by_key(key.project).ok_or_else(unknown)?;
    let secret = open(&mut tx, app, &project.id, &key).await?;
    if !sca_signature::verify(algorithm, &secret, proof.body, proof.signature)? {
        app.sca.locks.failed(origin, now);
        return Err(unknown());
    }
    app.sca.locks.succeeded(&origin);
    if algorithm == Algorithm::HmacMd5 && !key.allow_md5 {
        return Err(Error::unauthenticated(
            "this key refuses HMAC-MD5: sign by HMAC-SHA256 or HMAC-SM3",
        ));
    }
    if timestamp(proof.body)?.abs_diff(now.0 / 1000) > WINDOW_MS.unsigned_abs() {
        return Err(Error::unauthenticated(
            "timestamp must be within 5 minutes of the server's clock",
        ));
    }
    let owner = directory.user_by_key(key.owner).filter(|user| user.enabled && key.active);
    let owner = owner.ok_or_else(|| Error::unauthenticated("accessKeyId is inactive"))?;
    let domain = directory.domain(owner.domain).ok_or_else(unknown)?;
    let mut caller = caller_of_user(owner, domain, proof.request_id);
    caller.scope = Scope::Project(project.id.clone());
    caller.credential = Credential::AccessKey(key.access);
    Ok(caller)
}

/// `timestamp` of a body, milliseconds since 1970. A text of digits counts: some writers quote longs.
fn timestamp(body: &[u8]) -> Result<i64> {
    let body: serde_json::Value =
        serde_json::from_slice(body).map_err(|error| Error::invalid("body", error))?;
    let given = body.get("timestamp").and_then(|value| match value {
        serde_json::Value::String(text) => text.parse().ok(),
        value => value.as_i64(),
    });
    given.ok_or_else(|| Error::invalid("timestamp", "13 digits: milliseconds since 1970"))
}

/// Makes a key for a project that acts with the caller's rights. Its secret is handed out here and never again.
///
/// # Errors
/// Those of [`authz::require`]; `Invalid` for a description that is too long; `Conflict` when the project has
/// twenty.
pub async fn create(
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    description: &str,
) -> Result<(Key, Zeroizing<String>)> {
    let in_project = authz::require(app, caller, Action::ScaKeyUpdate, Some(project)).await?;
    if description.chars().count() > MAX_DESCRIPTION {
        return Err(Error::invalid("description", "must have at most 255 characters"));
    }
    let directory = app.identity.directory();
    let owner = directory.user(caller.user_id.as_str());
    let owner = owner.ok_or_else(|| Error::not_found("the caller's user"))?.key;
    let (access, secret) = (random::access_key()?, random::secret_key()?);
    let made = transact!(app.db, |tx| {
        if keys::list(tx, in_project).await?.len() >= LIMIT {
            return Err(Error::conflict("a project has at most 20 access keys of this API"));
        }
        let (access, secret) = (access.as_str(), secret.as_str());
        let new = NewKey { project, in_project, owner, access, secret, description };
        let key = put(tx, app, &new).await?;
        finish(tx, app, caller, project, access).await?;
        Ok(key)
    })?;
    Ok((made, secret))
}

/// A key to be stored.
pub(crate) struct NewKey<'a> {
    pub(crate) project: &'a ProjectId,
    pub(crate) in_project: i64,
    pub(crate) owner: i64,
    pub(crate) access: &'a str,
    pub(crate) secret: &'a str,
    pub(crate) description: &'a str,
}

/// Stores a new key within the caller's transaction.
pub(crate) async fn put(tx: &mut Tx, app: &App, new: &NewKey<'_>) -> Result<Key> {
    let NewKey { project, in_project, owner, access, secret, description } = *new;
    let whose = Owner::Project(project.clone());
    let sealed = sealing::seal(tx, app, &whose, &record(access), SECRET, secret.as_bytes()).await?;
    let key = Key {
        access: access.to_owned(),
        project: in_project,
        owner,
        sealed_secret: sealed,
        active: true,
        allow_md5: true,
        description: description.to_owned(),
        created_at: app.now(),
    };
    keys::create(tx, &key).await?;
    Ok(key)
}

/// The keys of a project.
///
/// # Errors
/// Those of [`authz::require`] and of the database.
pub async fn list(app: &App, caller: &Caller, project: &ProjectId) -> Result<Vec<Key>> {
    let project = authz::require(app, caller, Action::ScaKeyList, Some(project)).await?;
    keys::list(&mut app.db.read().await?, project).await
}

/// Switches a key on or off, and whether it may sign by MD5.
///
/// # Errors
/// `NotFound`; those of [`authz::require`] and of the database.
pub async fn update(
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    access: &str,
    active: Option<bool>,
    allow_md5: Option<bool>,
) -> Result<Key> {
    let in_project = authz::require(app, caller, Action::ScaKeyUpdate, Some(project)).await?;
    transact!(app.db, |tx| {
        let found = keys::get(tx, access).await?.filter(|key| key.project == in_project);
        let mut key = found.ok_or_else(|| Error::not_found("the access key"))?;
        key.active = active.unwrap_or(key.active);
        key.allow_md5 = allow_md5.unwrap_or(key.allow_md5);
        keys::update(tx, &key).await?;
        finish(tx, app, caller, project, access).await?;
        Ok(key)
    })
}

/// Removes a key.
///
/// # Errors
/// `NotFound`; those of [`authz::require`] and of the database.
pub async fn delete(app: &App, caller: &Caller, project: &ProjectId, access: &str) -> Result<()> {
    let in_project = authz::require(app, caller, Action::ScaKeyUpdate, Some(project)).await?;
    transact!(app.db, |tx| {
        keys::delete(tx, in_project, access).await?;
        finish(tx, app, caller, project, access).await
    })
}

/// The secret of a key: to check a signature, or to sign a callback.
pub(super) async fn open(
    tx: &mut Tx,
    app: &App,
    project: &ProjectId,
    key: &Key,
) -> Result<Zeroizing<Vec<u8>>> {
    let whose = Owner::Project(project.clone());
    sealing::open(tx, app, &whose, &record(&key.access), SECRET, &key.sealed_secret).await
}

fn record(access: &str) -> String {
    format!("sca_key/{access}")
}

async fn finish(
    tx: &mut Tx,
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    access: &str,
) -> Result<()> {
    let target = format!("sca_key/{access}");
    audit::append(tx, app, caller, Action::ScaKeyUpdate, project.as_str(), &target).await
}
