//! No operation without proof of the caller, none for another's project, no change by a reader.

use crate::contract::{BEYOND, HSS};
use crate::world::World;
use crate::{calls, exports};
use axum::http::{Request, StatusCode};
use muster_api_hss::OPERATIONS;
use muster_service::export;
use muster_testkit::{TestApp, authz_coverage};
use serde_json::{Value, json};
use std::collections::HashSet;

#[test]
fn the_table_is_the_contracts_and_every_served_operation_is_tried() {
    let rows: HashSet<_> =
        OPERATIONS.iter().map(|row| (row.name, row.verb.method().to_string(), row.path)).collect();
    for known in HSS.operations() {
        let key = (known.name.as_str(), known.method.clone(), known.path.as_str());
        assert!(rows.contains(&key), "{key:?} is not in the table");
    }
    assert_eq!(OPERATIONS.len(), HSS.operations().len() + BEYOND.len());
    let tried: HashSet<_> = calls::all().into_iter().map(|(name, ..)| name).collect();
    for row in OPERATIONS.iter().filter(|row| row.is_served()) {
        assert!(tried.contains(row.name), "{} has no call here", row.name);
    }
}

#[tokio::test]
async fn no_operation_answers_without_rights() {
    let test = TestApp::new().await;
    let router = muster_http::edge(muster_api_hss::router(&test.app));
    let calls: Vec<_> = calls::all()
        .into_iter()
        .map(|(name, path, body)| {
            (name, format!("/v5/{{project_id}}{path}"), body.unwrap_or_default())
        })
        .collect();
    let calls: Vec<_> =
        calls.iter().map(|(name, path, body)| (*name, path.as_str(), body.clone())).collect();
    authz_coverage(&test, &router, OPERATIONS, &calls).await;
}

/// By every call there is, with the ids of the first account in paths, queries and bodies.
#[tokio::test]
async fn nothing_of_another_account_is_there() {
    let world = World::new().await;
    export::start(&world.app);
    let order = json!({"export_headers": [["user_name", "Name"]]});
    let ordered = world.post("/asset/export?asset_type=users&category=host", order).await.ok();
    let task = ordered["task_id"].as_str().unwrap().to_owned();
    let file = exports::wait(&world, &task).await["file_id"].as_str().unwrap().to_owned();
    let before = world.get("/host-management/hosts").await.ok();
    let (project, token) = world.stranger().await;
    let ask = async |name: &str, project: &str, path: &str, body: Option<Value>| {
        let path = path.replace("TASK", &task).replace("FILE", &file);
        let row = OPERATIONS.iter().find(|row| row.name == name).unwrap();
        let request = Request::builder()
            .method(row.verb.method())
            .uri(format!("/v5/{project}{path}"))
            .header("x-auth-token", &token);
        world.send(request, body).await
    };
    for (name, path, body) in calls::all() {
        let foreign = ask(name, &world.project, path, body.clone()).await;
        assert_eq!(foreign.status, StatusCode::NOT_FOUND, "{name} in the owner's project");
        let own = ask(name, &project, path, body).await;
        let said = String::from_utf8_lossy(&own.bytes).into_owned();
        for told in ["host-web", "web-1", "10.0.0.1", "bookworm", "c0ffee", "log4j", &file] {
            assert!(!said.contains(told), "{name} tells {told}: {said}");
        }
        if path.contains("TASK") || path.contains("FILE") {
            assert_eq!(own.status, StatusCode::NOT_FOUND, "{name}: {said}");
        }
    }
    assert_eq!(world.get("/host-management/hosts").await.ok(), before, "a stranger changed a host");
    let untouched = world.get("/asset/manual-collect/database?host_id=host-web-1").await;
    let said = String::from_utf8_lossy(&untouched.bytes).into_owned();
    assert!(!said.contains("scanning"), "a stranger had a host swept: {said}");
}

#[tokio::test]
async fn a_placeholder_or_a_contradiction_in_the_project_is_refused() {
    let world = World::new().await;
    for (path, header) in [
        ("/v5/%7Bproject_id%7D/asset/users".to_owned(), None),
        (format!("/v5/{}/asset/users", world.project), Some("0123456789abcdef0123456789abcdef")),
    ] {
        let mut request = Request::builder().uri(path.clone()).header("x-auth-token", &world.token);
        if let Some(header) = header {
            request = request.header("x-project-id", header);
        }
        let answer = world.send(request, None).await;
        assert!(answer.status.is_client_error(), "{path}: {}", answer.status);
        answer.error();
    }
}

#[tokio::test]
async fn what_is_known_but_not_served_says_so() {
    let world = World::new().await;
    for row in OPERATIONS.iter().filter(|row| !row.is_served()) {
        let path = row.path.replace("{project_id}", &world.project).replace(['{', '}'], "");
        let request = Request::builder()
            .method(row.verb.method())
            .uri(path)
            .header("x-auth-token", &world.token);
        let answer = world.send(request, None).await;
        let (status, code, message) = answer.error();
        assert_eq!(status, StatusCode::NOT_IMPLEMENTED.as_u16(), "{}", row.name);
        assert_eq!(code, "APIGW.0101");
        assert!(message.contains(row.name), "{message}");
    }
}
