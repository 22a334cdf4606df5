//! What owners say of their hosts: hosts entered by hand, and who answers for them.

use crate::{App, audit, authz};
use muster_model::host::HostProfile;
use muster_model::id::{HostId, ProjectId};
use muster_model::{Action, Caller, Error, Result};
use muster_store::hosts::{self, Host, Ownership};
use muster_store::transact;

/// Longest of an owner's texts, in characters.
const MAX_TEXT: usize = 128;

/// What is to change; what is none stays.
#[derive(Clone, Debug, Default)]
pub struct OwnerChange {
    /// Responsible department.
    pub department: Option<String>,
    /// `important`, `general` or `test`.
    pub importance: Option<String>,
    /// Where it stands.
    pub location: Option<String>,
    /// Group of hosts.
    pub group: Option<String>,
}

impl OwnerChange {
    fn check(&self) -> Result<()> {
        for (name, text) in
            [("department", &self.department), ("location", &self.location), ("group", &self.group)]
        {
            let Some(text) = text else { continue };
            if text.chars().count() > MAX_TEXT || text.chars().any(char::is_control) {
                return Err(Error::invalid(name, "must be at most 128 printable characters"));
            }
        }
        match self.importance.as_deref() {
            None | Some("" | "important" | "general" | "test") => Ok(()),
            Some(_) => Err(Error::invalid("importance", "must be important, general or test")),
        }
    }

    fn apply(&self, owner: &mut Ownership) {
        for (to, from) in [
            (&mut owner.department, &self.department),
            (&mut owner.importance, &self.importance),
            (&mut owner.location, &self.location),
            (&mut owner.group, &self.group),
        ] {
            if let Some(from) = from {
                to.clone_from(from);
            }
        }
    }
}

/// Enters a host that has no agent yet. An agent that enrols under this name becomes its own.
///
/// # Errors
/// Those of [`authz::require`]; `Invalid` for a name of no or more than 255 characters.
pub async fn add(
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    name: &str,
    change: &OwnerChange,
) -> Result<HostId> {
    let key = authz::require(app, caller, Action::HostUpdate, Some(project)).await?;
    if !(1..=255).contains(&name.chars().count()) || name.chars().any(char::is_control) {
        return Err(Error::invalid("name", "must be 1 to 255 printable characters"));
    }
    change.check()?;
    let id = HostId::parse(&uuid::Uuid::new_v4().to_string())?;
    let profile = HostProfile { name: name.to_owned(), ..HostProfile::default() };
    let mut owner = Ownership { enterprise_project_id: "0".to_owned(), ..Ownership::default() };
    change.apply(&mut owner);
    let now = app.now();
    transact!(app.db, |tx| {
        hosts::create(tx, key, &id, &profile, &owner, now).await?;
        let target = format!("host/{id}");
        audit::append(tx, app, caller, Action::HostUpdate, project.as_str(), &target).await
    })?;
    Ok(id)
}

/// Changes what the owner says of a host.
///
/// # Errors
/// Those of [`authz::require`]; `NotFound` when there is no such host in the project.
pub async fn change(
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    id: &HostId,
    change: &OwnerChange,
) -> Result<()> {
    let key = authz::require(app, caller, Action::HostUpdate, Some(project)).await?;
    change.check()?;
    transact!(app.db, |tx| {
        let found = hosts::by_id(tx, id.as_str()).await?.filter(|host| host.project == key);
        let Host { key, mut owner, .. } =
            found.ok_or_else(|| Error::not_found(format_args!("host {id}")))?;
        change.apply(&mut owner);
        hosts::update_owner(tx, key, &owner).await?;
        let target = format!("host/{id}");
        audit::append(tx, app, caller, Action::HostUpdate, project.as_str(), &target).await
    })
}

/// Hosts of a project whose agent's key is used by two machines.
///
/// # Errors
/// Those of [`authz::require`].
pub async fn cloned(app: &App, caller: &Caller, project: &ProjectId) -> Result<Vec<HostId>> {
    let key = authz::require(app, caller, Action::HostList, Some(project)).await?;
    muster_store::agents::cloned_hosts(&mut app.db.read().await?, key).await
}
