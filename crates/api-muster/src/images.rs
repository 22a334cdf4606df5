//! `/muster/v1/{project_id}/images`

use axum::extract::State;
use muster_http::{Caller, Failure, Json, PathParams};
use muster_model::Micros;
use muster_service::images::{self, Place};
use muster_service::{App, containers::Container};
use serde_json::{Value, json};

fn place(it: &Place) -> Value {
    json!({
        "host_id": it.host_id,
        "host_name": it.host_name,
        "store": it.image.store,
        "names": it.image.names,
        "digests": it.image.digests,
        "size": it.image.size,
        "first_seen": it.first_seen.iso(),
    })
}

fn container(it: &Container) -> Value {
    json!({
        "host_id": it.host_id,
        "id": it.id(),
        "name": it.name(),
        "runtime": it.details.runtime,
        "created_at": it.details.created.map(Micros::iso),
    })
}

/// An image is named by its id, with or without `sha256:`.
pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
) -> Result<Json<Value>, Failure> {
    let id = path.text("image_id");
    let id = if id.contains(':') { id.to_owned() } else { format!("sha256:{id}") };
    let (detail, containers) = images::show(&app, &caller, &path.project()?, &id).await?;
    let image = &detail.image;
    // Stores have layers packed or not: their sizes are those of the first place.
    let sizes = detail.places.first().map(|it| it.image.layers.as_slice()).unwrap_or_default();
    let layers = image.layers.iter().enumerate().map(|(nth, layer)| {
        let size = sizes.get(nth).map(|it| it.size);
        json!({"digest": layer.digest, "size": size, "command": layer.command})
    });
    Ok(Json(json!({
        "id": image.id,
        "created_at": image.created.map(Micros::iso),
        "architecture": image.architecture,
        "os": image.os,
        "labels": image.labels,
        "layers": layers.collect::<Vec<_>>(),
        "places": detail.places.iter().map(place).collect::<Vec<_>>(),
        "containers": containers.iter().map(container).collect::<Vec<_>>(),
    })))
}
