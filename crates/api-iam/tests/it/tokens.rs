//! Tokens: getting, checking, and what makes them void.

use crate::World;
use muster_model::Role;
use muster_service::Settings;
use muster_service::identity::users;
use muster_service::limits::Limits;
use muster_testkit::{Client, TestApp, TestDb, on_both_databases};
use serde_json::{Value, json};
use zeroize::Zeroizing;

on_both_databases! {
    async fn a_password_gets_a_token_and_the_token_opens(test: TestDb) {
        let world = World::on(test).await;
        let body = world.login(&world.test.credentials.password, &world.project_scope());
        let answer = world.anonymous().post("/v3/auth/tokens?nocatalog=true", &body).await;
        assert_eq!(answer.status, 201);
        let token = answer.header("x-subject-token").to_owned();
        assert_eq!(world.plain(&answer.json()), r#"{
  "token": {
    "expires_at": "2026-01-02T00:00:00.000000Z",
    "issued_at": "2026-01-01T00:00:00.000000Z",
    "methods": [
      "password"
    ],
    "project": {
      "domain": {
        "id": "<domain>",
        "name": "muster"
      },
      "id": "<project>",
      "name": "muster"
    },
    "roles": [
      {
        "id": "0",
        "name": "admin"
      }
    ],
    "user": {
      "domain": {
        "id": "<domain>",
        "name": "muster"
      },
      "id": "<user>",
      "name": "admin",
      "password_expires_at": ""
    }
  }
}"#);
        let bearer = Client::with_token(&world.router, token.clone());
        let own = bearer.header("x-subject-token", &token).get("/v3/auth/tokens?nocatalog=1").await;
        assert_eq!(own.status, 200);
        assert_eq!(own.header("x-subject-token"), token);
        assert_eq!(own.json(), answer.json());
        world.test.app.close().await;
    }
}

#[tokio::test]
async fn scopes_by_id_and_by_name_and_none() {
    let world = World::new().await;
    let known = &world.test.credentials;
    for (scope, project) in [
        (json!({"project": {"id": known.project_id}}), true),
        (json!({"project": {"name": known.project_name, "domain": {"name": "muster"}}}), true),
        (json!({"domain": {"id": known.domain_id}}), false),
        (json!({"domain": {"name": known.domain_name}}), false),
        (Value::Null, false),
    ] {
        let body = world.login(&known.password, &scope);
        let answer = world.anonymous().post("/v3/auth/tokens", &body).await;
        assert_eq!(answer.status, 201, "{scope}");
        let token = &answer.json()["token"];
        assert_eq!(token.get("project").is_some(), project, "{scope}");
        assert_eq!(token.get("domain").is_some(), !project, "{scope}");
        let names: Vec<_> =
            token["catalog"].as_array().unwrap().iter().map(|entry| &entry["name"]).collect();
        assert_eq!(names.contains(&&json!("hss")), project, "{names:?}");
    }
    let by_id = json!({"auth": {"identity": {"methods": ["password"], "password": {"user": {
        "id": known.user_id, "password": known.password.as_str()}}}}});
    assert_eq!(world.anonymous().post("/v3/auth/tokens", &by_id).await.status, 201);
    for scope in [json!({"project": {"name": "x"}}), json!({"domain": {"name": "x"}})] {
        let body = world.login(&known.password, &scope);
        assert_eq!(world.anonymous().post("/v3/auth/tokens", &body).await.status, 404, "{scope}");
    }
}

#[tokio::test]
async fn a_wrong_login_tells_nothing_and_has_both_forms() {
    let world = World::new().await;
    let scope = world.project_scope();
    let wrong = world.anonymous().post("/v3/auth/tokens", &world.login("no", &scope)).await;
    assert_eq!(wrong.status, 401);
    let mut body = wrong.json();
    body["request_id"] = json!("<id>");
    assert_eq!(
        body,
        json!({
            "error": {
                "code": 401,
                "message": "The username or password is wrong.",
                "title": "Unauthorized",
            },
            "error_code": "IAM.0001",
            "error_msg": "The username or password is wrong.",
            "request_id": "<id>",
        })
    );
    let mut stranger = world.login("no", &scope);
    stranger["auth"]["identity"]["password"]["user"]["name"] = json!("nobody");
    let stranger = world.anonymous().post("/v3/auth/tokens", &stranger).await;
    assert_eq!(stranger.json()["error_msg"], wrong.json()["error_msg"]);
}

#[tokio::test]
async fn a_bad_body_is_named() {
    let world = World::new().await;
    for (body, named) in [
        (json!({}), "missing field `auth`"),
        (json!({"auth": {"identity": {"methods": ["password"]}}}), "auth.identity.password"),
        (json!({"auth": {"identity": {"methods": 5}}}), "auth.identity.methods"),
        (json!("text"), "body"),
    ] {
        let answer = world.anonymous().post("/v3/auth/tokens", &body).await;
        assert_eq!(answer.status, 400, "{body}");
        let message = answer.json()["error_msg"].as_str().unwrap().to_owned();
        assert!(message.contains(named), "{message} does not name {named}");
    }
    let totp = json!({"auth": {"identity": {"methods": ["password", "totp"]}}});
    assert_eq!(world.anonymous().post("/v3/auth/tokens", &totp).await.status, 501);
}

#[tokio::test]
async fn a_token_dies_with_its_time_its_password_its_rights_and_its_user() {
    let world = World::new().await;
    let (app, operator) = (&world.test.app, world.test.operator());
    let user = world.test.user("anna", "anna's password", Role::Reader).await;
    let status = async |token: &str| {
        Client::with_token(&world.router, token.to_owned()).get("/v3/auth/domains").await.status
    };

    let token = world.test.token("anna", "anna's password").await;
    assert_eq!(status(&token).await, 200);
    world.test.clock.advance_secs(24 * 3600 - 1);
    assert_eq!(status(&token).await, 200);
    world.test.clock.advance_secs(1);
    assert_eq!(status(&token).await, 401);

    let token = world.test.token("anna", "anna's password").await;
    let new = Zeroizing::new("another password".to_owned());
    users::set_password(app, &operator, user.id.as_str(), new).await.unwrap();
    assert_eq!(status(&token).await, 401);

    let token = world.test.token("anna", "another password").await;
    users::set_role(app, &operator, user.id.as_str(), Role::Admin).await.unwrap();
    assert_eq!(status(&token).await, 401);

    let token = world.test.token("anna", "another password").await;
    users::set_enabled(app, &operator, user.id.as_str(), false).await.unwrap();
    assert_eq!(status(&token).await, 401);
    users::set_enabled(app, &operator, user.id.as_str(), true).await.unwrap();
    assert_eq!(status(&token).await, 401, "a token stays void when its user comes back");
}

#[tokio::test]
async fn tokens_outlive_a_restart_and_a_rotation() {
    let world = World::new().await;
    let known = &world.test.credentials;
    let token = world.test.token(&known.user_name, &known.password).await;
    world.test.clock.advance_secs(23 * 3600);
    let late = world.test.token(&known.user_name, &known.password).await;
    world.test.clock.advance_secs(2 * 3600);
    let newest = world.test.token(&known.user_name, &known.password).await;
    let status = async |token: String| {
        Client::with_token(&world.router, token).get("/v3/auth/domains").await.status
    };
    assert_eq!(status(token).await, 401);
    assert_eq!(status(late).await, 200);
    assert_eq!(status(newest).await, 200);
}

#[tokio::test]
async fn logins_of_an_address_are_limited_before_the_password_is_looked_at() {
    let limits = Limits { logins: 3, ..Limits::STANDARD };
    let settings = Settings { limits, ..Settings::default() };
    let test = TestApp::with(TestDb::sqlite().await, settings).await;
    let router = muster_http::edge(muster_api_iam::router(&test.app));
    let world = World { test, router };
    let body = world.login("no", &world.project_scope());
    let sound = world.login(&world.test.credentials.password, &world.project_scope());
    for _ in 0..3 {
        assert_eq!(world.anonymous().post("/v3/auth/tokens", &body).await.status, 401);
    }
    let answer = world.anonymous().post("/v3/auth/tokens", &sound).await;
    assert_eq!((answer.status, &answer.json()["error_code"]), (429, &json!("APIGW.0308")));
    world.test.clock.advance_secs(60);
    assert_eq!(world.anonymous().post("/v3/auth/tokens", &sound).await.status, 201);
}
