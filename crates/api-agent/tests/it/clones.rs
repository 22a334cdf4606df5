//! Two holders of one key are noticed, whatever the order of their messages.

use crate::agent::{TestAgent, deliver, router};
use axum::http::StatusCode;
use muster_agent::sync::Sync;
use muster_model::id::ProjectId;
use muster_service::roster;
use muster_testkit::TestApp;

#[tokio::test]
async fn a_copied_agent_is_noticed_and_a_late_message_is_not_taken_for_one() {
    let test = TestApp::new().await;
    let router = router(&test);
    let mut agent = TestAgent::new(test.app.now());
    let host = agent.join(&test, &router, "a").await.host_id;
    let project = ProjectId::parse(&test.credentials.project_id).unwrap();
    let cloned = async || {
        let hosts = roster::cloned(&test.app, &test.operator(), &project).await.unwrap();
        hosts.iter().map(ToString::to_string).collect::<Vec<_>>()
    };

    let first = agent.say(test.app.now());
    let second = agent.say(test.app.now());
    assert!(deliver(&router, &second).await.is_ok());
    assert!(deliver(&router, &first).await.is_ok(), "late");
    assert!(deliver(&router, &second).await.is_ok(), "again");
    assert!(cloned().await.is_empty());

    // The machine is copied: both go on from the same memory.
    let memory = agent.sync.memory();
    test.clock.advance_secs(60);
    let mut one =
        TestAgent { key: agent.key, sync: Sync::new(Some(memory.clone()), test.app.now()) };
    assert!(deliver(&router, &one.say(test.app.now())).await.is_ok());
    let mut copy = Sync::new(Some(memory), test.app.now());
    std::mem::swap(&mut one.sync, &mut copy);
    test.clock.advance_secs(7);
    assert_eq!(deliver(&router, &one.say(test.app.now())).await, Err(StatusCode::CONFLICT));
    assert_eq!(cloned().await, [host]);
}

#[tokio::test]
async fn an_agent_that_lost_its_memory_is_not_a_copy() {
    let test = TestApp::new().await;
    let router = router(&test);
    let mut agent = TestAgent::new(test.app.now());
    agent.join(&test, &router, "a").await;
    for _ in 0..3 {
        assert!(deliver(&router, &agent.say(test.app.now())).await.is_ok());
    }
    test.clock.advance_secs(10);
    agent.sync = Sync::new(None, test.app.now());
    assert!(deliver(&router, &agent.say(test.app.now())).await.is_ok());
}
