//! `/muster/v1/{project_id}/sca/policies`, and what they say of a task.

use axum::extract::State;
use muster_http::{Caller, Failure, Json, Params, PathParams};
use muster_service::App;
use muster_service::sca::Policy;
use muster_service::sca::policies::{self, Rules};
use serde_json::{Value, json};

fn view(policy: &Policy, rules: &Rules) -> Value {
    json!({
        "name": policy.name,
        "rules": rules,
        "updated_by": policy.updated_by,
        "updated_at": policy.updated_at.iso(),
    })
}

pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
) -> Result<Json<Value>, Failure> {
    let all = policies::list(&app, &caller, &path.project()?).await?;
    let all: Vec<_> = all.iter().map(|(policy, rules)| view(policy, rules)).collect();
    Ok(Json(json!({"policies": all})))
}

pub(crate) async fn put(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    Json(rules): Json<Rules>,
) -> Result<Json<Value>, Failure> {
    let policy = policies::put(&app, &caller, &path.project()?, path.text("name"), &rules).await?;
    Ok(Json(view(&policy, &rules)))
}

pub(crate) async fn delete(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
) -> Result<Json<Value>, Failure> {
    policies::delete(&app, &caller, &path.project()?, path.text("name")).await?;
    Ok(Json(json!({})))
}

pub(crate) async fn verdicts(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    params: Params,
) -> Result<Json<Value>, Failure> {
    let (project, task) = (path.project()?, path.text("task_id"));
    let all = policies::verdicts(&app, &caller, &project, task, params.text("policy")).await?;
    Ok(Json(json!({"verdicts": all})))
}
