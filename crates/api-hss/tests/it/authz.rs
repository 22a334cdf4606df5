//! No operation without proof of the caller, none for another's project, no change by a reader.

use crate::calls;
use crate::contract::HSS;
use crate::world::World;
use axum::http::{Request, StatusCode};
use muster_api_hss::OPERATIONS;
use muster_http::Operation;
use std::collections::HashSet;

fn row(name: &str) -> &'static Operation {
    OPERATIONS.iter().find(|row| row.name == name).expect(name)
}

#[test]
fn the_table_is_the_contracts_and_every_served_operation_is_tried() {
    let rows: HashSet<_> =
        OPERATIONS.iter().map(|row| (row.name, row.verb.method().to_string(), row.path)).collect();
    for known in HSS.operations() {
        let key = (known.name.as_str(), known.method.clone(), known.path.as_str());
        assert!(rows.contains(&key), "{key:?} is not in the table");
    }
    assert_eq!(OPERATIONS.len(), HSS.operations().len());
    let tried: HashSet<_> = calls::all().into_iter().map(|(name, ..)| name).collect();
    for row in OPERATIONS.iter().filter(|row| row.is_served()) {
        assert!(tried.contains(row.name), "{} has no call here", row.name);
    }
}

#[tokio::test]
async fn without_credentials_every_operation_is_refused() {
    let world = World::new().await;
    for row in OPERATIONS {
        let path = row.path.replace("{project_id}", &world.project).replace(['{', '}'], "");
        let request = Request::builder().method(row.verb.method()).uri(path);
        let answer = world.send(request, None).await;
        let (status, code, _) = answer.error();
        assert_eq!((status, code.as_str()), (401, "APIGW.0301"), "{}", row.name);
    }
}

#[tokio::test]
async fn anothers_project_does_not_exist() {
    let mut world = World::new().await;
    world.project = "0123456789abcdef0123456789abcdef".to_owned();
    for (name, path, body) in calls::all() {
        let uri = format!("/v5/{}{path}", world.project);
        let request = Request::builder()
            .method(row(name).verb.method())
            .uri(uri)
            .header("x-auth-token", &world.token);
        let (status, code, _) = world.send(request, body).await.error();
        assert_eq!((status, code.as_str()), (404, "HSS.0011"), "{name}");
    }
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
