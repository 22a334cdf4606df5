//! SCM over HTTP, with certificates the vault and openssl made.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that panics has failed")]

mod audit;
mod authz;
mod double;
mod expiry;
mod imports;
mod lists;
mod openssl;
mod orders;
mod push;
mod requests;
mod revocations;

use axum::Router;
use muster_testkit::{Answer, Client, TestApp, TestDb};
use serde_json::{Value, json};

/// A running product with its router and an administrator's client.
pub(crate) struct World {
    pub(crate) test: TestApp,
    pub(crate) router: Router,
    pub(crate) admin: Client,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::on(TestApp::new().await).await
    }

    pub(crate) async fn on(test: TestApp) -> Self {
        let router = muster_http::edge(muster_api_scm::router(&test.app));
        let admin = test.admin(&router).await;
        Self { test, router, admin }
    }

    /// The same much later: tokens have ended, access keys have not.
    pub(crate) fn after(self, days: i64) -> Self {
        self.test.clock.advance_secs(days * 86_400);
        Self { admin: self.test.signing(&self.router), ..self }
    }

    /// Sends JSON and insists on success.
    pub(crate) async fn ask(&self, method: &str, path: &str, body: Value) -> Value {
        let answer = self.try_ask(method, path, body).await;
        assert!(answer.status < 300, "{method} {path}: {} {}", answer.status, answer.json());
        answer.json()
    }

    pub(crate) async fn try_ask(&self, method: &str, path: &str, body: Value) -> Answer {
        let path = format!("/v3/scm{path}");
        let body = (!body.is_null()).then_some(body);
        self.admin.send(method.parse().unwrap(), &path, body.as_ref()).await
    }

    /// The error an operation answers: status, code, message.
    pub(crate) async fn refused(
        &self,
        method: &str,
        path: &str,
        body: Value,
    ) -> (u16, String, String) {
        let answer = self.try_ask(method, path, body).await;
        let text = |key: &str| answer.json()[key].as_str().unwrap_or_default().to_owned();
        (answer.status, text("error_code"), text("error_msg"))
    }

    pub(crate) async fn export(&self, id: &str) -> Value {
        self.ask("POST", &format!("/certificates/{id}/export"), Value::Null).await
    }
}

/// A sound body of an import.
pub(crate) fn body(name: &str, certificate: &str, key: &str) -> Value {
    json!({"name": name, "certificate": certificate, "private_key": key})
}

/// A product on the given database without limits on secrets.
pub(crate) async fn on(database: TestDb) -> World {
    World::on(TestApp::on(database).await).await
}
