//! Login by password.

use super::directory::Directory;
use super::tokens::{TokenInfo, claims};
use crate::app::App;
use crate::audit::{self, Outcome};
use crate::limits::network;
use muster_model::id::UserId;
use muster_model::{Action, Caller, Credential, Error, ErrorKind, Result, Scope};
use muster_store::identity::{Domain, Project, User};
use muster_store::transact;
use muster_vault::password;
use std::net::IpAddr;
use std::time::Duration;
use zeroize::Zeroizing;

/// How long a login waits for its turn to be checked.
const PATIENCE: Duration = Duration::from_secs(10);
/// `methods` of a token by password.
const BY_PASSWORD: u8 = 1;

/// An account, as callers name one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DomainRef {
    /// By id.
    Id(String),
    /// By name.
    Name(String),
}

/// A user, as callers name one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserRef {
    /// By id.
    Id(String),
    /// By name in an account.
    Name(String, DomainRef),
}

impl UserRef {
    /// As it is counted: by all that was given, so that nobody learns who exists.
    fn text(&self) -> String {
        match self {
            Self::Id(id) => format!("user/{id}"),
            Self::Name(name, DomainRef::Id(domain) | DomainRef::Name(domain)) => {
                format!("user/{domain}/{name}")
            }
        }
    }
}

/// A project, as callers name one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProjectRef {
    /// By id.
    Id(String),
    /// By name in the user's account.
    Name(String),
}

/// The wanted reach of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScopeRef {
    /// One project.
    Project(ProjectRef),
    /// The account.
    Domain(DomainRef),
    /// Whatever is usual: the account.
    Unsaid,
}

/// A login.
pub struct Login {
    /// Who.
    pub user: UserRef,
    /// The password.
    pub password: Zeroizing<String>,
    /// What for.
    pub scope: ScopeRef,
    /// Where from: logins are limited by address.
    pub address: IpAddr,
    /// The request's id, for the audit log.
    pub request_id: String,
}

/// Issues a token, whose text comes first.
///
/// # Errors
/// `Unauthenticated` without telling what was wrong, `NotFound` for the scope, `RateLimited` for too many
/// logins from an address or at once.
pub async fn issue_token(app: &App, login: Login) -> Result<(Zeroizing<String>, TokenInfo)> {
    let now = app.now();
    if !app.identity.logins.admit(network(login.address), app.settings.limits.logins, now) {
        let message = "The throttling threshold has been reached: logins of this address";
        return Err(Error::new(ErrorKind::RateLimited, message));
    }
    // By the name that was given, whether there is such a user or not: the lock tells nobody who exists.
    let origin = (login.user.text(), network(login.address));
    if app.identity.locks.is_locked(&origin, now) {
        let message =
            "The account is locked: too many failed logins in a row, try again in five minutes";
        return Err(Error::unauthenticated(message));
    }
    let directory = app.identity.directory();
    let found = find_user(&directory, &login.user);
    let hash = found.map(|user| user.password_hash.clone()).unwrap_or_default();
    let holds = check(app, login.password, hash).await?;
    let user = found.filter(|user| user.enabled && holds);
    let domain = user.and_then(|user| directory.domain(user.domain));
    let (Some(user), Some(domain)) = (user, domain) else {
        app.identity.locks.failed(origin, now);
        refuse(app, found, &directory, login.address, &login.request_id);
        return Err(Error::unauthenticated("The username or password is wrong."));
    };
    app.identity.locks.succeeded(&origin);
    let project = find_scope(&directory, domain, &login.scope)?;
    app.identity.rotate(&app.db, &app.vault, now, app.settings.token_secs).await?;
    let mut caller = caller(user, domain, &login.request_id);
    caller.address = Some(login.address);
    caller.scope = project.map_or(Scope::Domain, |project| Scope::Project(project.id.clone()));
    let claims = claims(app, &caller, now, app.settings.token_secs, BY_PASSWORD)?;
    let token = Zeroizing::new(app.identity.tokens().issue(&claims)?);
    let target = format!("token/{}", hex::encode(claims.id));
    transact!(app.db, |tx| audit::append(tx, app, &caller, Action::TokenCreate, "", &target)
        .await)?;
    Ok((token, TokenInfo { caller, issued: claims.issued, expires: claims.expires }))
}

/// Compares the password on a thread of its own, few at a time. Takes as long for a user without one.
async fn check(app: &App, password: Zeroizing<String>, hash: String) -> Result<bool> {
    let waiting = app.identity.spare.wait();
    let busy = || Error::new(ErrorKind::RateLimited, "too many logins at once, try again");
    let turn = tokio::time::timeout(PATIENCE, app.identity.hashing.acquire());
    let _turn = turn.await.map_err(|_| busy())?.map_err(|_| busy())?;
    let mut memory = waiting.take();
    let compare = move || {
        let holds = if hash.is_empty() {
            password::verify_nobody(&mut memory, &password);
            false
        } else {
            password::verify(&mut memory, &password, &hash)
        };
        (holds, memory)
    };
    let (holds, memory) = app.tasks.spawn_blocking(compare).await.map_err(Error::internal)?;
    waiting.done(memory);
    Ok(holds)
}

/// Whether a password is the user's own, counted as a login.
pub(super) async fn check_own(
    app: &App,
    user: &User,
    password: Zeroizing<String>,
    address: Option<IpAddr>,
) -> Result<bool> {
    let now = app.now();
    if let Some(address) = address
        && !app.identity.logins.admit(network(address), app.settings.limits.logins, now)
    {
        let message = "The throttling threshold has been reached: logins of this address";
        return Err(Error::new(ErrorKind::RateLimited, message));
    }
    check(app, password, user.password_hash.clone()).await
}

fn refuse(
    app: &App,
    found: Option<&User>,
    directory: &Directory,
    address: IpAddr,
    request_id: &str,
) {
    let known = found.and_then(|user| Some((user, directory.domain(user.domain)?)));
    match known {
        Some((user, domain)) => {
            let mut caller = caller(user, domain, request_id);
            caller.address = Some(address);
            audit::note(app, &caller, Action::TokenCreate, "", "token", Outcome::Denied);
        }
        None => tracing::info!(request_id, "login of an unknown user refused"),
    }
}

pub(crate) fn caller(user: &User, domain: &Domain, request_id: &str) -> Caller {
    Caller {
        domain_id: domain.id.clone(),
        domain_name: domain.name.clone(),
        user_id: user.id.clone(),
        user_name: user.name.clone(),
        assumed_by: None,
        role: user.role,
        scope: Scope::Domain,
        credential: Credential::Token,
        address: None,
        request_id: request_id.to_owned(),
    }
}

pub(super) fn find_domain<'a>(directory: &'a Directory, named: &DomainRef) -> Option<&'a Domain> {
    match named {
        DomainRef::Id(id) => directory.find_domain(|domain| domain.id.as_str() == id),
        DomainRef::Name(name) => directory.find_domain(|domain| domain.name == *name),
    }
}

fn find_user<'a>(directory: &'a Directory, named: &UserRef) -> Option<&'a User> {
    match named {
        UserRef::Id(id) => directory.user(UserId::parse(id).ok()?.as_str()),
        UserRef::Name(name, domain) => {
            let domain = find_domain(directory, domain)?;
            directory.users_of(domain.key).into_iter().find(|user| user.name == *name)
        }
    }
}

pub(super) fn find_scope<'a>(
    directory: &'a Directory,
    domain: &Domain,
    wanted: &ScopeRef,
) -> Result<Option<&'a Project>> {
    let absent = |what: &str, name: &str| {
        Error::new(ErrorKind::NotFound, format!("Could not find {what}: {name}"))
    };
    match wanted {
        ScopeRef::Unsaid => Ok(None),
        ScopeRef::Domain(named) => {
            let own = find_domain(directory, named).is_some_and(|found| found.key == domain.key);
            let (DomainRef::Id(name) | DomainRef::Name(name)) = named;
            if own { Ok(None) } else { Err(absent("domain", name)) }
        }
        ScopeRef::Project(named) => {
            let (ProjectRef::Id(name) | ProjectRef::Name(name)) = named;
            let found = match named {
                ProjectRef::Id(id) => directory.project(id),
                ProjectRef::Name(name) => {
                    directory.projects_of(domain.key).into_iter().find(|found| found.name == *name)
                }
            };
            let found = found.filter(|found| found.domain == domain.key && found.enabled);
            found.map(Some).ok_or_else(|| absent("project", name))
        }
    }
}
