//! A key pair from its making to its end.

use crate::contract::KPS;
use crate::{World, kept};
use axum::http::Method;
use muster_testkit::on_both_databases;
use muster_vault::ssh::{Certificate, PrivateKey, PublicKey};
use serde_json::json;

on_both_databases! {
    async fn a_pair_that_is_made_and_kept_lives_and_dies(test: TestDb) {
        let world = World::on(test).await;
        let made = world.create(json!({"name": "web-1", "key_protection": kept()})).await;
        assert_eq!((made.status, made.header("cache-control")), (200, "no-store"));
        KPS.check("CreateKeypair", &made.json());
        let made = made.json()["keypair"].clone();
        let private = made["private_key"].as_str().unwrap().to_owned();
        assert!(private.starts_with("-----BEGIN RSA PRIVATE KEY-----\n"), "as the vendor's examples");
        let public = PublicKey::parse(made["public_key"].as_str().unwrap()).unwrap();
        assert!(PrivateKey::parse(&private).unwrap().fits(&public));
        assert_eq!((public.comment(), public.kind().bits()), ("web-1", 2048));
        assert_eq!(made["fingerprint"], json!(public.md5()));
        assert_eq!(made["user_id"], world.test.credentials.user_id.as_str());

        let shown = world.show("web-1").await;
        KPS.check("ListKeypairDetail", &shown.json());
        let shown = shown.json()["keypair"].clone();
        assert_eq!(shown["create_time"], json!(1_767_225_600_000_i64), "milliseconds");
        for (field, value) in [
            ("type", json!("ssh")), ("scope", json!("user")), ("is_key_protection", json!(true)),
            ("frozen_state", json!(0)), ("deleted", json!(false)), ("algorithm", json!("rsa-2048")),
            ("description", json!("")), ("public_key", made["public_key"].clone()),
        ] {
            assert_eq!(shown[field], value, "{field}");
        }

        let exported = world.export("web-1").await;
        KPS.check("ExportPrivateKey", &exported.json());
        assert_eq!(exported.json(), json!({"keypair": {"name": "web-1", "private_key": private}}));
        assert_eq!(exported.header("cache-control"), "no-store");

        let path = world.at("keypairs/web-1");
        let body = json!({"keypair": {"description": "对外的网站"}});
        let updated = world.admin.send(Method::PUT, &path, Some(&body)).await;
        assert_eq!((updated.status, updated.json()), (200, json!({})));
        world.test.clock.advance_secs(5);
        let cleared = world.delete("keypairs/web-1/private-key").await;
        assert_eq!((cleared.status, cleared.body.as_slice()), (200, b"".as_slice()));
        let shown = world.show("web-1").await.json()["keypair"].clone();
        assert_eq!((&shown["description"], &shown["is_key_protection"]), (&json!("对外的网站"), &json!(false)));
        assert_eq!(shown["update_time"], json!(1_767_225_605_000_i64));
        assert_eq!(world.delete("keypairs/web-1/private-key").await.status, 404);
        assert_eq!(world.export("web-1").await.json()["error_code"], "KPS.6005");

        let import = |private: &str| json!({"keypair": {"name": "web-1",
            "key_protection": {"private_key": private, "encryption": {"type": "default"}}}});
        let path = world.at("keypairs/private-key/import");
        let other = world.create(json!({"name": "other"})).await.json();
        let other = other["keypair"]["private_key"].as_str().unwrap();
        let refused = world.admin.post(&path, &import(other)).await;
        assert_eq!((refused.status, &refused.json()["error_code"]), (400, &json!("KPS.6011")));
        let kept = world.admin.post(&path, &import(&private)).await;
        KPS.check("ImportPrivateKey", &kept.json());
        assert_eq!(kept.json()["keypair"]["key_protection"], json!({"encryption": {"type": "default"}}));
        assert_eq!(world.export("web-1").await.json()["keypair"]["private_key"], json!(private));

        assert_eq!(world.delete("keypairs/web-1").await.status, 204);
        let gone = world.show("web-1").await;
        assert_eq!((gone.status, &gone.json()["error_code"]), (404, &json!("KPS.4016")));
        assert_eq!(world.delete("keypairs/web-1").await.status, 404);
        world.test.app.close().await;
    }

    async fn pages_follow_their_markers_in_both_directions(test: TestDb) {
        let world = World::on(test).await;
        let key = world.create(json!({"name": "n0"})).await.json()["keypair"]["public_key"].clone();
        for n in 1..5 {
            let pair = json!({"name": format!("n{n}"), "public_key": key, "scope": "domain"});
            assert_eq!(world.create(pair).await.status, 200);
        }
        let page = async |query: String| {
            let answer = world.admin.get(&world.at(&format!("keypairs?{query}"))).await;
            KPS.check("ListKeypairs", &answer.json());
            let body = answer.json();
            let rows = body["keypairs"].as_array().unwrap();
            let names: Vec<_> = rows.iter().map(|row| row["keypair"]["name"].as_str().unwrap().to_owned()).collect();
            assert_eq!(body["page_info"]["current_count"], json!(names.len()));
            let marker = |name: &str| body["page_info"].get(name).map(|it| it.as_str().unwrap().to_owned());
            (names.join(" "), marker("next_marker"), marker("previous_marker"))
        };
        let (names, next, previous) = page("limit=2".into()).await;
        assert_eq!((names.as_str(), &previous), ("n0 n1", &None));
        let (names, next, previous) = page(format!("limit=2&marker={}", next.unwrap())).await;
        assert_eq!(names, "n2 n3");
        assert_eq!(page(format!("limit=2&marker={}", previous.unwrap())).await.0, "n0 n1");
        let (names, next, _) = page(format!("limit=2&marker={}", next.unwrap())).await;
        assert_eq!((names.as_str(), next), ("n4", None));
        assert_eq!(page("marker=999999999".into()).await, (String::new(), None, page("marker=999999999".into()).await.2));
        assert_eq!(page(String::new()).await.0, "n0 n1 n2 n3 n4");
        for query in ["limit=0", "limit=x", "limit=1001", "marker=x"] {
            let answer = world.admin.get(&world.at(&format!("keypairs?{query}"))).await;
            assert_eq!((answer.status, &answer.json()["error_code"]), (400, &json!("KPS.0002")), "{query}");
        }
        world.test.app.close().await;
    }
}

#[tokio::test]
async fn what_is_imported_leaves_as_it_came() {
    let world = World::new().await;
    let made = world.create(json!({"name": "source"})).await.json();
    let (public, private) =
        (made["keypair"]["public_key"].clone(), made["keypair"]["private_key"].clone());
    let protection = json!({"private_key": private, "encryption": {"type": "default"}});
    let both = json!({"name": "both", "public_key": public, "key_protection": protection});
    let answer = world.create(both).await.json();
    assert_eq!(
        answer["keypair"].get("private_key"),
        None,
        "nothing that is there already is echoed"
    );
    assert_eq!(world.export("both").await.json()["keypair"]["private_key"], private);
    // The private half alone says what the public one is.
    let answer = world.create(json!({"name": "half", "key_protection": protection})).await.json();
    let words = |text: &serde_json::Value| {
        text.as_str().unwrap().split(' ').take(2).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(words(&answer["keypair"]["public_key"]), words(&public));
    // A public half alone is a pair, too.
    assert_eq!(world.create(json!({"name": "open", "public_key": public})).await.status, 200);
    assert_eq!(world.show("open").await.json()["keypair"]["is_key_protection"], false);
}

#[tokio::test]
async fn a_pair_of_type_x509_has_a_certificate() {
    let world = World::new().await;
    let made =
        world.create(json!({"name": "win", "type": "x509", "key_protection": kept()})).await.json();
    let made = made["keypair"].clone();
    let certificate = Certificate::parse(made["public_key"].as_str().unwrap()).unwrap();
    let private = PrivateKey::parse(made["private_key"].as_str().unwrap()).unwrap();
    assert!(private.fits(&certificate.key));
    assert_eq!(made["fingerprint"], json!(certificate.fingerprint));
    assert_eq!(made["type"], "x509");
    let protection = json!({"private_key": made["private_key"], "encryption": {"type": "default"}});
    let again = json!({"name": "again", "type": "x509", "public_key": made["public_key"],
        "key_protection": protection});
    assert_eq!(world.create(again).await.status, 200);
    assert_eq!(world.show("again").await.json()["keypair"]["public_key"], made["public_key"]);
}
