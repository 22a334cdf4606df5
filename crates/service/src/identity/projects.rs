//! Accounts and projects a caller can see.

use crate::app::App;
use crate::authz;
use muster_model::{Action, Caller, Error, ErrorKind, Result, Scope};
use muster_store::identity::{Domain, Project};

/// The caller's account.
///
/// # Errors
/// `NotFound` if it was removed meanwhile.
pub fn domain(app: &App, caller: &Caller) -> Result<Domain> {
    authz::account(app, caller, Action::IdentityShow)?;
    let directory = app.identity.directory();
    directory
        .domain_by_id(&caller.domain_id)
        .cloned()
        .ok_or_else(|| Error::not_found(format_args!("domain {}", caller.domain_id)))
}

/// The projects a caller can get a token for, by name: of a project's token only that one.
///
/// # Errors
/// `NotFound` if the account was removed meanwhile.
pub fn own(app: &App, caller: &Caller) -> Result<Vec<Project>> {
    let domain = domain(app, caller)?;
    let directory = app.identity.directory();
    let projects = directory.projects_of(domain.key).into_iter();
    let reachable = projects.filter(|project| match &caller.scope {
        Scope::Domain => true,
        Scope::Project(id) => project.id == *id,
    });
    Ok(reachable.cloned().collect())
}

/// The projects of the caller's account by name, whatever the scope of its token.
///
/// # Errors
/// `Forbidden` naming the action.
pub fn list(app: &App, caller: &Caller) -> Result<Vec<Project>> {
    authz::account(app, caller, Action::ProjectList)?;
    let domain = domain(app, caller)?;
    let directory = app.identity.directory();
    Ok(directory.projects_of(domain.key).into_iter().cloned().collect())
}

/// One project of the caller's account.
///
/// # Errors
/// `NotFound`, also for another account's.
pub fn get(app: &App, caller: &Caller, id: &str) -> Result<Project> {
    let found = list(app, caller)?.into_iter().find(|project| project.id.as_str() == id);
    found.ok_or_else(|| Error::new(ErrorKind::NotFound, format!("Could not find project: {id}")))
}
