//! Policies that speak of single pairs: what they deny is denied wherever it is asked for.

use crate::{World, kept, refusal};
use axum::http::Method;
use muster_model::Role;
use muster_service::identity::policies::{self, Draft, Subject};
use muster_service::identity::{Reach, groups};
use muster_testkit::Client;
use serde_json::{Value, json};

/// A user without a role whose group has one policy in all projects.
async fn carol(world: &World, statements: &str) -> Client {
    let (app, operator) = (&world.test.app, world.test.operator());
    let user = world.test.user("carol", "carol's password", Role::None).await;
    let group = groups::create(app, &operator, "keys", "").await.unwrap();
    groups::set_member(app, &operator, &group.id, user.id.as_str(), true).await.unwrap();
    let document = format!(r#"{{"Version":"5.0","Statement":[{statements}]}}"#);
    let draft = Draft { name: "keys", kind: "XA", description: "", document: &document };
    let policy = policies::create(app, &operator, draft).await.unwrap().id;
    let (group, reach) = (Subject::Group(&group.id), Reach::Projects);
    policies::set_assignment(app, &operator, group, &policy, &reach.into(), true).await.unwrap();
    Client::with_token(&world.router, world.test.token("carol", "carol's password").await)
}

async fn filled(names: &[&str]) -> World {
    let world = World::new().await;
    for name in names {
        let pair = json!({"name": name, "scope": "domain", "key_protection": kept()});
        assert_eq!(world.create(pair).await.status, 200);
    }
    world
}

async fn names(client: &Client, uri: &str) -> Vec<String> {
    let list = client.get(uri).await;
    assert_eq!(list.status, 200, "{}", list.json());
    let name = |row: &Value| row["keypair"]["name"].as_str().unwrap().to_owned();
    list.json()["keypairs"].as_array().unwrap().iter().map(name).collect()
}

#[tokio::test]
async fn a_pair_that_is_denied_is_neither_listed_nor_handed_out() {
    let world = filled(&["web", "root-1", "db", "root-2", "mail"]).await;
    let carol = carol(
        &world,
        r#"{"Effect":"Allow","Action":["kps:*:*"]},
           {"Effect":"Deny","Action":["kps:*:*"],"Resource":["kps:*:*:*:root-*"]}"#,
    )
    .await;
    assert_eq!(names(&carol, &world.at("keypairs")).await, ["web", "db", "mail"]);
    let export = world.at("keypairs/private-key/export");
    let body = |name: &str| json!({"keypair": {"name": name}});
    assert_eq!(carol.post(&export, &body("web")).await.status, 200);
    let refused = carol.post(&export, &body("root-1")).await;
    assert_eq!(refusal(&refused).1, "KPS.6004", "as one that never was");
    let batch = world.at("keypairs/private-key/batch-export");
    let refused = carol.post(&batch, &json!([body("web"), body("root-1")])).await;
    assert_eq!(refusal(&refused).1, "KPS.6004");
    for (method, path) in [
        (Method::GET, "keypairs/root-1"),
        (Method::DELETE, "keypairs/root-1"),
        (Method::DELETE, "keypairs/root-1/private-key"),
    ] {
        let answer = carol.send(method.clone(), &world.at(path), None).await;
        assert_eq!(answer.status, 404, "{method} {path}");
    }
    let made = carol.post(&world.at("keypairs"), &body("root-3")).await;
    assert_eq!((made.status, refusal(&made).1.as_str()), (403, "KPS.9003"));
    // What concerns no certain pair is for those who may do it with every one.
    let orders = carol.get(&world.at("running-tasks")).await;
    assert_eq!(orders.status, 403, "{}", orders.json());
    assert_eq!(world.export("root-1").await.status, 200);
}

#[tokio::test]
async fn what_may_be_seen_and_not_handed_out_is_refused_by_name() {
    let world = filled(&["web", "root-1"]).await;
    let carol = carol(
        &world,
        r#"{"Effect":"Allow","Action":["kps:*:get","kps:*:list"]},
           {"Effect":"Allow","Action":["kps:privateKey:export"],"Resource":["kps:*:*:privateKey:web"]}"#,
    )
    .await;
    assert_eq!(names(&carol, &world.at("keypairs")).await, ["web", "root-1"]);
    let export = world.at("keypairs/private-key/export");
    assert_eq!(carol.post(&export, &json!({"keypair": {"name": "web"}})).await.status, 200);
    let refused = carol.post(&export, &json!({"keypair": {"name": "root-1"}})).await;
    let (status, code, message) = refusal(&refused);
    assert_eq!((status, code.as_str()), (403, "KPS.9003"));
    assert!(message.contains("kps:privateKey:export"), "{message}");
}

#[tokio::test]
async fn pages_of_what_may_be_seen_follow_their_markers() {
    let world = filled(&["root-0", "a", "b", "root-1", "c", "d", "root-2", "e"]).await;
    let carol = carol(
        &world,
        r#"{"Effect":"Allow","Action":["kps:*:*"],"NotResource":["kps:*:*:*:root-*"]}"#,
    )
    .await;
    let (mut uri, mut seen) = (world.at("keypairs?limit=2"), Vec::new());
    let mut backwards = Vec::new();
    loop {
        let page = carol.get(&uri).await.json();
        seen.extend(names(&carol, &uri).await);
        let info = &page["page_info"];
        if let Some(marker) = info["previous_marker"].as_str() {
            let before = world.at(&format!("keypairs?limit=2&marker={marker}"));
            backwards.push(names(&carol, &before).await);
        }
        let Some(marker) = info["next_marker"].as_str() else { break };
        uri = world.at(&format!("keypairs?limit=2&marker={marker}"));
    }
    assert_eq!(seen, ["a", "b", "c", "d", "e"]);
    assert_eq!(backwards, [["a", "b"], ["c", "d"]]);
}
