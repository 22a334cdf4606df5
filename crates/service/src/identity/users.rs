//! Users of the caller's account.

use super::directory;
use crate::app::App;
use crate::{audit, authz};
use muster_model::id::UserId;
use muster_model::{Action, Caller, Error, ErrorKind, Result, Role};
use muster_store::identity::User;
use muster_store::identity::users::{self, NewUser};
use muster_store::{Tx, transact};
use muster_vault::{password, random};
use zeroize::Zeroizing;

/// Shortest password in characters.
pub const MIN_PASSWORD: usize = 8;
/// Longest password in bytes.
pub const MAX_PASSWORD: usize = password::MAX_LEN;
/// Longest description in characters.
const MAX_DESCRIPTION: usize = 255;

/// What a new user is.
pub struct Draft<'a> {
    /// Name to log in with, unique in the account.
    pub name: &'a str,
    /// For people.
    pub description: &'a str,
    /// The password; a user without one uses access keys only.
    pub password: Option<Zeroizing<String>>,
    /// What it may do by itself.
    pub role: Role,
    /// Whether it is let in.
    pub enabled: bool,
}

/// What is to be changed of a user; what is none stays.
#[derive(Default)]
pub struct Changes<'a> {
    /// Another name.
    pub name: Option<&'a str>,
    /// Another description.
    pub description: Option<&'a str>,
    /// Another password.
    pub password: Option<Zeroizing<String>>,
    /// Whether it is let in.
    pub enabled: Option<bool>,
    /// What it may do by itself.
    pub role: Option<Role>,
}

/// The users of the caller's account by name.
///
/// # Errors
/// `Forbidden` naming the action.
pub fn list(app: &App, caller: &Caller) -> Result<Vec<User>> {
    authz::account(app, caller, Action::UserList)?;
    let directory = app.identity.directory();
    let domain = directory.domain_by_id(&caller.domain_id);
    let users = domain.map(|domain| directory.users_of(domain.key)).unwrap_or_default();
    Ok(users.into_iter().cloned().collect())
}

/// One user of the caller's account; the caller itself needs no right for it.
///
/// # Errors
/// `NotFound`, also for another account's; `Forbidden` naming the action.
pub fn get(app: &App, caller: &Caller, id: &str) -> Result<User> {
    let own = caller.user_id.as_str() == id;
    authz::account(app, caller, if own { Action::IdentityShow } else { Action::UserList })?;
    let directory = app.identity.directory();
    let domain = directory.domain_by_id(&caller.domain_id).map(|domain| domain.key);
    let found = directory.user(id).filter(|user| Some(user.domain) == domain);
    found.cloned().ok_or_else(|| absent(id))
}

pub(super) fn absent(id: &str) -> Error {
    Error::new(ErrorKind::NotFound, format!("Could not find user: {id}"))
}

/// Adds a user who logs in by password, and answers it.
///
/// # Errors
/// Those of [`add`].
pub async fn create(
    app: &App,
    caller: &Caller,
    name: &str,
    secret: Zeroizing<String>,
    role: Role,
) -> Result<User> {
    let password = Some(secret);
    add(app, caller, Draft { name, description: "", password, role, enabled: true }).await
}

/// Adds a user and answers it.
///
/// # Errors
/// `Forbidden` naming the action, `Invalid` naming the parameter, `Conflict` when the name is taken.
pub async fn add(app: &App, caller: &Caller, draft: Draft<'_>) -> Result<User> {
    authz::account(app, caller, Action::UserUpdate)?;
    check(draft.name, draft.description)?;
    let hash = match draft.password {
        Some(secret) => hash(app, secret).await?,
        None => String::new(),
    };
    let id = UserId::parse(&random::id()?)?;
    let domain = app.identity.directory().domain_by_id(&caller.domain_id).map(|domain| domain.key);
    let domain = domain.ok_or_else(|| Error::not_found("the account"))?;
    let (name, description, role) = (draft.name, draft.description, draft.role);
    transact!(app.db, |tx| {
        let new = NewUser { domain, id: &id, name, description, password_hash: &hash, role };
        users::create(tx, &new, app.now()).await?;
        if !draft.enabled {
            let user = users::by_id(tx, id.as_str()).await?.ok_or_else(|| absent(id.as_str()))?;
            users::update(tx, &User { enabled: false, ..user }).await?;
        }
        finish(tx, app, caller, id.as_str()).await
    })?;
    app.identity.reload(&app.db, &app.vault).await?;
    let directory = app.identity.directory();
    directory.user(id.as_str()).cloned().ok_or_else(|| absent(id.as_str()))
}

/// Changes a user. If password, role or whether it is let in change, every token it has is void when this
/// returns.
///
/// # Errors
/// `Forbidden` naming the action, `NotFound`, `Invalid` naming the parameter, `Conflict` for a taken name or
/// if no administrator would be left.
pub async fn change(app: &App, caller: &Caller, id: &str, changes: Changes<'_>) -> Result<User> {
    authz::account(app, caller, Action::UserUpdate)?;
    edit(app, caller, id, changes).await
}

/// Sets a password.
///
/// # Errors
/// Those of [`change`].
pub async fn set_password(
    app: &App,
    caller: &Caller,
    id: &str,
    secret: Zeroizing<String>,
) -> Result<()> {
    let changes = Changes { password: Some(secret), ..Changes::default() };
    change(app, caller, id, changes).await.map(drop)
}

/// Lets a user in or keeps it out.
///
/// # Errors
/// Those of [`change`].
pub async fn set_enabled(app: &App, caller: &Caller, id: &str, enabled: bool) -> Result<()> {
    let changes = Changes { enabled: Some(enabled), ..Changes::default() };
    change(app, caller, id, changes).await.map(drop)
}

/// Changes what a user may do by itself.
///
/// # Errors
/// Those of [`change`].
pub async fn set_role(app: &App, caller: &Caller, id: &str, role: Role) -> Result<()> {
    change(app, caller, id, Changes { role: Some(role), ..Changes::default() }).await.map(drop)
}

/// Changes the caller's own password, for who knows the present one. Needs no right.
///
/// # Errors
/// `Forbidden` for another user's, `Invalid` for a wrong or too short password, `RateLimited` for too many
/// attempts.
pub async fn change_own_password(
    app: &App,
    caller: &Caller,
    id: &str,
    present: Zeroizing<String>,
    new: Zeroizing<String>,
) -> Result<()> {
    if caller.user_id.as_str() != id {
        return Err(Error::forbidden(Action::UserUpdate));
    }
    let directory = app.identity.directory();
    let user = directory.user(id).ok_or_else(|| absent(id))?;
    let holds = super::login::check_own(app, user, present, caller.address).await?;
    if !holds {
        return Err(Error::invalid("original_password", "is not the present password"));
    }
    let changes = Changes { password: Some(new), ..Changes::default() };
    edit(app, caller, id, changes).await.map(drop)
}

/// Removes a user with its access keys and memberships. Its tokens are void when this returns.
///
/// # Errors
/// `Forbidden` naming the action, `NotFound`, `Conflict` for oneself and for the last administrator.
pub async fn delete(app: &App, caller: &Caller, id: &str) -> Result<()> {
    authz::account(app, caller, Action::UserUpdate)?;
    if caller.user_id.as_str() == id {
        return Err(Error::conflict("nobody removes its own user"));
    }
    transact!(app.db, |tx| {
        let user = find(tx, app, caller, id).await?;
        users::delete(tx, user.key).await?;
        administrator_left(tx, user.domain).await?;
        finish(tx, app, caller, id).await
    })?;
    app.identity.reload(&app.db, &app.vault).await
}

async fn edit(app: &App, caller: &Caller, id: &str, changes: Changes<'_>) -> Result<User> {
    let hash = match changes.password {
        Some(secret) => Some(hash(app, secret).await?),
        None => None,
    };
    let changed = transact!(app.db, |tx| {
        let mut user = find(tx, app, caller, id).await?;
        if let Some(name) = changes.name {
            name.clone_into(&mut user.name);
        }
        if let Some(description) = changes.description {
            description.clone_into(&mut user.description);
        }
        if let Some(hash) = &hash {
            user.password_hash.clone_from(hash);
        }
        user.enabled = changes.enabled.unwrap_or(user.enabled);
        user.role = changes.role.unwrap_or(user.role);
        check(&user.name, &user.description)?;
        users::update(tx, &user).await?;
        administrator_left(tx, user.domain).await?;
        finish(tx, app, caller, id).await?;
        Ok(user)
    })?;
    app.identity.reload(&app.db, &app.vault).await?;
    Ok(changed)
}

/// An account nobody can administer any more is lost.
async fn administrator_left(tx: &mut Tx, domain: i64) -> Result<()> {
    let left = users::list(tx, domain).await?;
    if left.iter().any(|user| user.enabled && user.role == Role::Admin) {
        return Ok(());
    }
    Err(Error::conflict("no enabled user with the role admin would be left"))
}

async fn find(tx: &mut Tx, app: &App, caller: &Caller, id: &str) -> Result<User> {
    let directory = app.identity.directory();
    let found = users::by_id(tx, id).await?.filter(|user| {
        directory.domain(user.domain).is_some_and(|domain| domain.id == caller.domain_id)
    });
    found.ok_or_else(|| absent(id))
}

async fn finish(tx: &mut Tx, app: &App, caller: &Caller, id: &str) -> Result<()> {
    directory::bump(tx, app.now()).await?;
    let target = format!("user/{id}");
    audit::append(tx, app, caller, Action::UserUpdate, "", &target).await
}

fn check(name: &str, description: &str) -> Result<()> {
    let fits = (1..=64).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.@ ".contains(&byte));
    if !fits {
        return Err(Error::invalid("name", "must be 1 to 64 letters, digits, blanks, - _ . or @"));
    }
    if description.chars().count() > MAX_DESCRIPTION {
        return Err(Error::invalid("description", "must have at most 255 characters"));
    }
    Ok(())
}

async fn hash(app: &App, secret: Zeroizing<String>) -> Result<String> {
    if secret.chars().count() < MIN_PASSWORD {
        return Err(Error::invalid(
            "password",
            format_args!("must have at least {MIN_PASSWORD} characters"),
        ));
    }
    let _turn = app.identity.hashing.acquire().await.map_err(Error::internal)?;
    let hash = app.tasks.spawn_blocking(move || password::hash(&secret));
    hash.await.map_err(Error::internal)?
}
