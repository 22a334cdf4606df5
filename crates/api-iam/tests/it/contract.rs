//! The table against the contract, and the rights of every row.

use crate::World;
use muster_api_iam::OPERATIONS;
use muster_testkit::{authz_coverage, stranger_coverage};
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
    let assume = json!({"auth": {"identity": {"methods": ["assume_role"],
        "assume_role": {"agency_name": "a", "domain_name": "d"}}}});
    let in_enterprise_project = json!({"role_assignments": [
        {"agency_id": "a", "enterprise_project_id": "e", "role_id": "r"}]});
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
        ("KeystoneCreateAgencyToken", assume.clone()),
        ("CreateTemporaryAccessKeyByAgency", assume),
        ("CreateAgency", json!({"agency": {"name": "a", "trust_domain_name": "muster"}})),
        ("UpdateAgency", json!({"agency": {"description": "x"}})),
        ("GiveAgencyEnterpriseProjectRoles", in_enterprise_project.clone()),
        ("TakeAgencyEnterpriseProjectRoles", in_enterprise_project),
        ("CreateCustomPolicy", role.clone()),
        ("UpdateCustomPolicy", role),
    ];
    authz_coverage(&world.test, &world.router, OPERATIONS, &bodies).await;
}

#[tokio::test]
async fn nothing_of_another_account_is_there() {
    let world = World::new().await;
    let admin = world.test.admin(&world.router).await;
    let make = async |path: &str, body: Value, id: &str| {
        let made = admin.post(path, &body).await;
        assert_eq!(made.status, 201, "{}", made.json());
        made.json().pointer(id).unwrap().as_str().unwrap().to_owned()
    };
    let group = make("/v3/groups", json!({"group": {"name": "g"}}), "/group/id").await;
    let policy =
        json!({"Version": "1.1", "Statement": [{"Effect": "Allow", "Action": ["iam:*:get"]}]});
    let role = json!({"role": {"display_name": "r", "type": "AX", "policy": policy}});
    let role_id = make("/v3.0/OS-ROLE/roles", role.clone(), "/role/id").await;
    let agency = json!({"agency": {"name": "a", "trust_domain_name": "muster"}});
    let agency = make("/v3.0/OS-AGENCY/agencies", agency, "/agency/id").await;
    let known = &world.test.credentials;
    let ids = [
        ("user_id", known.user_id.as_str()),
        ("group_id", &group),
        ("role_id", &role_id),
        ("agency_id", &agency),
        ("access_key", &known.access_key),
        ("enterprise_project_id", "0"),
        ("project_id", &known.project_id),
        ("domain_id", &known.domain_id),
    ];
    // What the group and the agency have can be asked for once they have it.
    for path in [
        format!("/v3/domains/{}/groups/{group}/roles/{role_id}", known.domain_id),
        format!("/v3/groups/{group}/users/{}", known.user_id),
    ] {
        assert_eq!(admin.send(axum::http::Method::PUT, &path, None).await.status, 204);
    }
    let bodies = [
        ("UpdatePermanentAccessKey", json!({"credential": {"status": "inactive"}})),
        ("UpdateUser", json!({"user": {"description": "x"}})),
        ("KeystoneUpdateUserByAdmin", json!({"user": {"enabled": false}})),
        ("KeystoneUpdateProject", json!({"project": {"description": "x"}})),
        ("UpdateProjectStatus", json!({"project": {"status": "normal"}})),
        ("UpdateGroup", json!({"group": {"description": "x"}})),
        ("UpdateAgency", json!({"agency": {"description": "x"}})),
        ("UpdateCustomPolicy", role),
    ];
    stranger_coverage(&world.test, &world.router, OPERATIONS, &bodies, &ids).await;
    // Named in a body.
    let other = world.test.second_account("other").await;
    let other = world.test.client_of(&world.router, &other).await;
    let key = json!({"credential": {"user_id": known.user_id}});
    let refused = other.post("/v3.0/OS-CREDENTIAL/credentials", &key).await;
    assert_eq!(refused.status, 404, "{}", refused.json());
    let given = json!({"role_assignments": [
        {"agency_id": agency, "enterprise_project_id": "0", "role_id": role_id}]});
    let path = "/v3.0/OS-PERMISSION/subjects/agency/scopes/enterprise-project/role-assignments";
    let refused = other.send(axum::http::Method::PUT, path, Some(&given)).await;
    assert_eq!(refused.status, 404, "{}", refused.json());
    // A stranger's token tells nothing, and lists have only one's own.
    let admins = world.test.token("admin", &known.password).await;
    let asked = other.clone().header("x-subject-token", &admins).get("/v3/auth/tokens").await;
    assert_eq!(asked.status, 404, "{}", asked.json());
    for path in [
        "/v3/users",
        "/v3/groups",
        "/v3/projects",
        "/v3.0/OS-AGENCY/agencies",
        "/v3.0/OS-ROLE/roles",
        "/v3.0/OS-PERMISSION/role-assignments",
        "/v3.0/OS-CREDENTIAL/credentials",
    ] {
        let listed = other.get(path).await;
        assert_eq!(listed.status, 200, "{path}");
        let text = listed.json().to_string();
        for (_, id) in ids.iter().filter(|(name, _)| *name != "enterprise_project_id") {
            assert!(!text.contains(*id), "{path} tells {id}");
        }
    }
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
    let unsupported = admin.get("/v3/OS-FEDERATION/projects").await;
    assert_eq!(unsupported.status, 501);
    let message = "KeystoneListFederationProjects is not supported";
    assert_eq!(unsupported.json()["error_msg"], message);
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
