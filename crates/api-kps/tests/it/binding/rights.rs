//! Whose pair opens what for whom.

use super::{Bench, password};
use muster_model::Role;
use muster_testkit::Client;
use serde_json::{Value, json};

#[tokio::test]
async fn somebody_elses_own_pair_opens_nothing() {
    let Some(bench) = Bench::new("").await else { return };
    bench.work();
    let own = json!({"name": "hers", "scope": "user", "key_protection": crate::kept()});
    assert_eq!(bench.world.create(own).await.status, 200);
    let task = bench.associate("hers", password()).await;
    assert_eq!(bench.ended(&task).await, "SUCCESS_RESET");

    let test = &bench.world.test;
    test.user("ben", "ben's password", Role::Admin).await;
    let token = test.token("ben", "ben's password").await;
    let ben = Client::with_token(&bench.world.router, token);
    let made = ben.post(&bench.world.at("keypairs"), &json!({"keypair": {"name": "his"}})).await;
    assert_eq!(made.status, 200);
    // Her kept private key would let him in.
    let body = json!({"keypair_name": "his", "server": bench.server(Value::Null)});
    let refused = ben.post(&bench.world.at("keypairs/associate"), &body).await;
    let (status, _, message) = crate::refusal(&refused);
    assert_eq!(status, 400);
    assert!(message.contains("server.auth: is required"), "{message}");
    let body = json!({"server": bench.server(password())});
    let refused = ben.post(&bench.world.at("keypairs/disassociate"), &body).await;
    let (status, _, message) = crate::refusal(&refused);
    assert_eq!(status, 400);
    assert!(message.contains("no key pair is bound") && !message.contains("hers"), "{message}");

    // Her task is not there for him, neither alone nor in lists.
    assert_eq!(ben.get(&bench.world.at(&format!("tasks/{task}"))).await.status, 404);
    let running = ben.get(&bench.world.at("running-tasks")).await.json();
    assert_eq!(running["total"], 0, "{running}");

    // Whoever can get in by himself puts his own in its place.
    let body = json!({"keypair_name": "his", "server": bench.server(password())});
    let ordered = ben.post(&bench.world.at("keypairs/associate"), &body).await;
    assert_eq!(ordered.status, 202, "{}", ordered.json());
    let task = ordered.json()["task_id"].as_str().unwrap().to_owned();
    assert_eq!(bench.ended_for(&ben, &task, 0).await, "SUCCESS_RESET");
    assert!(!bench.server.lets_in(&bench.private_key("hers").await));
}
