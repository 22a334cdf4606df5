//! Containers: the list of those that run.

use crate::hosts::{self, Known, at};
use crate::{App, authz};
use muster_model::id::ProjectId;
use muster_model::{Action, Caller, Error, Page, Paging, Result};
use muster_store::containers as store;
pub use muster_store::containers::{Container, Filter as Wanted, Pod, WantedPods};
pub use muster_store::hosts::Gathered;
use std::collections::BTreeSet;

/// Pods with one name looked at for the one that is wanted: its part may stand in others.
const ALL_PODS: Paging = Paging { limit: 10_000, offset: 0 };
/// Containers of a pod at most.
const OF_A_POD: Paging = Paging { limit: 1_000, offset: 0 };

/// The pod of a container, by its name `NAMESPACE/POD/CONTAINER`. What holds a pod's namespaces is called `NAMESPACE/POD`.
pub fn pod(container: &Container) -> Option<&str> {
    container.name().split('/').nth(1)
}

/// The containers that run on the hosts of a project, by name.
///
/// # Errors
/// Those of [`authz::require`] and of the database.
pub async fn list(
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    wanted: &Wanted,
    paging: Paging,
) -> Result<Page<Container>> {
    let project = authz::require(app, caller, Action::AssetList, Some(project)).await?;
    let wanted = Wanted { hosts: at(&wanted.hosts, app.now()), ..wanted.clone() };
    let mut tx = app.db.read().await?;
    store::list(&mut tx, project, &wanted, paging).await
}

/// The pods on the nodes of a project, by namespace and name, each with its node.
///
/// # Errors
/// Those of [`authz::require`] and of the database.
pub async fn pods(
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    wanted: &WantedPods,
    paging: Paging,
) -> Result<Page<(Pod, Known)>> {
    let project = authz::require(app, caller, Action::AssetList, Some(project)).await?;
    let now = app.now();
    let mut wanted = wanted.clone();
    wanted.containers.hosts = at(&wanted.containers.hosts, now);
    let mut tx = app.db.read().await?;
    let page = store::pods(&mut tx, project, &wanted, paging).await?;
    let keys: BTreeSet<i64> = page.rows.iter().map(|it| it.host).collect();
    let keys: Vec<i64> = keys.into_iter().collect();
    let known = hosts::by_keys(&mut tx, &keys, now).await?;
    let with_node = |it: Pod| Some((known.get(&it.host)?.clone(), it));
    let rows = page.rows.into_iter().filter_map(with_node).map(|(node, it)| (it, node));
    Ok(Page { total: page.total, rows: rows.collect() })
}

/// The first pod of a name, its node, and its containers that run.
///
/// # Errors
/// `NotFound` without one; those of [`authz::require`] and of the database.
pub async fn pod_of(
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    name: &str,
    hosts: hosts::Wanted,
) -> Result<(Pod, Known, Vec<Container>)> {
    let like = WantedPods {
        name: Some(name.to_owned()),
        containers: Wanted { hosts, ..Wanted::default() },
        ..WantedPods::default()
    };
    let found = pods(app, caller, project, &like, ALL_PODS).await?;
    let mut rows = found.rows.into_iter();
    let (pod, node) =
        rows.find(|(pod, _)| pod.name == name).ok_or_else(|| Error::not_found("pod"))?;
    let whole = format!("{}/{}", pod.namespace, pod.name);
    let of_pod = Wanted {
        name: Some(whole.clone()),
        hosts: hosts::Wanted { id: Some(node.host.id.to_string()), ..hosts::Wanted::default() },
        ..Wanted::default()
    };
    let mut held = list(app, caller, project, &of_pod, OF_A_POD).await?.rows;
    held.retain(|it| it.name() == whole || it.name().starts_with(&format!("{whole}/")));
    Ok((pod, node, held))
}

/// The clusters that the hosts which match are nodes of, by name. `name`: a part of it.
///
/// # Errors
/// Those of [`authz::require`] and of the database.
pub async fn clusters(
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    hosts: &hosts::Wanted,
    name: Option<&str>,
    paging: Paging,
) -> Result<Page<Gathered>> {
    let project = authz::require(app, caller, Action::HostList, Some(project)).await?;
    let hosts = at(hosts, app.now());
    muster_store::hosts::clusters(&mut app.db.read().await?, project, &hosts, name, paging).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use muster_model::Micros;
    use muster_model::container::Details;
    use muster_model::report::ContainerRef;

    #[test]
    fn a_pod_is_read_from_the_name_of_its_containers() {
        for (name, expected) in
            [("shop/cart-1/web", Some("cart-1")), ("shop/cart-1", Some("cart-1")), ("web", None)]
        {
            let named = ContainerRef { id: "1".into(), name: name.into() };
            let container = Container {
                details: Details { named, ..Details::default() },
                host_id: "h".into(),
                cluster: None,
                looked_at: Micros(0),
            };
            assert_eq!(pod(&container), expected, "{name}");
        }
    }
}
