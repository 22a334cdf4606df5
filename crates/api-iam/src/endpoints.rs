//! `/v3/regions`, `/v3/services`, `/v3/endpoints`: the catalogue taken apart, for whoever is logged in. There is one region
//! and one public address.

use axum::extract::State;
use muster_http::{Failure, Json, Params, PathParams};
use muster_model::Error;
use muster_service::App;
use muster_service::identity::catalog;
use serde_json::{Value, json};

/// What stands for the project in the address of a project's service, as Keystone has it.
const PROJECT: &str = "$(tenant_id)s";

/// A list as Keystone writes it: all on one page.
fn listed(app: &App, name: &str, rows: &[Value]) -> Json<Value> {
    let itself = format!("{}/v3/{name}", app.settings.endpoint);
    let links = json!({"self": itself, "previous": null, "next": null});
    Json(json!({name: rows, "links": links}))
}

/// The row with this id, under `name`.
fn one(rows: Vec<Value>, name: &str, id: &str) -> Result<Json<Value>, Failure> {
    let found = rows.into_iter().find(|row| row.get("id").is_some_and(|it| it == id));
    let found = found.ok_or_else(|| Error::not_found(format_args!("the {name}")))?;
    Ok(Json(json!({name: found})))
}

fn links(app: &App, name: &str, id: &str) -> Value {
    json!({"self": format!("{}/v3/{name}/{id}", app.settings.endpoint)})
}

fn all_regions(app: &App) -> Vec<Value> {
    let id = &app.settings.region;
    vec![json!({
        "id": id,
        "type": "public",
        "description": "",
        "parent_region_id": null,
        "locales": {"en-us": id, "zh-cn": id},
        "links": links(app, "regions", id),
    })]
}

fn all_services(app: &App) -> Vec<Value> {
    let row = |it: catalog::Service| {
        json!({
            "id": it.id,
            "name": it.name,
            "type": it.kind,
            "description": "",
            "enabled": true,
            "links": links(app, "services", &it.id),
        })
    };
    catalog::services(app, Some(PROJECT)).into_iter().map(row).collect()
}

fn all_endpoints(app: &App) -> Vec<Value> {
    let row = |it: catalog::Service| {
        // As in the catalogue of a token.
        let id = format!("{}-public", it.id);
        json!({
            "links": links(app, "endpoints", &id),
            "id": id,
            "service_id": it.id,
            "interface": "public",
            "region": it.region,
            "region_id": it.region,
            "url": it.url,
            "enabled": true,
        })
    };
    catalog::services(app, Some(PROJECT)).into_iter().map(row).collect()
}

/// Rows whose fields are as the query asks.
fn asked(mut rows: Vec<Value>, params: &Params, fields: &[&str]) -> Vec<Value> {
    for field in fields {
        if let Some(wanted) = params.text(field) {
            rows.retain(|row| row.get(*field).is_some_and(|value| value == wanted));
        }
    }
    rows
}

pub(crate) async fn regions(State(app): State<App>) -> Json<Value> {
    listed(&app, "regions", &all_regions(&app))
}

pub(crate) async fn region(
    State(app): State<App>,
    path: PathParams,
) -> Result<Json<Value>, Failure> {
    one(all_regions(&app), "region", path.text("region_id"))
}

pub(crate) async fn services(State(app): State<App>, params: Params) -> Json<Value> {
    listed(&app, "services", &asked(all_services(&app), &params, &["type"]))
}

pub(crate) async fn service(
    State(app): State<App>,
    path: PathParams,
) -> Result<Json<Value>, Failure> {
    one(all_services(&app), "service", path.text("service_id"))
}

pub(crate) async fn list(State(app): State<App>, params: Params) -> Json<Value> {
    listed(&app, "endpoints", &asked(all_endpoints(&app), &params, &["interface", "service_id"]))
}

pub(crate) async fn show(State(app): State<App>, path: PathParams) -> Result<Json<Value>, Failure> {
    one(all_endpoints(&app), "endpoint", path.text("endpoint_id"))
}
