//! What is refused, with which code, naming what.

use crate::{World, kept, refusal};
use axum::http::Method;
use muster_model::Role;
use muster_testkit::Client;
use serde_json::json;

#[tokio::test]
async fn a_bad_parameter_is_named() {
    let world = World::new().await;
    let made = world.create(json!({"name": "a", "key_protection": kept()})).await.json();
    let (public, private) = (&made["keypair"]["public_key"], &made["keypair"]["private_key"]);
    let keep = |private: &serde_json::Value| json!({"private_key": private, "encryption": {"type": "default"}});
    for (keypair, code, named) in [
        (json!({}), "KPS.0002", "keypair.name: must be 1 to 255"),
        (json!({"name": "a b"}), "KPS.0002", "keypair.name"),
        (json!({"name": "x".repeat(256)}), "KPS.0002", "keypair.name"),
        (json!({"name": "b", "type": "dsa"}), "KPS.0002", "keypair.type"),
        (json!({"name": "b", "scope": "account"}), "KPS.0002", "keypair.scope"),
        (json!({"name": "b", "user_id": "somebody"}), "KPS.0006", "keypair.user_id"),
        (json!({"name": "b", "public_key": "rubbish"}), "KPS.0002", "keypair.public_key"),
        (
            json!({"name": "b", "public_key": private}),
            "KPS.0002",
            "keypair.public_key: is a private key",
        ),
        (
            json!({"name": "b", "public_key": public, "key_protection": kept()}),
            "KPS.0002",
            "key_protection.private_key: is required",
        ),
        (
            json!({"name": "b", "public_key": public, "key_protection": keep(public)}),
            "KPS.0002",
            "key_protection.private_key",
        ),
        (json!({"name": "b", "key_protection": {}}), "KPS.0002", "encryption.type"),
        (
            json!({"name": "b", "key_protection": {"encryption": {"type": "kms", "kms_key_name": "k"}}}),
            "KPS.0002",
            "there is no KMS here",
        ),
        (
            json!({"name": "b", "type": "x509", "public_key": public}),
            "KPS.0002",
            "certificate in PEM",
        ),
        (
            json!({"name": "b", "type": "x509", "key_protection": keep(private)}),
            "KPS.0002",
            "keypair.public_key",
        ),
        (json!({"name": 5}), "KPS.0002", "keypair.name"),
    ] {
        let answer = world.create(keypair.clone()).await;
        let (status, got, message) = refusal(&answer);
        assert_eq!((status, got.as_str()), (400, code), "{keypair}: {message}");
        assert!(message.contains(named), "{keypair}: {message}");
        assert_eq!(answer.json()["request_id"], answer.header("x-request-id"));
    }
    let taken = world.create(json!({"name": "a"})).await;
    let (status, code, message) = refusal(&taken);
    assert_eq!((status, code.as_str()), (409, "KPS.0002"));
    assert!(message.contains("keypair.name"), "{message}");
    let (status, code, message) = refusal(&world.export("nobody").await);
    assert_eq!((status, code.as_str()), (400, "KPS.6004"));
    assert!(message.contains("keypair.name: there is no key pair nobody"), "{message}");
    let bare = world.admin.post(&world.at("keypairs"), &json!({})).await;
    assert!(refusal(&bare).2.contains("keypair"));
    let long = json!({"keypair": {"description": "x".repeat(256)}});
    let long = world.admin.send(Method::PUT, &world.at("keypairs/a"), Some(&long)).await;
    assert!(refusal(&long).2.contains("keypair.description: must have at most 255"));
}

#[tokio::test]
async fn a_users_own_pair_is_nobody_elses() {
    let world = World::new().await;
    world.create(json!({"name": "mine", "key_protection": kept()})).await;
    world.create(json!({"name": "ours", "scope": "domain", "key_protection": kept()})).await;
    world.test.user("ben", "ben's password", Role::Admin).await;
    let ben = Client::with_token(&world.router, world.test.token("ben", "ben's password").await);
    let list = ben.get(&world.at("keypairs")).await.json();
    assert_eq!(list["keypairs"].as_array().unwrap().len(), 1);
    assert_eq!(list["keypairs"][0]["keypair"]["name"], "ours");
    let export = world.at("keypairs/private-key/export");
    let hers = ben.post(&export, &json!({"keypair": {"name": "mine"}})).await;
    assert_eq!(refusal(&hers).1, "KPS.6004", "as one that never was");
    for (method, path) in [
        (Method::GET, "keypairs/mine"),
        (Method::DELETE, "keypairs/mine"),
        (Method::DELETE, "keypairs/mine/private-key"),
    ] {
        let answer = ben.send(method.clone(), &world.at(path), None).await;
        assert_eq!(answer.status, 404, "{method} {path}");
    }
    assert_eq!(ben.post(&export, &json!({"keypair": {"name": "ours"}})).await.status, 200);
    // The name is free for him.
    let body = json!({"keypair": {"name": "mine", "key_protection": kept()}});
    let his = ben.post(&world.at("keypairs"), &body).await.json();
    assert_ne!(
        ben.post(&export, &json!({"keypair": {"name": "mine"}})).await.json(),
        world.export("mine").await.json()
    );
    assert_eq!(his["keypair"]["name"], "mine");
}

#[tokio::test]
async fn who_may_only_look_gets_no_secret() {
    let world = World::new().await;
    world.create(json!({"name": "ours", "scope": "domain", "key_protection": kept()})).await;
    let reader = world.test.reader(&world.router).await;
    assert_eq!(reader.get(&world.at("keypairs/ours")).await.status, 200);
    let body = json!({"keypair": {"name": "ours"}});
    let answer = reader.post(&world.at("keypairs/private-key/export"), &body).await;
    let (status, code, message) = refusal(&answer);
    assert_eq!((status, code.as_str()), (403, "KPS.9003"));
    assert!(message.contains("kps:privateKey:export"), "{message}");
}
