//! Notices of expiry, received by a real server on loopback.

use crate::openssl::Made;
use crate::{World, body, on};
use muster_egress::{Egress, EgressSettings};
use muster_service::certificates::expiry::{deliver, look};
use muster_testkit::on_both_databases;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};

/// Answers every request by the next status and hands on its body.
fn listener(statuses: Vec<u16>) -> (String, Receiver<Value>) {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/notices", server.local_addr().unwrap());
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for status in statuses {
            let (mut stream, _) = server.accept().unwrap();
            let mut text = Vec::new();
            let body = loop {
                let mut piece = [0; 4096];
                let n = stream.read(&mut piece).unwrap();
                text.extend_from_slice(&piece[..n]);
                let whole = String::from_utf8_lossy(&text).into_owned();
                let Some((_, body)) = whole.split_once("\r\n\r\n") else { continue };
                if let Ok(body) = serde_json::from_str(body) {
                    break body;
                }
            };
            let answer =
                format!("HTTP/1.1 {status} x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            stream.write_all(answer.as_bytes()).unwrap();
            sender.send(body).unwrap();
        }
    });
    (url, receiver)
}

fn egress() -> Arc<Egress> {
    let settings =
        EgressSettings { allow: vec!["127.0.0.0/8".into()], ..EgressSettings::default() };
    Arc::new(Egress::new(&settings).unwrap())
}

/// A certificate that ends on 2026-12-01, with notices wanted.
async fn watched(world: &World) -> String {
    let made = Made::new();
    let id = world
        .ask(
            "POST",
            "/certificates/import",
            body("cert", &made.text("leaf.pem"), &made.text("leaf.key")),
        )
        .await;
    let id = id["certificate_id"].as_str().unwrap().to_owned();
    let wanted = json!([{"resource_id": id, "notice_type": ["CERT_EXPIRING", "CERT_EXPIRED"]}]);
    world.ask("POST", "/notification/enable", wanted).await;
    id
}

on_both_databases! {
    async fn each_stage_is_told_once_over_restarts_and_jumps(test: TestDb) {
        let world = on(test).await;
        let id = watched(&world).await;
        let app = &world.test.app;
        let (url, received) = listener(vec![200; 4]);
        let egress = egress();
        let day = 86_400;
        // From 2026-01-01 it is 334 days to the end.
        let told = async |advance: i64| {
            world.test.clock.advance_secs(advance * day);
            look(app).await.unwrap();
            // Another server, or this one started again, finds nothing to add.
            assert_eq!(look(app).await.unwrap(), 0);
            deliver(app, &egress, &url).await.unwrap()
        };
        assert_eq!(told(303).await, 0);
        assert_eq!(told(2).await, 1);
        let first = received.recv().unwrap();
        assert_eq!((&first["notice_type"], &first["days"], &first["certificate_id"]), (&json!("CERT_EXPIRING"), &json!(30), &json!(id)));
        assert_eq!(told(1).await, 0);
        // The clock jumped: only the most urgent one.
        assert_eq!(told(24).await, 1);
        assert_eq!(received.recv().unwrap()["days"], 7);
        // And back: none again.
        world.test.clock.advance_secs(-20 * day);
        assert_eq!(told(0).await, 0);
        assert_eq!(told(20).await, 0);
        assert_eq!(told(10).await, 1);
        let last = received.recv().unwrap();
        assert_eq!((&last["notice_type"], &last["not_after"]), (&json!("CERT_EXPIRED"), &json!("2026-12-01T00:00:00.000000Z")));
        assert_eq!(told(100).await, 0);
    }
}

#[tokio::test]
async fn what_did_not_arrive_is_sent_again_and_what_nobody_wants_is_not() {
    let world = World::new().await;
    let made = Made::new();
    world
        .ask(
            "POST",
            "/certificates/import",
            body("unwatched", &made.text("leaf.pem"), &made.text("leaf.key")),
        )
        .await;
    watched(&world).await;
    let app = &world.test.app;
    let (url, received) = listener(vec![500, 200]);
    world.test.clock.advance_secs(320 * 86_400);
    assert_eq!(look(app).await.unwrap(), 1);
    assert_eq!(deliver(app, &egress(), &url).await.unwrap(), 0);
    let first = received.recv().unwrap();
    world.test.clock.advance_secs(3600);
    assert_eq!(deliver(app, &egress(), &url).await.unwrap(), 1);
    assert_eq!(received.recv().unwrap()["event_id"], first["event_id"]);
    // A webhook inside that nobody allowed is not called.
    let refused = Egress::new(&EgressSettings::default()).unwrap();
    assert!(refused.check("certificates.webhook", &url).is_err());
}
