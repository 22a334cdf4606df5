//! Where a vulnerability is beside hosts: in images, and in containers that run.

use super::{Seen, compared_at};
use crate::containers::{Container, Wanted as WantedContainers};
use crate::hosts::{Known, at};
use crate::images::{Listed, Wanted as WantedImages};
use crate::{App, authz, images};
use muster_model::id::ProjectId;
use muster_model::{Action, Caller, Page, Paging, Result};
use muster_store::vulnerabilities as store;
pub use store::{InImages, Named, OfImages};

/// What has a vulnerability, and how grave that is: 1 critical to 5 unknown.
#[derive(Clone, Debug)]
pub struct Having<T> {
    /// All of it.
    pub seen: Seen<T>,
    /// How grave it is.
    pub grade: u8,
}

/// The vulnerabilities of images that lie on hosts, the worst first.
///
/// # Errors
/// Those of [`authz::require`] and of the database.
pub async fn in_images(
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    wanted: &InImages,
    paging: Paging,
) -> Result<Page<OfImages>> {
    let project = authz::require(app, caller, Action::VulnerabilityList, Some(project)).await?;
    let wanted = InImages { hosts: at(&wanted.hosts, app.now()), ..wanted.clone() };
    store::in_images(&mut app.db.read().await?, project, &wanted, paging).await
}

/// The images that have a vulnerability, by name.
///
/// # Errors
/// Those of [`authz::require`] and of the database.
pub async fn images_with(
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    wanted: Option<&WantedImages>,
    paging: Paging,
) -> Result<Having<(Listed, Option<Known>)>> {
    authz::require(app, caller, Action::VulnerabilityList, Some(project)).await?;
    let page = images::list(app, caller, project, wanted, paging).await?;
    let named = wanted.and_then(|it| it.vulnerability.as_ref());
    having(app, named, page).await
}

/// The containers that have a vulnerability, by name, each with its host.
///
/// # Errors
/// Those of [`authz::require`] and of the database.
pub async fn containers_with(
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    wanted: Option<&WantedContainers>,
    paging: Paging,
) -> Result<Having<(Container, Known)>> {
    authz::require(app, caller, Action::VulnerabilityList, Some(project)).await?;
    let page = match wanted {
        Some(wanted) => images::containers(app, caller, project, wanted, paging).await?,
        None => Page { total: 0, rows: Vec::new() },
    };
    having(app, wanted.and_then(|it| it.vulnerability.as_ref()), page).await
}

async fn having<T>(app: &App, named: Option<&Named>, page: Page<T>) -> Result<Having<T>> {
    let mut tx = app.db.read().await?;
    let grade = match named {
        Some(named) => store::grade(&mut tx, &named.id).await?,
        None => None,
    };
    let compared_at = compared_at(&mut tx).await?;
    Ok(Having { seen: Seen { page, compared_at }, grade: grade.unwrap_or(5) })
}
