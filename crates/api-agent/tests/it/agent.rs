//! An agent without a host: its key, what it would say, and the way to the server.

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use http_body_util::BodyExt;
use muster_agent::key::AgentKey;
use muster_agent::sync::{Swept, Sync};
use muster_model::host::HostProfile;
use muster_model::id::ProjectId;
use muster_model::proof::{self, Proof, REPORT_PATH};
use muster_model::report::{
    ContainerRef, EnrolReply, EnrolRequest, PROTOCOL, Reply, Report, Row, RowKey, Scope, Volatile,
    digest,
};
use muster_model::{Column, Fact, Kind, Micros};
use muster_service::enrol;
use muster_testkit::TestApp;
use std::collections::BTreeMap;
use tower::ServiceExt;

/// What a scope holds: names, each with a pid.
pub(crate) type Names = BTreeMap<u8, u32>;

pub(crate) fn scope(kind: Kind, container: Option<&str>) -> Scope {
    let container = container.map(|id| ContainerRef { id: id.to_owned(), name: id.to_owned() });
    Scope { kind, container }
}

pub(crate) fn swept(scope: &Scope, names: &Names, at: Micros) -> Swept {
    let row = |(name, pid): (&u8, &u32)| {
        let mut fact = Fact::new(scope.kind);
        fact.set(Column::Name, format!("n{name}"));
        Row { fact, seq: 0, volatile: Volatile { pid: Some(*pid), ..Volatile::default() } }
    };
    let mut rows: Vec<Row> = names.iter().map(row).collect();
    rows.sort_by_key(Row::key);
    let keys: Vec<RowKey> = rows.iter().map(Row::key).collect();
    let digest = digest(keys.iter().zip(rows.iter().map(|row| &row.volatile)));
    Swept { scope: scope.clone(), digest, swept_at: at, rows: rows.into(), keys: keys.into() }
}

/// A report as it left the agent.
#[derive(Clone)]
pub(crate) struct Sent {
    pub(crate) proof: Proof,
    pub(crate) body: Vec<u8>,
}

pub(crate) struct TestAgent {
    pub(crate) key: AgentKey,
    pub(crate) sync: Sync,
}

impl TestAgent {
    pub(crate) fn new(now: Micros) -> Self {
        Self { key: AgentKey::generate().unwrap(), sync: Sync::new(None, now) }
    }

    pub(crate) fn enrolment(&self, token: &str, name: &str) -> EnrolRequest {
        let host = HostProfile {
            name: name.to_owned(),
            machine_id: format!("machine-{name}"),
            ..HostProfile::default()
        };
        let public_key = self.key.public_key();
        EnrolRequest { protocol: PROTOCOL, token: token.to_owned(), public_key, host }
    }

    pub(crate) async fn join(&self, test: &TestApp, router: &Router, name: &str) -> EnrolReply {
        let request = self.enrolment(&token(test, 600).await, name);
        let path = muster_model::enrol::ENROL_PATH;
        let (status, answer) =
            post(router, path, None, serde_json::to_vec(&request).unwrap()).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        serde_json::from_value(answer).unwrap()
    }

    pub(crate) fn say(&mut self, now: Micros) -> Sent {
        let (report, date) = self.sync.report(now, Default::default());
        self.sign(&report, date)
    }

    pub(crate) fn sign(&self, report: &Report, date: Micros) -> Sent {
        let body = serde_json::to_vec(report).unwrap();
        let proof = self.key.prove("POST", REPORT_PATH, date, report.counter, &body);
        Sent { proof, body }
    }
}

pub(crate) async fn token(test: &TestApp, secs: i64) -> String {
    let project = ProjectId::parse(&test.credentials.project_id).unwrap();
    let made =
        enrol::create_token(&test.app, &test.operator(), Some(&project), secs, "", None).await;
    made.unwrap().text.to_string()
}

pub(crate) async fn deliver(router: &Router, sent: &Sent) -> Result<Reply, StatusCode> {
    let (status, answer) = post(router, REPORT_PATH, Some(&sent.proof), sent.body.clone()).await;
    if status == StatusCode::OK { Ok(serde_json::from_value(answer).unwrap()) } else { Err(status) }
}

pub(crate) async fn post(
    router: &Router,
    path: &str,
    proof: Option<&Proof>,
    body: Vec<u8>,
) -> (StatusCode, serde_json::Value) {
    let mut request = Request::post(path).header("content-type", "application/json");
    if let Some(proof) = proof {
        request = request
            .header(proof::AGENT, &proof.agent)
            .header(proof::DATE, proof.date.0.to_string())
            .header(proof::COUNTER, proof.counter.to_string())
            .header(proof::SIGNATURE, hex::encode(proof.signature));
    }
    let answer = router.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
    let status = answer.status();
    let bytes = answer.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&bytes).unwrap_or_default())
}

pub(crate) fn router(test: &TestApp) -> Router {
    muster_http::edge(muster_api_agent::router(&test.app))
}
