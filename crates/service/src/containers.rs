//! Containers: the list of those that run.

use crate::hosts::at;
use crate::{App, authz};
use muster_model::id::ProjectId;
use muster_model::{Action, Caller, Page, Paging, Result};
use muster_store::containers as store;
pub use muster_store::containers::{Container, Filter as Wanted};

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
                looked_at: Micros(0),
            };
            assert_eq!(pod(&container), expected, "{name}");
        }
    }
}
