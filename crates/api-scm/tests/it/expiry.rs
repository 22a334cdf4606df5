//! Notices of expiry, received by a real server on loopback.

use crate::openssl::Made;
use crate::{World, body, on};
use muster_egress::EgressSettings;
use muster_service::certificates::CertificateSettings;
use muster_service::certificates::channels::{Channels, MailSettings};
use muster_service::certificates::expiry::{deliver, look};
use muster_testkit::{on_both_databases, webhook_server};
use serde_json::json;
use std::io::{BufRead, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};

/// Channels as an operator sets them, with loopback open.
fn channels(settings: &CertificateSettings) -> Arc<Channels> {
    let egress = EgressSettings { allow: vec!["127.0.0.0/8".into()], ..EgressSettings::default() };
    Arc::new(Channels::open(settings, &egress).unwrap())
}

fn webhook(url: &str) -> Arc<Channels> {
    channels(&CertificateSettings { webhook: Some(url.to_owned()), ..Default::default() })
}

/// A mail server that takes the mails of one client after another, and hands on what was said.
fn mail_server() -> (String, Receiver<String>) {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("smtp-plain://{}", server.local_addr().unwrap());
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        while let Ok((stream, _)) = server.accept() {
            let mut reader = std::io::BufReader::new(stream.try_clone().unwrap());
            let answer = |text: &str| (&stream).write_all(text.as_bytes()).unwrap();
            answer("220 localhost\r\n");
            let (mut said, mut line, mut data) = (String::new(), String::new(), false);
            while reader.read_line(&mut line).unwrap() > 0 {
                let ends = data && line == ".\r\n";
                let begins = line.starts_with("DATA");
                if ends || !data {
                    answer(if begins { "354 go on\r\n" } else { "250 ok\r\n" });
                }
                data = begins || (data && !ends);
                said.push_str(&std::mem::take(&mut line));
            }
            if sender.send(said).is_err() {
                return;
            }
        }
    });
    (url, receiver)
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
        let (url, received) = webhook_server(vec![200; 4]);
        let channels = webhook(&url);
        let day = 86_400;
        // From 2026-01-01 it is 334 days to the end.
        let told = async |advance: i64| {
            world.test.clock.advance_secs(advance * day);
            look(app, &channels).await.unwrap();
            // Another server, or this one started again, finds nothing to add.
            assert_eq!(look(app, &channels).await.unwrap(), 0);
            deliver(app, &channels).await.unwrap()
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
async fn every_stage_is_told_on_its_day_and_on_no_other() {
    let world = World::new().await;
    watched(&world).await;
    let app = &world.test.app;
    let (url, received) = webhook_server(vec![200; 5]);
    let channels = webhook(&url);
    // 334 days to the end: from a second into the 36th day before it to the fourth after.
    world.test.clock.advance_secs(298 * 86_400 + 1);
    let mut told = Vec::new();
    for left in (-4..=35).rev() {
        world.test.clock.advance_secs(86_400);
        // Twice a day, as the server looks more often than that.
        for _ in 0..2 {
            look(app, &channels).await.unwrap();
            for _ in 0..deliver(app, &channels).await.unwrap() {
                let notice = received.recv().unwrap();
                told.push((left, notice["notice_type"].as_str().unwrap().to_owned()));
            }
        }
    }
    let expiring = [30, 15, 7, 1].map(|days| (days, "CERT_EXPIRING".to_owned()));
    let mut expected = expiring.to_vec();
    expected.push((0, "CERT_EXPIRED".to_owned()));
    assert_eq!(told, expected);
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
    let (url, received) = webhook_server(vec![500, 200]);
    let channels = webhook(&url);
    world.test.clock.advance_secs(320 * 86_400);
    assert_eq!(look(app, &channels).await.unwrap(), 1);
    assert_eq!(deliver(app, &channels).await.unwrap(), 0);
    let first = received.recv().unwrap();
    world.test.clock.advance_secs(3600);
    assert_eq!(deliver(app, &channels).await.unwrap(), 1);
    assert_eq!(received.recv().unwrap()["event_id"], first["event_id"]);
    // A webhook inside that nobody allowed is not called.
    let closed = CertificateSettings { webhook: Some(url), ..Default::default() };
    assert!(Channels::open(&closed, &EgressSettings::default()).is_err());
}

#[tokio::test]
async fn every_channel_is_told_once_and_one_that_is_down_holds_up_no_other() {
    let world = World::new().await;
    let id = watched(&world).await;
    let app = &world.test.app;
    let (url, received) = webhook_server(vec![500, 200]);
    let (server, mails) = mail_server();
    let syslog = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let mail = MailSettings {
        server,
        from: "Muster <muster@example.org>".to_owned(),
        to: vec!["ops@example.org".to_owned(), "it@example.org".to_owned()],
        ..MailSettings::default()
    };
    let channels = channels(&CertificateSettings {
        webhook: Some(url),
        mail: Some(mail),
        syslog: Some(format!("udp://{}", syslog.local_addr().unwrap())),
        ..Default::default()
    });
    world.test.clock.advance_secs(320 * 86_400);
    assert_eq!(look(app, &channels).await.unwrap(), 1);
    // The webhook answers 500; the others have it.
    assert_eq!(deliver(app, &channels).await.unwrap(), 2);
    received.recv().unwrap();
    let said = mails.recv().unwrap();
    for line in [
        "MAIL FROM:<muster@example.org>",
        "RCPT TO:<ops@example.org>",
        "RCPT TO:<it@example.org>",
        "Subject: Certificate of a.example expires within 15 days",
        &format!("Message-ID: <{id}-15@muster>"),
        &id,
    ] {
        assert!(said.contains(line), "{line} in {said}");
    }
    let mut buffer = [0; 4096];
    let n = syslog.recv(&mut buffer).unwrap();
    let told = String::from_utf8_lossy(&buffer[..n]).into_owned();
    assert!(told.starts_with("<28>1 ") && told.contains(" CERT_EXPIRING [muster@"), "{told}");
    assert!(told.contains(&format!("certificate_id=\"{id}\"")), "{told}");
    // Later only the webhook is tried again.
    world.test.clock.advance_secs(3600);
    assert_eq!(look(app, &channels).await.unwrap(), 0);
    assert_eq!(deliver(app, &channels).await.unwrap(), 1);
    assert_eq!(received.recv().unwrap()["certificate_id"], id);
    syslog.set_nonblocking(true).unwrap();
    assert!(syslog.recv(&mut buffer).is_err() && mails.try_recv().is_err());
}
