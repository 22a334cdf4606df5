//! Access keys.

use crate::World;
use axum::http::Method;
use muster_model::Role;
use muster_testkit::{Client, on_both_databases};
use muster_vault::signature::SecretKey;
use serde_json::json;
use zeroize::Zeroizing;

const PATH: &str = "/v3.0/OS-CREDENTIAL/credentials";

on_both_databases! {
    async fn a_key_lives_and_dies(test: TestDb) {
        let world = World::on(test).await;
        let admin = world.test.admin(&world.router).await;
        let body = json!({"credential": {
            "user_id": world.test.credentials.user_id, "description": "for a script"}});
        let made = admin.post(PATH, &body).await;
        assert_eq!(made.status, 201);
        let made = made.json()["credential"].clone();
        let (access, secret) = (made["access"].as_str().unwrap(), made["secret"].as_str().unwrap());
        assert_eq!((access.len(), secret.len()), (20, 40));
        assert_eq!(made["status"], "active");
        assert_eq!(made["create_time"], "2026-01-01T00:00:00.000000Z");

        let over = admin.post(PATH, &body).await;
        assert_eq!(over.status, 400);
        assert_eq!(over.json()["error"]["message"], "akSkNumExceed");
        assert_eq!(over.json()["error"]["title"], "Bad Request");

        let key = SecretKey::new(access, Zeroizing::new(secret.as_bytes().to_vec()));
        let signing = Client::with_key(&world.router, key, world.test.clock.clone());
        let shown = signing.get(&format!("{PATH}/{access}")).await.json();
        assert_eq!(shown["credential"]["last_use_time"], "2026-01-01T00:00:00.000000Z");
        assert_eq!(shown["credential"].get("secret"), None);

        let one = format!("{PATH}/{access}");
        let off = json!({"credential": {"status": "inactive"}});
        let answer = admin.send(Method::PUT, &one, Some(&off)).await;
        assert_eq!((answer.status, &answer.json()["credential"]["status"]), (200, &json!("inactive")));
        assert_eq!(signing.get("/v3/auth/domains").await.status, 401);
        let on = json!({"credential": {"status": "active", "description": "back"}});
        assert_eq!(admin.send(Method::PUT, &one, Some(&on)).await.status, 200);
        assert_eq!(signing.get("/v3/auth/domains").await.status, 200);
        assert_eq!(admin.send(Method::PUT, &one, Some(&json!({"credential": {"status": "x"}}))).await.status, 400);

        assert_eq!(admin.send(Method::DELETE, &one, None).await.status, 204);
        assert_eq!(admin.send(Method::DELETE, &one, None).await.status, 404);
        assert_eq!(admin.get(&one).await.status, 404);
        assert_eq!(signing.get("/v3/auth/domains").await.status, 401);
        world.test.app.close().await;
    }
}

#[tokio::test]
async fn everybody_sees_the_own_keys_and_only_those() {
    let world = World::new().await;
    let reader = world.test.reader(&world.router).await;
    assert_eq!(reader.get(PATH).await.json(), json!({"credentials": []}));
    let foreign = format!("{PATH}?user_id={}", world.test.credentials.user_id);
    assert_eq!(reader.get(&foreign).await.status, 403);
    let one = format!("{PATH}/{}", world.test.credentials.access_key);
    assert_eq!(reader.get(&one).await.status, 403);
    let admin = world.test.admin(&world.router).await;
    let anna = world.test.user("anna", "anna's password", Role::Reader).await;
    let hers = admin.get(&format!("{PATH}?user_id={}", anna.id)).await;
    assert_eq!(hers.json(), json!({"credentials": []}));
    assert_eq!(admin.get(&format!("{PATH}?user_id=nobody")).await.status, 404);
    let own = admin.get(PATH).await.json();
    assert_eq!(own["credentials"][0]["access"], world.test.credentials.access_key.as_str());
}
