//! The key pair API through its router, as its clients meet it.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that panics has failed")]

mod batches;
mod binding;
mod contract;
mod errors;
mod found;
mod lifecycle;
mod policies;
mod secrets;

use axum::Router;
use axum::http::Method;
use muster_testkit::{Answer, Client, TestApp, TestDb};
use serde_json::{Value, json};

pub(crate) struct World {
    pub(crate) test: TestApp,
    pub(crate) router: Router,
    pub(crate) admin: Client,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::on(TestDb::sqlite().await).await
    }

    pub(crate) async fn on(database: TestDb) -> Self {
        Self::of(TestApp::on(database).await).await
    }

    pub(crate) async fn of(test: TestApp) -> Self {
        let router = muster_http::edge(muster_api_kps::router(&test.app));
        let admin = test.admin(&router).await;
        Self { test, router, admin }
    }

    /// `/v3/{project_id}` and what follows.
    pub(crate) fn at(&self, path: &str) -> String {
        format!("/v3/{}/{path}", self.test.credentials.project_id)
    }

    /// Makes or imports a pair as the first user.
    pub(crate) async fn create(&self, keypair: Value) -> Answer {
        self.admin.post(&self.at("keypairs"), &json!({"keypair": keypair})).await
    }

    pub(crate) async fn export(&self, name: &str) -> Answer {
        let body = json!({"keypair": {"name": name}});
        self.admin.post(&self.at("keypairs/private-key/export"), &body).await
    }

    pub(crate) async fn show(&self, name: &str) -> Answer {
        self.admin.get(&self.at(&format!("keypairs/{name}"))).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.admin.send(Method::DELETE, &self.at(path), None).await
    }
}

/// Keeps the private half.
pub(crate) fn kept() -> Value {
    json!({"encryption": {"type": "default"}})
}

/// Code and message of a refusal.
pub(crate) fn refusal(answer: &Answer) -> (u16, String, String) {
    let body = answer.json();
    let text = |key: &str| body[key].as_str().unwrap().to_owned();
    (answer.status, text("error_code"), text("error_msg"))
}
