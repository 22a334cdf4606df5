//! `/muster/v1/{project_id}/sca/where`: where a component is.

use crate::assets::{purl, seen};
use axum::extract::State;
use muster_http::{Caller, Failure, Json, Params, PathParams};
use muster_model::{Error, Micros};
use muster_service::App;
use muster_service::sca::whereabouts::{self, Held, Which};
use serde::Deserialize;
use serde_json::{Value, json};

/// What of a component's details says where it is.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Kept {
    relation: String,
    scope: String,
    places: Value,
}

fn view(held: &Held) -> Result<Value, Error> {
    let place = &held.place;
    let kept: Kept = serde_json::from_str(&place.detail).map_err(Error::internal)?;
    let ways: Vec<Vec<_>> = held
        .ways
        .iter()
        .map(|way| {
            way.iter().map(|it| if it.purl.is_empty() { &it.name } else { &it.purl }).collect()
        })
        .collect();
    Ok(json!({
        "purl": place.component.purl,
        "group": place.component.group,
        "name": place.component.name,
        "version": place.component.version,
        "uuid": place.component.uuid,
        "task_id": place.task,
        "task_name": place.task_name,
        "ended_at": place.at.map(Micros::iso),
        "relation": kept.relation,
        "scope": kept.scope,
        "places": kept.places,
        "pulled_in_by": ways,
    }))
}

pub(crate) async fn find(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    params: Params,
) -> Result<Json<Value>, Failure> {
    let which = match params.text("purl") {
        Some(text) => Which::Purl(purl(text)?),
        None => {
            let version = params.text("version").filter(|version| !version.is_empty());
            let name = params.text("name").unwrap_or_default();
            Which::Name(name.to_owned(), version.map(str::to_owned))
        }
    };
    let found = whereabouts::find(&app, &caller, &path.project()?, &which).await?;
    let rows = found.artifacts.iter().map(view).collect::<Result<Vec<_>, Error>>()?;
    let hosts = found.hosts.map(|hosts| hosts.iter().map(seen).collect::<Vec<_>>());
    Ok(Json(json!({"found": rows, "hosts": hosts})))
}
