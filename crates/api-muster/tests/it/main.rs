//! Our own API through its router.
#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use muster_api_muster::OPERATIONS;
use muster_model::id::ProjectId;
use muster_service::sca::uploads;
use muster_store::sca::files::{self, Content};
use muster_testkit::{Call, TestApp, TestDb, authz_coverage};
use serde_json::json;

#[tokio::test]
async fn no_operation_answers_without_rights() {
    let test = TestApp::on(TestDb::sqlite().await).await;
    let router = muster_http::edge(muster_api_muster::router(&test.app));
    let artifact = artifact(&test).await;
    let user = json!({"name": "n", "password": "long enough, is it", "role": "reader"});
    let calls = [
        ("AddHost", json!({"name": "h"})).into(),
        ("UpdateHost", json!({"location": "here"})).into(),
        ("ListAssets", "/muster/v1/{project_id}/assets/users", json!({})).into(),
        ("FindAssets", "?name=root", json!({})).into(),
        ("FollowVulnerability", "?host_id=h", json!({})).into(),
        ("CreateUser", user).into(),
        ("UpdateUser", json!({"enabled": false})).into(),
        ("FindComponents", "?name=log4j-core", json!({})).into(),
        ("AnnounceScaArtifact", json!({"name": "a.zip"})).into(),
        ("CreateScaTask", json!({"artifact_id": artifact, "name": "a"})).into(),
        ("CompareScaTasks", "?old=a&new=b", json!({})).into(),
        ("SimulatePolicy", json!({"action": "iam:user:list"})).into(),
    ];
    authz_coverage::<Call>(&test, &router, OPERATIONS, &calls).await;
}

/// An artifact that has come in.
async fn artifact(test: &TestApp) -> String {
    let (operator, project) = (test.operator(), &test.credentials.project_id);
    let project = ProjectId::parse(project).unwrap();
    let announced = uploads::announce(&test.app, &operator, Some(&project), "a.zip", b"x").await;
    let id = announced.unwrap().file_id;
    let content = Content { size: 1, sha256: "0", place: "here" };
    let mut tx = test.app.db.begin().await.unwrap();
    assert!(files::arrived(&mut tx, &id, content, test.app.now()).await.unwrap());
    tx.commit().await.unwrap();
    id
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
