//! `/muster/v1/{project_id}/keypairs/{name}` and `/stray-keys`: what keys open.

use crate::assets::paging;
use axum::extract::State;
use muster_http::{Caller, Failure, Json, Params, PathParams};
use muster_service::App;
use muster_service::keypairs::{self, Binding, Opening, Stray};
use serde_json::{Value, json};

fn opening(it: &Opening) -> Value {
    json!({
        "host_id": it.host_id, "host_name": it.host_name, "container": it.container,
        "account": it.account, "path": it.path, "options": it.options,
    })
}

fn binding(it: &Binding) -> Value {
    json!({
        "host_id": it.host_id, "host_name": it.host_name, "account": it.account,
        "bound_at": it.bound_at.iso(),
    })
}

fn stray(it: &Stray) -> Value {
    let mut view = opening(&it.opening);
    if let Some(view) = view.as_object_mut() {
        view.insert("fingerprint".to_owned(), it.fingerprint.clone().into());
        view.insert("algorithm".to_owned(), it.algorithm.clone().into());
        view.insert("comment".to_owned(), it.comment.clone().into());
    }
    view
}

pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
) -> Result<Json<Value>, Failure> {
    let (project, name) = (path.project()?, path.text("name"));
    let (pair, opens) = keypairs::openings(&app, &caller, &project, name).await?;
    let bound = keypairs::bindings(&app, &caller, &project, name).await?;
    Ok(Json(json!({
        "name": pair.name,
        "type": pair.kind,
        "scope": if pair.owner.is_some() { "user" } else { "domain" },
        "algorithm": pair.algorithm,
        "public_key": pair.public_key,
        "fingerprint": pair.fingerprint,
        "sha256": pair.sha256,
        "private_key_kept": pair.has_private_key,
        "description": pair.description,
        "created_by": pair.created_by,
        "created_at": pair.created_at.iso(),
        "updated_at": pair.updated_at.iso(),
        "bound": bound.iter().map(binding).collect::<Vec<_>>(),
        "opens": opens.iter().map(opening).collect::<Vec<_>>(),
    })))
}

pub(crate) async fn strays(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    params: Params,
) -> Result<Json<Value>, Failure> {
    let page = paging(&params)?;
    let found = keypairs::strays(&app, &caller, &path.project()?, page.limit, page.offset).await?;
    Ok(Json(json!({"keys": found.iter().map(stray).collect::<Vec<_>>()})))
}
