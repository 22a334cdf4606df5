//! Temporary access keys.

use crate::World;
use axum::http::Method;
use muster_testkit::{Answer, Client};
use muster_vault::signature::SecretKey;
use serde_json::{Value, json};
use zeroize::Zeroizing;

pub(crate) const PATH: &str = "/v3.0/OS-CREDENTIAL/securitytokens";

fn body(token: &Value) -> Value {
    json!({"auth": {"identity": {"methods": ["token"], "token": token}}})
}

pub(crate) struct Key(pub(crate) Client, pub(crate) Value);

impl World {
    async fn temporary(&self, client: &Client, token: &Value) -> Key {
        let made = client.post(PATH, &body(token)).await;
        assert_eq!(made.status, 201, "{}", made.json());
        self.key(&made.json()["credential"])
    }

    pub(crate) fn key(&self, made: &Value) -> Key {
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        let secret = Zeroizing::new(text("secret").into_bytes());
        let key = SecretKey::new(&text("access"), secret);
        let client = Client::with_key(&self.router, key, self.test.clock.clone());
        Key(client.header("x-security-token", &text("securitytoken")), made.clone())
    }
}

impl Key {
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.0.get(path).await
    }
}

#[tokio::test]
async fn a_key_signs_as_its_token_until_it_ends() {
    let world = World::new().await;
    let admin = world.test.admin(&world.router).await;
    let key = world.temporary(&admin, &json!({"duration_seconds": 1800})).await;
    assert_eq!(key.1["expires_at"], "2026-01-01T00:30:00.000000Z");
    assert!(key.1["access"].as_str().unwrap().starts_with("HST"));
    let who = key.get("/v3/auth/domains").await;
    assert_eq!(who.status, 200, "{}", who.json());
    // The token was that of a project: so is the key.
    let projects = key.get("/v3/projects").await;
    assert_eq!(projects.status, 200);
    world.test.clock.advance_secs(1799);
    assert_eq!(key.get("/v3/auth/domains").await.status, 200);
    world.test.clock.advance_secs(1);
    let late = key.get("/v3/auth/domains").await;
    assert_eq!(late.status, 401);
    assert!(late.json().to_string().contains("has expired"), "{}", late.json());
    world.test.app.close().await;
}

#[tokio::test]
async fn a_key_is_nothing_without_its_own_token() {
    let world = World::new().await;
    let admin = world.test.admin(&world.router).await;
    let (one, other) = (
        world.temporary(&admin, &json!({})).await,
        world.temporary(&admin, &json!({"id": ""})).await,
    );
    let mut mixed = one.1.clone();
    mixed["securitytoken"] = other.1["securitytoken"].clone();
    let mut forged = one.1.clone();
    forged["secret"] = other.1["secret"].clone();
    let mut broken = one.1.clone();
    broken["securitytoken"] = json!("not a token");
    for (made, why) in [(mixed, "another access key"), (forged, "verify"), (broken, "unknown")] {
        let refused = world.key(&made).get("/v3/auth/domains").await;
        assert_eq!(refused.status, 401);
        let told = refused.json().to_string();
        assert!(told.to_lowercase().contains(why), "{why}: {told}");
    }
    // Without the token, or the token with a permanent key.
    let secret = Zeroizing::new(one.1["secret"].as_str().unwrap().as_bytes().to_vec());
    let bare = SecretKey::new(one.1["access"].as_str().unwrap(), secret);
    let bare = Client::with_key(&world.router, bare, world.test.clock.clone());
    assert_eq!(bare.get("/v3/auth/domains").await.status, 401);
    let token = one.1["securitytoken"].as_str().unwrap();
    let permanent = world.test.signing(&world.router).header("x-security-token", token);
    assert_eq!(permanent.get("/v3/auth/domains").await.status, 401);
    let tokened = world.test.admin(&world.router).await.header("x-security-token", token);
    assert_eq!(tokened.get("/v3/auth/domains").await.status, 401);
    assert_eq!(one.get("/v3/auth/domains").await.status, 200);
    world.test.app.close().await;
}

#[tokio::test]
async fn a_key_dies_with_the_password_and_the_user() {
    let world = World::new().await;
    let admin = world.test.admin(&world.router).await;
    let reader = world.test.reader(&world.router).await;
    let key = world.temporary(&reader, &json!({})).await;
    // It may what the reader may, and no more.
    assert_eq!(key.get("/v3/auth/domains").await.status, 200);
    let refused = key.0.post("/v3/groups", &json!({"group": {"name": "g"}})).await;
    assert_eq!(refused.status, 403, "{}", refused.json());
    let id = key.get("/v5/caller-identity").await.json();
    let user = id["principal_id"].as_str().unwrap_or_default().to_owned();
    let users = admin.get("/v3/users?name=reader").await.json();
    let user = users["users"][0]["id"].as_str().unwrap_or(&user).to_owned();
    let change = json!({"user": {"enabled": false}});
    let answer = admin.send(Method::PATCH, &format!("/v3/users/{user}"), Some(&change)).await;
    assert!(answer.status < 300, "{}", answer.json());
    assert_eq!(key.get("/v3/auth/domains").await.status, 401);
    world.test.app.close().await;
}

#[tokio::test]
async fn what_cannot_be_asked_for_is_said() {
    let world = World::new().await;
    let admin = world.test.admin(&world.router).await;
    for secs in [0, 899, 86_401, -1] {
        let refused = admin.post(PATH, &body(&json!({"duration_seconds": secs}))).await;
        assert_eq!(refused.status, 400);
        let told = refused.json().to_string();
        assert!(told.contains("duration_seconds") && told.contains("900 to 86400"), "{told}");
    }
    let signing = world.test.signing(&world.router);
    let refused = signing.post(PATH, &body(&json!({}))).await;
    assert_eq!(refused.status, 400);
    assert!(refused.json().to_string().contains("auth.identity.token.id"), "{}", refused.json());
    // A signed request may name the user's own token, and nobody else's.
    let own = world.test.token("admin", &world.test.credentials.password).await;
    assert_eq!(signing.post(PATH, &body(&json!({"id": own}))).await.status, 201);
    world.test.user("anna", "anna's password", muster_model::Role::Reader).await;
    let hers = world.test.token("anna", "anna's password").await;
    assert_eq!(signing.post(PATH, &body(&json!({"id": hers}))).await.status, 404);
    let narrower = json!({"auth": {"identity": {"methods": ["token"], "token": {},
        "policy": {"Version": "1.1", "Statement": []}}}});
    assert_eq!(admin.post(PATH, &narrower).await.status, 501);
    world.test.app.close().await;
}
