//! Users, groups, policies and assignments as clients send them.

use crate::World;
use muster_testkit::Client;
use serde_json::{Value, json};

async fn send(client: &Client, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let answer = client.send(method.parse().unwrap(), path, Some(body)).await;
    (answer.status, if answer.body.is_empty() { Value::Null } else { answer.json() })
}

#[tokio::test]
async fn a_user_may_what_its_group_may_and_no_more() {
    let world = World::new().await;
    let admin = world.test.admin(&world.router).await;
    let domain = &world.test.credentials.domain_id;
    let user =
        json!({"user": {"name": "carol", "domain_id": domain, "password": "carol's password"}});
    let (status, made) = send(&admin, "POST", "/v3.0/OS-USER/users", &user).await;
    assert_eq!(status, 201, "{made}");
    let user = made["user"]["id"].as_str().unwrap().to_owned();
    let (status, made) =
        send(&admin, "POST", "/v3/groups", &json!({"group": {"name": "readers"}})).await;
    assert_eq!((status, &made["group"]["domain_id"]), (201, &json!(domain)));
    let group = made["group"]["id"].as_str().unwrap().to_owned();
    let member = format!("/v3/groups/{group}/users/{user}");
    assert_eq!(send(&admin, "HEAD", &member, &json!({})).await.0, 404);
    assert_eq!(send(&admin, "PUT", &member, &json!({})).await.0, 204);
    assert_eq!(send(&admin, "HEAD", &member, &json!({})).await.0, 204);
    let groups = admin.get(&format!("/v3/users/{user}/groups")).await.json();
    assert_eq!(groups["groups"][0]["name"], "readers");

    let carol = world.test.token("carol", "carol's password").await;
    let carol = Client::with_token(&world.router, carol);
    let refused = carol.get("/v3/users").await;
    assert_eq!(refused.status, 403);
    assert!(refused.json().to_string().contains("iam:user:list"), "{}", refused.json());
    // One sees oneself.
    assert_eq!(carol.get(&format!("/v3/users/{user}")).await.status, 200);

    let policy = json!({"Version": "5.0", "Statement": [
        {"Effect": "Allow", "Action": ["iam:*:list"]},
        {"Effect": "Deny", "Action": ["iam:group:list"]}]});
    let role = json!({"role": {"display_name": "lists", "type": "AX", "policy": policy}});
    let (status, made) = send(&admin, "POST", "/v3.0/OS-ROLE/roles", &role).await;
    assert_eq!((status, &made["role"]["policy"]), (201, &policy));
    let role = made["role"]["id"].as_str().unwrap().to_owned();
    let given = format!("/v3/domains/{domain}/groups/{group}/roles/{role}");
    assert_eq!(send(&admin, "PUT", &given, &json!({})).await.0, 204);
    assert_eq!(send(&admin, "HEAD", &given, &json!({})).await.0, 204);
    let all = admin.get("/v3.0/OS-PERMISSION/role-assignments").await.json();
    assert_eq!(all["role_assignments"][0]["role"]["id"], role);
    // The token carol already has is enough, and a denial wins.
    assert_eq!(carol.get("/v3/users").await.status, 200);
    assert_eq!(carol.get("/v3/groups").await.status, 403);
    let wrong = format!("/v3/domains/0000/groups/{group}/roles/{role}");
    assert_eq!(send(&admin, "PUT", &wrong, &json!({})).await.0, 404);

    assert_eq!(
        send(&admin, "DELETE", &format!("/v3.0/OS-ROLE/roles/{role}"), &json!({})).await.0,
        409
    );
    assert_eq!(send(&admin, "DELETE", &given, &json!({})).await.0, 204);
    assert_eq!(carol.get("/v3/users").await.status, 403);
    assert_eq!(
        send(&admin, "DELETE", &format!("/v3.0/OS-ROLE/roles/{role}"), &json!({})).await.0,
        200
    );
    assert_eq!(send(&admin, "DELETE", &format!("/v3/users/{user}"), &json!({})).await.0, 204);
    assert_eq!(carol.get("/v3/auth/projects").await.status, 401, "a token of a removed user");
}

#[tokio::test]
async fn a_document_that_is_wrong_is_refused_with_its_place() {
    let world = World::new().await;
    let admin = world.test.admin(&world.router).await;
    let policy = json!({"Version": "5.0", "Statement": [
        {"Effect": "Allow", "Action": ["a:b:c"], "Condition": {"IpAddress": {"g:SourceIp": ["x"]}}}]});
    let role = json!({"role": {"display_name": "n", "type": "AX", "policy": policy}});
    let (status, answer) = send(&admin, "POST", "/v3.0/OS-ROLE/roles", &role).await;
    let message = answer["error_msg"].as_str().unwrap();
    assert_eq!(status, 400);
    assert!(message.starts_with("policy.Statement[0].Condition.IpAddress.g:SourceIp"), "{message}");
    let user = json!({"user": {"name": "x", "email": "x@example.org"}});
    let (status, answer) = send(&admin, "POST", "/v3.0/OS-USER/users", &user).await;
    assert_eq!(status, 400);
    assert!(answer["error_msg"].as_str().unwrap().starts_with("email: "), "{answer}");
}

#[tokio::test]
async fn one_changes_the_own_password_and_old_tokens_are_void() {
    let world = World::new().await;
    let user = world.test.user("dave", "dave's password", muster_model::Role::Reader).await;
    let dave = world.test.token("dave", "dave's password").await;
    let dave = Client::with_token(&world.router, dave);
    let path = format!("/v3/users/{}/password", user.id);
    let change = |present: &str| json!({"user": {"password": "a new password", "original_password": present}});
    assert_eq!(send(&dave, "POST", &path, &change("not it at all")).await.0, 400);
    assert_eq!(send(&dave, "POST", &path, &change("dave's password")).await.0, 204);
    assert_eq!(dave.get("/v3/auth/projects").await.status, 401);
    let other = format!("/v3/users/{}/password", world.test.credentials.user_id);
    let dave = world.test.token("dave", "a new password").await;
    let dave = Client::with_token(&world.router, dave);
    assert_eq!(send(&dave, "POST", &other, &change("a new password")).await.0, 403);
}

#[tokio::test]
async fn a_suspended_project_is_closed_to_everybody() {
    let world = World::new().await;
    let admin = world.test.admin(&world.router).await;
    let (status, made) =
        send(&admin, "POST", "/v3/projects", &json!({"project": {"name": "second"}})).await;
    assert_eq!(status, 201, "{made}");
    let id = made["project"]["id"].as_str().unwrap();
    let path = format!("/v3-ext/projects/{id}");
    let status = json!({"project": {"status": "suspended"}});
    assert_eq!(send(&admin, "PUT", &path, &status).await.0, 204);
    assert_eq!(admin.get(&path).await.json()["project"]["status"], "suspended");
    let login = world.login(&world.test.credentials.password, &json!({"project": {"id": id}}));
    let (status, _) = send(&world.anonymous(), "POST", "/v3/auth/tokens", &login).await;
    assert_eq!(status, 404);
}

#[tokio::test]
async fn failed_logins_lock_the_name_for_five_minutes_whether_it_exists_or_not() {
    let world = World::new().await;
    let login = |name: &str, password: &str| {
        let mut body = world.login(password, &world.project_scope());
        body["auth"]["identity"]["password"]["user"]["name"] = name.into();
        body
    };
    for name in ["admin", "nobody"] {
        let mut last = Value::Null;
        for _ in 0..7 {
            let (status, answer) =
                send(&world.anonymous(), "POST", "/v3/auth/tokens", &login(name, "wrong password"))
                    .await;
            assert_eq!(status, 401);
            last = answer;
        }
        assert!(last["error_msg"].as_str().unwrap().contains("locked"), "{last}");
    }
    let right = login("admin", &world.test.credentials.password);
    assert_eq!(send(&world.anonymous(), "POST", "/v3/auth/tokens", &right).await.0, 401);
    world.test.clock.advance_secs(300);
    assert_eq!(send(&world.anonymous(), "POST", "/v3/auth/tokens", &right).await.0, 201);
}
