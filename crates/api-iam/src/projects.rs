//! `/v3/projects`: the account's projects.

use axum::extract::State;
use axum::http::StatusCode;
use muster_http::{Caller, Failure, Json, Params, PathParams};
use muster_model::Error;
use muster_service::App;
use muster_service::identity::projects::{self, Changes};
use muster_service::identity::users;
use muster_service::identity::{Domain, Project as Stored};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Largest page the vendor gives.
const MAX_PER_PAGE: i64 = 5000;

/// A project on the wire.
#[derive(Serialize)]
pub(crate) struct Project {
    id: String,
    name: String,
    domain_id: String,
    parent_id: String,
    description: String,
    enabled: bool,
    is_domain: bool,
    links: Links,
}

#[derive(Serialize)]
struct Links {
    #[serde(rename = "self")]
    itself: String,
    previous: Option<String>,
    next: Option<String>,
}

impl Project {
    pub(crate) fn new(app: &App, project: &Stored, domain: &Domain) -> Self {
        let itself = format!("{}/v3/projects/{}", app.settings.endpoint, project.id);
        Self {
            id: project.id.to_string(),
            name: project.name.clone(),
            domain_id: domain.id.to_string(),
            parent_id: domain.id.to_string(),
            description: project.description.clone(),
            enabled: project.enabled,
            is_domain: false,
            links: Links { itself, previous: None, next: None },
        }
    }
}

pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    params: Params,
) -> Result<Json<Value>, Failure> {
    let (page, per_page) = page(&params)?;
    let (name, enabled) = (params.text("name"), params.flag("enabled")?);
    let is_domain = params.flag("is_domain")? == Some(true);
    let domain = projects::domain(&app, &caller)?;
    let elsewhere = |name: &str| params.text(name).is_some_and(|asked| asked != domain.id.as_str());
    let none = is_domain || elsewhere("domain_id") || elsewhere("parent_id");
    let found = projects::list(&app, &caller)?;
    let found: Vec<_> = found
        .iter()
        .filter(|_| !none)
        .filter(|found| name.is_none_or(|name| found.name == name))
        .filter(|found| enabled.is_none_or(|enabled| found.enabled == enabled))
        .skip((page - 1).saturating_mul(per_page))
        .take(per_page)
        .map(|found| Project::new(&app, found, &domain))
        .collect();
    let itself = format!("{}/v3/projects", app.settings.endpoint);
    let links = json!({"self": itself, "previous": null, "next": null});
    Ok(Json(json!({"projects": found, "links": links})))
}

/// `page` and `per_page` come together or not at all.
fn page(params: &Params) -> Result<(usize, usize), Error> {
    let page = params.int("page", 1..=i64::from(i32::MAX))?;
    let per_page = params.int("per_page", 1..=MAX_PER_PAGE)?;
    let size = |number: i64| usize::try_from(number).unwrap_or(usize::MAX);
    match (page, per_page) {
        (None, None) => Ok((1, usize::MAX)),
        (Some(page), Some(per_page)) => Ok((size(page), size(per_page))),
        (None, Some(_)) => Err(Error::invalid("page", "is required with per_page")),
        (Some(_), None) => Err(Error::invalid("per_page", "is required with page")),
    }
}

pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
) -> Result<Json<Value>, Failure> {
    let domain = projects::domain(&app, &caller)?;
    let found = projects::get(&app, &caller, path.text("project_id"))?;
    Ok(Json(json!({"project": Project::new(&app, &found, &domain)})))
}

#[derive(Deserialize)]
pub(crate) struct Body {
    project: Fields,
}

#[derive(Deserialize)]
struct Fields {
    name: Option<String>,
    description: Option<String>,
    status: Option<String>,
}

pub(crate) async fn create(
    State(app): State<App>,
    caller: Caller,
    Json(Body { project }): Json<Body>,
) -> Result<(StatusCode, Json<Value>), Failure> {
    let domain = projects::domain(&app, &caller)?;
    let name = project.name.unwrap_or_default();
    let description = project.description.unwrap_or_default();
    let made = projects::create(&app, &caller, &name, &description).await?;
    Ok((StatusCode::CREATED, Json(json!({"project": Project::new(&app, &made, &domain)}))))
}

pub(crate) async fn update(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    Json(Body { project }): Json<Body>,
) -> Result<Json<Value>, Failure> {
    let domain = projects::domain(&app, &caller)?;
    let (name, description) = (project.name.as_deref(), project.description.as_deref());
    let changes = Changes { name, description, enabled: None };
    let changed = projects::change(&app, &caller, path.text("project_id"), changes).await?;
    Ok(Json(json!({"project": Project::new(&app, &changed, &domain)})))
}

pub(crate) async fn details(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
) -> Result<Json<Value>, Failure> {
    let domain = projects::domain(&app, &caller)?;
    let found = projects::get(&app, &caller, path.text("project_id"))?;
    let mut shown =
        serde_json::to_value(Project::new(&app, &found, &domain)).map_err(Error::internal)?;
    if let Some(shown) = shown.as_object_mut() {
        let status = if found.enabled { "normal" } else { "suspended" };
        shown.insert("status".to_owned(), status.into());
    }
    Ok(Json(json!({"project": shown})))
}

pub(crate) async fn set_status(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    Json(Body { project }): Json<Body>,
) -> Result<StatusCode, Failure> {
    let enabled = match project.status.as_deref() {
        Some("normal") => true,
        Some("suspended") => false,
        _ => return Err(Error::invalid("status", "must be normal or suspended").into()),
    };
    let changes = Changes { enabled: Some(enabled), ..Changes::default() };
    projects::change(&app, &caller, path.text("project_id"), changes).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Every project of the account can be seen by each of its users; what may be done there is another matter.
pub(crate) async fn of_user(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
) -> Result<Json<Value>, Failure> {
    users::get(&app, &caller, path.text("user_id"))?;
    let domain = projects::domain(&app, &caller)?;
    let found = projects::list(&app, &caller)?;
    let found: Vec<_> = found.iter().map(|it| Project::new(&app, it, &domain)).collect();
    let itself = format!("{}/v3/users/{}/projects", app.settings.endpoint, path.text("user_id"));
    Ok(Json(json!({"projects": found, "links": {"self": itself, "previous": null, "next": null}})))
}
