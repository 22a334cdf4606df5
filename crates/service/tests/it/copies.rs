//! Copies of the audit log, received on loopback.

use muster_egress::EgressSettings;
use muster_model::{Action, ErrorKind};
use muster_service::audit::copies::{Copier, send};
use muster_service::audit::{AuditSettings, append};
use muster_store::transact;
use muster_testkit::{TestApp, on_both_databases, webhook_server};
use serde_json::Value;
use std::net::UdpSocket;
use std::sync::Arc;

/// The one copy that is set, kept by a server of this name.
fn copier(settings: &AuditSettings, sender: &str) -> Arc<Copier> {
    let egress = EgressSettings { allow: vec!["127.0.0.0/8".into()], ..EgressSettings::default() };
    Arc::new(Copier::all(settings, &egress, sender).unwrap().pop().unwrap())
}

/// Records something done to each of these.
async fn recorded(test: &TestApp, targets: &[&str]) {
    let operator = test.operator();
    for target in targets {
        transact!(test.app.db, |tx| {
            append(tx, &test.app, &operator, Action::CertImport, "", target).await
        })
        .unwrap();
    }
}

fn targets(body: &Value) -> Vec<&str> {
    body["records"].as_array().unwrap().iter().map(|it| it["target"].as_str().unwrap()).collect()
}

on_both_databases! {
    async fn a_webhook_gets_every_record_in_order_also_after_it_was_down(test: TestDb) {
        let test = TestApp::on(test).await;
        let (url, received) = webhook_server(vec![200, 500, 200, 200]);
        let webhook = AuditSettings { webhook: Some(url), ..AuditSettings::default() };
        let (one, other) = (copier(&webhook, "one"), copier(&webhook, "other"));
        recorded(&test, &["certificate/0"]).await;
        assert_eq!(send(&test.app, &one).await.unwrap(), 0, "what was before stays where it is");

        recorded(&test, &["certificate/1", "certificate/2"]).await;
        assert_eq!(send(&test.app, &other).await.unwrap(), 0, "one server is at it");
        assert_eq!(send(&test.app, &one).await.unwrap(), 2);
        let body = received.recv().unwrap();
        assert_eq!(targets(&body), ["certificate/1", "certificate/2"]);
        let (record, operator) = (&body["records"][0], test.operator());
        assert_eq!(record["action"], "scm:cert:import");
        assert_eq!(record["outcome"], "success");
        assert_eq!(record["user_name"], operator.user_name.as_str());
        assert_eq!(record["domain_id"], operator.domain_id.to_string());
        assert_eq!(record["hash"].as_str().unwrap().len(), 64);

        // Refused: sent again with what came meanwhile, by the other server once the first has been silent.
        recorded(&test, &["certificate/3"]).await;
        let refused = send(&test.app, &one).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Unavailable);
        assert_eq!(targets(&received.recv().unwrap()), ["certificate/3"]);
        recorded(&test, &["certificate/4"]).await;
        assert_eq!(send(&test.app, &other).await.unwrap(), 0);
        test.clock.advance_secs(121);
        assert_eq!(send(&test.app, &other).await.unwrap(), 2);
        assert_eq!(targets(&received.recv().unwrap()), ["certificate/3", "certificate/4"]);
        assert_eq!(send(&test.app, &other).await.unwrap(), 0);

        // More than one request takes, and a clock that jumped back.
        test.clock.advance_secs(-3600);
        let many: Vec<String> = (0..201).map(|n| format!("certificate/{n}")).collect();
        recorded(&test, &many.iter().map(String::as_str).collect::<Vec<_>>()).await;
        let failed = send(&test.app, &one).await.unwrap_err();
        assert_eq!(failed.kind(), ErrorKind::Unavailable, "nobody answers the second request");
        assert_eq!(targets(&received.recv().unwrap()).len(), 200);
    }
}

#[tokio::test]
async fn a_syslog_gets_a_message_a_record() {
    let test = TestApp::new().await;
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let url = format!("udp://{}", socket.local_addr().unwrap());
    let copier = copier(&AuditSettings { syslog: Some(url), ..AuditSettings::default() }, "one");
    send(&test.app, &copier).await.unwrap();
    recorded(&test, &["certificate/1", "certificate/2"]).await;
    assert_eq!(send(&test.app, &copier).await.unwrap(), 2);
    let mut buffer = [0; 4096];
    for target in ["certificate/1", "certificate/2"] {
        let n = socket.recv(&mut buffer).unwrap();
        let told = String::from_utf8_lossy(&buffer[..n]).into_owned();
        // Facility 13, severity 5.
        assert!(told.starts_with("<109>1 ") && told.contains(" AUDIT [muster@"), "{told}");
        let wanted = ["action=\"scm:cert:import\"", "outcome=\"success\"", "seq=\"", "hash=\""];
        assert!(wanted.iter().all(|it| told.contains(it)), "{told}");
        assert!(told.contains(&format!("target=\"{target}\"")), "{told}");
        assert!(told.ends_with(&format!("scm:cert:import {target}: success")), "{told}");
    }
}

#[test]
fn an_address_inside_that_nobody_opened_is_refused() {
    let webhook = Some("http://127.0.0.1:1/".to_owned());
    let settings = AuditSettings { webhook, ..AuditSettings::default() };
    let refused = Copier::all(&settings, &EgressSettings::default(), "one").err().unwrap();
    assert_eq!(refused.parameter(), Some("audit.webhook"));
}
