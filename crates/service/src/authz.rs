//! Whether a caller may do what it asks for. Asked by every service function before anything else.

use crate::app::App;
use crate::audit::{self, Outcome};
use muster_model::action::Access;
use muster_model::id::ProjectId;
use muster_model::{Action, Caller, Error, Result, Role, Scope};

/// A project's key inside the store.
pub type ProjectKey = i64;

/// Lets `caller` perform `action` in a project, and answers its key. `None` stands for the project of the
/// caller's own scope.
///
/// # Errors
/// `NotFound` for a project that is not the caller's to see, `Forbidden` naming the action, `Invalid` if
/// none is named by either. Refusals are audited.
pub async fn require(
    app: &App,
    caller: &Caller,
    action: Action,
    project: Option<&ProjectId>,
) -> Result<ProjectKey> {
    let asked = match (project, &caller.scope) {
        (Some(project), _) | (None, Scope::Project(project)) => project,
        (None, Scope::Domain) => return Err(Error::invalid("project_id", "is required")),
    };
    let within = match &caller.scope {
        Scope::Project(scope) => scope == asked,
        Scope::Domain => true,
    };
    let directory = app.identity.directory();
    let found = directory.project(asked.as_str()).filter(|found| {
        within && directory.domain(found.domain).is_some_and(|domain| domain.id == caller.domain_id)
    });
    let Some(found) = found else {
        audit::note(app, caller, action, asked.as_str(), "project", Outcome::Denied);
        return Err(Error::not_found(format_args!("project {asked}")));
    };
    if !found.enabled || !allows(caller.role, action) {
        audit::note(app, caller, action, asked.as_str(), "", Outcome::Denied);
        return Err(Error::forbidden(action));
    }
    // Reads are recorded here, so that none is forgotten; what changes or exports records itself.
    if matches!(action.access(), Access::Read) && action != Action::AssetExport {
        audit::note(app, caller, action, asked.as_str(), "", Outcome::Success);
    }
    Ok(found.key)
}

/// Lets `caller` perform an action that concerns the account and no one project.
///
/// # Errors
/// `Forbidden` naming the action. The refusal is audited.
pub fn account(app: &App, caller: &Caller, action: Action) -> Result<()> {
    if allows(caller.role, action) {
        // Looking at oneself leaves no record.
        if matches!(action.access(), Access::Read) && action != Action::IdentityShow {
            audit::note(app, caller, action, "", "", Outcome::Success);
        }
        return Ok(());
    }
    audit::note(app, caller, action, "", "", Outcome::Denied);
    Err(Error::forbidden(action))
}

/// What the built-in roles may do.
pub const fn allows(role: Role, action: Action) -> bool {
    match role {
        Role::Admin => true,
        Role::Reader => matches!(action.access(), Access::Read),
    }
}
