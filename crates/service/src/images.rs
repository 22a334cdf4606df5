//! Images on the disks of hosts: which there are, where they lie, which containers are of them.

pub mod automatic;
mod tasks;

use crate::containers::Container;
use crate::hosts::{self, Known, at};
use crate::{App, audit, authz};
use muster_model::id::ProjectId;
use muster_model::{Action, Caller, Error, Page, Paging, Result};
use muster_store::{Tx, containers as running, hosts as hosts_store, images as store, transact};
use muster_vault::random;
use std::collections::{BTreeSet, HashMap};
pub use store::scans::{State, TIMED_OUT};
pub use store::tasks::{Failure, Filter as WantedTasks, Kind as TaskKind};
pub use store::{
    Detail, Filter as Wanted, Listed, Named, Piece, Place, Scan, Scanned, Task,
    Wanted as WantedWeakness, Weakness,
};
pub use tasks::{stop, tasks};

/// A scan that was asked for longer ago and has not ended will not: its agent is gone, or older than this call.
pub const SCANNING_FOR_SECS: i64 = 14_400;
/// Images one call has scanned at most.
const MAX_SCANS: u32 = 1_000;

/// What is wanted, with what the time has to do with it.
fn now_wanted(app: &App, wanted: &Wanted) -> Wanted {
    let now = app.now();
    let late = now.plus_secs(-SCANNING_FOR_SECS);
    Wanted { hosts: at(&wanted.hosts, now), late, ..wanted.clone() }
}

/// The images of a project by name, one row for every name of an image, each with its host where it lies on one alone. With nothing wanted the
/// page is empty, but the caller still has to be allowed.
///
/// # Errors
/// Those of [`authz::require`] and of the database.
pub async fn list(
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    wanted: Option<&Wanted>,
    paging: Paging,
) -> Result<Page<(Listed, Option<Known>)>> {
    let project = authz::require(app, caller, Action::AssetList, Some(project)).await?;
    let Some(wanted) = wanted else { return Ok(Page { total: 0, rows: Vec::new() }) };
    let now = app.now();
    let wanted = now_wanted(app, wanted);
    let mut tx = app.db.read().await?;
    let page = store::list(&mut tx, project, &wanted, paging).await?;
    let keys: BTreeSet<i64> = page.rows.iter().filter_map(|it| it.host).collect();
    let keys: Vec<i64> = keys.into_iter().collect();
    let known = hosts::by_keys(&mut tx, &keys, now).await?;
    let with_host = |it: Listed| {
        let host = it.host.and_then(|key| known.get(&key)).cloned();
        (it, host)
    };
    Ok(Page { total: page.total, rows: page.rows.into_iter().map(with_host).collect() })
}

/// How many rows the list has.
///
/// # Errors
/// Those of [`authz::require`] and of the database.
pub async fn count(
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    wanted: &Wanted,
) -> Result<i64> {
    let project = authz::require(app, caller, Action::AssetList, Some(project)).await?;
    let wanted = now_wanted(app, wanted);
    store::count(&mut app.db.read().await?, project, &wanted).await
}

/// The hosts that are wanted, by name: what lies on them is an asset.
///
/// # Errors
/// Those of [`authz::require`] and of the database.
pub async fn hosts(
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    wanted: &hosts_store::Filter,
    paging: Paging,
) -> Result<Page<Known>> {
    let project = authz::require(app, caller, Action::AssetList, Some(project)).await?;
    let now = app.now();
    let mut tx = app.db.read().await?;
    hosts::page(&mut tx, project, &at(wanted, now), paging, now).await
}

/// The containers that run and are wanted, each with its host.
///
/// # Errors
/// Those of [`authz::require`] and of the database.
pub async fn containers(
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    wanted: &running::Filter,
    paging: Paging,
) -> Result<Page<(Container, Known)>> {
    let project = authz::require(app, caller, Action::AssetList, Some(project)).await?;
    let now = app.now();
    let wanted = running::Filter { hosts: at(&wanted.hosts, now), ..wanted.clone() };
    let mut tx = app.db.read().await?;
    let page = running::list(&mut tx, project, &wanted, paging).await?;
    let ids: BTreeSet<&str> = page.rows.iter().map(|it| it.host_id.as_str()).collect();
    let known = by_ids(&mut tx, project, ids, app).await?;
    let with_host = |it: Container| Some((known.get(&it.host_id)?.clone(), it));
    let rows = page.rows.into_iter().filter_map(with_host).map(|(host, it)| (it, host));
    Ok(Page { total: page.total, rows: rows.collect() })
}

/// The hosts with these ids.
async fn by_ids(
    tx: &mut Tx,
    project: i64,
    ids: BTreeSet<&str>,
    app: &App,
) -> Result<HashMap<String, Known>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let paging = Paging { limit: u32::try_from(ids.len()).unwrap_or(u32::MAX), offset: 0 };
    let ids = ids.into_iter().map(str::to_owned).collect();
    let wanted = hosts_store::Filter { ids, ..hosts_store::Filter::default() };
    let page = hosts::page(tx, project, &wanted, paging, app.now()).await?;
    Ok(page.rows.into_iter().map(|it| (it.host.id.to_string(), it)).collect())
}

/// The containers of an image told with it at most.
const MAX_CONTAINERS: u32 = 1_000;

/// One image with the places it lies in, and the containers of it that run.
///
/// # Errors
/// `NotFound` where it lies nowhere in the project; those of [`authz::require`] and of the database.
pub async fn show(
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    id: &str,
) -> Result<(Detail, Vec<Container>)> {
    let project = authz::require(app, caller, Action::AssetList, Some(project)).await?;
    let mut tx = app.db.read().await?;
    let detail = store::show(&mut tx, project, id).await?;
    let detail = detail.ok_or_else(|| Error::not_found("the image on any host"))?;
    let of = Named { digest: Some(id.to_owned()), ..Named::default() };
    let wanted = running::Filter { of: Some(of), ..running::Filter::default() };
    let paging = Paging { limit: MAX_CONTAINERS, offset: 0 };
    let page = running::list(&mut tx, project, &wanted, paging).await?;
    Ok((detail, page.rows))
}

/// Has images looked into: each by the agent of a host it lies on. All of it is one task; `whole` tells whether it is of all images there
/// are. With nothing wanted there is none, but the caller still has to be allowed. Each of `wanted` must be there.
///
/// # Errors
/// `NotFound` where one of `wanted` is no image; those of [`authz::require`] and of the database.
pub async fn scan(
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    wanted: &[Wanted],
    whole: bool,
) -> Result<()> {
    let key = authz::require(app, caller, Action::AssetCollect, Some(project)).await?;
    let now = app.now();
    let id = random::id()?;
    let wanted: Vec<Wanted> = wanted.iter().map(|wanted| now_wanted(app, wanted)).collect();
    transact!(app.db, |tx| {
        let mut all = BTreeSet::new();
        for wanted in &wanted {
            let asked = store::scans::ask(tx, key, wanted, MAX_SCANS, now).await?;
            if asked.is_empty() && wanted.named != Named::default() {
                return Err(Error::not_found("image_info_list"));
            }
            let named = wanted.named.digest.as_deref().or(wanted.named.name.as_deref());
            let target = format!("image/{}", named.unwrap_or("*"));
            audit::append(tx, app, caller, Action::AssetCollect, project.as_str(), &target).await?;
            all.extend(asked);
        }
        let task = store::tasks::New { id: &id, kind: TaskKind::Manual, whole };
        store::tasks::create(tx, key, &task, &all, now).await
    })
}

/// The software in an image, by name.
///
/// # Errors
/// `NotFound` where the project has no such image; those of [`authz::require`] and of the database.
pub async fn software(
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    id: &str,
    name: Option<&str>,
    paging: Paging,
) -> Result<Page<Piece>> {
    let project = authz::require(app, caller, Action::AssetList, Some(project)).await?;
    let page = store::pieces(&mut app.db.read().await?, project, id, name, paging).await?;
    page.ok_or_else(|| Error::not_found("image_id"))
}

/// The known vulnerabilities of the software in an image, the worst first.
///
/// # Errors
/// `NotFound` where the project has no such image; those of [`authz::require`] and of the database.
pub async fn vulnerabilities(
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    id: &str,
    wanted: &WantedWeakness,
    paging: Paging,
) -> Result<Page<Weakness>> {
    let project = authz::require(app, caller, Action::VulnerabilityList, Some(project)).await?;
    let page = store::weaknesses(&mut app.db.read().await?, project, id, wanted, paging).await?;
    page.ok_or_else(|| Error::not_found("image_id"))
}
