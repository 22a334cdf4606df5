//! From a vulnerability to who can reach it: the software that has it, the processes that run or have loaded that
//! software, the ports they listen on, the sites behind these with their certificates, and the accounts that may
//! log in to the host.
//!
//! Everything is looked up in the facts of one host, where the collectors left the links: an executable names the
//! package it belongs to, a process the packages of the libraries it has mapped, a port and a site their process.

use super::{Affected, Found, Wanted, paired};
use crate::hosts::Wanted as Hosts;
use crate::{App, ProjectKey, authz};
use muster_model::id::ProjectId;
use muster_model::{Action, Caller, Category, Column, Error, Kind, Paging, Result};
use muster_store::assets::{self, Filter, Query, Seen};
use muster_store::vulnerabilities::{self as store, Component};
use muster_store::{Tx, hosts};
use std::collections::BTreeSet;

/// Rows of a kind that are looked at.
const MOST: u32 = 20_000;

/// What a piece of software leads to.
#[derive(Clone, Debug)]
pub struct Reach {
    /// The software.
    pub component: Component,
    /// Processes that run it or have loaded it. None runs: it is there, but not at work.
    pub processes: Vec<Process>,
    /// Their listeners.
    pub ports: Vec<Seen>,
    /// What they serve.
    pub sites: Vec<Seen>,
}

/// A process and why it is named.
#[derive(Clone, Debug)]
pub struct Process {
    /// The process.
    pub seen: Seen,
    /// It has loaded the software rather than being it.
    pub loads: bool,
}

/// A vulnerability on a host.
#[derive(Clone, Debug)]
pub struct Chain {
    /// The vulnerability, of each class of software it is in.
    pub vulnerabilities: Vec<Affected>,
    /// What has it, and where that leads.
    pub reaches: Vec<Reach>,
    /// Accounts that may log in to the host.
    pub accounts: Vec<Seen>,
}

/// Follows a vulnerability on a host.
///
/// # Errors
/// `NotFound` for a host that is not in the project or does not have the vulnerability; those of [`authz::require`]
/// and of the database. Assets have to be the caller's to list, too.
pub async fn follow(
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    vulnerability: &str,
    host: &str,
) -> Result<Chain> {
    authz::require(app, caller, Action::VulnerabilityList, Some(project)).await?;
    let project = authz::require(app, caller, Action::AssetList, Some(project)).await?;
    let mut tx = app.db.read().await?;
    let on = Hosts { id: Some(host.to_owned()), ..Hosts::default() };
    if hosts::count(&mut tx, project, &on).await? == 0 {
        return Err(Error::not_found("host"));
    }
    let wanted = Wanted { id: Some(vulnerability.to_owned()), hosts: on, ..Wanted::default() };
    let found = found(&mut tx, project, &wanted).await?;
    if found.is_empty() {
        return Err(Error::not_found("the vulnerability on this host"));
    }
    let mut facts = Facts { tx, project, host };
    let processes = facts.of(Kind::Process).await?;
    let ports = facts.of(Kind::Port).await?;
    let sites = facts.of(Kind::WebSite).await?;
    let mut reaches = Vec::new();
    for component in found.iter().flat_map(|found| &found.components) {
        let holders = facts.holders(component).await?;
        reaches.push(reach(component, &holders, &processes, &ports, &sites));
    }
    let mut accounts = facts.of(Kind::Users).await?;
    accounts.retain(|account| account.fact.flag(Column::LoginPermission));
    let vulnerabilities = found.into_iter().map(|found| found.vulnerability).collect();
    Ok(Chain { vulnerabilities, reaches, accounts })
}

async fn found(tx: &mut Tx, project: ProjectKey, wanted: &Wanted) -> Result<Vec<Found>> {
    let has = store::list(tx, project, wanted, super::ALL).await?.rows;
    let keys = has.iter().map(|it| it.key);
    let components = store::components(tx, project, keys, &wanted.hosts).await?;
    Ok(paired(has, components))
}

/// The facts of one host.
struct Facts<'h> {
    tx: Tx,
    project: ProjectKey,
    host: &'h str,
}

impl Facts<'_> {
    async fn of(&mut self, kind: Kind) -> Result<Vec<Seen>> {
        self.filtered(kind, Vec::new()).await
    }

    async fn filtered(&mut self, kind: Kind, mut filters: Vec<Filter>) -> Result<Vec<Seen>> {
        filters.push(Filter::HostId(self.host.to_owned()));
        let category = Category::Host;
        let query =
            Query { project: self.project, kind, category, enterprise_project: None, filters };
        assets::list(&mut self.tx, &query, Paging { limit: MOST, offset: 0 }).await
    }

    /// The processes that the software itself was seen with; packages are seen with none.
    async fn holders(&mut self, component: &Component) -> Result<BTreeSet<u32>> {
        if component.kind == Kind::App {
            return Ok(BTreeSet::new());
        }
        let equals =
            |column, text: &str| Filter::Equals(column, muster_model::Value::Text(text.to_owned()));
        let filters = vec![equals(Column::Name, &component.name)];
        let mut rows = self.filtered(component.kind, filters).await?;
        rows.retain(|row| row.fact.text(Column::Purl) == component.purl);
        Ok(rows.iter().filter_map(|row| row.volatile.pid).collect())
    }
}

fn reach(
    component: &Component,
    holders: &BTreeSet<u32>,
    processes: &[Seen],
    ports: &[Seen],
    sites: &[Seen],
) -> Reach {
    let named = |seen: &Seen| {
        let fact = &seen.fact;
        if component.kind != Kind::App {
            return seen.volatile.pid.is_some_and(|pid| holders.contains(&pid)).then_some(true);
        }
        if fact.text(Column::OwnerPurl) == component.purl {
            return Some(false);
        }
        let loads = fact.evidence().get("loads_packages").and_then(|list| list.as_array());
        let loads = loads.is_some_and(|list| list.iter().any(|it| *it == component.name));
        loads.then_some(true)
    };
    let processes: Vec<Process> = processes
        .iter()
        .filter_map(|seen| Some(Process { loads: named(seen)?, seen: seen.clone() }))
        .collect();
    let pids: BTreeSet<u32> = processes.iter().filter_map(|it| it.seen.volatile.pid).collect();
    let theirs = |rows: &[Seen]| {
        let held = |row: &&Seen| row.volatile.pid.is_some_and(|pid| pids.contains(&pid));
        rows.iter().filter(held).cloned().collect()
    };
    Reach { component: component.clone(), ports: theirs(ports), sites: theirs(sites), processes }
}
