//! Tags of certificates.

use super::{account, permitted, target};
use crate::app::App;
use crate::{audit, authz};
use muster_model::{Action, Caller, Error, Result};
use muster_store::certificates::tags;
use muster_store::{Tx, transact};
use std::collections::HashMap;

pub use muster_store::certificates::tags::Tag;

/// Most tags of one certificate.
const MAX_TAGS: usize = 20;

/// What is done with tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Set them; an existing name gets the new value.
    Set,
    /// Remove them by name, whatever their value.
    Remove,
}

/// The tags of a certificate by name.
///
/// # Errors
/// `Forbidden` naming the action, `NotFound`.
pub async fn of(app: &App, caller: &Caller, id: &str) -> Result<Vec<Tag>> {
    let mut tx = app.db.read().await?;
    let found = permitted(&mut tx, app, caller, Action::CertList, id).await?;
    tags::of(&mut tx, found.key).await
}

/// The tags of a certificate as policies speak of them.
pub(super) async fn pairs(tx: &mut Tx, certificate: i64) -> Result<Vec<(String, String)>> {
    tags::of(tx, certificate).await.map(pairs_of)
}

pub(super) fn pairs_of(tags: Vec<Tag>) -> Vec<(String, String)> {
    tags.into_iter().map(|tag| (tag.name, tag.value)).collect()
}

/// The tags of all certificates of an account, by the certificates' keys.
pub(super) async fn by_certificate(tx: &mut Tx, domain: i64) -> Result<HashMap<i64, Vec<Tag>>> {
    tags::by_certificate(tx, domain).await
}

/// The tags of certificates that were listed before, in their order.
///
/// # Errors
/// Those of the database.
pub async fn of_all(app: &App, certificates: &[super::Certificate]) -> Result<Vec<Vec<Tag>>> {
    let mut tx = app.db.read().await?;
    let mut all = Vec::with_capacity(certificates.len());
    for certificate in certificates {
        all.push(tags::of(&mut tx, certificate.key).await?);
    }
    Ok(all)
}

/// Every tag of the account's certificates.
///
/// # Errors
/// `Forbidden` naming the action.
pub async fn all(app: &App, caller: &Caller) -> Result<Vec<Tag>> {
    authz::account(app, caller, Action::CertList)?;
    tags::all(&mut app.db.read().await?, account(app, caller)?).await
}

/// Changes tags of a certificate: all of them or none.
///
/// # Errors
/// `Forbidden` naming the action, `NotFound`, `Invalid` naming the limit.
pub async fn change(
    app: &App,
    caller: &Caller,
    id: &str,
    change: Change,
    given: &[Tag],
) -> Result<()> {
    authz::account_some(app, caller, Action::CertUpdate)?;
    given.iter().try_for_each(check)?;
    transact!(app.db, |tx| {
        let found = permitted(tx, app, caller, Action::CertUpdate, id).await?;
        for tag in given {
            match change {
                Change::Set => tags::set(tx, found.key, tag).await?,
                Change::Remove => tags::remove(tx, found.key, &tag.name).await?,
            }
        }
        if tags::of(tx, found.key).await?.len() > MAX_TAGS {
            return Err(Error::invalid("tags", "must be at most 20 a certificate"));
        }
        audit::append(tx, app, caller, Action::CertUpdate, "", &target(id)).await
    })
}

/// Letters of any script, digits, blanks and a few signs.
pub(super) fn check(tag: &Tag) -> Result<()> {
    let fits = |text: &str, most: usize, signs: &str| {
        text.chars().count() <= most
            && text.chars().all(|c| c.is_alphanumeric() || c == ' ' || signs.contains(c))
    };
    if tag.name.trim().is_empty() || !fits(&tag.name, 128, "_.:=+-@") {
        return Err(Error::invalid(
            "key",
            "must be 1 to 128 letters, digits, blanks or _ . : = + - @",
        ));
    }
    if !fits(&tag.value, 255, "_.:/=+-@") {
        return Err(Error::invalid(
            "value",
            "must be at most 255 letters, digits, blanks or _ . : / = + - @",
        ));
    }
    Ok(())
}
