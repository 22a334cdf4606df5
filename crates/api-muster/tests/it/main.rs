//! Our own API through its router.

use muster_api_muster::OPERATIONS;
use muster_testkit::{Call, TestApp, TestDb, authz_coverage};
use serde_json::json;

#[tokio::test]
async fn no_operation_answers_without_rights() {
    let test = TestApp::on(TestDb::sqlite().await).await;
    let router = muster_http::edge(muster_api_muster::router(&test.app));
    let user = json!({"name": "n", "password": "long enough, is it", "role": "reader"});
    let calls = [
        ("AddHost", json!({"name": "h"})).into(),
        ("UpdateHost", json!({"location": "here"})).into(),
        ("ListAssets", "/muster/v1/{project_id}/assets/users", json!({})).into(),
        ("FindAssets", "?name=root", json!({})).into(),
        ("CreateUser", user).into(),
        ("UpdateUser", json!({"enabled": false})).into(),
        ("FindComponents", "?name=log4j-core", json!({})).into(),
        ("SimulatePolicy", json!({"action": "iam:user:list"})).into(),
    ];
    authz_coverage::<Call>(&test, &router, OPERATIONS, &calls).await;
}

#[tokio::test]
async fn a_host_entered_by_hand_is_listed_without_an_agent() {
    let test = TestApp::on(TestDb::sqlite().await).await;
    let router = muster_http::edge(muster_api_muster::router(&test.app));
    let admin = test.admin(&router).await;
    let hosts = format!("/muster/v1/{}/hosts", test.credentials.project_id);
    let body = json!({"name": "rack-7", "department": "billing", "importance": "important", "location": "Bonn"});
    let added = admin.send("POST".parse().unwrap(), &hosts, Some(&body)).await;
    assert_eq!(added.status, 200, "{}", added.json());
    let listed = admin.get(&hosts).await.json();
    assert_eq!(listed["total"], 1, "{listed}");
    let text = listed.to_string();
    for word in ["rack-7", "billing", "Bonn", "not_installed"] {
        assert!(text.contains(word), "{word} is missing in {text}");
    }
    let host = format!("{hosts}/{}", added.json()["id"].as_str().unwrap());
    let shown = admin.get(&host).await.json();
    for (field, value) in [
        ("name", json!("rack-7")),
        ("kinds", json!([])),
        ("diagnostics", json!([])),
        ("agent_cpu_us", json!(null)),
    ] {
        assert_eq!(shown[field], value, "{field} of {shown}");
    }
    assert_eq!(admin.get(&format!("{hosts}/other")).await.status, 404);
}
