//! `/muster/v1/vault`: the keys that seal.

use axum::extract::State;
use muster_http::{Caller, Failure, Json};
use muster_service::App;
use muster_service::vault::{self, Done};
use serde_json::{Value, json};

pub(crate) async fn status(State(app): State<App>, caller: Caller) -> Result<Json<Value>, Failure> {
    let status = vault::status(&app, &caller).await?;
    let owners = status.owners.iter().map(|it| {
        json!({
            "owner": it.owner.to_string(),
            "version": it.version,
            "made_at": it.made_at.iso(),
            "suite": it.suite.name(),
            "older_versions": it.older,
            "values": it.fresh,
            "values_under_older": it.old,
        })
    });
    Ok(Json(json!({
        "root_keys": status.roots,
        "under_older_root_keys": status.stale,
        "owners": owners.collect::<Vec<_>>(),
    })))
}

pub(crate) async fn rotate(State(app): State<App>, caller: Caller) -> Result<Json<Value>, Failure> {
    Ok(done(vault::rotate(&app, &caller).await?))
}

pub(crate) async fn rewrap(State(app): State<App>, caller: Caller) -> Result<Json<Value>, Failure> {
    Ok(done(vault::rewrap(&app, &caller).await?))
}

fn done(done: Done) -> Json<Value> {
    Json(json!({"made": done.made, "wrapped": done.wrapped, "forgotten": done.forgotten}))
}
