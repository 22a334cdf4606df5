//! The operator of this machine as a caller: whoever may start the server may use it.

use muster_model::id::ProjectId;
use muster_model::{Caller, Credential, Error, Result, Role, Scope};
use muster_service::App;

/// A caller with all rights in the first project of the first account.
pub(crate) fn operator(app: &App) -> Result<(Caller, ProjectId)> {
    let directory = app.identity.directory();
    let nobody = || Error::internal("there is no account yet");
    let domain = directory.first_domain().ok_or_else(nobody)?;
    let projects = directory.projects_of(domain.key);
    let named = projects.iter().find(|project| project.name == app.settings.region);
    let project = named.or_else(|| projects.first()).ok_or_else(nobody)?;
    let users = directory.users_of(domain.key);
    let user = users.iter().find(|user| user.role == Role::Admin).ok_or_else(nobody)?;
    let caller = Caller {
        domain_id: domain.id.clone(),
        domain_name: domain.name.clone(),
        user_id: user.id.clone(),
        user_name: user.name.clone(),
        assumed_by: None,
        role: Role::Admin,
        scope: Scope::Project(project.id.clone()),
        credential: Credential::Local,
        address: None,
        request_id: String::new(),
    };
    Ok((caller, project.id.clone()))
}
