//! A list of hosts, entered whole or not at all. The same list again changes nothing.

use super::entry::Entry;
use super::free_id;
use crate::hosts::{Host, Ownership, Registration};
use crate::{App, audit, authz};
use muster_model::id::{HostId, ProjectId};
use muster_model::{Action, Caller, Error, ErrorKind, Result};
use muster_store::hosts::{self, NewHost};
use muster_store::{Tx, transact};
use std::collections::{HashMap, HashSet};

/// Most hosts of one list.
pub const MAX_IMPORT: usize = 5_000;
/// Most mistakes that are told at once.
const MAX_MISTAKES: usize = 20;

/// What became of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A host was entered.
    Added,
    /// A host was there, and something of it changed.
    Changed,
    /// A host was there as the line has it.
    Unchanged,
}

/// A line's host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// Its id.
    pub id: HostId,
    /// Its name.
    pub name: String,
    /// What became of the line.
    pub outcome: Outcome,
}

/// Enters the hosts of a list, and changes those that are there by the name: what a line says nothing of stays. With
/// `dry_run` it is only said what would happen.
///
/// # Errors
/// Those of [`authz::require`]. `Invalid` or `Conflict` with every line at fault, up to twenty, as
/// `hosts[0].name: why`; then nothing was entered.
pub async fn import(
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    entries: Vec<Entry>,
    dry_run: bool,
) -> Result<Vec<Imported>> {
    let key = authz::require(app, caller, Action::HostUpdate, Some(project)).await?;
    if !(1..=MAX_IMPORT).contains(&entries.len()) {
        return Err(Error::invalid("hosts", format_args!("must be 1 to {MAX_IMPORT}")));
    }
    let entries = checked(entries)?;
    let now = app.now();
    transact!(app.db, |tx| {
        let plan = Plan::make(tx, key, &entries).await?;
        if dry_run {
            return Ok(plan.lines);
        }
        hosts::register(tx, key, &plan.new, now).await?;
        for change in &plan.changes {
            hosts::update_owner(tx, change.host, &change.owner).await?;
            if let Some((registration, address)) = &change.registration {
                hosts::update_registration(tx, change.host, registration).await?;
                hosts::update_address(tx, change.host, address).await?;
            }
        }
        let done = plan.lines.iter().filter(|line| line.outcome != Outcome::Unchanged);
        let targets: Vec<_> = done.map(|line| format!("host/{}", line.id)).collect();
        audit::append_all(tx, app, caller, Action::HostUpdate, project.as_str(), &targets).await?;
        Ok(plan.lines)
    })
}

/// Mistakes as they are found.
#[derive(Default)]
struct Mistakes {
    told: Vec<String>,
    clash: bool,
}

impl Mistakes {
    fn add(&mut self, line: usize, error: &Error) {
        self.clash |= error.kind() == ErrorKind::Conflict;
        if self.told.len() < MAX_MISTAKES {
            self.told.push(format!("hosts[{line}].{}", error.message()));
        }
    }

    fn none(self) -> Result<()> {
        if self.told.is_empty() {
            return Ok(());
        }
        let kind = if self.clash { ErrorKind::Conflict } else { ErrorKind::Invalid };
        Err(Error::new(kind, self.told.join("; ")))
    }
}

/// What can be checked without a look at other hosts than those of the list.
fn checked(entries: Vec<Entry>) -> Result<Vec<Entry>> {
    let mut mistakes = Mistakes::default();
    let mut sound = Vec::with_capacity(entries.len());
    let (mut names, mut machines) = (HashMap::new(), HashMap::new());
    for (line, entry) in entries.into_iter().enumerate() {
        let entry = match entry.checked() {
            Ok(entry) => entry,
            Err(error) => {
                mistakes.add(line, &error);
                continue;
            }
        };
        for (parameter, value, seen) in
            [("name", &entry.name, &mut names), ("machine_id", &entry.machine_id, &mut machines)]
        {
            if value.is_empty() {
                continue;
            }
            if let Some(first) = seen.insert(value.clone(), line) {
                let why = format_args!("is that of hosts[{first}], too").to_string();
                mistakes.add(line, &Error::invalid(parameter, why));
            }
        }
        sound.push(entry);
    }
    mistakes.none().map(|()| sound)
}

/// A host that is there and is to be changed.
struct Change {
    host: i64,
    owner: Ownership,
    /// With the address that is shown until the agent tells its own.
    registration: Option<(Registration, String)>,
}

/// What there is to do.
#[derive(Default)]
struct Plan {
    new: Vec<NewHost>,
    changes: Vec<Change>,
    lines: Vec<Imported>,
}

/// Hosts by what they are called: the name one was entered by goes before the name an agent gives.
struct Named {
    entered: HashMap<String, Vec<Host>>,
    called: HashMap<String, Vec<Host>>,
}

impl Named {
    fn among(hosts: Vec<Host>) -> Self {
        let mut named = Self { entered: HashMap::new(), called: HashMap::new() };
        for host in hosts {
            named.called.entry(host.profile.name.clone()).or_default().push(host.clone());
            named.entered.entry(host.registration.name.clone()).or_default().push(host);
        }
        named
    }

    fn of(&self, name: &str) -> &[Host] {
        let found = self.entered.get(name).or_else(|| self.called.get(name));
        found.map(Vec::as_slice).unwrap_or_default()
    }
}

impl Plan {
    async fn make(tx: &mut Tx, project: i64, entries: &[Entry]) -> Result<Self> {
        let names: Vec<_> = entries.iter().map(|entry| entry.name.as_str()).collect();
        let there = Named::among(hosts::with_names(tx, project, &names).await?);
        let machines: Vec<_> = entries.iter().map(|entry| entry.machine_id.as_str()).collect();
        let machines: Vec<_> = machines.into_iter().filter(|id| !id.is_empty()).collect();
        let mut taken: HashMap<String, HashSet<HostId>> = HashMap::new();
        for host in hosts::with_machine_ids(tx, project, &machines).await? {
            for id in [host.profile.machine_id, host.registration.machine_id] {
                taken.entry(id).or_default().insert(host.id.clone());
            }
        }
        let (mut plan, mut mistakes) = (Self::default(), Mistakes::default());
        for (line, entry) in entries.iter().enumerate() {
            let same = there.of(&entry.name);
            let own = same.first().map(|host| &host.id);
            let others = taken.get(&entry.machine_id).into_iter().flatten();
            let other = others.into_iter().find(|id| Some(*id) != own);
            let planned = match (same, other) {
                (_, Some(other)) if !entry.machine_id.is_empty() => {
                    Err(Error::conflict(format!("machine_id: host {other} has it")))
                }
                ([], _) => plan.add(entry),
                ([host], _) => plan.change(host, entry),
                (several, _) => {
                    let why = format!(
                        "name: {} hosts have it, and nobody knows which is meant",
                        several.len()
                    );
                    Err(Error::conflict(why))
                }
            };
            if let Err(error) = planned {
                // What is ours to answer for is no mistake of the list.
                if error.kind() == ErrorKind::Internal {
                    return Err(error);
                }
                mistakes.add(line, &error);
            }
        }
        mistakes.none().map(|()| plan)
    }

    fn add(&mut self, entry: &Entry) -> Result<()> {
        let new = entry.new_host(free_id()?);
        self.lines.push(Imported {
            id: new.id.clone(),
            name: entry.name.clone(),
            outcome: Outcome::Added,
        });
        self.new.push(new);
        Ok(())
    }

    fn change(&mut self, host: &Host, entry: &Entry) -> Result<()> {
        let mut owner = host.owner.clone();
        entry.owner.apply(&mut owner);
        let registration = expected(host, entry)?;
        let changed = owner != host.owner || registration.is_some();
        if changed {
            self.changes.push(Change { host: host.key, owner, registration });
        }
        let outcome = if changed { Outcome::Changed } else { Outcome::Unchanged };
        self.lines.push(Imported { id: host.id.clone(), name: entry.name.clone(), outcome });
        Ok(())
    }
}

/// What is expected of a host's agent from now on, if that is something else. Where there was an agent, it told both by
/// itself; then a machine id is compared with its own, and an address says nothing new.
fn expected(host: &Host, entry: &Entry) -> Result<Option<(Registration, String)>> {
    let (was, agents) = (&host.registration, &host.profile.machine_id);
    if host.agent_id.is_some() || !agents.is_empty() {
        if entry.machine_id.is_empty() || entry.machine_id.eq_ignore_ascii_case(agents) {
            return Ok(None);
        }
        return Err(Error::conflict(format!("machine_id: host {} has another, or none", host.id)));
    }
    let or_as_it_was = |new: &str, old: &str| if new.is_empty() { old } else { new }.to_owned();
    let is = Registration {
        name: was.name.clone(),
        address: or_as_it_was(&entry.address, &was.address),
        machine_id: or_as_it_was(&entry.machine_id, &was.machine_id),
    };
    Ok((is != *was).then(|| (is.clone(), is.address)))
}
