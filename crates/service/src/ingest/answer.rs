//! Reports that are heard: their content stored, what their agents are to do next.

use super::{BUSY_SECS, HEARTBEAT_SECS};
use crate::App;
use crate::images::SCANNING_FOR_SECS;
use crate::keypairs::agents as binding;
use muster_model::container::Allowed;
use muster_model::report::{Reply, Report, Scope, ScopeReport, Task};
use muster_model::{Error, Kind, Micros, Result};
use muster_store::assets::{self, Applied, Target};
use muster_store::hosts::{self, Host};
use muster_store::images::scans::Due;
use muster_store::{Tx, collect, containers, events, images};
use muster_vault::random;
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

/// Takes in reports and answers each. They come with the keys of their hosts, which must be different ones.
pub(super) async fn to_all(
    tx: &mut Tx,
    app: &App,
    reports: &[(i64, &Report)],
    now: Micros,
) -> Result<Vec<Reply>> {
    let keys: Vec<i64> = reports.iter().map(|(host, _)| *host).collect();
    let known = hosts::by_keys(tx, &keys).await?;
    let host = |(key, report): &(i64, _)| known.get(key).map(|host| (host, *report));
    let reports: Vec<(&Host, &Report)> = reports
        .iter()
        .map(|it| host(it).ok_or_else(|| Error::internal("an agent without a host")))
        .collect::<Result<_>>()?;
    let versions: Vec<_> =
        reports.iter().map(|(host, report)| (host.key, report.agent_version.as_str())).collect();
    hosts::seen(tx, &versions, now).await?;
    for (host, report) in &reports {
        if let Some(profile) = &report.host {
            hosts::update_profile(tx, host.key, profile).await?;
        }
    }
    let mut wanted = wanted(tx, &reports, now).await?.into_iter();
    let told = reports.iter().filter_map(|it| Some((it.0.key, it.1.containers.as_deref()?)));
    containers::tell(tx, &told.collect::<Vec<_>>()).await?;
    let told = reports.iter().filter_map(|(host, report)| {
        let target = Target { project: host.project, host: host.key };
        Some((target, report.images.as_deref()?))
    });
    images::tell(tx, &told.collect::<Vec<_>>(), now).await?;
    let mut scans = scans(tx, &reports, now).await?;
    let mut tasks = tasks(tx, app, &reports, now).await?.into_iter();
    guard(tx, app, &reports, now).await?;
    let files = protected_files(tx, &reports).await?;
    let mut blocking = blocking(tx, &reports, now).await?;
    let reply = |(host, _): &(&Host, &Report)| {
        let (full, tasks) = (wanted.next().unwrap_or_default(), tasks.next().unwrap_or_default());
        let next_secs =
            if full.is_empty() && tasks.is_empty() { HEARTBEAT_SECS } else { BUSY_SECS };
        let guard = host.protected_as.is_some();
        let Due { asked: scan, at_leisure: scan_at_leisure } =
            scans.remove(&host.key).unwrap_or_default();
        let protected_files = files.get(&host.project).filter(|_| guard).cloned();
        let protected_files = protected_files.unwrap_or_default();
        let blocking = blocking.remove(&host.key);
        Reply {
            full,
            want_host: false,
            tasks,
            next_secs,
            guard,
            protected_files,
            blocking,
            scan,
            scan_at_leisure,
        }
    };
    Ok(reports.iter().map(reply).collect())
}

/// What containers are not to change, for each project that has a protected host among these.
async fn protected_files(
    tx: &mut Tx,
    reports: &[(&Host, &Report)],
) -> Result<HashMap<i64, Vec<String>>> {
    let mut files = HashMap::new();
    for (host, _) in reports.iter().filter(|it| it.0.protected_as.is_some()) {
        if let Entry::Vacant(vacant) = files.entry(host.project) {
            vacant.insert(events::protected_files(tx, host.project).await?);
        }
    }
    Ok(files)
}

/// What the containers of each host are held to, where the host does not know that yet. On one that is not protected: nothing.
async fn blocking(
    tx: &mut Tx,
    reports: &[(&Host, &Report)],
    now: Micros,
) -> Result<HashMap<i64, Vec<Allowed>>> {
    let mut news = HashMap::new();
    for (host, report) in reports {
        let Some(held) = report.blocking else { continue };
        let allowed = if host.protected_as.is_some() {
            events::allowed(tx, host.project, host.key, now).await?
        } else {
            Vec::new()
        };
        if Allowed::digest(&allowed) != held {
            news.insert(host.key, allowed);
        }
    }
    Ok(news)
}

/// Takes in what was found in images, and tells which each host is to look into.
async fn scans(
    tx: &mut Tx,
    reports: &[(&Host, &Report)],
    now: Micros,
) -> Result<HashMap<i64, Due>> {
    for (host, report) in reports.iter().filter(|it| !it.1.contents.is_empty()) {
        let target = Target { project: host.project, host: host.key };
        images::scans::told(tx, target, &report.contents, now).await?;
    }
    let asked = reports.iter().filter(|(host, _)| host.scans > 0).map(|(host, _)| host.key);
    let since = now.plus_secs(-SCANNING_FOR_SECS);
    images::scans::due(tx, &asked.collect::<Vec<_>>(), since).await
}

/// Records what is new of the signs of ways out of containers, on hosts that are protected.
async fn guard(tx: &mut Tx, app: &App, reports: &[(&Host, &Report)], now: Micros) -> Result<()> {
    for (host, report) in reports.iter().filter(|it| it.0.protected_as.is_some()) {
        let mut told = report.containers.clone().unwrap_or_default();
        let in_container =
            |it: &ScopeReport| it.scope.kind == Kind::Process && it.scope.container.is_some();
        if report.scopes.iter().any(in_container) {
            let target = Target { project: host.project, host: host.key };
            let until = now.plus_secs(app.settings.guard.learn_hours * 3600);
            told.extend(events::unknown_programs(tx, target, now, until).await?);
        }
        let new = events::record(tx, host.key, &told, now, random::id).await?;
        if new > 0 {
            tracing::warn!(host = %host.id, new, "signs of ways out of containers");
        }
    }
    Ok(())
}

/// Stores what is reported, and tells for each report which scopes are wanted in full.
async fn wanted(tx: &mut Tx, reports: &[(&Host, &Report)], now: Micros) -> Result<Vec<Vec<Scope>>> {
    let target = |host: &Host| Target { project: host.project, host: host.key };
    let scopes: Vec<(Target, &[ScopeReport])> =
        reports.iter().map(|(host, report)| (target(host), report.scopes.as_slice())).collect();
    let applied = assets::apply(tx, &scopes, now).await?;
    let unfit = |(report, applied): (&Report, &Vec<Applied>)| {
        let scopes = report.scopes.iter().zip(applied);
        let unfit = scopes.filter(|(_, applied)| **applied == Applied::NeedFull);
        unfit.map(|(report, _)| report.scope.clone()).collect::<Vec<_>>()
    };
    let keys: Vec<i64> = reports.iter().map(|(host, _)| host.key).collect();
    let mut held = assets::in_containers(tx, &keys).await?;
    Ok(reports
        .iter()
        .zip(&applied)
        .map(|((host, report), applied)| {
            let mut wanted = unfit((report, applied));
            wanted.extend(unnamed(held.remove(&host.key).unwrap_or_default(), report));
            wanted
        })
        .collect())
}

/// Scopes that are held but not named where every scope of the kind is: gone, but for the agent to say. What is held on
/// the host itself is always named then.
fn unnamed(in_containers: Vec<Scope>, report: &Report) -> impl Iterator<Item = Scope> {
    // By id: the name of a container may change.
    let key = |scope: &Scope| (scope.kind, scope.container.as_ref().map(|it| it.id.clone()));
    let named: HashSet<_> = report.scopes.iter().map(|it| key(&it.scope)).collect();
    in_containers
        .into_iter()
        .filter(move |it| named.contains(&(it.kind, None)) && !named.contains(&key(it)))
}

/// Notes what agents have done, and tells for each what it is to do.
async fn tasks(
    tx: &mut Tx,
    app: &App,
    reports: &[(&Host, &Report)],
    now: Micros,
) -> Result<Vec<Vec<Task>>> {
    for (host, report) in reports {
        for done in &report.done {
            collect::finished(tx, host.key, done, now).await?;
            binding::done(tx, app, host, done, now).await?;
        }
    }
    let hosts: Vec<&Host> = reports.iter().map(|(host, _)| *host).collect();
    let keys: Vec<i64> = hosts.iter().map(|host| host.key).collect();
    let mut due = collect::due(tx, &keys).await?;
    let asked: Vec<i64> = due.keys().copied().collect();
    collect::sent(tx, &asked, now).await?;
    let mut bindings = binding::due(tx, &hosts).await?;
    let of_host = |key: i64| {
        let due = due.remove(&key).unwrap_or_default().into_iter();
        let collect = due.map(|(id, kinds)| Task::Collect { id, kinds });
        collect.chain(bindings.remove(&key)).collect()
    };
    Ok(keys.into_iter().map(of_host).collect())
}
