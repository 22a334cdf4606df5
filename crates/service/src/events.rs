//! Security events: signs of ways out of containers, and what was done about them.

use crate::hosts::{self, Known, at};
use crate::{App, audit, authz};
use muster_model::id::ProjectId;
use muster_model::{Action, Caller, Error, Page, Paging, Result};
use muster_store::{events as store, transact};
use std::collections::{BTreeSet, HashMap};
pub use store::{Chosen, Event, Filter as Wanted, Handled};

/// The events of a project, the latest first, each with its host. With nothing wanted the page is empty, but the caller still
/// has to be allowed.
///
/// # Errors
/// Those of [`authz::require`] and of the database.
pub async fn list(
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    wanted: Option<&Wanted>,
    paging: Paging,
) -> Result<Page<(Event, Known)>> {
    let project = authz::require(app, caller, Action::EventList, Some(project)).await?;
    let Some(wanted) = wanted else { return Ok(Page { total: 0, rows: Vec::new() }) };
    let now = app.now();
    let wanted = Wanted { hosts: at(&wanted.hosts, now), ..wanted.clone() };
    let mut tx = app.db.read().await?;
    let page = store::list(&mut tx, project, &wanted, paging).await?;
    let keys: BTreeSet<i64> = page.rows.iter().map(|event| event.host).collect();
    let keys: Vec<i64> = keys.into_iter().collect();
    let known: HashMap<i64, Known> = hosts::by_keys(&mut tx, &keys, now).await?;
    let with_host = |event: Event| Some((known.get(&event.host)?.clone(), event));
    let rows = page.rows.into_iter().filter_map(with_host).map(|(host, event)| (event, host));
    Ok(Page { total: page.total, rows: rows.collect() })
}

/// Says what was done about events, or that they are open again: all of them, or none if one does not exist
/// or is not of the container it is said to be of.
///
/// # Errors
/// `NotFound` for an event that is not in the project; those of [`authz::require`] and of the database.
pub async fn handle(
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    events: &[Chosen],
    done: Option<(&str, &str)>,
) -> Result<()> {
    let key = authz::require(app, caller, Action::EventHandle, Some(project)).await?;
    let handled = done.map(|(method, remark)| Handled {
        method: method.to_owned(),
        remark: remark.to_owned(),
        at: app.now(),
    });
    transact!(app.db, |tx| {
        for event in events {
            if !store::handle(tx, key, event, handled.as_ref()).await? {
                return Err(Error::not_found("event_id"));
            }
            let target = format!("event/{}", event.id);
            audit::append(tx, app, caller, Action::EventHandle, project.as_str(), &target).await?;
        }
        Ok(())
    })
}
