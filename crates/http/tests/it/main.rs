//! The edge: limits, and real connections with and without TLS.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that panics has failed")]

mod connections;
mod limits;

use axum::Router;
use axum::http::HeaderName;
use muster_http::gateway::Gateway;
use muster_http::{Caller, Failure, Json, Needs, Operation, Routes, Verb, edge};
use muster_model::{Action, Error};
use muster_service::App;
use serde_json::{Value, json};

const OPERATIONS: &[Operation] = &[
    Operation::served("Open", Verb::Get, "/open", Action::IdentityShow, "").needing(Needs::Nothing),
    Operation::served("Fail", Verb::Get, "/fail", Action::IdentityShow, "").needing(Needs::Nothing),
    Operation::served("Panic", Verb::Get, "/panic", Action::IdentityShow, "")
        .needing(Needs::Nothing),
    Operation::served("Mine", Verb::Get, "/mine", Action::IdentityShow, "").needing(Needs::Caller),
    Operation::served("Other", Verb::Get, "/other", Action::IdentityShow, "")
        .needing(Needs::Caller),
];

async fn open() -> ([(HeaderName, &'static str); 1], Json<Value>) {
    ([(HeaderName::from_static("x-subject-token"), "abc")], Json(json!({"open": true})))
}

async fn fail() -> Failure {
    Failure(Error::internal("the secret cause"))
}

async fn panics() -> Json<Value> {
    panic!("the secret cause")
}

async fn mine(caller: Caller) -> Json<Value> {
    Json(json!({"user": caller.user_id}))
}

fn router(app: &App) -> Router {
    let routes = Routes::<Gateway>::new(app, OPERATIONS).limited();
    edge(
        routes
            .on("Open", open)
            .on("Fail", fail)
            .on("Panic", panics)
            .on("Mine", mine)
            .on("Other", mine)
            .finish(),
    )
}
