//! Certificate requests.

use crate::World;
use crate::openssl::Made;
use serde_json::{Value, json};

#[tokio::test]
async fn every_kind_is_made_kept_and_handed_out() {
    let world = World::new().await;
    let made = Made::new();
    for kind in ["RSA_2048", "EC_P256", "EC_P384", "SM2"] {
        let body = json!({
            "name": format!("csr-{kind}"), "domain_name": "a.example", "sans": "b.example;*.c.example",
            "private_key_algo": kind, "usage": "ENTERPRISE", "company_country": "CN", "company_province": "上海",
            "company_city": "上海", "company_name": "示例, Ltd",
        });
        let answer = world.ask("POST", "/csr", body).await;
        let id = answer["id"].as_str().unwrap().to_owned();
        assert!(answer["create_time"].is_i64());
        let shown = world.ask("GET", &format!("/csr/{id}"), Value::Null).await;
        made.put("a.csr", shown["csr"].as_str().unwrap());
        let verify = if kind == "SM2" { "-vfyopt distid:1234567812345678" } else { "" };
        let (ok, said) = made.ask(&format!("req -in a.csr -noout -verify -text {verify}"));
        assert!(ok && said.contains("DNS:a.example, DNS:b.example, DNS:*.c.example"), "{said}");
        let key = world.ask("GET", &format!("/csr/{id}/private-key"), Value::Null).await;
        made.put("a.key", key["private_key"].as_str().unwrap());
        made.run("pkey -in a.key -pubout -out key.pub");
        made.run("req -in a.csr -noout -pubkey -out csr.pub");
        assert_eq!(made.text("key.pub"), made.text("csr.pub"), "{kind}");
    }
    let list = world.ask("GET", "/csr?private_key_algo=SM2", Value::Null).await;
    assert_eq!((&list["total"], &list["csr_list"][0]["name"]), (&json!(1), &json!("csr-SM2")));
    let id = list["csr_list"][0]["id"].as_str().unwrap();
    let renamed = world.ask("PUT", &format!("/csr/{id}"), json!({"name": "other"})).await;
    assert_eq!(renamed["name"], "other");
    let gone = world.try_ask("DELETE", &format!("/csr/{id}"), Value::Null).await;
    assert_eq!(gone.status, 204);
    assert_eq!(world.refused("GET", &format!("/csr/{id}"), Value::Null).await.0, 404);
}

#[tokio::test]
async fn one_made_elsewhere_is_kept_with_or_without_its_key() {
    let world = World::new().await;
    let made = Made::new();
    made.run("req -new -key leaf.key -subj /CN=a.example/O=Example/C=CN -addext subjectAltName=DNS:b.example -out a.csr");
    let (csr, key) = (made.text("a.csr"), made.text("leaf.key"));
    let body = json!({"name": "csr-1", "csr": csr, "private_key": key});
    let id = world.ask("POST", "/csr/upload", body).await["id"].as_str().unwrap().to_owned();
    let shown = world.ask("GET", &format!("/csr/{id}"), Value::Null).await;
    for (key, value) in [
        ("csr", csr.as_str()),
        ("domain_name", "a.example"),
        ("sans", "b.example"),
        ("private_key_algo", "EC_P256"),
        ("company_name", "Example"),
    ] {
        assert_eq!(shown[key], value, "{key}");
    }
    let out = world.ask("GET", &format!("/csr/{id}/private-key"), Value::Null).await;
    assert_eq!(out["private_key"], key.as_str());
    let id = world.ask("POST", "/csr/upload", json!({"name": "csr-2", "csr": csr})).await["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let (status, code, _) =
        world.refused("GET", &format!("/csr/{id}/private-key"), Value::Null).await;
    assert_eq!((status, code.as_str()), (400, "SCM.0059"));
    let other = json!({"name": "csr-3", "csr": csr, "private_key": made.text("root.key")});
    assert_eq!(world.refused("POST", "/csr/upload", other).await.1, "SCM.0014");
}

#[tokio::test]
async fn what_is_refused_is_named() {
    let world = World::new().await;
    let sound = json!({"name": "csr-1", "domain_name": "a.example", "private_key_algo": "EC_P256", "usage": "PERSONAL"});
    for (key, value, part) in [
        ("name", "a", "3 to 63"),
        ("domain_name", "a b", "no domain name"),
        ("sans", "x;y z", "no domain name"),
        ("private_key_algo", "RSA_1024", "RSA_2048"),
        ("usage", "ENTERPRISE", "is required with usage ENTERPRISE"),
        ("usage", "x", "PERSONAL or ENTERPRISE"),
        ("company_country", "China", "two capital letters"),
    ] {
        let mut body = sound.clone();
        body[key] = json!(value);
        let (status, _, message) = world.refused("POST", "/csr", body).await;
        assert!(status == 400 && message.contains(part), "{key}: {message}");
    }
}
