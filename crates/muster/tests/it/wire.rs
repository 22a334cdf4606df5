//! What a server must honour on the wire, whatever goes wrong: header names in title case, a JSON body of one
//! form with every refusal, no redirect.

use crate::process::Server;
use crate::raw::{Answer, send};
use serde_json::Value;
use std::path::Path;

fn token(server: &Server, dir: &Path) -> (String, String) {
    let known: Value =
        serde_json::from_slice(&std::fs::read(dir.join("credentials.json")).unwrap()).unwrap();
    let text = |key: &str| known[key].as_str().unwrap().to_owned();
    let body = serde_json::json!({"auth": {
        "identity": {"methods": ["password"], "password": {"user": {
            "name": text("user_name"), "password": text("password"), "domain": {"name": text("domain_name")}}}},
        "scope": {"project": {"id": text("project_id")}}}});
    let answer =
        send(&server.endpoint, "POST", "/v3/auth/tokens", &[], body.to_string().as_bytes());
    assert_eq!(answer.status, 201);
    check_names(&answer);
    (answer.header("X-Subject-Token").to_owned(), text("project_id"))
}

/// Java's client looks names up in a map that minds the case.
fn check_names(answer: &Answer) {
    for (name, _) in &answer.headers {
        let title = name.split('-').all(|word| word.starts_with(|c: char| c.is_ascii_uppercase()));
        assert!(title, "{name} is not in title case");
    }
}

/// A refusal in the flat form, readable by the strictest of the clients.
fn refusal(answer: &Answer, status: u16, code: &str) -> String {
    check_names(answer);
    let body = answer.json();
    assert_eq!((answer.status, body["error_code"].as_str()), (status, Some(code)), "{body}");
    assert_eq!(answer.header("Content-Type"), "application/json");
    assert_eq!(answer.header("Content-Length"), answer.body.len().to_string());
    assert_eq!(body["request_id"].as_str(), Some(answer.header("X-Request-Id")));
    assert_eq!(answer.header("Location"), "", "nobody follows a redirect");
    body["error_msg"].as_str().unwrap().to_owned()
}

#[test]
fn every_refusal_has_its_json_body_and_its_names_in_title_case() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::up(dir.path(), &["--no-local-agent"]);
    let (token, project) = token(&server, dir.path());
    let token = ("X-Auth-Token", token.as_str());
    let ask = |method: &str, target: &str, headers: &[(&str, &str)]| {
        send(&server.endpoint, method, target, headers, b"")
    };
    let users = format!("/v5/{project}/asset/users");
    assert_eq!(ask("GET", &users, &[token]).status, 200);

    refusal(&ask("GET", &users, &[]), 401, "APIGW.0301");
    refusal(
        &ask("GET", &users, &[("Authorization", "SDK-HMAC-SHA256 nonsense")]),
        401,
        "APIGW.0301",
    );
    for unknown in ["/nowhere", "/v5", "/v3/auth/tokens/", &format!("{users}/"), "/docs/", "//"] {
        refusal(&ask("GET", unknown, &[token]), 404, "APIGW.0101");
    }
    refusal(&ask("DELETE", &users, &[token]), 404, "APIGW.0101");
    refusal(&ask("BREW", &users, &[token]), 404, "APIGW.0101");
    let unsupported = format!("/v5/{project}/vulnerability/scan-policy");
    let known = muster_api_hss::OPERATIONS.iter().find(|row| !row.is_served()).unwrap();
    let known = known.path.replace("{project_id}", &project).replace(['{', '}'], "");
    for path in [unsupported, known] {
        let answer = ask("GET", &path, &[token]);
        if answer.status == 501 {
            assert!(refusal(&answer, 501, "APIGW.0101").contains("is not supported"));
        } else {
            refusal(&answer, 404, "APIGW.0101");
        }
    }
    let large = [token, ("Content-Length", "13000000")];
    let export = format!("/v5/{project}/asset/export?asset_type=users&category=host");
    refusal(&ask("POST", &export, &large), 413, "APIGW.0201");
    refusal(&ask("GET", &format!("{users}?a={}", "x".repeat(40_000)), &[token]), 414, "APIGW.0201");
    let limit = refusal(&ask("GET", &format!("{users}?limit=201"), &[token]), 400, "HSS.0001");
    assert!(limit.contains("limit"), "{limit}");
    refusal(&ask("GET", "/v5/%7Bproject_id%7D/asset/users", &[token]), 400, "HSS.0001");
    let other = [token, ("X-Project-Id", "0123456789abcdef0123456789abcdef")];
    let named = refusal(&ask("GET", &users, &other), 401, "APIGW.0301");
    assert!(named.contains("X-Project-Id"), "{named}");
}

#[test]
fn under_the_vendors_limits_the_sixth_call_in_a_minute_is_429() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("muster.toml"), "[limits]\npreset = 'vendor'").unwrap();
    let server = Server::up(dir.path(), &["--no-local-agent"]);
    let (token, project) = token(&server, dir.path());
    let target = format!("/v5/{project}/asset/users");
    let ask = || send(&server.endpoint, "GET", &target, &[("X-Auth-Token", &token)], b"");
    for call in 1..=5 {
        assert_eq!(ask().status, 200, "call {call}");
    }
    let message = refusal(&ask(), 429, "APIGW.0308");
    assert!(message.starts_with("The throttling threshold has been reached: policy "), "{message}");
    assert!(message.contains("over ratelimit,limit:5,time:1 minute"), "{message}");
}
