//! Import and export, byte for byte, and everything that is refused.

use crate::openssl::Made;
use crate::{World, body, on};
use muster_service::Settings;
use muster_service::limits::Limits;
use muster_testkit::{TestApp, TestDb, on_both_databases};
use serde_json::{Value, json};

on_both_databases! {
    async fn what_came_as_pem_leaves_as_it_came(test: TestDb) {
        let world = on(test).await;
        let made = Made::new();
        let (leaf, chain, key) = (made.text("leaf.pem"), made.text("chain.pem"), made.text("leaf.key"));
        let mut import = body("cert-1", &leaf, &key);
        import["certificate_chain"] = json!(chain);
        let id = world.ask("POST", "/certificates/import", import.clone()).await;
        let id = id["certificate_id"].as_str().unwrap().to_owned();
        assert!(id.len() == 16 && id.starts_with("scs"), "{id}");
        let answer = world.try_ask("POST", &format!("/certificates/{id}/export"), Value::Null).await;
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.json(), json!({
            "entire_certificate": format!("{leaf}{chain}"),
            "certificate": leaf,
            "certificate_chain": chain,
            "private_key": key,
        }));
        // Within one millisecond of a clock that stands still every id is another.
        let second = world.ask("POST", "/certificates/import", import.clone()).await;
        assert_ne!(second["certificate_id"], id.as_str());
        import["duplicate_check"] = json!(true);
        let (status, code, message) = world.refused("POST", "/certificates/import", import).await;
        assert_eq!((status, code.as_str()), (400, "SCM.0010"), "{message}");

        let shown = world.ask("GET", &format!("/certificates/{id}"), Value::Null).await;
        for (key, value) in [
            ("status", "UPLOAD"), ("domain", "a.example"), ("sans", "*.b.example"), ("push_support", "OFF"),
            ("domain_type", "MULTI_DOMAIN"), ("not_after", "2026-12-01 00:00:00.0"),
            ("signature_algorithm", "SHA256withECDSA"), ("enterprise_project_id", "0"),
        ] {
            assert_eq!(shown[key], value, "{key}");
        }
        assert_eq!((&shown["domain_count"], &shown["validity_period"]), (&json!(2), &json!(12)));
        assert_eq!(shown["fingerprint"].as_str().unwrap().len(), 40);
        // No key and no text of the certificate is shown.
        assert!(!shown.to_string().contains("BEGIN"));

        let answer = world.try_ask("DELETE", &format!("/certificates/{id}"), Value::Null).await;
        assert_eq!(answer.status, 204);
        let (status, code, _) = world.refused("POST", &format!("/certificates/{id}/export"), Value::Null).await;
        assert_eq!((status, code.as_str()), (404, "SCM.0020"));
    }
}

#[tokio::test]
async fn every_kind_of_key_makes_the_round() {
    let world = World::new().await;
    for kind in [
        "-algorithm RSA -pkeyopt rsa_keygen_bits:2048",
        "-algorithm EC -pkeyopt ec_paramgen_curve:P-384",
        "-algorithm ED25519",
    ] {
        let made = Made::of(kind, "251201000000Z", "261201000000Z", "DNS:a.example");
        let all = format!("{}{}", made.text("chain.pem"), made.text("leaf.pem"));
        let id = world
            .ask("POST", "/certificates/import", body("cert", &all, &made.text("leaf.key")))
            .await;
        let out = world.export(id["certificate_id"].as_str().unwrap()).await;
        assert_eq!(out["private_key"], made.text("leaf.key").as_str(), "{kind}");
        assert_eq!(out["certificate"].as_str().unwrap().trim(), made.text("leaf.pem").trim());
        assert_eq!(
            out["certificate_chain"].as_str().unwrap().trim(),
            made.text("chain.pem").trim()
        );
        made.put("out.pem", out["entire_certificate"].as_str().unwrap());
        made.run("verify -attime 1767225600 -CAfile chain.pem out.pem");
    }
}

#[tokio::test]
async fn what_is_refused_is_named() {
    let world = World::new().await;
    let made = Made::new();
    let (leaf, key) = (made.text("leaf.pem"), made.text("leaf.key"));
    let sound = body("cert-1", &leaf, &key);
    let with = |changes: &[(&str, &str)]| {
        let mut body = sound.clone();
        for (name, value) in changes {
            body[*name] = json!(value);
        }
        body
    };
    made.run("pkcs8 -topk8 -in leaf.key -passout pass:x -out encrypted.key");
    let long = format!("{}{leaf}", " ".repeat(13_000));
    let wide = Made::of(
        "-algorithm EC -pkeyopt ec_paramgen_curve:P-256",
        "251201000000Z",
        "261201000000Z",
        &(0..150)
            .map(|n| format!("DNS:a-rather-long-name-{n}.example"))
            .collect::<Vec<_>>()
            .join(","),
    );
    let old = Made::of("-algorithm ED25519", "240101000000Z", "250101000000Z", "DNS:a.example");
    let young = Made::of("-algorithm ED25519", "260601000000Z", "270101000000Z", "DNS:a.example");
    let nameless = Made::of("-algorithm ED25519", "251201000000Z", "261201000000Z", "");
    let of = |made: &Made| {
        with(&[("certificate", &made.text("leaf.pem")), ("private_key", &made.text("leaf.key"))])
    };
    let cases = [
        (with(&[("name", "ab")]), "SCM.0032", "3 to 63"),
        (with(&[("certificate", "x")]), "SCM.0006", "holds no PEM certificate"),
        (with(&[("certificate", &key)]), "SCM.0006", "belongs in private_key"),
        (with(&[("certificate", &long)]), "SCM.0006", "at most 12288 characters"),
        (of(&wide), "SCM.0006", "at most 4096 characters"),
        (of(&old), "SCM.0006", "expired at 2025-01-01"),
        (of(&young), "SCM.0006", "is not valid before 2026-06-01"),
        (of(&nameless), "SCM.0009", "no domain name is bound"),
        (with(&[("private_key", "x")]), "SCM.0012", "holds no PEM private key"),
        (with(&[("private_key", &made.text("encrypted.key"))]), "SCM.0012", "is encrypted"),
        (with(&[("private_key", &made.text("root.key"))]), "SCM.0014", "does not match"),
        (with(&[("certificate_chain", "x")]), "SCM.0013", "holds no PEM"),
        (
            with(&[("certificate_chain", &old.text("chain.pem"))]),
            "SCM.0013",
            "signature that does not fit",
        ),
        (with(&[("certificate_chain", &old.text("leaf.pem"))]), "SCM.0013", "is no issuer of"),
        (with(&[("enc_certificate", &leaf)]), "SCM.0012", "is required with enc_certificate"),
        (with(&[("enc_private_key", &key)]), "SCM.0006", "is required with enc_private_key"),
        (with(&[("enterprise_project_id", "x")]), "SCM.0005", "UUID"),
        (json!({"name": "cert-1"}), "SCM.0005", "missing field"),
    ];
    for (body, code, part) in cases {
        let (status, found, message) = world.refused("POST", "/certificates/import", body).await;
        assert_eq!((status, found.as_str()), (400, code), "{message}");
        assert!(message.contains(part), "{message} lacks {part}");
        assert!(!message.contains("PRIVATE KEY-----M"), "a key in a message");
    }
}

#[tokio::test]
async fn the_sixty_first_export_of_a_minute_waits() {
    let limits = Limits { secrets: 3, logins: 0, ..Limits::STANDARD };
    let settings = Settings { limits, ..Settings::default() };
    let world = World::on(TestApp::with(TestDb::sqlite().await, settings).await).await;
    let made = Made::new();
    let id = world
        .ask(
            "POST",
            "/certificates/import",
            body("cert", &made.text("leaf.pem"), &made.text("leaf.key")),
        )
        .await;
    let id = id["certificate_id"].as_str().unwrap().to_owned();
    for _ in 0..3 {
        world.export(&id).await;
    }
    let (status, code, message) =
        world.refused("POST", &format!("/certificates/{id}/export"), Value::Null).await;
    assert_eq!((status, code.as_str()), (429, "APIGW.0308"), "{message}");
    world.test.clock.advance_secs(60);
    world.export(&id).await;
}
