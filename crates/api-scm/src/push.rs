//! Putting certificates where programs read them: the targets the operator configured are the services.

use axum::extract::State;
use axum::http::StatusCode;
use muster_http::{Caller, Failure, Json, PathParams};
use muster_model::{Caller as Known, Error, ErrorKind};
use muster_service::{App, certificates::deploy};
use serde::Deserialize;
use serde_json::{Value, json};

/// What the targets are called where a service of the vendor's would stand.
pub(crate) const SERVICE: &str = "HOST";
/// Most projects and resources of one call.
const MOST: usize = 50;

#[derive(Deserialize)]
pub(crate) struct Push {
    target_project: String,
    target_service: String,
}

/// The target is the service; the project has to be one of the account and makes no difference.
pub(crate) async fn push(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    Json(body): Json<Push>,
) -> Result<StatusCode, Failure> {
    let id = path.text("certificate_id");
    put(&app, &caller, id, &body.target_service, &[body.target_project]).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
pub(crate) struct BatchPush {
    target_projects: Vec<String>,
    target_service: String,
}

pub(crate) async fn batch(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    Json(body): Json<BatchPush>,
) -> Result<Json<Value>, Failure> {
    let (id, projects) = (path.text("certificate_id"), &body.target_projects);
    put(&app, &caller, id, &body.target_service, projects).await?;
    let results: Vec<_> = projects
        .iter()
        .map(|project| json!({"project_name": project, "cert_id": id, "message": "success"}))
        .collect();
    Ok(Json(json!({"results": results})))
}

async fn put(
    app: &App,
    caller: &Known,
    id: &str,
    target: &str,
    projects: &[String],
) -> Result<(), Error> {
    deploy::permit(app, caller, id).await?;
    if projects.is_empty() || projects.len() > MOST {
        return Err(Error::invalid("target_projects", "must be 1 to 50 projects"));
    }
    let directory = app.identity.directory();
    let own = directory.domain_by_id(&caller.domain_id);
    let own = own.map(|domain| directory.projects_of(domain.key)).unwrap_or_default();
    let known = |name: &String| own.iter().any(|it| it.name == *name || it.id.as_str() == name);
    if !projects.iter().all(known) {
        return Err(Error::invalid("target_project", "No projects found."));
    }
    deploy::push(app, caller, id, target).await
}

#[derive(Deserialize)]
pub(crate) struct Deploy {
    service_name: String,
    resources: Vec<Resource>,
}

#[derive(Deserialize)]
struct Resource {
    #[serde(default)]
    id: Option<String>,
}

/// Several targets; what fails is listed, the others stay.
pub(crate) async fn deploy(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    Json(body): Json<Deploy>,
) -> Result<Json<Value>, Failure> {
    let id = path.text("certificate_id");
    deploy::permit(&app, &caller, id).await?;
    if body.resources.is_empty() || body.resources.len() > MOST {
        return Err(Error::invalid("resources", "must be 1 to 50 targets").into());
    }
    if body.service_name != SERVICE {
        let why = "Certificates cannot be pushed to this service.";
        return Err(Error::invalid("target_service", why).into());
    }
    let mut failures = Vec::new();
    for resource in body.resources {
        let target = resource.id.unwrap_or_default();
        match deploy::push(&app, &caller, id, &target).await {
            Ok(()) => {}
            // What concerns every target is the answer itself.
            Err(error)
                if !matches!(error.kind(), ErrorKind::Invalid | ErrorKind::Unavailable)
                    || error.message().contains("audit") =>
            {
                return Err(error.into());
            }
            Err(error) => {
                failures.push(json!({"resource": target, "failure_info": error.message()}));
            }
        }
    }
    Ok(Json(json!({"failure_list": failures})))
}
