//! What owners say of their hosts: hosts entered by hand, and who answers for them.

mod entry;
mod import;
mod installation;

pub use entry::Entry;
pub use import::{Imported, MAX_IMPORT, Outcome, import};
pub use installation::{Told, installation};

use crate::{App, audit, authz};
use muster_model::id::{HostId, ProjectId};
use muster_model::{Action, Caller, Error, Result};
use muster_store::hosts::{self, Host, Ownership};
use muster_store::transact;
use std::collections::BTreeMap;

/// Longest of an owner's texts, in characters.
const MAX_TEXT: usize = 128;
/// Most tags of a host, and longest key and value of one, in characters: what the vendor's tags have.
const MAX_TAGS: usize = 20;
const MAX_TAG_KEY: usize = 36;
const MAX_TAG_VALUE: usize = 43;

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
    /// Containers run on it, or will.
    pub container_node: Option<bool>,
    /// All of its tags.
    pub tags: Option<BTreeMap<String, String>>,
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
        for (key, value) in self.tags.iter().flatten() {
            let plain = |text: &str, max| {
                text.chars().count() <= max && !text.chars().any(char::is_control)
            };
            let sound = !key.is_empty() && !key.contains('=') && plain(key, MAX_TAG_KEY);
            if !sound || !plain(value, MAX_TAG_VALUE) {
                let why = "a key has 1 to 36 printable characters but =, a value at most 43";
                return Err(Error::invalid("tags", why));
            }
        }
        if self.tags.as_ref().is_some_and(|tags| tags.len() > MAX_TAGS) {
            return Err(Error::invalid("tags", "a host has at most 20"));
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
        if let Some(node) = self.container_node {
            owner.container_node = node;
        }
        if let Some(tags) = &self.tags {
            owner.tags.clone_from(tags);
        }
    }
}

/// Enters a host that has no agent yet. Which agent becomes it, `enrol` decides.
///
/// # Errors
/// Those of [`authz::require`]; `Invalid` with the parameter at fault; `Conflict` when a host of the project has this name
/// or this machine id.
pub async fn add(app: &App, caller: &Caller, project: &ProjectId, entry: Entry) -> Result<HostId> {
    let key = authz::require(app, caller, Action::HostUpdate, Some(project)).await?;
    let entry = entry.checked()?;
    let new = entry.new_host(free_id()?);
    let now = app.now();
    transact!(app.db, |tx| {
        if let Some(host) = hosts::with_names(tx, key, &[&entry.name]).await?.first() {
            return Err(taken("name", host));
        }
        if !entry.machine_id.is_empty()
            && let Some(host) =
                hosts::with_machine_ids(tx, key, &[&entry.machine_id]).await?.first()
        {
            return Err(taken("machine_id", host));
        }
        hosts::register(tx, key, std::slice::from_ref(&new), now).await?;
        let target = format!("host/{}", new.id);
        audit::append(tx, app, caller, Action::HostUpdate, project.as_str(), &target).await
    })?;
    Ok(new.id)
}

fn taken(parameter: &str, by: &Host) -> Error {
    let (id, name) = (&by.id, &by.profile.name);
    Error::conflict(format!("{parameter}: host {id} ({name}) has it"))
}

/// An id for a new host.
fn free_id() -> Result<HostId> {
    HostId::parse(&uuid::Uuid::new_v4().to_string())
}

/// Forgets a host that never had an agent.
///
/// # Errors
/// Those of [`authz::require`]; `NotFound` when there is no such host in the project; `Conflict` when an agent ever spoke for
/// it, or a key pair is bound to it.
pub async fn remove(app: &App, caller: &Caller, project: &ProjectId, id: &HostId) -> Result<()> {
    let key = authz::require(app, caller, Action::HostUpdate, Some(project)).await?;
    transact!(app.db, |tx| {
        let host = hosts::by_id(tx, id.as_str()).await?.filter(|host| host.project == key);
        let host = host.ok_or_else(|| Error::not_found(format_args!("host {id}")))?;
        if !muster_store::agents::of_host(tx, host.key).await?.is_empty() {
            let why =
                "an agent has spoken for this host: what it reported is kept. Shut it out instead";
            return Err(Error::conflict(why));
        }
        if !hosts::remove(tx, host.key).await? {
            return Err(Error::conflict("a key pair is bound to this host, or is about to be"));
        }
        let target = format!("host/{id}");
        audit::append(tx, app, caller, Action::HostUpdate, project.as_str(), &target).await
    })
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
