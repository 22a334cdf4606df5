//! Access keys of users.

use super::directory::{self, sealing};
use crate::app::App;
use crate::{audit, authz};
use muster_model::{Action, Caller, Error, ErrorKind, Result};
use muster_store::identity::{AccessKey, User, access_keys, users};
use muster_store::{Tx, transact};
use muster_vault::random;
use zeroize::Zeroizing;

/// Keys a user may have, as the vendor has it.
const LIMIT: usize = 2;
/// Longest description in characters.
const MAX_DESCRIPTION: usize = 255;

/// The keys of `user`, or the caller's own, oldest first, with their users' ids.
///
/// # Errors
/// `Forbidden` for another user's keys without the right, `NotFound` for an unknown user.
pub async fn list(app: &App, caller: &Caller, user: Option<&str>) -> Result<Vec<AccessKey>> {
    let user = user.unwrap_or(caller.user_id.as_str());
    let action = for_user(caller, user, Action::AccessKeyList);
    authz::account(app, caller, action)?;
    let mut tx = app.db.read().await?;
    let user = find_user(&mut tx, app, caller, user).await?;
    let mut keys = access_keys::of_user(&mut tx, user.key).await?;
    for key in &mut keys {
        key.last_used = key.last_used.max(app.identity.last_use(&key.access));
    }
    Ok(keys)
}

/// One key and the user it belongs to.
///
/// # Errors
/// `NotFound`, also for another account's; `Forbidden` for another user's without the right.
pub async fn get(app: &App, caller: &Caller, access: &str) -> Result<(AccessKey, User)> {
    authz::account(app, caller, Action::AccessKeyList)?;
    let (mut key, user) = find(&mut app.db.read().await?, app, caller, access).await?;
    authz::account(app, caller, for_user(caller, user.id.as_str(), Action::AccessKeyList))?;
    key.last_used = key.last_used.max(app.identity.last_use(access));
    Ok((key, user))
}

/// Makes a key; its secret is handed out here and never again.
///
/// # Errors
/// `Forbidden` naming the action, `NotFound` for an unknown user, `Conflict` with `akSkNumExceed` when the
/// user has two.
pub async fn create(
    app: &App,
    caller: &Caller,
    user: &str,
    description: &str,
) -> Result<(AccessKey, Zeroizing<String>)> {
    authz::account(app, caller, Action::AccessKeyUpdate)?;
    check_description(description)?;
    let secret = random::secret_key()?;
    let access = random::access_key()?;
    let now = app.now();
    let key = transact!(app.db, |tx| {
        let owner = find_user(tx, app, caller, user).await?;
        if access_keys::of_user(tx, owner.key).await?.len() >= LIMIT {
            return Err(Error::conflict("akSkNumExceed"));
        }
        let key = AccessKey {
            access: access.clone(),
            user: owner.key,
            sealed_secret: app.vault.seal(&sealing(&access), secret.as_bytes())?,
            active: true,
            description: description.to_owned(),
            created_at: now,
            last_used: None,
        };
        access_keys::create(tx, &key).await?;
        finish(tx, app, caller, &access).await?;
        Ok(key)
    })?;
    app.identity.reload(&app.db, &app.vault).await?;
    Ok((key, secret))
}

/// Changes what is given. A key switched off is not let in any more when this returns.
///
/// # Errors
/// `Forbidden` naming the action, `NotFound`.
pub async fn update(
    app: &App,
    caller: &Caller,
    access: &str,
    active: Option<bool>,
    description: Option<&str>,
) -> Result<(AccessKey, User)> {
    authz::account(app, caller, Action::AccessKeyUpdate)?;
    description.map_or(Ok(()), check_description)?;
    let changed = transact!(app.db, |tx| {
        let (mut key, user) = find(tx, app, caller, access).await?;
        key.active = active.unwrap_or(key.active);
        if let Some(description) = description {
            description.clone_into(&mut key.description);
        }
        access_keys::update(tx, &key).await?;
        finish(tx, app, caller, access).await?;
        Ok((key, user))
    })?;
    app.identity.reload(&app.db, &app.vault).await?;
    Ok(changed)
}

/// Removes a key.
///
/// # Errors
/// `Forbidden` naming the action, `NotFound`.
pub async fn delete(app: &App, caller: &Caller, access: &str) -> Result<()> {
    authz::account(app, caller, Action::AccessKeyUpdate)?;
    transact!(app.db, |tx| {
        find(tx, app, caller, access).await?;
        access_keys::delete(tx, access).await?;
        finish(tx, app, caller, access).await
    })?;
    app.identity.reload(&app.db, &app.vault).await
}

/// Everybody sees the own keys; other users' need the right to change them.
fn for_user(caller: &Caller, user: &str, own: Action) -> Action {
    if caller.user_id.as_str() == user { own } else { Action::AccessKeyUpdate }
}

fn check_description(text: &str) -> Result<()> {
    if text.chars().count() > MAX_DESCRIPTION {
        return Err(Error::invalid("description", "must have at most 255 characters"));
    }
    Ok(())
}

async fn finish(tx: &mut Tx, app: &App, caller: &Caller, access: &str) -> Result<()> {
    directory::bump(tx, app.now()).await?;
    let target = format!("access_key/{access}");
    audit::append(tx, app, caller, Action::AccessKeyUpdate, "", &target).await
}

async fn find_user(tx: &mut Tx, app: &App, caller: &Caller, id: &str) -> Result<User> {
    let found = users::by_id(tx, id).await?;
    let found = found.filter(|user| same_account(app, caller, user));
    found.ok_or_else(|| Error::new(ErrorKind::NotFound, format!("Could not find user: {id}")))
}

async fn find(tx: &mut Tx, app: &App, caller: &Caller, access: &str) -> Result<(AccessKey, User)> {
    let absent = || Error::new(ErrorKind::NotFound, format!("Could not find credential: {access}"));
    let key = access_keys::get(tx, access).await?.ok_or_else(absent)?;
    let user = users::by_key(tx, key.user).await?.filter(|user| same_account(app, caller, user));
    Ok((key, user.ok_or_else(absent)?))
}

fn same_account(app: &App, caller: &Caller, user: &User) -> bool {
    let directory = app.identity.directory();
    directory.domain(user.domain).is_some_and(|domain| domain.id == caller.domain_id)
}
