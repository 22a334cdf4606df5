//! Through the host's own agent.

use super::{add_host, world};
use crate::World;
use muster_model::host::HostProfile;
use muster_model::id::AgentId;
use muster_service::keypairs;
use muster_store::{hosts, transact};
use serde_json::json;

/// Lets the agent of a host bind.
async fn allow(world: &World, id: &str) {
    let app = &world.test.app;
    transact!(app.db, |tx| {
        let host = hosts::by_id(tx, id).await?.unwrap();
        let profile = HostProfile { allows_binding: true, ..host.profile };
        hosts::update_profile(tx, host.key, &profile).await?;
        hosts::set_agent(tx, host.key, Some(&AgentId::parse("a1").unwrap())).await
    })
    .unwrap();
}

#[tokio::test]
async fn without_credentials_it_is_the_agents_and_late_after_ten_minutes() {
    let world = world().await;
    // It has no SSH server.
    add_host(&world, "h1", &[]).await;
    let made = world.create(json!({"name": "a"})).await;
    assert_eq!(made.status, 200);
    let body = json!({"keypair_name": "a", "server": {"id": "h1"}});
    let path = world.at("keypairs/associate");
    let refused = world.admin.post(&path, &body).await;
    assert_eq!(refused.status, 400, "its operator does not allow it");
    allow(&world, "h1").await;
    let ordered = world.admin.post(&path, &body).await;
    assert_eq!(ordered.status, 202, "{}", ordered.json());
    let task = ordered.json()["task_id"].as_str().unwrap().to_owned();
    let state = async || {
        let shown = world.admin.get(&world.at(&format!("tasks/{task}"))).await.json();
        shown["task_status"].as_str().unwrap().to_owned()
    };
    keypairs::clear_ended(&world.test.app).await.unwrap();
    assert_eq!(state().await, "READY_RESET", "it needs no job");
    world.test.clock.advance_secs(601);
    keypairs::clear_ended(&world.test.app).await.unwrap();
    assert_eq!(state().await, "FAILED_RESET");
    let failed = world.admin.get(&world.at("failed-tasks")).await.json();
    let why = failed["tasks"][0]["task_error_msg"].as_str().unwrap();
    assert!(why.contains("did not ask for it within ten minutes"), "{why}");
}
