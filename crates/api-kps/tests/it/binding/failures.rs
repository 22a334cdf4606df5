//! What fails leaves the host as it was, and nothing of the credential.

use super::{Bench, add_host, password};
use muster_testkit::sshd::PASSWORD;
use muster_vault::ssh::{Algorithm, generate};
use serde_json::{Value, json};

#[tokio::test]
async fn a_refused_credential_fails_and_is_told_and_forgotten() {
    let Some(bench) = Bench::new("").await else { return };
    bench.work();
    bench.pair("a").await;
    let wrong = json!({"type": "password", "key": "wrong"});
    let task = bench.associate("a", wrong).await;
    assert_eq!(bench.ended(&task).await, "FAILED_RESET");
    assert_eq!(bench.server.authorized_keys(), "");
    assert!(bench.stored(&task).await.sealed_credential.is_none());
    let failed = bench.failed().await;
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0]["operate_type"], "FAILED_RESET");
    assert_eq!(failed[0]["task_error_code"], "KPS.9003");
    let why = failed[0]["task_error_msg"].as_str().unwrap();
    assert!(why.contains("does not let in by the credential"), "{why}");
    assert!(failed[0]["task_time"].as_str().unwrap().parse::<i64>().is_ok());
    let gone = bench.world.delete(&format!("failed-tasks/{task}")).await;
    assert_eq!(gone.status, 204);
    assert_eq!(bench.world.delete(&format!("failed-tasks/{task}")).await.status, 404);
    assert!(bench.failed().await.is_empty());
}

#[tokio::test]
async fn a_host_that_is_another_one_gets_nothing() {
    let Some(bench) = Bench::new("").await else { return };
    bench.work();
    bench.pair("a").await;
    let other = generate(Algorithm::Ed25519, "").unwrap().public.line();
    add_host(&bench.world, "h2", &[other]).await;
    let mut server = bench.server(password());
    server["id"] = "h2".into();
    let body = json!({"keypair_name": "a", "server": server});
    let ordered = bench.world.admin.post(&bench.world.at("keypairs/associate"), &body).await;
    let task = ordered.json()["task_id"].as_str().unwrap().to_owned();
    assert_eq!(bench.ended(&task).await, "FAILED_RESET");
    let why = bench.failed().await[0]["task_error_msg"].as_str().unwrap().to_owned();
    assert!(why.contains("host keys the inventory knows"), "{why}");
    assert!(!bench.server.log().contains("password"), "{}", bench.server.log());
    assert_eq!(bench.world.delete("failed-tasks").await.status, 204);
    assert!(bench.failed().await.is_empty());
}

/// The server reads another file: the key is written, does not count, and is taken back; also where an attempt
/// that died wrote it, but never what stood there before.
#[tokio::test]
async fn a_key_that_does_not_count_is_taken_back() {
    let Some(bench) = Bench::new("AuthorizedKeysFile .ssh/elsewhere").await else { return };
    bench.pair("a").await;
    let exported = bench.private_key("a").await;
    let public = muster_vault::ssh::PrivateKey::parse(&exported).unwrap().public().unwrap();
    let before = "ssh-ed25519 AAAA somebody\n";
    bench.server.authorize(before, 0o600);
    let task = bench.associate("a", password()).await;
    bench.work();
    assert_eq!(bench.ended(&task).await, "FAILED_RESET");
    let why = bench.failed().await[0]["task_error_msg"].as_str().unwrap().to_owned();
    assert!(why.contains("AuthorizedKeysFile"), "{why}");
    assert_eq!(bench.server.authorized_keys(), before);

    let there = format!("{before}{} by hand\n", public.line());
    bench.server.authorize(&there, 0o600);
    let task = bench.associate("a", password()).await;
    assert_eq!(bench.ended(&task).await, "FAILED_RESET");
    assert_eq!(bench.server.authorized_keys(), there);
}

#[tokio::test]
async fn an_attempt_that_died_is_taken_back_by_the_next() {
    let Some(bench) = Bench::new("AuthorizedKeysFile .ssh/elsewhere").await else { return };
    bench.pair("a").await;
    let task = bench.associate("a", password()).await;
    let (db, now) = (&bench.world.test.app.db, bench.world.test.app.now());
    let job = muster_store::transact!(db, |tx| {
        muster_store::jobs::claim(tx, &["keypair"], 20, now).await
    });
    assert!(job.unwrap().is_some());
    bench.server.authorize(&format!("{}\n", bench.stored(&task).await.add_key), 0o600);
    bench.world.test.clock.advance_secs(21);
    bench.work();
    assert_eq!(bench.ended(&task).await, "FAILED_RESET");
    assert_eq!(bench.server.authorized_keys(), "");
}

#[tokio::test]
async fn a_host_that_does_not_answer_is_tried_three_times() {
    let Some(bench) = Bench::new("").await else { return };
    bench.work();
    bench.pair("a").await;
    let mut server = bench.server(password());
    // Nobody listens there.
    server["port"] = 1.into();
    let body = json!({"keypair_name": "a", "server": server});
    let task = bench.order("keypairs/associate", &body).await;
    assert_eq!(bench.ended_while(&task, 1).await, "FAILED_RESET");
    let failed = bench.failed().await;
    assert_eq!(failed[0]["task_error_code"], "KPS.0003");
    let why = failed[0]["task_error_msg"].as_str().unwrap();
    assert!(why.contains("cannot be reached") && why.contains("refused"), "{why}");
}

#[tokio::test]
async fn what_cannot_be_done_is_said_at_once() {
    let Some(bench) = Bench::new("").await else { return };
    bench.pair("a").await;
    let refused = async |name: &str, server: Value| {
        let body = json!({"keypair_name": name, "server": server});
        let answer = bench.world.admin.post(&bench.world.at("keypairs/associate"), &body).await;
        let (status, code, message) = crate::refusal(&answer);
        assert_eq!(status, 400, "{message}");
        (code, message)
    };
    let sound = bench.server(password());
    let with = |key: &str, value: Value| {
        let mut server = sound.clone();
        server[key] = value;
        server
    };
    for (name, server, code, words) in [
        ("none", sound.clone(), "KPS.6004", "keypair_name: there is no key pair none"),
        ("a", with("id", "h9".into()), "KPS.0002", "server.id: there is no such host"),
        ("a", with("port", 0.into()), "KPS.0002", "server.port: must be 1 to 65535"),
        ("a", with("account", "a b".into()), "KPS.0002", "account: must be 1 to 32"),
        ("a", with("disable_password", true.into()), "KPS.0002", "server.disable_password"),
        ("a", with("auth", json!({"type": "x", "key": "y"})), "KPS.0002", "server.auth.type"),
        ("a", with("auth", json!({"type": "keypair", "key": "y"})), "KPS.0002", "server.auth.key"),
        ("a", with("auth", json!({"type": "password", "key": ""})), "KPS.0002", "server.auth.key"),
        ("a", with("auth", Value::Null), "KPS.0002", "server.auth: is required"),
    ] {
        let (told, message) = refused(name, server).await;
        assert_eq!(told, code, "{message}");
        assert!(message.contains(words), "{message}");
        assert!(!message.contains(PASSWORD));
    }
    let unknown = bench.world.admin.get(&bench.world.at("tasks/none")).await;
    assert_eq!(crate::refusal(&unknown).0, 404);
}
