//! Bad input: refused in the vendor's form, naming the parameter.

use crate::world::World;
use axum::http::Request;
use serde_json::json;

#[tokio::test]
async fn bad_parameters_are_named() {
    let world = World::new().await;
    for (path, parameter) in [
        ("/asset/users?limit=0", "limit: must be 10 to 200"),
        ("/asset/users?limit=201", "limit: must be 10 to 200"),
        ("/asset/users?offset=2000001", "offset: must be 0 to 2000000"),
        ("/asset/users?offset=-1", "offset:"),
        ("/asset/users?category=vm", "category: must be host or container"),
        ("/asset/users?part_match=maybe", "part_match: must be true or false"),
        ("/asset/ports/detail?category=host", "port: is required"),
        ("/asset/ports/detail?port=65536", "port: must be 1 to 65535"),
        ("/asset/ports?category=host", "host_id: is required"),
        ("/asset/host/web-site?category=host", "domain: is required"),
        ("/asset/host/kernel-module", "name: is required"),
        ("/asset/midwares/detail", "file_name: is required"),
        ("/asset/web-app-and-services?category=host", "catalogue: is required"),
        ("/asset/web-app-and-services?catalogue=cms", "catalogue: must be"),
        ("/asset/port/statistics?sort_dir=down", "sort_dir: must be asc, desc"),
        ("/asset/manual-collect/users?host_id=host-web-1", "type: must be"),
        ("/asset/manual-collect/database", "host_id: is required"),
        ("/export-task", "task_id: is required"),
        ("/host-management/hosts?agent_status=gone", "agent_status: must be"),
        ("/host-management/hosts?host_id_list=a,,b", "host_id_list:"),
        ("/container/nodes?limit=0", "limit: must be 1 to 200"),
        ("/asset/users?user_name=%ff", "user_name: must be UTF-8"),
    ] {
        let (status, code, message) = world.get(path).await.error();
        assert_eq!((status, code.as_str()), (400, "HSS.0001"), "{path}");
        assert!(message.contains(parameter), "{path}: {message}");
    }
}

#[tokio::test]
async fn bad_orders_of_exports_are_named() {
    let world = World::new().await;
    let path = "/asset/export?asset_type=users&category=host";
    let headers = json!([["user_name", "Name"]]);
    for (path, body, parameter) in [
        ("/asset/export?category=host", json!({}), "asset_type: is required"),
        ("/asset/export?asset_type=user", json!({}), "asset_type: must be users, auto_launch"),
        (path, json!({}), "export_headers: must have 1 to 64 entries"),
        (path, json!({"export_headers": []}), "export_headers: must have"),
        (path, json!({"export_headers": [["name", "x"]]}), "users has no key name, only"),
        (path, json!({"export_headers": [["user_name"]]}), "export_headers[0]: must be a key"),
        (
            path,
            json!({"export_headers": [["user_name", "x".repeat(10 << 20)]]}),
            "export_headers[0]: a title has at most 128 characters",
        ),
        (path, json!({"export_headers": headers, "search_param": "{"}), "search_param: must be"),
        (
            path,
            json!({"export_headers": headers, "search_param": "{\"port\": 1}"}),
            "search_param: port does not filter users",
        ),
        (
            path,
            json!({"export_headers": headers, "search_param": "x".repeat(129)}),
            "search_param: must have at most 128 characters",
        ),
        (path, json!({"export_headers": "all"}), "export_headers"),
    ] {
        let (status, code, message) = world.post(path, body).await.error();
        assert_eq!((status, code.as_str()), (400, "HSS.0001"), "{message}");
        assert!(message.contains(parameter), "{message} does not say {parameter}");
    }
    let request = |body: &str| {
        let body = body.to_owned();
        let builder = Request::builder()
            .method("POST")
            .uri(format!("/v5/{}{path}", world.project))
            .header("x-auth-token", &world.token);
        (builder, body)
    };
    let (builder, body) = request("{\"export_headers\": ");
    let answer = world.send_text(builder, body).await;
    let (status, code, _) = answer.error();
    assert_eq!((status, code.as_str()), (400, "HSS.0002"));
}

#[tokio::test]
async fn what_is_not_there_is_404_and_bad_tokens_are_401() {
    let world = World::new().await;
    for path in [
        "/export-task/no",
        "/export-task?task_id=no",
        "/event/export-task/no",
        "/download/no",
        "/asset/no/jar-package",
    ] {
        let (status, code, _) = world.get(path).await.error();
        assert_eq!((status, code.as_str()), (404, "HSS.0011"), "{path}");
    }
    let request = Request::builder()
        .uri(format!("/v5/{}/asset/users", world.project))
        .header("x-auth-token", "gAAAA");
    assert_eq!(world.send(request, None).await.error().0, 401);
    world.clock.advance_secs(24 * 3600 + 1);
    assert_eq!(world.get("/asset/users").await.error().0, 401, "a token lives a day");
}
