//! `/v3/auth/catalog`, `/v3/auth/projects`, `/v3/auth/domains`: what the caller's credentials reach.

use crate::projects::Project;
use axum::extract::State;
use muster_http::{Caller, Failure, Json};
use muster_model::Scope;
use muster_service::App;
use muster_service::identity::catalog::{Service, services};
use muster_service::identity::projects;
use serde::Serialize;
use serde_json::{Value, json};

/// A service of the catalogue on the wire.
#[derive(Serialize)]
pub(crate) struct Entry {
    endpoints: [Endpoint; 1],
    id: String,
    name: &'static str,
    r#type: &'static str,
}

#[derive(Serialize)]
struct Endpoint {
    id: String,
    interface: &'static str,
    region: String,
    region_id: String,
    url: String,
}

impl From<Service> for Entry {
    fn from(service: Service) -> Self {
        let endpoint = Endpoint {
            id: format!("{}-public", service.id),
            interface: "public",
            region: service.region.clone(),
            region_id: service.region,
            url: service.url,
        };
        let Service { id, name, kind, .. } = service;
        Self { endpoints: [endpoint], id, name, r#type: kind }
    }
}

/// The catalogue of a scope.
pub(crate) fn entries(app: &App, scope: &Scope) -> Vec<Entry> {
    let project = match scope {
        Scope::Project(id) => Some(id.as_str()),
        Scope::Domain => None,
    };
    services(app, project).into_iter().map(Entry::from).collect()
}

pub(crate) async fn catalog(State(app): State<App>, caller: Caller) -> Json<Value> {
    let itself = format!("{}/v3/auth/catalog", app.settings.endpoint);
    Json(json!({"catalog": entries(&app, &caller.scope), "links": {"self": itself}}))
}

pub(crate) async fn projects(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<Value>, Failure> {
    let domain = projects::domain(&app, &caller)?;
    let found = projects::own(&app, &caller)?;
    let found: Vec<_> = found.iter().map(|found| Project::new(&app, found, &domain)).collect();
    let itself = format!("{}/v3/auth/projects", app.settings.endpoint);
    Ok(Json(json!({"projects": found, "links": {"self": itself}})))
}

pub(crate) async fn domains(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<Value>, Failure> {
    let domain = projects::domain(&app, &caller)?;
    let base = &app.settings.endpoint;
    Ok(Json(json!({
        "domains": [{
            "id": domain.id,
            "name": domain.name,
            "description": "",
            "enabled": true,
            "links": {"self": format!("{base}/v3/domains/{}", domain.id)},
        }],
        "links": {"self": format!("{base}/v3/auth/domains")},
    })))
}
