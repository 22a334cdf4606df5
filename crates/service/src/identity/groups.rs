//! Groups of the caller's account, and who is in them.

use super::directory;
use crate::app::App;
use crate::{audit, authz};
use muster_model::{Action, Caller, Error, ErrorKind, Result};
use muster_store::identity::groups::{self, Group};
use muster_store::identity::{User, users};
use muster_store::{Tx, transact};
use muster_vault::random;

/// Longest name and description in characters.
const MAX_NAME: usize = 128;
const MAX_DESCRIPTION: usize = 255;

/// The groups of the caller's account by name.
///
/// # Errors
/// `Forbidden` naming the action.
pub fn list(app: &App, caller: &Caller) -> Result<Vec<Group>> {
    authz::account(app, caller, Action::GroupList)?;
    let directory = app.identity.directory();
    let domain = directory.domain_by_id(&caller.domain_id).map(|domain| domain.key);
    Ok(directory.groups().filter(|group| Some(group.domain) == domain).cloned().collect())
}

/// One group of the caller's account.
///
/// # Errors
/// `NotFound`, also for another account's; `Forbidden` naming the action.
pub fn get(app: &App, caller: &Caller, id: &str) -> Result<Group> {
    let found = list(app, caller)?.into_iter().find(|group| group.id == id);
    found.ok_or_else(|| absent(id))
}

/// The users in a group by name.
///
/// # Errors
/// Those of [`get`].
pub fn members(app: &App, caller: &Caller, id: &str) -> Result<Vec<User>> {
    let group = get(app, caller, id)?;
    let directory = app.identity.directory();
    let mut found: Vec<_> = directory.members(group.key).cloned().collect();
    found.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(found)
}

/// The groups a user is in, by name.
///
/// # Errors
/// `NotFound` for an unknown user; `Forbidden` naming the action, but for oneself.
pub fn of_user(app: &App, caller: &Caller, user: &str) -> Result<Vec<Group>> {
    let own = caller.user_id.as_str() == user;
    authz::account(app, caller, if own { Action::IdentityShow } else { Action::GroupList })?;
    let directory = app.identity.directory();
    let domain = directory.domain_by_id(&caller.domain_id).map(|domain| domain.key);
    let found = directory.user(user).filter(|user| Some(user.domain) == domain);
    let user = found.ok_or_else(|| super::users::absent(user))?;
    Ok(directory
        .groups()
        .filter(|group| directory.is_member(group.key, user.key))
        .cloned()
        .collect())
}

/// Adds a group.
///
/// # Errors
/// `Forbidden` naming the action, `Invalid` naming the parameter, `Conflict` when the name is taken.
pub async fn create(app: &App, caller: &Caller, name: &str, description: &str) -> Result<Group> {
    authz::account(app, caller, Action::GroupUpdate)?;
    check(name, description)?;
    let domain = app.identity.directory().domain_by_id(&caller.domain_id).map(|domain| domain.key);
    let domain = domain.ok_or_else(|| Error::not_found("the account"))?;
    let (id, now) = (random::id()?, app.now());
    transact!(app.db, |tx| {
        groups::create(tx, domain, &id, name, description, now).await?;
        finish(tx, app, caller, &id).await
    })?;
    app.identity.reload(&app.db, &app.vault).await?;
    let directory = app.identity.directory();
    directory.group(&id).cloned().ok_or_else(|| absent(&id))
}

/// Changes what is given.
///
/// # Errors
/// `Forbidden` naming the action, `NotFound`, `Invalid` naming the parameter, `Conflict` for a taken name.
pub async fn update(
    app: &App,
    caller: &Caller,
    id: &str,
    name: Option<&str>,
    description: Option<&str>,
) -> Result<Group> {
    authz::account(app, caller, Action::GroupUpdate)?;
    let changed = transact!(app.db, |tx| {
        let mut group = find(tx, app, caller, id).await?;
        if let Some(name) = name {
            name.clone_into(&mut group.name);
        }
        if let Some(description) = description {
            description.clone_into(&mut group.description);
        }
        check(&group.name, &group.description)?;
        groups::update(tx, &group).await?;
        finish(tx, app, caller, id).await?;
        Ok(group)
    })?;
    app.identity.reload(&app.db, &app.vault).await?;
    Ok(changed)
}

/// Removes a group. Its members lose the rights it gave when this returns.
///
/// # Errors
/// `Forbidden` naming the action, `NotFound`.
pub async fn delete(app: &App, caller: &Caller, id: &str) -> Result<()> {
    authz::account(app, caller, Action::GroupUpdate)?;
    transact!(app.db, |tx| {
        let group = find(tx, app, caller, id).await?;
        groups::delete(tx, group.key).await?;
        finish(tx, app, caller, id).await
    })?;
    app.identity.reload(&app.db, &app.vault).await
}

/// Takes a user into a group, or out of it. The rights are in force, or gone, when this returns.
///
/// # Errors
/// `Forbidden` naming the action, `NotFound` for the group, the user, or a membership to end.
pub async fn set_member(
    app: &App,
    caller: &Caller,
    id: &str,
    user: &str,
    member: bool,
) -> Result<()> {
    authz::account(app, caller, Action::GroupUpdate)?;
    transact!(app.db, |tx| {
        let group = find(tx, app, caller, id).await?;
        let found = users::by_id(tx, user).await?.filter(|user| user.domain == group.domain);
        let found = found.ok_or_else(|| super::users::absent(user))?;
        if member {
            groups::add_member(tx, group.key, found.key).await?;
        } else if !groups::remove_member(tx, group.key, found.key).await? {
            return Err(super::users::absent(user));
        }
        directory::bump(tx, app.now()).await?;
        let verb = if member { "add" } else { "remove" };
        let target = format!("group/{id}/{verb}/user/{user}");
        audit::append(tx, app, caller, Action::GroupUpdate, "", &target).await
    })?;
    app.identity.reload(&app.db, &app.vault).await
}

fn check(name: &str, description: &str) -> Result<()> {
    let plain = |text: &str| !text.chars().any(|c| c.is_control() || "<>".contains(c));
    if name.trim().is_empty() || name.chars().count() > MAX_NAME || !plain(name) {
        return Err(Error::invalid("name", "must be 1 to 128 characters without < and >"));
    }
    if description.chars().count() > MAX_DESCRIPTION || !plain(description) {
        return Err(Error::invalid(
            "description",
            "must be at most 255 characters without < and >",
        ));
    }
    Ok(())
}

pub(super) fn absent(id: &str) -> Error {
    Error::new(ErrorKind::NotFound, format!("Could not find group: {id}"))
}

pub(super) async fn find(tx: &mut Tx, app: &App, caller: &Caller, id: &str) -> Result<Group> {
    let directory = app.identity.directory();
    let found = groups::by_id(tx, id).await?.filter(|group| {
        directory.domain(group.domain).is_some_and(|domain| domain.id == caller.domain_id)
    });
    found.ok_or_else(|| absent(id))
}

async fn finish(tx: &mut Tx, app: &App, caller: &Caller, id: &str) -> Result<()> {
    directory::bump(tx, app.now()).await?;
    let target = format!("group/{id}");
    audit::append(tx, app, caller, Action::GroupUpdate, "", &target).await
}
