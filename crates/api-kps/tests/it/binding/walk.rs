//! Bound, reset, replaced, taken away.

use super::{Bench, add_host, password};
use muster_vault::ssh::PublicKey;
use serde_json::{Value, json};

#[tokio::test]
async fn a_pair_is_bound_reset_replaced_and_taken_away() {
    let Some(bench) = Bench::new("").await else { return };
    bench.server.authorize("ssh-ed25519 AAAA somebody\n", 0o600);
    for name in ["a", "b", "c"] {
        bench.pair(name).await;
    }
    let keys =
        [bench.private_key("a").await, bench.private_key("b").await, bench.private_key("c").await];
    let let_in = || keys.each_ref().map(|key| bench.server.lets_in(key));

    let first = bench.associate("a", password()).await;
    assert_eq!(bench.state(&first).await, "READY_RESET");
    let running = bench.world.admin.get(&bench.world.at("running-tasks?limit=1")).await.json();
    assert_eq!(running["total"], 1);
    let row = &running["tasks"][0];
    assert_eq!(row["operate_type"], "READY_RESET");
    assert_eq!((&row["keypair_name"], &row["server_name"]), (&json!("a"), &json!("name of h1")));
    assert!(bench.stored(&first).await.sealed_credential.is_some());

    bench.work();
    assert_eq!(bench.ended(&first).await, "SUCCESS_RESET");
    assert_eq!(let_in(), [true, false, false]);
    let ended = bench.stored(&first).await;
    assert!(ended.sealed_credential.is_none() && ended.finished_at.is_some());

    // Nothing given: the kept private key of the pair that is bound lets in.
    let second = bench.associate("b", Value::Null).await;
    assert_eq!(bench.ended(&second).await, "SUCCESS_RESET");
    assert_eq!(let_in(), [false, true, false]);

    let third = bench.associate("c", json!({"type": "keypair", "key": keys[1]})).await;
    assert_eq!(bench.ended(&third).await, "SUCCESS_REPLACE");
    assert_eq!(let_in(), [false, false, true]);
    // The same once more changes nothing.
    let again = bench.associate("c", password()).await;
    assert_eq!(bench.ended(&again).await, "SUCCESS_RESET");
    assert_eq!(let_in(), [false, false, true]);

    // On the wire it has no port.
    let body = json!({"server": {"id": "h1"}});
    let last = bench.order("keypairs/disassociate", &body).await;
    assert_eq!(bench.ended(&last).await, "SUCCESS_UNBIND");
    assert_eq!(let_in(), [false; 3]);
    assert_eq!(bench.server.authorized_keys(), "ssh-ed25519 AAAA somebody\n");
    assert!(bench.failed().await.is_empty());
    // Nothing is bound any more.
    let refused = bench.world.admin.post(&bench.world.at("keypairs/disassociate"), &body).await;
    let (status, code, message) = crate::refusal(&refused);
    assert_eq!((status, code.as_str()), (400, "KPS.0002"));
    assert!(message.contains("server.auth"), "{message}");
}

#[tokio::test]
async fn a_private_key_given_makes_room_for_the_pair() {
    let Some(bench) = Bench::new("").await else { return };
    bench.work();
    let theirs = muster_vault::ssh::generate(muster_vault::ssh::Algorithm::EcdsaP256, "t").unwrap();
    bench.server.authorize(&format!("{}\n", theirs.public.line()), 0o600);
    bench.pair("a").await;
    let auth = json!({"type": "keypair", "key": theirs.private.as_str()});
    let task = bench.associate("a", auth).await;
    assert_eq!(bench.ended(&task).await, "SUCCESS_REPLACE");
    assert!(bench.server.lets_in(&bench.private_key("a").await));
    assert!(!bench.server.lets_in(&theirs.private));
}

#[tokio::test]
async fn a_batch_says_of_each_order_whether_it_was_taken() {
    let Some(bench) = Bench::new("").await else { return };
    bench.work();
    bench.pair("a").await;
    add_host(&bench.world, "h2", &bench.server.host_keys).await;
    add_host(&bench.world, "h3", &[]).await;
    let to = |name: &str, host: &str| {
        let mut server = bench.server(password());
        server["id"] = host.into();
        json!({"keypair_name": name, "server": server})
    };
    let orders = [to("a", "h1"), to("a", "h1"), to("none", "h2"), to("a", "h3"), to("a", "h9")];
    let path = bench.world.at("keypairs/batch-associate");
    let answer = bench.world.admin.post(&path, &json!({"batch_keypairs": orders})).await;
    assert_eq!(answer.status, 202);
    let tasks = answer.json()["tasks"].as_array().unwrap().clone();
    let told: Vec<_> = tasks
        .iter()
        .map(|it| (it["status"].as_str().unwrap(), it["error_msg"].as_str().unwrap_or("")))
        .collect();
    assert_eq!(
        told,
        [
            ("SUCCESS", ""),
            ("FAILED", "another task of this host has not ended"),
            ("FAILED", "keypair_name: there is no key pair none"),
            ("FAILED", "server.id: no SSH host key of this host is known"),
            ("FAILED", "server.id: there is no such host"),
        ]
    );
    assert_eq!(bench.ended(tasks[0]["task_id"].as_str().unwrap()).await, "SUCCESS_RESET");
    let none = bench.world.admin.post(&path, &json!({"batch_keypairs": []})).await;
    assert_eq!(crate::refusal(&none).0, 400);
}

#[tokio::test]
async fn an_attempt_that_died_is_gone_on_with() {
    let Some(bench) = Bench::new("").await else { return };
    bench.pair("a").await;
    let task = bench.associate("a", password()).await;
    let stored = bench.stored(&task).await;
    // A worker took it, wrote the key to the host, and was killed.
    let db = &bench.world.test.app.db;
    let now = bench.world.test.app.now();
    let job = muster_store::transact!(db, |tx| {
        muster_store::jobs::claim(tx, &["keypair"], 20, now).await
    });
    assert_eq!(job.unwrap().unwrap().payload, task);
    bench.server.authorize(&format!("{}\n", stored.add_key), 0o600);
    bench.world.test.clock.advance_secs(21);
    bench.work();
    assert_eq!(bench.ended(&task).await, "SUCCESS_RESET");
    let key = PublicKey::parse(&stored.add_key).unwrap();
    assert_eq!(bench.server.authorized_keys().matches(&key.base64()).count(), 1);
}
