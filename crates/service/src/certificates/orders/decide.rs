//! What the account's operator decides: approve, refuse, revoke.

use super::super::{Certificate, Status, account, permitted, target, wrong_state};
use super::{Application, Fresh};
use crate::app::App;
use crate::audit;
use muster_model::{Action, Caller, Error, Result};
use muster_store::certificates::{self as store, authorities as revoking};
use muster_store::transact;

/// Issues what is applied for.
///
/// # Errors
/// `Forbidden` naming the action, `NotFound`, `Conflict` unless an application waits.
pub async fn approve(app: &App, caller: &Caller, id: &str) -> Result<Certificate> {
    let domain = account(app, caller)?;
    let mut tx = app.db.read().await?;
    let waiting = permitted(&mut tx, app, caller, Action::CertIssue, id).await?;
    drop(tx);
    let given = application(app, &waiting)?;
    let names = given.check(&waiting.product)?;
    let fresh = Fresh::make(app, domain, &given).await?;
    transact!(app.db, |tx| {
        let mut it = permitted(tx, app, caller, Action::CertIssue, id).await?;
        // Another application may stand there by now.
        let given = application(app, &it)?;
        if given != application(app, &waiting)? {
            return Err(Error::conflict("the application changed meanwhile: look again"));
        }
        fresh.issue(tx, app, caller, &mut it, &given, &names).await?;
        store::update(tx, &it).await?;
        audit::append(tx, app, caller, Action::CertIssue, "", &target(id)).await?;
        Ok(it)
    })
}

/// Refuses what is applied for; it may be applied for again.
///
/// # Errors
/// As [`approve`].
pub async fn reject(app: &App, caller: &Caller, id: &str) -> Result<()> {
    transact!(app.db, |tx| {
        let mut it = permitted(tx, app, caller, Action::CertIssue, id).await?;
        application(app, &it)?;
        it.status = Status::Unpassed;
        it.updated_at = app.now();
        store::update(tx, &it).await?;
        audit::append(tx, app, caller, Action::CertIssue, "", &target(id)).await
    })
}

/// Revokes what our own authority issued: it stands in the next revocation list.
///
/// # Errors
/// `Forbidden` naming the action, `NotFound`, `Conflict` for what another authority issued or what is revoked.
pub async fn revoke(app: &App, caller: &Caller, id: &str, reason: &str) -> Result<()> {
    if reason.chars().count() > 255 {
        return Err(Error::invalid("reason", "must have at most 255 characters"));
    }
    transact!(app.db, |tx| {
        let mut it = permitted(tx, app, caller, Action::CertIssue, id).await?;
        let (Some(authority), Status::Issued) = (it.authority, it.status) else {
            let hint = "only what Muster's own authority issued can be revoked here";
            return Err(wrong_state(&it, app.now(), hint));
        };
        let now = app.now();
        revoking::revoke(tx, authority, &it.content.serial, now).await?;
        // The encryption half has a serial number of its own.
        if let Some(serial) = super::super::issue::encryption_serial(&it)? {
            revoking::revoke(tx, authority, &serial, now).await?;
        }
        (it.status, it.revoked_at, it.updated_at) = (Status::Revoked, Some(now), now);
        reason.clone_into(&mut it.revoke_reason);
        store::update(tx, &it).await?;
        audit::append(tx, app, caller, Action::CertIssue, "", &target(id)).await
    })
}

/// The application that waits for a decision.
fn application(app: &App, it: &Certificate) -> Result<Application> {
    if !matches!(it.status, Status::Checking | Status::CheckingOrg) {
        return Err(wrong_state(it, app.now(), "no application waits for a decision"));
    }
    serde_json::from_str(&it.application).map_err(Error::internal)
}
