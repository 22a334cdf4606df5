//! Private halves: handed out, kept, forgotten.

use super::create::{check_user, fits};
use super::{Fault, Keypair, PRIVATE_KEY, Place, Protection, X509, record_of, shown, target};
use crate::audit::{self, Outcome};
use crate::limits::admit_secret;
use crate::{App, sealing};
use muster_model::id::ProjectId;
use muster_model::{Action, Caller, Error, ErrorKind, Result};
use muster_store::{Tx, keypairs as store, transact};
use muster_vault::ssh::{Certificate, PublicKey};
use zeroize::Zeroizing;

/// Private halves handed out in one call.
const MAX_BATCH: usize = 10;

/// A private half on its way out. No `Debug`.
pub struct Exported {
    /// Name of the pair.
    pub name: String,
    /// The private half, as it came or as it was made.
    pub private_key: Zeroizing<String>,
}

/// Hands out private halves: all that are named or none. That they leave is on the disk before they are opened.
///
/// # Errors
/// `Invalid` naming the pair that is not there or whose private half is not kept, or for none or more than ten;
/// `RateLimited`; `Unavailable` naming the audit; those of [`crate::authz::require`] and of the database.
pub async fn export(
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    names: &[String],
) -> Result<Vec<Exported>> {
    let action = Action::PrivateKeyExport;
    let place = Place::enter_for_some(app, caller, action, project).await?;
    if !(1..=MAX_BATCH).contains(&names.len()) {
        return Err(Error::invalid("keypairs", "must be 1 to 10"));
    }
    admit_secret(app, caller, u32::try_from(names.len()).unwrap_or(u32::MAX))?;
    let several = names.len() > 1;
    let parameter = |at: usize| match several {
        true => format!("[{at}].keypair.name"),
        false => "keypair.name".to_owned(),
    };
    let mut tx = app.db.read().await?;
    let mut found = Vec::with_capacity(names.len());
    for (at, name) in names.iter().enumerate() {
        if names.iter().take(at).any(|other| other == name) {
            return Err(Error::invalid(parameter(at), "is named twice"));
        }
        let pair = place.given(&mut tx, parameter(at), name).await?;
        let sealed = store::private_key(&mut tx, pair.key).await?.ok_or_else(|| {
            let why = format!("the private key of {} is not kept here", shown(name));
            Error::invalid(parameter(at), why).with_source(Fault::NoPrivateKey)
        });
        if sealed.is_err() {
            audit::note(app, caller, action, project.as_str(), &target(name), Outcome::Failure);
        }
        let (record, owner) = (record_of(&pair.id), place.owner());
        let closed = sealing::closed(&mut tx, app, &owner, &record, PRIVATE_KEY, sealed?).await?;
        found.push((pair, closed));
    }
    drop(tx);
    let list: Vec<_> = found.iter().map(|(pair, _)| pair.name.as_str()).collect();
    let target = format!("keypair/{}", list.join(","));
    let intent = audit::intent(app, caller, action, project.as_str(), &target).await?;
    let mut exported = Vec::with_capacity(found.len());
    for (pair, closed) in found {
        let private_key = text(&closed.open(app).await?)?;
        exported.push(Exported { name: pair.name, private_key });
    }
    intent.done();
    Ok(exported)
}

/// Opens a private half.
pub(super) async fn open(
    tx: &mut Tx,
    app: &App,
    place: &Place<'_>,
    pair: &Keypair,
    sealed: &[u8],
) -> Result<Zeroizing<String>> {
    let record = record_of(&pair.id);
    text(&sealing::open(tx, app, &place.owner(), &record, PRIVATE_KEY, sealed).await?)
}

/// A private half as the text it is.
fn text(bytes: &[u8]) -> Result<Zeroizing<String>> {
    let text = std::str::from_utf8(bytes).map_err(Error::internal)?;
    Ok(Zeroizing::new(text.to_owned()))
}

/// Keeps the private half of a pair, if it is the pair's. One that is kept already is replaced, which changes
/// at most its form.
///
/// # Errors
/// `Invalid` naming the parameter; those of [`crate::authz::require`] and of the database.
pub async fn import_private_key(
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    name: &str,
    user_id: Option<&str>,
    protection: Protection,
) -> Result<Keypair> {
    let place = Place::enter_for_some(app, caller, Action::PrivateKeyImport, project).await?;
    check_user(caller, user_id)?;
    protection.check()?;
    let text = protection
        .private_key
        .filter(|text| !text.is_empty())
        .ok_or_else(|| Error::invalid("keypair.key_protection.private_key", "is required"))?;
    let now = app.now();
    transact!(app.db, |tx| {
        let mut pair = place.given(tx, "keypair.name".to_owned(), name).await?;
        fits(&public_key(&pair)?, &text)?;
        let (record, owner) = (record_of(&pair.id), place.owner());
        let sealed = sealing::seal(tx, app, &owner, &record, PRIVATE_KEY, text.as_bytes()).await?;
        store::set_private_key(tx, pair.key, Some(&sealed), now).await?;
        let target = target(name);
        audit::append(tx, app, caller, Action::PrivateKeyImport, project.as_str(), &target).await?;
        pair.has_private_key = true;
        Ok(pair)
    })
}

/// Forgets the private half of a pair; the pair stays.
///
/// # Errors
/// `NotFound` for a pair that is not there or whose private half is not kept; those of
/// [`crate::authz::require`] and of the database.
pub async fn clear(app: &App, caller: &Caller, project: &ProjectId, name: &str) -> Result<()> {
    let place = Place::enter_for_some(app, caller, Action::PrivateKeyClear, project).await?;
    let now = app.now();
    transact!(app.db, |tx| {
        let pair = place.named(tx, name).await?;
        if !pair.has_private_key {
            let message = format!("No private key managed: that of {} is not kept", shown(name));
            let error = Error::new(ErrorKind::NotFound, message);
            return Err(error.with_source(Fault::NoPrivateKey));
        }
        store::set_private_key(tx, pair.key, None, now).await?;
        let target = target(name);
        audit::append(tx, app, caller, Action::PrivateKeyClear, project.as_str(), &target).await
    })
}

/// The public half of a stored pair, read again.
pub(super) fn public_key(pair: &Keypair) -> Result<PublicKey> {
    if pair.kind == X509 {
        return Ok(Certificate::parse(&pair.public_key).map_err(Error::internal)?.key);
    }
    PublicKey::parse(&pair.public_key).map_err(Error::internal)
}
