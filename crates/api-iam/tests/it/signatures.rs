//! Signed requests through the whole edge.

use crate::World;
use axum::body::Body;
use axum::http::Method;
use muster_testkit::Client;
use muster_vault::signature::{Scheme, SecretKey};
use serde_json::json;
use zeroize::Zeroizing;

const KEYS: &str = "/v3.0/OS-CREDENTIAL/credentials";

#[tokio::test]
async fn all_five_schemes_are_taken_with_query_and_body() {
    let world = World::new().await;
    let one = format!("{KEYS}/{}", world.test.credentials.access_key);
    for (at, scheme) in Scheme::ALL.into_iter().enumerate() {
        let client = world.test.signing(&world.router).signing_by(scheme);
        assert_eq!(client.get("/v3/projects?name=a%20b&enabled").await.status, 200, "{scheme:?}");
        let body = json!({"credential": {"description": format!("键 {at}")}});
        let answer = client.send(Method::PUT, &one, Some(&body)).await;
        assert_eq!(answer.status, 200, "{scheme:?}");
    }
}

#[tokio::test]
async fn a_change_is_made_once_and_a_read_repeats() {
    let world = World::new().await;
    let client = world.test.signing(&world.router);
    let one = format!("{KEYS}/{}", world.test.credentials.access_key);
    let body = json!({"credential": {"description": "x"}});
    let change = || client.request(&Method::PUT, &one, Some(&body));
    let read = || client.request(&Method::GET, "/v3/auth/domains", None);
    // A captured request keeps its date: made before the clock moves.
    let (changes, reads) = ([change(), change(), change()], [read(), read()]);
    let mut changes = changes.into_iter();
    assert_eq!(client.send_request(changes.next().unwrap()).await.status, 200);
    world.test.clock.advance_secs(5);
    assert_eq!(client.send_request(changes.next().unwrap()).await.status, 200, "a retry");
    world.test.clock.advance_secs(1);
    assert_eq!(client.send_request(changes.next().unwrap()).await.status, 401, "a replay");
    for read in reads {
        assert_eq!(client.send_request(read).await.status, 200);
    }
    let late = read();
    world.test.clock.advance_secs(901);
    let answer = client.send_request(late).await;
    assert_eq!(answer.status, 401);
    assert!(answer.json()["error_msg"].as_str().unwrap().ends_with("signature expired"));
}

#[tokio::test]
async fn a_clock_that_is_sixteen_minutes_off_is_refused_by_every_scheme() {
    let world = World::new().await;
    for scheme in Scheme::ALL {
        let client = world.test.signing(&world.router).signing_by(scheme);
        let signed = || client.request(&Method::GET, "/v3/auth/domains", None);
        let sent = async |request| client.send_request(request).await;
        let (inside, outside) = (signed(), signed());
        world.test.clock.advance_secs(14 * 60);
        assert_eq!(sent(inside).await.status, 200, "{scheme:?}: fourteen minutes behind");
        world.test.clock.advance_secs(2 * 60);
        let late = sent(outside).await;
        assert_eq!((late.status, &late.json()["error_code"]), (401, &json!("APIGW.0301")));
        let (inside, outside) = (signed(), signed());
        world.test.clock.advance_secs(-14 * 60);
        assert_eq!(sent(inside).await.status, 200, "{scheme:?}: fourteen minutes ahead");
        world.test.clock.advance_secs(-2 * 60);
        assert_eq!(sent(outside).await.status, 401, "{scheme:?}: sixteen minutes ahead");
        world.test.clock.advance_secs(16 * 60);
    }
}

#[tokio::test]
async fn an_altered_body_is_found() {
    let world = World::new().await;
    let client = world.test.signing(&world.router);
    let body = json!({"credential": {"user_id": world.test.credentials.user_id}});
    let (parts, _) = client.request(&Method::POST, KEYS, Some(&body)).into_parts();
    let forged = json!({"credential": {"user_id": "another"}}).to_string();
    let request = axum::http::Request::from_parts(parts, Body::from(forged));
    let answer = client.send_request(request).await;
    assert_eq!((answer.status, &answer.json()["error_code"]), (401, &json!("APIGW.0301")));
}

#[tokio::test]
async fn scope_headers_must_agree_though_they_are_not_signed() {
    let world = World::new().await;
    let known = &world.test.credentials;
    let client = || world.test.signing(&world.router);
    let path = format!("/v3/projects/{}", known.project_id);
    let agreeing = client().header("x-project-id", &known.project_id);
    assert_eq!(agreeing.get(&path).await.status, 200);
    let agreeing = client().header("x-domain-id", &known.domain_id);
    assert_eq!(agreeing.get(&path).await.status, 200);
    for (name, value) in
        [("x-project-id", "other"), ("x-domain-id", "other"), ("x-security-token", "any")]
    {
        assert_eq!(client().header(name, value).get(&path).await.status, 401, "{name}");
    }
    let elsewhere = client().header("x-project-id", &known.project_id);
    let answer = elsewhere.get("/v3/projects/0000").await;
    assert_eq!(answer.status, 400);
}

#[tokio::test]
async fn the_sixth_wrong_signature_in_a_row_locks_the_key_for_five_minutes() {
    let world = World::new().await;
    let known = &world.test.credentials;
    let wrong = SecretKey::new(&known.access_key, Zeroizing::new(b"guess".to_vec()));
    let wrong = Client::with_key(&world.router, wrong, world.test.clock.clone());
    let right = world.test.signing(&world.router);
    for _ in 0..5 {
        assert_eq!(wrong.get("/v3/auth/domains").await.status, 401);
    }
    assert_eq!(right.get("/v3/auth/domains").await.status, 200);
    for _ in 0..6 {
        assert_eq!(wrong.get("/v3/auth/domains").await.status, 401);
    }
    let locked = right.get("/v3/auth/domains").await;
    assert_eq!(locked.status, 401);
    assert!(locked.json()["error_msg"].as_str().unwrap().contains("reach the limit"));
    world.test.clock.advance_secs(300);
    assert_eq!(right.get("/v3/auth/domains").await.status, 200);
}

#[tokio::test]
async fn an_unknown_key_and_a_foreign_header_are_refused() {
    let world = World::new().await;
    let stranger = SecretKey::new("NOBODY", Zeroizing::new(b"x".to_vec()));
    let stranger = Client::with_key(&world.router, stranger, world.test.clock.clone());
    let answer = stranger.get("/v3/auth/domains").await;
    assert_eq!(answer.status, 401);
    assert!(answer.json()["error_msg"].as_str().unwrap().contains("ak NOBODY not exist"));
    let malformed = world.anonymous().header("authorization", "SDK-HMAC-SHA256 Access=x");
    assert_eq!(malformed.get("/v3/auth/domains").await.status, 401);
    let bearer = world.anonymous().header("authorization", "Bearer x");
    let answer = bearer.get("/v3/auth/domains").await;
    assert!(answer.json()["error_msg"].as_str().unwrap().ends_with("x-auth-token not found"));
}
