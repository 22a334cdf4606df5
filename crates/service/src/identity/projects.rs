//! Accounts and projects a caller can see.

use super::directory;
use crate::app::App;
use crate::{audit, authz};
use muster_model::id::ProjectId;
use muster_model::{Action, Caller, Error, ErrorKind, Result, Scope};
use muster_store::identity::{Domain, Project, domains};
use muster_store::{Tx, transact};
use muster_vault::random;

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
    found.ok_or_else(|| absent(id))
}

/// What is to be changed of a project; what is none stays.
#[derive(Clone, Copy, Debug, Default)]
pub struct Changes<'a> {
    /// Another name.
    pub name: Option<&'a str>,
    /// Another description.
    pub description: Option<&'a str>,
    /// Whether anything can be done in it.
    pub enabled: Option<bool>,
}

/// Adds a project to the caller's account.
///
/// # Errors
/// `Forbidden` naming the action, `Invalid` naming the parameter, `Conflict` when the name is taken.
pub async fn create(app: &App, caller: &Caller, name: &str, description: &str) -> Result<Project> {
    authz::account(app, caller, Action::ProjectUpdate)?;
    check(name, description)?;
    let domain = domain(app, caller)?;
    let id = ProjectId::parse(&random::id()?)?;
    let made = transact!(app.db, |tx| {
        let made =
            domains::create_project(tx, domain.key, &id, name, description, app.now()).await?;
        finish(tx, app, caller, id.as_str()).await?;
        Ok(made)
    })?;
    app.identity.reload(&app.db, &app.vault).await?;
    Ok(made)
}

/// Changes a project. Nothing can be done in one that is switched off when this returns.
///
/// # Errors
/// `Forbidden` naming the action, `NotFound`, `Invalid` naming the parameter, `Conflict` for a taken name.
pub async fn change(app: &App, caller: &Caller, id: &str, changes: Changes<'_>) -> Result<Project> {
    authz::account(app, caller, Action::ProjectUpdate)?;
    let domain = domain(app, caller)?;
    let changed = transact!(app.db, |tx| {
        let found = domains::project_by_id(tx, id).await?;
        let mut project = found.filter(|it| it.domain == domain.key).ok_or_else(|| absent(id))?;
        if let Some(name) = changes.name {
            name.clone_into(&mut project.name);
        }
        if let Some(description) = changes.description {
            description.clone_into(&mut project.description);
        }
        project.enabled = changes.enabled.unwrap_or(project.enabled);
        check(&project.name, &project.description)?;
        domains::update_project(tx, &project).await?;
        finish(tx, app, caller, id).await?;
        Ok(project)
    })?;
    app.identity.reload(&app.db, &app.vault).await?;
    Ok(changed)
}

fn check(name: &str, description: &str) -> Result<()> {
    let fits = (1..=64).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    if !fits {
        return Err(Error::invalid("name", "must be 1 to 64 letters, digits, - or _"));
    }
    if description.chars().count() > 255 {
        return Err(Error::invalid("description", "must have at most 255 characters"));
    }
    Ok(())
}

fn absent(id: &str) -> Error {
    Error::new(ErrorKind::NotFound, format!("Could not find project: {id}"))
}

async fn finish(tx: &mut Tx, app: &App, caller: &Caller, id: &str) -> Result<()> {
    directory::bump(tx, app.now()).await?;
    audit::append(tx, app, caller, Action::ProjectUpdate, id, &format!("project/{id}")).await
}
