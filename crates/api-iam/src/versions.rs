//! `GET /` and `GET /v3`: which versions there are.

use axum::extract::State;
use muster_http::Json;
use muster_service::App;
use serde_json::{Value, json};

pub(crate) async fn list(State(app): State<App>) -> Json<Value> {
    Json(json!({"versions": {"values": [version(&app)]}}))
}

pub(crate) async fn show(State(app): State<App>) -> Json<Value> {
    Json(json!({"version": version(&app)}))
}

fn version(app: &App) -> Value {
    json!({
        "id": "v3.6",
        "status": "stable",
        "updated": "2016-04-04T00:00:00Z",
        "links": [{"rel": "self", "href": format!("{}/v3/", app.settings.endpoint)}],
        "media-types": [{
            "type": "application/vnd.openstack.identity-v3+json",
            "base": "application/json",
        }],
    })
}
