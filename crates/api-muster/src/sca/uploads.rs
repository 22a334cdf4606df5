//! `/muster/v1/{project_id}/sca/artifacts`: an address to put an artifact to.

use axum::extract::State;
use muster_http::{Caller, Failure, Json, Origin, PathParams};
use muster_service::App;
use muster_service::sca::uploads;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Announcement {
    name: String,
}

pub(crate) async fn announce(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    Origin(info): Origin,
    Json(new): Json<Announcement>,
) -> Result<Json<Value>, Failure> {
    let project = path.project()?;
    let once = info.request_id.as_bytes();
    let ticket = uploads::announce(&app, &caller, Some(&project), &new.name, once).await?;
    Ok(Json(json!({
        "artifact_id": ticket.file_id,
        // Below the address the client reached the server by.
        "put": ticket.uri,
        "max_bytes": app.settings.sca.max_bytes,
    })))
}
