//! Which group or agency has which role where: in the account, a project, all projects, an enterprise project.

use crate::roles;
use axum::extract::State;
use axum::http::StatusCode;
use muster_http::{Caller, Failure, Json, Params, PathParams};
use muster_model::Error;
use muster_service::App;
use muster_service::identity::Reach;
use muster_service::identity::policies::{self, Place, Subject};
use serde_json::{Value, json};

/// The place a path speaks of.
fn place(path: &PathParams) -> Place<'_> {
    let (project, domain) = (path.text("project_id"), path.text("domain_id"));
    let enterprise_project = path.text("enterprise_project_id");
    if !enterprise_project.is_empty() {
        return Reach::EnterpriseProject(enterprise_project.to_owned()).into();
    }
    if !project.is_empty() {
        return Reach::Project(project.to_owned()).into();
    }
    Place { reach: Reach::Domain, domain: Some(domain) }
}

/// The place of a path below `OS-INHERIT`: every project of the account.
fn inherited(path: &PathParams) -> Place<'_> {
    Place { reach: Reach::Projects, domain: Some(path.text("domain_id")) }
}

/// Whom a path speaks of.
fn subject(path: &PathParams) -> Subject<'_> {
    match path.text("agency_id") {
        "" => Subject::Group(path.text("group_id")),
        agency => Subject::Agency(agency),
    }
}

async fn set(
    app: &App,
    caller: &Caller,
    path: &PathParams,
    place: &Place<'_>,
    given: bool,
) -> Result<StatusCode, Failure> {
    let role = path.text("role_id");
    policies::set_assignment(app, caller, subject(path), role, place, given).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn all(
    app: &App,
    caller: &Caller,
    path: &PathParams,
    place: &Place<'_>,
) -> Result<Json<Value>, Failure> {
    let found = policies::assigned(app, caller, subject(path), place)?;
    let found: Vec<_> = found.iter().map(|it| roles::body(app, it)).collect();
    let itself = format!("{}/v3/roles", app.settings.endpoint);
    let links = json!({"self": itself, "previous": null, "next": null});
    Ok(Json(json!({"roles": found, "links": links, "total_number": found.len()})))
}

fn has(
    app: &App,
    caller: &Caller,
    path: &PathParams,
    place: &Place<'_>,
) -> Result<StatusCode, Failure> {
    let found = policies::assigned(app, caller, subject(path), place)?;
    let found = found.iter().any(|it| it.id == path.text("role_id"));
    let absent = || Error::not_found("the assignment");
    if found { Ok(StatusCode::NO_CONTENT) } else { Err(absent().into()) }
}

pub(crate) async fn give(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
) -> Result<StatusCode, Failure> {
    let place = place(&path);
    set(&app, &caller, &path, &place, true).await
}

pub(crate) async fn take(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
) -> Result<StatusCode, Failure> {
    let place = place(&path);
    set(&app, &caller, &path, &place, false).await
}

pub(crate) async fn check(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
) -> Result<StatusCode, Failure> {
    let place = place(&path);
    has(&app, &caller, &path, &place)
}

pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
) -> Result<Json<Value>, Failure> {
    let place = place(&path);
    all(&app, &caller, &path, &place)
}

pub(crate) async fn give_inherited(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
) -> Result<StatusCode, Failure> {
    let place = inherited(&path);
    set(&app, &caller, &path, &place, true).await
}

pub(crate) async fn take_inherited(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
) -> Result<StatusCode, Failure> {
    let place = inherited(&path);
    set(&app, &caller, &path, &place, false).await
}

pub(crate) async fn check_inherited(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
) -> Result<StatusCode, Failure> {
    let place = inherited(&path);
    has(&app, &caller, &path, &place)
}

pub(crate) async fn list_inherited(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
) -> Result<Json<Value>, Failure> {
    let place = inherited(&path);
    all(&app, &caller, &path, &place)
}

/// Every assignment of the account.
pub(crate) async fn everywhere(
    State(app): State<App>,
    caller: Caller,
    params: Params,
) -> Result<Json<Value>, Failure> {
    let (group, role) = (params.text("subject.group_id"), params.text("role_id"));
    let found = policies::assignments(&app, &caller)?;
    let found = found
        .iter()
        .filter(|(id, _)| group.is_none_or(|group| id == group))
        .filter(|(_, it)| role.is_none_or(|role| it.policy == role));
    let found: Vec<_> = found
        .map(|(group, it)| {
            let (scope, inherited) = match &it.reach {
                Reach::Domain => (json!({"domain": {"id": caller.domain_id}}), false),
                Reach::Projects => (json!({"domain": {"id": caller.domain_id}}), true),
                Reach::Project(id) => (json!({"project": {"id": id}}), false),
                Reach::EnterpriseProject(id) => (json!({"enterprise_project": {"id": id}}), false),
            };
            json!({"group": {"id": group}, "role": {"id": it.policy}, "scope": scope, "is_inherited": inherited})
        })
        .collect();
    Ok(Json(json!({"total_num": found.len(), "role_assignments": found})))
}
