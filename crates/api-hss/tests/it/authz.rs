//! No operation without proof of the caller, none for another's project, no change by a reader.

use crate::calls;
use crate::contract::HSS;
use crate::world::World;
use axum::http::{Request, StatusCode};
use muster_api_hss::OPERATIONS;
use muster_testkit::{TestApp, authz_coverage};
use std::collections::HashSet;

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
