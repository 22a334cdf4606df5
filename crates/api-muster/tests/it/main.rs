//! Our own API through its router.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that fails may say so at once"
)]

mod hosts;
mod images;

use axum::http::Method;
use muster_api_muster::OPERATIONS;
use muster_model::id::ProjectId;
use muster_service::sca::uploads;
use muster_store::sca::files::{self, Content};
use muster_testkit::{Call, TestApp, TestDb, authz_coverage, stranger_coverage};
use serde_json::{Value, json};

#[tokio::test]
async fn no_operation_answers_without_rights() {
    let test = TestApp::on(TestDb::sqlite().await).await;
    let router = muster_http::edge(muster_api_muster::router(&test.app));
    let artifact = artifact(&test).await;
    let user = json!({"name": "n", "password": "long enough, is it", "role": "reader"});
    let calls = [
        ("AddHost", json!({"name": "h"})).into(),
        ("ImportHosts", json!({"hosts": [{"name": "i"}]})).into(),
        ("UpdateHost", json!({"location": "here"})).into(),
        ("UpdateInstallation", json!({"state": "installing"})).into(),
        ("ListAssets", "/muster/v1/{project_id}/assets/users", json!({})).into(),
        ("FindAssets", "?name=root", json!({})).into(),
        ("FollowVulnerability", "?host_id=h", json!({})).into(),
        ("CreateUser", user).into(),
        ("UpdateUser", json!({"enabled": false})).into(),
        ("FindComponents", "?name=log4j-core", json!({})).into(),
        ("ProtectFiles", json!({"paths": ["/etc/passwd"]})).into(),
        ("UnprotectFile", "?path=/etc/passwd", json!({})).into(),
        ("ListPrograms", "?image=shop:1", json!({})).into(),
        ("AllowProgram", json!({"image": "shop:1", "path": "/bin/shop"})).into(),
        ("BlockPrograms", json!({"image": "shop:1", "blocking": true})).into(),
        ("RelearnPrograms", "?image=shop:1", json!({})).into(),
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
async fn nothing_of_another_account_or_project_is_there() {
    let test = TestApp::on(TestDb::sqlite().await).await;
    let router = muster_http::edge(muster_api_muster::router(&test.app));
    let admin = test.admin(&router).await;
    let at = |path: &str| format!("/muster/v1/{}/{path}", test.credentials.project_id);
    let made = async |path: &str, body: Value| {
        let answer = admin.post(&at(path), &body).await;
        assert!(answer.status < 300, "{path}: {}", answer.json());
        answer.json()
    };
    let host = made("hosts", json!({"name": "rack-7"})).await;
    let order = json!({"artifact_id": artifact(&test).await, "name": "a", "id": "task-1"});
    made("sca/tasks", order).await;
    let policy = json!({"grade": "critical"});
    let written = admin.send(Method::PUT, &at("sca/policies/strict"), Some(&policy)).await;
    assert!(written.status < 300, "{}", written.json());
    let key = made("sca/keys", json!({})).await;
    let calls = [
        ("UpdateHost", json!({"location": "elsewhere"})),
        ("UpdateInstallation", json!({"state": "installing"})),
        ("KeepScaTask", json!({"keep_days": 1})),
        ("UpdateScaKey", json!({"active": false})),
    ];
    let text = |value: &Value, key: &str| value[key].as_str().unwrap().to_owned();
    let (host, key) = (text(&host, "id"), text(&key["key"], "access_key_id"));
    let ids = [("host_id", host.as_str()), ("task_id", "task-1")];
    stranger_coverage(&test, &router, OPERATIONS, &calls, &ids).await;
    // What has no page of its own, and lists.
    let other = test.second_account("other").await;
    let other_project = other.project_id.clone();
    let other = test.client_of(&router, &other).await;
    let named = format!("sca/keys/{key}");
    for project in [&test.credentials.project_id, &other_project] {
        let off = json!({"active": false});
        let path = format!("/muster/v1/{project}/{named}");
        for (method, body) in [(Method::PATCH, Some(&off)), (Method::DELETE, None)] {
            assert_eq!(other.send(method, &path, body).await.status, 404, "{path}");
        }
    }
    for path in ["hosts", "sca/tasks", "sca/policies", "sca/keys", "enrol-tokens", "stray-keys"] {
        assert_eq!(other.get(&at(path)).await.status, 404, "{path}");
        let own = other.get(&format!("/muster/v1/{other_project}/{path}")).await;
        assert_eq!(own.status, 200, "{path}");
        let own = own.json().to_string();
        for told in [host.as_str(), "rack-7", "task-1", "strict", &key] {
            assert!(!own.contains(told), "{path} tells {told}");
        }
    }
    let kept = admin.get(&at("sca/keys")).await.json();
    assert!(kept.to_string().contains(&key), "{kept}");
    let records = other.get("/muster/v1/audit").await.json().to_string();
    for told in [&test.credentials.user_id, &host] {
        assert!(!records.contains(told.as_str()), "the audit log tells {told}");
    }
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
