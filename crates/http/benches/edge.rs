//! How many callers a core proves through the whole router: token, and signatures by every scheme.
//!
//! `cargo bench -p muster-http --bench edge`. One thread; requests are made beforehand; each passes the
//! edge, the gate and a handler, and its answer's body is read. CPU time is what counts: the machine may be
//! busy. The bar is 25,000 a second and core for tokens and for HMAC-SHA256.

#![expect(clippy::expect_used, reason = "a program for people")]

use axum::body::Body;
use axum::http::{Method, Request};
use axum::response::Response;
use axum::{Router, extract::State};
use http_body_util::BodyExt;
use muster_figures::{Bar, Figures, cpu};
use muster_http::gateway::Gateway;
use muster_http::{Caller, Json, Needs, Operation, Routes, Verb, edge};
use muster_model::Action;
use muster_service::App;
use muster_testkit::{Client, TestApp};
use muster_vault::signature::Scheme;
use serde_json::{Value, json};
use tower::Service;

const ROUNDS: usize = 20_000;
const BAR: f64 = 25_000.0;

const OPERATIONS: &[Operation] = &[
    Operation::served("Get", Verb::Get, "/v5/{project_id}/thing", Action::IdentityShow, "")
        .needing(Needs::Caller),
    Operation::served("Post", Verb::Post, "/v5/{project_id}/thing", Action::IdentityShow, "")
        .needing(Needs::Caller),
];

async fn get(State(_): State<App>, caller: Caller) -> Json<Value> {
    Json(json!({"user_id": caller.user_id}))
}

async fn post(caller: Caller, Json(body): Json<Value>) -> Json<Value> {
    Json(json!({"user_id": caller.user_id, "fields": body.as_object().map(|object| object.len())}))
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(run());
}

async fn run() {
    let test = TestApp::new().await;
    let routes = Routes::<Gateway>::new(&test.app, OPERATIONS).on("Get", get).on("Post", post);
    let router = edge(routes.finish());
    let path = format!("/v5/{}/thing?limit=10&offset=0&name=nginx", test.credentials.project_id);
    let body = json!({"text": "x".repeat(900)});

    let token = test.admin(&router).await;
    let figures = Figures::of("edge: callers proved through the whole router");
    measure(&figures, "token, GET", &router, ROUNDS, || get_of(&token, &path)).await;
    for scheme in Scheme::ALL {
        let signing = test.signing(&router).signing_by(scheme);
        // The curves are priced by their arithmetic, not by the edge.
        let curve = matches!(scheme, Scheme::EcdsaP256 | Scheme::Sm2Sm3);
        let rounds = if curve { 1_000 } else { ROUNDS };
        let name = format!("{}, GET", scheme.word());
        measure(&figures, &name, &router, rounds, || get_of(&signing, &path)).await;
        if scheme == Scheme::HmacSha256 {
            let name = format!("{}, POST of 1 kB", scheme.word());
            let mut n = 0;
            let post = || {
                n += 1;
                // Another query each time: the same signature would be a replay.
                signing.request(&Method::POST, &format!("{path}&n={n}"), Some(&body))
            };
            measure(&figures, &name, &router, rounds, post).await;
        }
    }
    test.app.close().await;
}

fn get_of(client: &Client, path: &str) -> Request<Body> {
    client.request(&Method::GET, path, None)
}

async fn measure(
    figures: &Figures,
    name: &str,
    router: &Router,
    rounds: usize,
    mut make: impl FnMut() -> Request<Body>,
) {
    let mut router = router.clone();
    let requests: Vec<_> = (0..rounds).map(|_| make()).collect();
    let began = cpu();
    for request in requests {
        let response: Response = router.call(request).await.expect("an answer");
        assert_eq!(response.status(), 200, "{name}");
        response.into_body().collect().await.expect("a body");
    }
    figures.rate(name, cpu() - began, rounds, Bar::AtLeast(BAR));
}
