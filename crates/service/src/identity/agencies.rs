//! Agencies of the caller's account: what it lends to another account's users, or to its own, and until when.

use super::directory;
use super::login::{DomainRef, find_domain};
use crate::app::App;
use crate::{audit, authz};
use muster_model::{Action, Caller, Error, ErrorKind, Micros, Result};
use muster_store::identity::agencies::{self, Agency};
use muster_store::{Tx, transact};
use muster_vault::random;

/// Agencies an account may have, as the vendor has it.
const LIMIT: usize = 50;
/// Longest name and description in characters.
const MAX_NAME: usize = 64;
const MAX_DESCRIPTION: usize = 255;
/// Longest life in days, unless it is for ever.
const MAX_DAYS: i64 = 365;

/// How long an agency lasts, from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duration {
    /// Until it is removed.
    Forever,
    /// So many days, 1 to 365.
    Days(i64),
}

impl Duration {
    fn end(self, now: Micros) -> Result<Option<Micros>> {
        match self {
            Self::Forever => Ok(None),
            Self::Days(days) if (1..=MAX_DAYS).contains(&days) => {
                Ok(Some(now.plus_secs(days * 24 * 3600)))
            }
            Self::Days(_) => {
                let why = format!("must be FOREVER, ONEDAY or 1 to {MAX_DAYS} days");
                Err(Error::invalid("agency.duration", why))
            }
        }
    }
}

/// What a new agency is, or what is to be changed of one; what is none stays, or is as usual.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    /// The account whose users may assume it.
    pub trusted: Option<DomainRef>,
    /// For people.
    pub description: Option<String>,
    /// How long it lasts; usual is for ever.
    pub duration: Option<Duration>,
}

/// The agencies of the caller's account by name.
///
/// # Errors
/// `Forbidden` naming the action.
pub fn list(app: &App, caller: &Caller) -> Result<Vec<Agency>> {
    authz::account(app, caller, Action::AgencyList)?;
    let directory = app.identity.directory();
    let domain = directory.domain_by_id(&caller.domain_id).map(|domain| domain.key);
    Ok(directory.agencies().filter(|it| Some(it.domain) == domain).cloned().collect())
}

/// One agency of the caller's account.
///
/// # Errors
/// `NotFound`, also for another account's; `Forbidden` naming the action.
pub fn get(app: &App, caller: &Caller, id: &str) -> Result<Agency> {
    list(app, caller)?.into_iter().find(|it| it.id == id).ok_or_else(|| absent(id))
}

/// Adds an agency without rights.
///
/// # Errors
/// `Forbidden` naming the action; `Invalid` naming the parameter; `NotFound` for the trusted account; `Conflict` for
/// a taken name or the fifty-first agency.
pub async fn create(app: &App, caller: &Caller, name: &str, draft: Draft) -> Result<Agency> {
    authz::account(app, caller, Action::AgencyUpdate)?;
    let letter = |c: char| c.is_alphanumeric() || " -_.,".contains(c);
    if name.trim().is_empty() || name.chars().count() > MAX_NAME || !name.chars().all(letter) {
        let why = "must be 1 to 64 letters, digits, spaces or characters of -_.,";
        return Err(Error::invalid("agency.name", why));
    }
    let trusted = draft.trusted.clone();
    let trusted = trusted
        .ok_or_else(|| Error::invalid("agency.trust_domain_name", "is a required property"))?;
    let directory = app.identity.directory();
    let domain = directory.domain_by_id(&caller.domain_id).map(|domain| domain.key);
    let domain = domain.ok_or_else(|| Error::not_found("the account"))?;
    if directory.agencies().filter(|it| it.domain == domain).count() >= LIMIT {
        let message = format!("the account has {LIMIT} agencies, the most it may have");
        return Err(Error::conflict(message));
    }
    let now = app.now();
    let mut new = Agency {
        key: 0,
        id: random::id()?,
        domain,
        name: name.to_owned(),
        trusted: account(app, &trusted)?,
        description: String::new(),
        created_at: now,
        expires_at: None,
        version: 0,
    };
    apply(app, &mut new, draft)?;
    transact!(app.db, |tx| {
        agencies::create(tx, &new).await?;
        finish(tx, app, caller, &new.id).await
    })?;
    shown(app, &new.id).await
}

/// Changes an agency. What was assumed before is void when this returns.
///
/// # Errors
/// Those of [`create`]; `NotFound`.
pub async fn update(app: &App, caller: &Caller, id: &str, draft: Draft) -> Result<Agency> {
    authz::account(app, caller, Action::AgencyUpdate)?;
    transact!(app.db, |tx| {
        let mut it = find(tx, app, caller, id).await?;
        apply(app, &mut it, draft.clone())?;
        agencies::update(tx, &it).await?;
        finish(tx, app, caller, id).await
    })?;
    shown(app, id).await
}

/// Removes an agency. What was assumed is void when this returns.
///
/// # Errors
/// `Forbidden` naming the action; `NotFound`.
pub async fn delete(app: &App, caller: &Caller, id: &str) -> Result<()> {
    authz::account(app, caller, Action::AgencyUpdate)?;
    transact!(app.db, |tx| {
        let it = find(tx, app, caller, id).await?;
        agencies::delete(tx, it.key).await?;
        finish(tx, app, caller, id).await
    })?;
    app.identity.reload(&app.db, &app.vault).await
}

/// Voids what was assumed of an agency, as part of what changes its rights, and answers its key.
pub(super) async fn touch(tx: &mut Tx, app: &App, caller: &Caller, id: &str) -> Result<i64> {
    let it = find(tx, app, caller, id).await?;
    agencies::update(tx, &it).await?;
    Ok(it.key)
}

pub(super) fn absent(id: &str) -> Error {
    Error::new(ErrorKind::NotFound, format!("Could not find agency: {id}"))
}

fn apply(app: &App, agency: &mut Agency, draft: Draft) -> Result<()> {
    if let Some(trusted) = &draft.trusted {
        agency.trusted = account(app, trusted)?;
    }
    if let Some(description) = draft.description {
        let plain = !description.chars().any(|c| c.is_control() || "<>".contains(c));
        if description.chars().count() > MAX_DESCRIPTION || !plain {
            let why = "must be at most 255 characters without < and >";
            return Err(Error::invalid("agency.description", why));
        }
        agency.description = description;
    }
    if let Some(duration) = draft.duration {
        agency.expires_at = duration.end(app.now())?;
    }
    Ok(())
}

fn account(app: &App, named: &DomainRef) -> Result<i64> {
    let directory = app.identity.directory();
    let (DomainRef::Id(text) | DomainRef::Name(text)) = named;
    let absent = || Error::new(ErrorKind::NotFound, format!("Could not find domain: {text}"));
    Ok(find_domain(&directory, named).ok_or_else(absent)?.key)
}

async fn find(tx: &mut Tx, app: &App, caller: &Caller, id: &str) -> Result<Agency> {
    let directory = app.identity.directory();
    let found = agencies::by_id(tx, id).await?.filter(|it| {
        directory.domain(it.domain).is_some_and(|domain| domain.id == caller.domain_id)
    });
    found.ok_or_else(|| absent(id))
}

async fn shown(app: &App, id: &str) -> Result<Agency> {
    app.identity.reload(&app.db, &app.vault).await?;
    let directory = app.identity.directory();
    let found = directory.agencies().find(|it| it.id == id).cloned();
    found.ok_or_else(|| absent(id))
}

async fn finish(tx: &mut Tx, app: &App, caller: &Caller, id: &str) -> Result<()> {
    directory::bump(tx, app.now()).await?;
    let target = format!("agency/{id}");
    audit::append(tx, app, caller, Action::AgencyUpdate, "", &target).await
}
