//! Tasks: made once, followed to their end.

use crate::{World, delivery};
use muster_service::sca::start_analyses;
use muster_testkit::TestDb;
use serde_json::json;

#[tokio::test]
async fn a_task_goes_from_the_queue_to_its_results() {
    let world = World::idle(TestDb::sqlite().await).await;
    let file = world.upload("a.zip", delivery()).await;
    let order = json!({"taskId": "api-test-001", "taskName": "验收", "fileId": file});
    assert_eq!(world.data("createTask", order).await, json!({"taskId": "api-test-001"}));
    let waiting = world.data("task/status", json!({"taskId": "api-test-001"})).await;
    let expected =
        json!({"status": 0, "process": "0%", "startTime": "", "endTime": "", "time": ""});
    assert_eq!(waiting, expected);
    let (_, code, message) =
        world.refusal("task/statistics", json!({"taskId": "api-test-001"})).await;
    assert_eq!(code, 1003);
    assert!(message.contains("not ended"), "{message}");
    start_analyses(&world.test.app).unwrap();
    let done = world.ended("api-test-001").await;
    // 2026-01-01T00:00:00Z in the zone of the origin.
    let expected = json!({
        "status": 2, "process": "100%", "startTime": "2026-01-01 08:00:00", "endTime": "2026-01-01 08:00:00",
        "time": "0",
    });
    assert_eq!(done, expected);
    let statistics = world.data("task/statistics", json!({"taskId": "api-test-001"})).await;
    assert_eq!(statistics, json!({"componentNum": 4, "vulNum": 0, "licenseNum": 2}));
}

#[tokio::test]
async fn the_same_order_again_is_the_same_task_and_another_one_a_clash() {
    let world = World::new().await;
    let file = world.upload("a.zip", delivery()).await;
    let order = json!({"taskId": "t", "taskName": "a name", "fileId": file});
    for _ in 0..2 {
        assert_eq!(world.data("createTask", order.clone()).await, json!({"taskId": "t"}));
        world.test.clock.advance_secs(1);
    }
    for (field, value) in [("taskName", "another"), ("callbackUrl", "http://127.0.0.1:1/")] {
        let mut other = order.clone();
        other[field] = json!(value);
        assert_eq!(world.refusal("createTask", other).await.1, 1003, "{field}");
    }
    world.ended("t").await;
    let mut again = order.clone();
    again["taskId"] = json!("t2");
    world.data("createTask", again).await;
    assert_eq!(world.ended("t2").await["status"], 2);
}

#[tokio::test]
async fn an_order_that_cannot_be_met_names_its_fault() {
    let world = World::new().await;
    let file = world.upload("a.zip", delivery()).await;
    let order = json!({"taskId": "t", "taskName": "a name", "fileId": file});
    for (field, value) in [
        ("taskId", json!("")),
        ("taskId", json!("a b")),
        ("taskId", json!("x".repeat(129))),
        ("taskId", json!(null)),
        ("taskName", json!("")),
        ("taskName", json!("x".repeat(256))),
        ("fileId", json!("0".repeat(32))),
        ("callbackUrl", json!("ftp://a/")),
        ("callbackUrl", json!("http://10.0.0.1/")),
        ("callbackUrl", json!("http://169.254.169.254/")),
    ] {
        let mut order = order.clone();
        order[field] = value.clone();
        let (status, code, message) = world.refusal("createTask", order).await;
        assert_eq!((status, code), (200, 1001), "{field} {value}: {message}");
        assert!(message.contains(field), "{field} {value}: {message}");
    }
}

#[tokio::test]
async fn damage_is_no_failure_of_the_task() {
    let world = World::new().await;
    let mut broken = delivery();
    broken.truncate(broken.len() / 2);
    assert_eq!(world.analyse("broken", "a.zip", broken).await["status"], 2);
    assert_eq!(world.analyse("empty", "a.zip", Vec::new()).await["status"], 2);
    // What nobody recognises is a row of its own.
    let rows = world.page("components", "empty").await;
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0]["artifactId"], "a.zip");
    assert_eq!(rows[0]["grade"], "");
}

#[tokio::test]
async fn a_task_whose_server_stopped_is_done_by_the_next_start() {
    let mut world = World::idle(TestDb::sqlite().await).await;
    let file = world.upload("a.zip", delivery()).await;
    world.data("createTask", json!({"taskId": "t", "taskName": "t", "fileId": file})).await;
    // A server with another folder has nothing of it.
    let elsewhere = world.test.another().await;
    std::fs::create_dir_all(&elsewhere.settings.data_dir).unwrap();
    start_analyses(&elsewhere).unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
    assert_eq!(world.data("task/status", json!({"taskId": "t"})).await["status"], 0);
    elsewhere.close().await;

    world.test.app.close().await;
    let again = world.test.another_with(world.test.app.settings.clone()).await;
    world.router = muster_http::edge(muster_api_sca::router(&again));
    start_analyses(&again).unwrap();
    assert_eq!(world.ended("t").await["status"], 2);
}
