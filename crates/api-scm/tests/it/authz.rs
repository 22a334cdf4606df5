//! The table against the contract, and the rights of every row.

use crate::{World, body};
use muster_api_scm::OPERATIONS;
use muster_model::Role;
use muster_service::identity::policies::{self, Draft};
use muster_service::identity::{Reach, groups};
use muster_testkit::{Client, authz_coverage, stranger_coverage};
use serde_json::{Value, json};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/contracts/scm.json");

#[test]
fn the_table_is_the_contracts() {
    let Ok(text) = std::fs::read_to_string(FILE) else {
        assert!(std::env::var_os("CI").is_none(), "{FILE} is not there");
        return;
    };
    let contract: Value = serde_json::from_str(&text).unwrap();
    let known = contract["operations"].as_array().unwrap();
    for operation in known {
        let text = |key: &str| operation[key].as_str().unwrap();
        let found = OPERATIONS.iter().any(|row| {
            row.name == text("operation")
                && row.path == text("path")
                && row.verb.method().as_str() == text("method")
        });
        assert!(found, "{} {} {}", text("operation"), text("method"), text("path"));
    }
    assert_eq!(OPERATIONS.len(), known.len());
}

#[tokio::test]
async fn no_operation_answers_without_rights() {
    let world = World::new().await;
    let made = crate::openssl::Made::new();
    let (certificate, key) = (made.text("leaf.pem"), made.text("leaf.key"));
    let buy = json!({
        "cert_brand": "GEOTRUST", "cert_type": "DV_SSL_CERT", "domain_type": "SINGLE_DOMAIN",
        "effective_time": 1, "domain_numbers": 1, "order_number": 1, "agree_privacy_protection": true,
    });
    let apply = json!({
        "domain": "a.example", "applicant_name": "a", "applicant_phone": "1", "applicant_email": "a@b",
        "agree_privacy_protection": true, "domain_method": "DNS",
    });
    let csr = json!({
        "name": "csr-1", "domain_name": "a.example", "private_key_algo": "EC_P256", "usage": "PERSONAL",
    });
    let calls = [
        ("SubscribeCertificate", "", buy),
        ("ImportCertificate", "", body("cert-1", &certificate, &key)),
        ("ApplyCertificate", "", apply),
        ("CreateCsr", "", csr),
        (
            "UploadCsr",
            "",
            json!({"name": "csr-2", "csr": made.text("leaf.csr").replace("/O=Example", "")}),
        ),
        ("UpdateCsr", "", json!({"name": "csr-3"})),
        ("ListDeployedResources", "", json!({"certificate_ids": ["x"], "service_names": ["ALL"]})),
        ("PushCertificate", "", json!({"target_project": "p", "target_service": "web"})),
        ("BatchPushCertificate", "", json!({"target_projects": ["p"], "target_service": "web"})),
        ("DeployCertificate", "", json!({"service_name": "HOST", "resources": [{"id": "web"}]})),
        ("EnableNotification", "", json!([{"resource_id": "x", "notice_type": ["CERT_EXPIRED"]}])),
        ("DisableNotification", "", json!([{"resource_id": "x", "notice_type": ["CERT_EXPIRED"]}])),
        ("CreateCertificateTag", "", json!({"tag": {"key": "a", "value": "b"}})),
        ("BatchCreateOrDeleteTags", "", json!({"action": "create", "tags": []})),
        ("ListCertificatesByTag", "/v3/scm/resource_instances/action", json!({})),
    ];
    made.run("req -new -key leaf.key -subj /CN=a.example -out named.csr");
    let mut calls = calls;
    calls[4].2["csr"] = json!(made.text("named.csr"));
    authz_coverage(&world.test, &world.router, OPERATIONS, &calls).await;
}

#[tokio::test]
async fn another_accounts_records_are_not_there() {
    let world = World::new().await;
    let made = crate::openssl::Made::new();
    let import = body("cert-1", &made.text("leaf.pem"), &made.text("leaf.key"));
    let certificate = world.ask("POST", "/certificates/import", import).await;
    let certificate = certificate["certificate_id"].as_str().unwrap();
    let csr = json!({"name": "csr-1", "domain_name": "a.example", "private_key_algo": "EC_P256",
        "usage": "PERSONAL"});
    let csr = world.ask("POST", "/csr", csr).await["id"].as_str().unwrap().to_owned();
    let tag = json!({"tag": {"key": "tier", "value": "web"}});
    world.ask("POST", &format!("/{certificate}/tags"), tag.clone()).await;
    let apply = json!({
        "domain": "a.example", "applicant_name": "a", "applicant_phone": "1", "applicant_email": "a@b",
        "agree_privacy_protection": true, "domain_method": "DNS",
    });
    let calls = [
        ("ApplyCertificate", apply),
        ("UpdateCsr", json!({"name": "csr-3"})),
        ("PushCertificate", json!({"target_project": "p", "target_service": "web"})),
        ("BatchPushCertificate", json!({"target_projects": ["p"], "target_service": "web"})),
        ("DeployCertificate", json!({"service_name": "HOST", "resources": [{"id": "web"}]})),
        ("CreateCertificateTag", tag),
        ("BatchCreateOrDeleteTags", json!({"action": "delete", "tags": [{"key": "tier"}]})),
    ];
    let ids = [
        ("certificate_id", certificate),
        ("cert_id", certificate),
        ("resource_id", certificate),
        ("id", &csr),
    ];
    stranger_coverage(&world.test, &world.router, OPERATIONS, &calls, &ids).await;
    // Named in a body, and in lists.
    let other = world.test.second_account("other").await;
    let other = world.test.client_of(&world.router, &other).await;
    let deployed = json!({"certificate_ids": [certificate], "service_names": ["ALL"]});
    assert_eq!(other.post("/v3/scm/deployed-resources", &deployed).await.status, 404);
    let notices = json!([{"resource_id": certificate, "notice_type": ["CERT_EXPIRED"]}]);
    let refused = other.post("/v3/scm/notification/enable", &notices).await;
    assert_eq!(refused.status, 404, "{}", refused.json());
    for (path, empty) in [
        ("certificates", json!({"certificates": [], "total_count": 0})),
        ("csr", json!({"csr_list": [], "total": 0})),
        ("tags", json!({"tags": []})),
    ] {
        assert_eq!(other.get(&format!("/v3/scm/{path}")).await.json(), empty, "{path}");
    }
    let search = json!({"action": "filter", "limit": "10", "offset": "0"});
    let found = other.post("/v3/scm/resource_instances/action", &search).await;
    assert!(!found.json().to_string().contains(certificate), "{}", found.json());
    assert_eq!(world.export(certificate).await["private_key"], json!(made.text("leaf.key")));
}

/// A user without a role whose group has one policy in the account.
async fn carol(world: &World, statements: &str) -> Client {
    let (app, operator) = (&world.test.app, world.test.operator());
    let user = world.test.user("carol", "carol's password", Role::None).await;
    let group = groups::create(app, &operator, "web", "").await.unwrap();
    groups::set_member(app, &operator, &group.id, user.id.as_str(), true).await.unwrap();
    let document = format!(r#"{{"Version":"5.0","Statement":[{statements}]}}"#);
    let draft = Draft { name: "web", kind: "AA", description: "", document: &document };
    let policy = policies::create(app, &operator, draft).await.unwrap().id;
    let (group, reach) = (policies::Subject::Group(&group.id), Reach::Domain);
    policies::set_assignment(app, &operator, group, &policy, &reach.into(), true).await.unwrap();
    Client::with_token(&world.router, world.test.token("carol", "carol's password").await)
}

/// The conditions the page of the export names: a tag of the certificate, its enterprise project.
#[tokio::test]
async fn a_policy_may_speak_of_one_certificate_by_its_tag() {
    let world = World::new().await;
    let made = crate::openssl::Made::new();
    let mut ids = Vec::new();
    for name in ["cert-web", "cert-root"] {
        let import = body(name, &made.text("leaf.pem"), &made.text("leaf.key"));
        let id = world.ask("POST", "/certificates/import", import).await;
        ids.push(id["certificate_id"].as_str().unwrap().to_owned());
    }
    let tag = json!({"tag": {"key": "tier", "value": "web"}});
    world.ask("POST", &format!("/{}/tags", ids[0]), tag).await;
    let carol = carol(
        &world,
        r#"{"Effect":"Allow","Action":["scm:cert:get","scm:cert:list","scm:cert:export"],
            "Condition":{"StringEquals":{"g:ResourceTag/tier":["web"]}}}"#,
    )
    .await;
    let export =
        async |id: &str| carol.post(&format!("/v3/scm/certificates/{id}/export"), &json!({})).await;
    assert_eq!(export(&ids[0]).await.status, 200);
    // One she may not even look at is not there; what she may look at and not do is named.
    assert_eq!(export(&ids[1]).await.status, 404);
    let delete = carol
        .send("DELETE".parse().unwrap(), &format!("/v3/scm/certificates/{}", ids[0]), None)
        .await;
    assert_eq!(delete.status, 403);
    assert!(delete.json()["error_msg"].as_str().unwrap().contains("scm:cert:delete"));
    let list = carol.get("/v3/scm/certificates").await.json();
    assert_eq!((&list["total_count"], &list["certificates"][0]["id"]), (&json!(1), &json!(ids[0])));
}

/// A list shows what may be seen by itself: neither what is denied nor what was left out of an allowance.
#[tokio::test]
async fn a_certificate_that_is_denied_is_in_no_list() {
    for statements in [
        r#"{"Effect":"Allow","Action":["scm:*:*"]},
           {"Effect":"Deny","Action":["scm:cert:*"],"Condition":{"StringEquals":{"g:ResourceTag/tier":["root"]}}}"#,
        r#"{"Effect":"Allow","Action":["scm:*:*"],
            "Condition":{"StringNotEquals":{"g:ResourceTag/tier":["root"]}}}"#,
    ] {
        let world = World::new().await;
        let made = crate::openssl::Made::new();
        let mut ids = Vec::new();
        for name in ["cert-web", "cert-root"] {
            let import = body(name, &made.text("leaf.pem"), &made.text("leaf.key"));
            let id = world.ask("POST", "/certificates/import", import).await;
            ids.push(id["certificate_id"].as_str().unwrap().to_owned());
        }
        let tag = json!({"tag": {"key": "tier", "value": "root"}});
        world.ask("POST", &format!("/{}/tags", ids[1]), tag).await;
        let carol = carol(&world, statements).await;
        let list = carol.get("/v3/scm/certificates").await.json();
        assert_eq!(
            (&list["total_count"], &list["certificates"][0]["id"]),
            (&json!(1), &json!(ids[0]))
        );
        let search = json!({"action": "filter", "tags": [{"key": "tier", "values": ["root"]}]});
        let found = carol.post("/v3/scm/resource_instances/action", &search).await;
        assert!(!found.json().to_string().contains(&ids[1]), "{}", found.json());
        assert_eq!(carol.get("/v3/scm/tags").await.status, 403, "the tags of all");
        for (method, path) in [
            ("GET", format!("/v3/scm/certificates/{}", ids[1])),
            ("POST", format!("/v3/scm/certificates/{}/export", ids[1])),
            ("DELETE", format!("/v3/scm/certificates/{}", ids[1])),
        ] {
            let answer = carol.send(method.parse().unwrap(), &path, Some(&json!({}))).await;
            assert_eq!(answer.status, 404, "{method} {path}");
        }
        // What is yet to be has no tag.
        let import = body("cert-new", &made.text("leaf.pem"), &made.text("leaf.key"));
        let imported = carol.post("/v3/scm/certificates/import", &import).await;
        assert_eq!(imported.status, 200, "{}", imported.json());
    }
}
