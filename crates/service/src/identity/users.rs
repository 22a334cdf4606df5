//! Users of the caller's account.

use super::directory;
use crate::app::App;
use crate::{audit, authz};
use muster_model::id::UserId;
use muster_model::{Action, Caller, Error, ErrorKind, Result, Role};
use muster_store::identity::User;
use muster_store::identity::users::{self, NewUser};
use muster_store::transact;
use muster_vault::{password, random};
use zeroize::Zeroizing;

/// Shortest password in characters.
const MIN_PASSWORD: usize = 8;

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

/// One user of the caller's account.
///
/// # Errors
/// `NotFound`, also for another account's.
pub fn get(app: &App, caller: &Caller, id: &str) -> Result<User> {
    let found = list(app, caller)?.into_iter().find(|user| user.id.as_str() == id);
    found.ok_or_else(|| absent(id))
}

fn absent(id: &str) -> Error {
    Error::new(ErrorKind::NotFound, format!("Could not find user: {id}"))
}

/// Adds a user who logs in by password, and answers it.
///
/// # Errors
/// `Forbidden` naming the action, `Invalid` naming the parameter, `Conflict` when the name is taken.
pub async fn create(
    app: &App,
    caller: &Caller,
    name: &str,
    secret: Zeroizing<String>,
    role: Role,
) -> Result<User> {
    authz::account(app, caller, Action::UserUpdate)?;
    let fits = (1..=64).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.@ ".contains(&byte));
    if !fits {
        return Err(Error::invalid("name", "must be 1 to 64 letters, digits, blanks, - _ . or @"));
    }
    let hash = hash(app, secret).await?;
    let id = UserId::parse(&random::id()?)?;
    let domain = app.identity.directory().domain_by_id(&caller.domain_id).map(|domain| domain.key);
    let domain = domain.ok_or_else(|| Error::not_found("the account"))?;
    let now = app.now();
    transact!(app.db, |tx| {
        let (id, password_hash) = (&id, hash.as_str());
        let new = NewUser { domain, id, name, description: "", password_hash, role };
        users::create(tx, &new, now).await?;
        directory::bump(tx, now).await?;
        let target = format!("user/{id}");
        audit::append(tx, app, caller, Action::UserUpdate, "", &target).await
    })?;
    app.identity.reload(&app.db, &app.vault).await?;
    get(app, caller, id.as_str())
}

/// Sets a password. Every token the user has is void when this returns.
///
/// # Errors
/// `Forbidden` naming the action, `NotFound`, `Invalid` for a password that is too short or too long.
pub async fn set_password(
    app: &App,
    caller: &Caller,
    id: &str,
    secret: Zeroizing<String>,
) -> Result<()> {
    authz::account(app, caller, Action::UserUpdate)?;
    let hash = hash(app, secret).await?;
    change(app, caller, id, |user| user.password_hash.clone_from(&hash)).await
}

/// Lets a user in or keeps it out. Tokens of one kept out are void when this returns, and stay so.
///
/// # Errors
/// `Forbidden` naming the action, `NotFound`.
pub async fn set_enabled(app: &App, caller: &Caller, id: &str, enabled: bool) -> Result<()> {
    authz::account(app, caller, Action::UserUpdate)?;
    change(app, caller, id, |user| user.enabled = enabled).await
}

/// Changes what a user may do. Its tokens are void when this returns.
///
/// # Errors
/// `Forbidden` naming the action, `NotFound`.
pub async fn set_role(app: &App, caller: &Caller, id: &str, role: Role) -> Result<()> {
    authz::account(app, caller, Action::UserUpdate)?;
    change(app, caller, id, |user| user.role = role).await
}

async fn change(
    app: &App,
    caller: &Caller,
    id: &str,
    apply: impl Fn(&mut User) + Sync,
) -> Result<()> {
    let now = app.now();
    let domain = app.identity.directory().domain_by_id(&caller.domain_id).map(|domain| domain.key);
    transact!(app.db, |tx| {
        let found = users::by_id(tx, id).await?.filter(|user| Some(user.domain) == domain);
        let mut user = found.ok_or_else(|| absent(id))?;
        apply(&mut user);
        users::update(tx, &user).await?;
        directory::bump(tx, now).await?;
        let target = format!("user/{id}");
        audit::append(tx, app, caller, Action::UserUpdate, "", &target).await
    })?;
    app.identity.reload(&app.db, &app.vault).await
}

async fn hash(app: &App, secret: Zeroizing<String>) -> Result<String> {
    if secret.chars().count() < MIN_PASSWORD {
        return Err(Error::invalid("password", "must have at least 8 characters"));
    }
    let _turn = app.identity.hashing.acquire().await.map_err(Error::internal)?;
    let hash = app.tasks.spawn_blocking(move || password::hash(&secret));
    hash.await.map_err(Error::internal)?
}
