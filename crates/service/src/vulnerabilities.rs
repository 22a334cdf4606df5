//! Vulnerabilities of the fleet: what is known against the software of the roll call, and on which hosts that is.
//!
//! The comparing goes on beside the requests ([`matcher`]); here its results are read. That nothing was found means
//! something only together with [`Summary`]: it says what was compared, with what, and what could not be.

pub mod chain;
pub mod matcher;
pub mod places;

use crate::hosts::{self, Known};
use crate::{App, ProjectKey, authz};
pub use muster_advisory::Grade;
use muster_model::id::ProjectId;
use muster_model::{Action, Caller, Error, Micros, Page, Paging, Result};
pub use muster_store::vulnerabilities::changes::{self, Area, Change, Event};
pub use muster_store::vulnerabilities::{
    Affected, Class, Component, Filter as Wanted, State, Unchecked, UncheckedPiece,
};
use muster_store::{Tx, vulnerabilities as store};
use std::collections::HashMap;

/// The grade of what cannot wait: critical.
const URGENT: u8 = 1;
/// Vulnerabilities looked at for a page of hosts: those that ask for hosts name one, or two classes of it.
const ALL: Paging = Paging { limit: 1_000, offset: 0 };
/// Only totals are wanted.
const NO_ROWS: Paging = Paging { limit: 0, offset: 0 };

/// A vulnerability with the software that has it.
#[derive(Clone, Debug)]
pub struct Found {
    /// The vulnerability.
    pub vulnerability: Affected,
    /// What has it, by host and name.
    pub components: Vec<Component>,
}

/// A host with what it has.
#[derive(Clone, Debug)]
pub struct OnHost {
    /// The host.
    pub known: Known,
    /// The vulnerabilities.
    pub found: Vec<Found>,
}

/// A page, and when software was last compared with what is known; never, where there is no knowledge.
#[derive(Clone, Debug)]
pub struct Seen<T> {
    /// The page.
    pub page: Page<T>,
    /// When.
    pub compared_at: Option<Micros>,
}

impl<T> Seen<T> {
    /// An empty page.
    pub const NOTHING: Self = Self { page: Page { total: 0, rows: Vec::new() }, compared_at: None };
}

/// The fleet's vulnerabilities in numbers.
#[derive(Clone, Debug)]
pub struct Summary {
    /// With what and when software was compared; none where that never happened.
    pub state: Option<State>,
    /// Vulnerabilities.
    pub all: i64,
    /// Critical ones.
    pub urgent: i64,
    /// Hosts that have one.
    pub hosts: i64,
    /// Software that could not be compared, by reason.
    pub unchecked: Vec<Unchecked>,
}

/// A page of vulnerabilities, the worst first. With nothing wanted the page is empty, but the caller still has to be
/// allowed.
///
/// # Errors
/// Those of [`authz::require`] and of the database.
pub async fn list(
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    wanted: Option<&Wanted>,
    paging: Paging,
) -> Result<Seen<Found>> {
    let project = authz::require(app, caller, Action::VulnerabilityList, Some(project)).await?;
    let Some(wanted) = wanted else { return Ok(Seen::NOTHING) };
    let mut tx = app.db.read().await?;
    found(&mut tx, project, wanted, paging).await
}

/// The same of one host.
///
/// # Errors
/// `NotFound` for a host that is not in the project; those of [`authz::require`] and of the database.
pub async fn of_host(
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    host: &str,
    wanted: Option<&Wanted>,
    paging: Paging,
) -> Result<Seen<Found>> {
    let key = authz::require(app, caller, Action::VulnerabilityList, Some(project)).await?;
    let one = hosts::Wanted { id: Some(host.to_owned()), ..hosts::Wanted::default() };
    let mut tx = app.db.read().await?;
    if muster_store::hosts::count(&mut tx, key, &one).await? == 0 {
        return Err(Error::not_found("host"));
    }
    let Some(wanted) = wanted else { return Ok(Seen::NOTHING) };
    let mut wanted = wanted.clone();
    wanted.hosts.id = one.id;
    found(&mut tx, key, &wanted, paging).await
}

async fn found(
    tx: &mut Tx,
    project: ProjectKey,
    wanted: &Wanted,
    paging: Paging,
) -> Result<Seen<Found>> {
    let page = store::list(tx, project, wanted, paging).await?;
    let keys = page.rows.iter().map(|it| it.key);
    let components = store::components(tx, project, keys, &wanted.hosts).await?;
    let rows = paired(page.rows, components);
    let page = Page { total: page.total, rows };
    Ok(Seen { page, compared_at: compared_at(tx).await? })
}

async fn compared_at(tx: &mut Tx) -> Result<Option<Micros>> {
    Ok(store::state(tx).await?.map(|state| state.at))
}

/// Vulnerabilities, each with the software that has it.
fn paired(vulnerabilities: Vec<Affected>, components: Vec<Component>) -> Vec<Found> {
    let mut of: HashMap<(i64, Class), Vec<Component>> = HashMap::new();
    for component in components {
        of.entry((component.vulnerability, component.class)).or_default().push(component);
    }
    let found = |vulnerability: Affected| {
        let key = (vulnerability.key, vulnerability.class);
        Found { components: of.remove(&key).unwrap_or_default(), vulnerability }
    };
    vulnerabilities.into_iter().map(found).collect()
}

/// The hosts that have one of the vulnerabilities that are wanted, by name, each with those it has.
///
/// # Errors
/// Those of [`authz::require`] and of the database.
pub async fn hosts(
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    wanted: Option<&Wanted>,
    paging: Paging,
) -> Result<Seen<OnHost>> {
    let project = authz::require(app, caller, Action::VulnerabilityList, Some(project)).await?;
    let Some(wanted) = wanted else { return Ok(Seen::NOTHING) };
    let mut tx = app.db.read().await?;
    let ids = store::hosts(&mut tx, project, wanted, paging).await?;
    let compared_at = compared_at(&mut tx).await?;
    if ids.rows.is_empty() {
        return Ok(Seen { page: Page { total: ids.total, rows: Vec::new() }, compared_at });
    }
    let these = hosts::Wanted { ids: ids.rows, ..hosts::Wanted::default() };
    let here = Paging { limit: paging.limit, offset: 0 };
    let page = hosts::page(&mut tx, project, &these, here, app.now()).await?;
    let on_these = Wanted { hosts: these, ..wanted.clone() };
    let has = store::list(&mut tx, project, &on_these, ALL).await?.rows;
    let keys = has.iter().map(|it| it.key);
    let mut of: HashMap<String, Vec<Component>> = HashMap::new();
    for component in store::components(&mut tx, project, keys, &on_these.hosts).await? {
        of.entry(component.host_id.clone()).or_default().push(component);
    }
    let on = |known: Known| {
        let mut found = paired(has.clone(), of.remove(known.host.id.as_str()).unwrap_or_default());
        found.retain(|found| !found.components.is_empty());
        OnHost { known, found }
    };
    let rows = page.rows.into_iter().map(on).collect();
    Ok(Seen { page: Page { total: ids.total, rows }, compared_at })
}

/// The fleet's vulnerabilities in numbers, and how far they can be trusted.
///
/// # Errors
/// Those of [`authz::require`] and of the database.
pub async fn summary(
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    enterprise_project: Option<String>,
) -> Result<Summary> {
    let project = authz::require(app, caller, Action::VulnerabilityList, Some(project)).await?;
    let of =
        hosts::Wanted { enterprise_project_id: enterprise_project, ..hosts::Wanted::default() };
    let all = Wanted { hosts: of, ..Wanted::default() };
    let urgent = Wanted { grade: Some(URGENT), ..all.clone() };
    let mut tx = app.db.read().await?;
    Ok(Summary {
        state: store::state(&mut tx).await?,
        all: store::list(&mut tx, project, &all, NO_ROWS).await?.total,
        urgent: store::list(&mut tx, project, &urgent, NO_ROWS).await?.total,
        hosts: store::hosts(&mut tx, project, &all, NO_ROWS).await?.total,
        unchecked: store::unchecked(&mut tx, project).await?,
    })
}

/// Software that could not be compared, for one reason (`no_source`, `no_purl` ...) or all, by reason and name.
///
/// # Errors
/// Those of [`authz::require`] and of the database.
pub async fn unchecked(
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    why: Option<&str>,
    paging: Paging,
) -> Result<Vec<UncheckedPiece>> {
    let project = authz::require(app, caller, Action::VulnerabilityList, Some(project)).await?;
    store::unchecked_pieces(&mut app.db.read().await?, project, why, paging).await
}

/// What became of known vulnerabilities when other knowledge was taken in, in the order of the events. Those of artifacts are for
/// who may look into them.
///
/// # Errors
/// Those of [`authz::require`] and of the database.
pub async fn events(
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    wanted: &changes::Wanted,
    limit: u32,
) -> Result<Vec<Change>> {
    let key = authz::require(app, caller, Action::VulnerabilityList, Some(project)).await?;
    if matches!(wanted.area, None | Some(Area::Artifacts)) {
        authz::require(app, caller, Action::ScaTaskGet, Some(project)).await?;
    }
    changes::list(&mut app.db.read().await?, key, wanted, limit).await
}
