//! Containers: the list of those that run.

use crate::hosts::{self, at};
use crate::{App, authz};
use muster_model::id::ProjectId;
use muster_model::{Action, Caller, Page, Paging, Result};
use muster_store::containers as store;
pub use muster_store::containers::{Container, Filter as Wanted};
pub use muster_store::hosts::Gathered;

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
