//! The table against the contract, and the rights of every row.

use crate::World;
use muster_api_iam::OPERATIONS;
use muster_testkit::authz_coverage;
use serde_json::{Value, json};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/contracts/iam.json");

#[test]
fn every_operation_of_the_contract_stands_in_the_table() {
    let Ok(text) = std::fs::read_to_string(FILE) else {
        assert!(std::env::var_os("CI").is_none(), "{FILE} is not there");
        return;
    };
    let contract: Value = serde_json::from_str(&text).unwrap();
    for operation in contract["operations"].as_array().unwrap() {
        let text = |key: &str| operation[key].as_str().unwrap();
        let found = OPERATIONS.iter().any(|row| {
            row.name == text("operation")
                && row.path == text("path")
                && row.verb.method().as_str() == text("method")
        });
        assert!(found, "{} {} {}", text("operation"), text("method"), text("path"));
    }
}

#[tokio::test]
async fn no_operation_answers_without_rights() {
    let world = World::new().await;
    let policy =
        json!({"Version": "1.1", "Statement": [{"Effect": "Allow", "Action": ["iam:*:get"]}]});
    let role = json!({"role": {"display_name": "r", "type": "AX", "policy": policy}});
    let bodies = [
        ("CreatePermanentAccessKey", json!({"credential": {"user_id": "u"}})),
        ("UpdatePermanentAccessKey", json!({"credential": {"status": "inactive"}})),
        ("CreateUser", json!({"user": {"name": "one", "password": "long enough"}})),
        ("UpdateUser", json!({"user": {"description": "x"}})),
        ("KeystoneCreateUser", json!({"user": {"name": "two", "password": "long enough"}})),
        ("KeystoneUpdateUserByAdmin", json!({"user": {"enabled": false}})),
        ("KeystoneUpdateUserPassword", json!({"user": {"password": "", "original_password": ""}})),
        ("KeystoneCreateProject", json!({"project": {"name": "p"}})),
        ("KeystoneUpdateProject", json!({"project": {"description": "x"}})),
        ("UpdateProjectStatus", json!({"project": {"status": "normal"}})),
        ("CreateGroup", json!({"group": {"name": "g"}})),
        ("UpdateGroup", json!({"group": {"description": "x"}})),
        ("CreateCustomPolicy", role.clone()),
        ("UpdateCustomPolicy", role),
    ];
    authz_coverage(&world.test, &world.router, OPERATIONS, &bodies).await;
}

#[tokio::test]
async fn whatever_is_not_there_is_said_in_json() {
    let world = World::new().await;
    let anonymous = world.anonymous();
    let unknown = anonymous.get("/v9/nothing").await;
    assert_eq!((unknown.status, &unknown.json()["error_code"]), (404, &json!("APIGW.0101")));
    let method = anonymous.send("DELETE".parse().unwrap(), "/v3/auth/tokens", None).await;
    assert_eq!((method.status, &method.json()["error_code"]), (404, &json!("APIGW.0101")));
    assert_eq!(method.json()["request_id"], method.header("x-request-id"));
    let long = anonymous.get(&format!("/v3?a={}", "x".repeat(40_000))).await;
    assert_eq!((long.status, &long.json()["error_code"]), (414, &json!("APIGW.0201")));
    let admin = world.test.admin(&world.router).await;
    let unsupported = admin.get("/v3/regions").await;
    assert_eq!(unsupported.status, 501);
    assert_eq!(unsupported.json()["error_msg"], "KeystoneListRegions is not supported");
    let slash = admin.get("/v3/projects/").await;
    assert_eq!(slash.status, 404, "a redirect would read as an empty success");
}

#[tokio::test]
async fn a_body_beyond_twelve_megabytes_is_refused() {
    let world = World::new().await;
    let body = json!({"auth": "x".repeat(12 * 1024 * 1024)});
    for client in [world.anonymous(), world.test.signing(&world.router)] {
        let path = "/v3.0/OS-CREDENTIAL/credentials";
        let answer = client.post(path, &body).await;
        assert!(matches!(answer.status, 401 | 413), "{}", answer.status);
        let answer = client.post("/v3/auth/tokens", &body).await;
        assert_eq!((answer.status, &answer.json()["error_code"]), (413, &json!("APIGW.0201")));
    }
}
