//! The whole life of an ordered certificate.

use crate::openssl::Made;
use crate::{World, on};
use muster_service::Settings;
use muster_service::certificates::{CertificateSettings, authorities, orders, revocations};
use muster_testkit::{TestApp, TestDb, on_both_databases};
use serde_json::{Value, json};

fn buy(domain_type: &str, names: i64) -> Value {
    json!({
        "cert_brand": "GEOTRUST", "cert_type": "DV_SSL_CERT", "domain_type": domain_type, "effective_time": 1,
        "domain_numbers": names, "order_number": 2, "agree_privacy_protection": true,
        "tags": [{"key": "env", "value": "prod"}],
    })
}

pub(crate) fn apply(domain: &str, algorithm: &str) -> Value {
    json!({
        "domain": domain, "applicant_name": "张三", "applicant_phone": "13212345678",
        "applicant_email": "a@example.com", "agree_privacy_protection": true, "domain_method": "DNS",
        "key_algorithm": algorithm,
    })
}

/// An order, paid for.
pub(crate) async fn bought(world: &World, domain_type: &str, names: i64) -> String {
    let order = world.ask("POST", "/certificates/buy", buy(domain_type, names)).await;
    assert_eq!(order["cert"].as_array().unwrap().len(), 2);
    order["cert"][0]["cert_id"].as_str().unwrap().to_owned()
}

async fn status(world: &World, id: &str) -> String {
    let shown = world.ask("GET", &format!("/certificates/{id}"), Value::Null).await;
    shown["status"].as_str().unwrap().to_owned()
}

on_both_databases! {
    async fn it_is_ordered_applied_for_issued_exported_revoked(test: TestDb) {
        let world = on(test).await;
        let made = Made::new();
        for (algorithm, kind) in [("RSA_2048", "RSA"), ("EC_P384", "EC")] {
            let id = bought(&world, "MULTI_DOMAIN", 3).await;
            assert_eq!(status(&world, &id).await, "PAID");
            let (code, message) = { let it = world.refused("POST", &format!("/certificates/{id}/export"), Value::Null).await; (it.1, it.2) };
            assert!(code == "SCM.0010" && message.contains("is PAID"), "{message}");
            let mut body = apply("a.example", algorithm);
            body["sans"] = json!("b.example;10.0.0.1");
            let answer = world.ask("POST", &format!("/certificates/{id}/apply"), body).await;
            assert_eq!(answer, json!({"request_info": "success"}));
            assert_eq!(status(&world, &id).await, "ISSUED");
            let out = world.export(&id).await;
            made.put("out.pem", out["certificate"].as_str().unwrap());
            made.put("root.pem", out["certificate_chain"].as_str().unwrap());
            made.put("out.key", out["private_key"].as_str().unwrap());
            made.run("verify -attime 1767225700 -x509_strict -purpose sslserver -CAfile root.pem out.pem");
            made.run("pkey -in out.key -pubout -out key.pub");
            made.run("x509 -in out.pem -noout -pubkey -out cert.pub");
            assert_eq!(made.text("key.pub"), made.text("cert.pub"));
            let (_, said) = made.ask("x509 -in out.pem -noout -ext subjectAltName");
            assert!(said.contains("DNS:a.example, DNS:b.example, IP Address:10.0.0.1"), "{said}");

            let (app, operator) = (&world.test.app, world.test.operator());
            orders::revoke(app, &operator, &id, "keyCompromise").await.unwrap();
            assert_eq!(status(&world, &id).await, "REVOKED");
            assert!(orders::revoke(app, &operator, &id, "again").await.is_err());
            made.put("crl.pem", &revocations::show(app, &operator, kind).await.unwrap());
            let (ok, said) = made.ask("verify -attime 1767225700 -crl_check -CAfile root.pem -CRLfile crl.pem out.pem");
            assert!(!ok && said.contains("certificate revoked"), "{said}");
        }
        assert_eq!(authorities::list(&world.test.app, &world.test.operator()).await.unwrap().len(), 2);
    }
}

#[tokio::test]
async fn the_customers_own_request_keeps_its_key_away() {
    let world = World::new().await;
    let made = Made::new();
    made.run("req -new -key leaf.key -subj /CN=a.example -out a.csr");
    let id = bought(&world, "SINGLE_DOMAIN", 1).await;
    let mut body = apply("a.example", "");
    body["csr"] = json!(made.text("a.csr"));
    let mut other = body.clone();
    other["domain"] = json!("b.example");
    let (_, _, message) = world.refused("POST", &format!("/certificates/{id}/apply"), other).await;
    assert!(message.contains("does not name the domain"), "{message}");
    world.ask("POST", &format!("/certificates/{id}/apply"), body).await;
    let out = world.export(&id).await;
    assert!(out.get("private_key").is_none());
    made.put("out.pem", out["certificate"].as_str().unwrap());
    made.run("x509 -in out.pem -noout -pubkey -out cert.pub");
    made.run("pkey -in leaf.key -pubout -out key.pub");
    assert_eq!(made.text("cert.pub"), made.text("key.pub"));
}

#[tokio::test]
async fn where_somebody_approves_it_waits() {
    let certificates = CertificateSettings { approve: false, ..CertificateSettings::default() };
    let free = muster_service::limits::Limits {
        logins: 0,
        secrets: 0,
        ..muster_service::limits::Limits::STANDARD
    };
    let settings = Settings { certificates, limits: free, ..Settings::default() };
    let world = World::on(TestApp::with(TestDb::sqlite().await, settings).await).await;
    let (app, operator) = (&world.test.app, world.test.operator());
    let id = bought(&world, "WILDCARD", 1).await;
    let path = |verb: &str| format!("/certificates/{id}/{verb}");
    let (_, code, message) =
        world.refused("POST", &path("apply"), apply("a.example", "EC_P256")).await;
    assert!(code == "SCM.0015" && message.contains("WILDCARD"), "{message}");
    let body = apply("*.a.example", "EC_P256");
    world.ask("POST", &path("apply"), body.clone()).await;
    assert_eq!(status(&world, &id).await, "CHECKING");
    assert_eq!(world.refused("POST", &path("apply"), body.clone()).await.1, "SCM.0010");
    let (_, code, _) = world.refused("DELETE", &format!("/certificates/{id}"), Value::Null).await;
    assert_eq!(code, "SCM.0010");
    let answer = world.ask("POST", &path("cancel-cert"), Value::Null).await;
    assert_eq!(answer, json!({"cert_id": id, "message": "success"}));
    assert_eq!(status(&world, &id).await, "PAID");
    world.ask("POST", &path("apply"), body.clone()).await;
    orders::reject(app, &operator, &id).await.unwrap();
    assert_eq!(status(&world, &id).await, "UNPASSED");
    world.ask("POST", &path("apply"), body).await;
    orders::approve(app, &operator, &id).await.unwrap();
    assert_eq!(status(&world, &id).await, "ISSUED");
    assert!(orders::approve(app, &operator, &id).await.is_err());
    let world = world.after(400);
    assert_eq!(status(&world, &id).await, "EXPIRED");
}

#[tokio::test]
async fn what_was_not_applied_for_is_given_back() {
    let world = World::new().await;
    let id = bought(&world, "SINGLE_DOMAIN", 1).await;
    let answer = world.ask("DELETE", &format!("/certificates/{id}/unsubscribe"), Value::Null).await;
    assert_eq!(answer, json!({"unsubscribe_results": "success"}));
    assert_eq!(world.refused("GET", &format!("/certificates/{id}"), Value::Null).await.0, 404);
    let id = bought(&world, "SINGLE_DOMAIN", 1).await;
    world.ask("POST", &format!("/certificates/{id}/apply"), apply("a.example", "EC_P256")).await;
    let (_, code, _) =
        world.refused("DELETE", &format!("/certificates/{id}/unsubscribe"), Value::Null).await;
    assert_eq!(code, "SCM.0010");
    for (key, value) in [
        ("cert_brand", json!("X")),
        ("cert_type", json!("X")),
        ("domain_type", json!("X")),
        ("effective_time", json!(0)),
        ("domain_numbers", json!(2)),
        ("order_number", json!(101)),
        ("agree_privacy_protection", json!(false)),
    ] {
        let mut body = buy("SINGLE_DOMAIN", 1);
        body[key] = value;
        let (status, _, message) = world.refused("POST", "/certificates/buy", body).await;
        assert!(status == 400 && message.starts_with(key), "{key}: {message}");
    }
}
