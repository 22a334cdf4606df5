//! `/v3/groups`: groups and who is in them.

use crate::users;
use axum::extract::State;
use axum::http::StatusCode;
use muster_http::{Caller, Failure, Json, Params, PathParams};
use muster_model::{Caller as Known, Error};
use muster_service::App;
use muster_service::identity::Group;
use muster_service::identity::groups;
use serde::Deserialize;
use serde_json::{Value, json};

pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    params: Params,
) -> Result<Json<Value>, Failure> {
    let name = params.text("name");
    let elsewhere =
        params.text("domain_id").is_some_and(|asked| asked != caller.domain_id.as_str());
    let found = groups::list(&app, &caller)?;
    let found = found.iter().filter(|_| !elsewhere);
    let found = found.filter(|group| name.is_none_or(|name| group.name == name));
    Ok(Json(many(&app, &caller, found)))
}

fn many<'a>(app: &App, caller: &Known, groups: impl Iterator<Item = &'a Group>) -> Value {
    let groups: Vec<_> = groups.map(|group| body(app, caller, group)).collect();
    let itself = format!("{}/v3/groups", app.settings.endpoint);
    json!({"groups": groups, "links": {"self": itself, "previous": null, "next": null}})
}

fn body(app: &App, caller: &Known, group: &Group) -> Value {
    let itself = format!("{}/v3/groups/{}", app.settings.endpoint, group.id);
    json!({
        "id": group.id,
        "name": group.name,
        "description": group.description,
        "domain_id": caller.domain_id,
        "create_time": group.created_at.millis(),
        "links": {"self": itself, "previous": null, "next": null},
    })
}

pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
) -> Result<Json<Value>, Failure> {
    let group = groups::get(&app, &caller, path.text("group_id"))?;
    Ok(Json(json!({"group": body(&app, &caller, &group)})))
}

#[derive(Deserialize)]
pub(crate) struct Body {
    group: Fields,
}

#[derive(Deserialize)]
struct Fields {
    name: Option<String>,
    description: Option<String>,
}

pub(crate) async fn create(
    State(app): State<App>,
    caller: Caller,
    Json(Body { group }): Json<Body>,
) -> Result<(StatusCode, Json<Value>), Failure> {
    let (name, description) =
        (group.name.unwrap_or_default(), group.description.unwrap_or_default());
    let made = groups::create(&app, &caller, &name, &description).await?;
    Ok((StatusCode::CREATED, Json(json!({"group": body(&app, &caller, &made)}))))
}

pub(crate) async fn update(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    Json(Body { group }): Json<Body>,
) -> Result<Json<Value>, Failure> {
    let (name, description) = (group.name.as_deref(), group.description.as_deref());
    let id = path.text("group_id");
    let changed = groups::update(&app, &caller, id, name, description).await?;
    Ok(Json(json!({"group": body(&app, &caller, &changed)})))
}

pub(crate) async fn delete(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
) -> Result<StatusCode, Failure> {
    groups::delete(&app, &caller, path.text("group_id")).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn members(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
) -> Result<Json<Value>, Failure> {
    let found = groups::members(&app, &caller, path.text("group_id"))?;
    Ok(Json(users::many(&app, &caller, found.iter())))
}

pub(crate) async fn add_member(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
) -> Result<StatusCode, Failure> {
    let (group, user) = (path.text("group_id"), path.text("user_id"));
    groups::set_member(&app, &caller, group, user, true).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn remove_member(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
) -> Result<StatusCode, Failure> {
    let (group, user) = (path.text("group_id"), path.text("user_id"));
    groups::set_member(&app, &caller, group, user, false).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// 204 if the user is in the group, else 404.
pub(crate) async fn check_member(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
) -> Result<StatusCode, Failure> {
    let (group, user) = (path.text("group_id"), path.text("user_id"));
    let found = groups::members(&app, &caller, group)?;
    let found = found.iter().any(|member| member.id.as_str() == user);
    let absent = || Error::not_found("the membership");
    if found { Ok(StatusCode::NO_CONTENT) } else { Err(absent().into()) }
}

pub(crate) async fn of_user(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
) -> Result<Json<Value>, Failure> {
    let found = groups::of_user(&app, &caller, path.text("user_id"))?;
    Ok(Json(many(&app, &caller, found.iter())))
}
