//! Tokens work once, for a while, for a new key; and nobody reports without having joined.

use crate::agent::{TestAgent, deliver, post, router, token};
use axum::http::StatusCode;
use muster_model::enrol::ENROL_PATH;
use muster_model::id::{HostId, ProjectId};
use muster_model::proof::REPORT_PATH;
use muster_service::enrol;
use muster_store::audit::after;
use muster_testkit::TestApp;

#[tokio::test]
async fn a_token_works_once_and_a_key_joins_once() {
    let test = TestApp::new().await;
    let router = router(&test);
    let join = async |agent: &TestAgent, token: &str, name: &str| {
        let request = serde_json::to_vec(&agent.enrolment(token, name)).unwrap();
        post(&router, ENROL_PATH, None, request).await.0
    };
    let (first, second) = (TestAgent::new(test.app.now()), TestAgent::new(test.app.now()));
    let once = token(&test, 600).await;
    assert_eq!(join(&first, &once, "a").await, StatusCode::OK);
    assert_eq!(join(&second, &once, "b").await, StatusCode::UNAUTHORIZED);
    assert_eq!(join(&first, &token(&test, 600).await, "a").await, StatusCode::CONFLICT);
    assert_eq!(join(&second, "muster1.x", "b").await, StatusCode::UNAUTHORIZED);
    let late = token(&test, 60).await;
    test.clock.advance_secs(61);
    assert_eq!(join(&second, &late, "b").await, StatusCode::UNAUTHORIZED);
    assert_eq!(join(&second, &token(&test, 600).await, "b").await, StatusCode::OK);
    let log = after(&mut test.app.db.read().await.unwrap(), 0, 100).await.unwrap();
    let joined: Vec<_> =
        log.iter().filter(|entry| entry.record.target.starts_with("host/")).collect();
    assert_eq!(joined.len(), 2);
    assert!(joined.iter().all(|entry| entry.record.detail.contains(r#""address":"#)));
}

#[tokio::test]
async fn a_silent_host_is_taken_over_and_a_living_one_is_not() {
    let test = TestApp::new().await;
    let router = router(&test);
    let mut first = TestAgent::new(test.app.now());
    let host = first.join(&test, &router, "a").await.host_id;
    let alive = TestAgent::new(test.app.now()).join(&test, &router, "a").await.host_id;
    assert_ne!(alive, host, "two machines with one machine id are two hosts");
    test.clock.advance_secs(3_600);
    let later = TestAgent::new(test.app.now()).join(&test, &router, "a").await.host_id;
    assert_eq!(later, host, "the same machine installed anew");
    let sent = first.say(test.app.now());
    assert_eq!(deliver(&router, &sent).await, Err(StatusCode::UNAUTHORIZED), "replaced");
}

#[tokio::test]
async fn nobody_reports_without_its_own_key() {
    let test = TestApp::new().await;
    let router = router(&test);
    let mut agent = TestAgent::new(test.app.now());
    let sent = agent.say(test.app.now());
    assert_eq!(deliver(&router, &sent).await, Err(StatusCode::UNAUTHORIZED), "not enrolled");
    let host = agent.join(&test, &router, "a").await.host_id;
    let body = sent.body.clone();
    assert_eq!(post(&router, REPORT_PATH, None, body).await.0, StatusCode::UNAUTHORIZED);
    let mut forged = sent.clone();
    forged.body.push(b' ');
    assert_eq!(deliver(&router, &forged).await, Err(StatusCode::UNAUTHORIZED), "another body");
    let mut other = TestAgent::new(test.app.now());
    let mut stolen = other.say(test.app.now());
    stolen.proof.agent = agent.key.agent_id();
    assert_eq!(deliver(&router, &stolen).await, Err(StatusCode::UNAUTHORIZED), "another key");
    assert!(deliver(&router, &sent).await.is_ok());

    let project = ProjectId::parse(&test.credentials.project_id).unwrap();
    let host = HostId::parse(&host).unwrap();
    enrol::revoke(&test.app, &test.operator(), Some(&project), &host).await.unwrap();
    let sent = agent.say(test.app.now());
    assert_eq!(deliver(&router, &sent).await, Err(StatusCode::UNAUTHORIZED), "revoked");
}

#[tokio::test]
async fn a_report_beyond_the_limits_is_refused_whole() {
    let test = TestApp::new().await;
    let router = router(&test);
    let mut agent = TestAgent::new(test.app.now());
    agent.join(&test, &router, "a").await;
    let (mut report, date) = agent.sync.report(test.app.now(), Default::default());
    report.agent_version = "x".repeat(2_000);
    let (status, answer) = {
        let sent = agent.sign(&report, date);
        post(&router, REPORT_PATH, Some(&sent.proof), sent.body).await
    };
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(answer["error_msg"].as_str().unwrap().contains("agent_version"), "{answer}");
}
