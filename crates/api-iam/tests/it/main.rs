//! The identity API through its router, as its clients meet it.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that panics has failed")]

mod agencies;
mod contract;
mod keys;
mod lists;
mod rights;
mod signatures;
mod temporary;
mod tokens;

use axum::Router;
use muster_testkit::{Client, TestApp, TestDb};
use serde_json::{Value, json};

struct World {
    test: TestApp,
    router: Router,
}

impl World {
    async fn new() -> Self {
        Self::on(TestDb::sqlite().await).await
    }

    async fn on(database: TestDb) -> Self {
        let test = TestApp::on(database).await;
        let router = muster_http::edge(muster_api_iam::router(&test.app));
        Self { test, router }
    }

    fn anonymous(&self) -> Client {
        Client::anonymous(&self.router)
    }

    /// A login as the published SDK writes it.
    fn login(&self, password: &str, scope: &Value) -> Value {
        let user = json!({
            "domain": {"name": self.test.credentials.domain_name},
            "name": self.test.credentials.user_name,
            "password": password,
        });
        let identity = json!({"methods": ["password"], "password": {"user": user}});
        json!({"auth": {"identity": identity, "scope": scope}})
    }

    fn project_scope(&self) -> Value {
        json!({"project": {"name": self.test.credentials.project_name}})
    }

    /// Replaces what differs from run to run by its name.
    fn plain(&self, value: &Value) -> String {
        let known = &self.test.credentials;
        let mut text = serde_json::to_string_pretty(value).unwrap();
        for (id, name) in [
            (&known.domain_id, "<domain>"),
            (&known.user_id, "<user>"),
            (&known.project_id, "<project>"),
            (&known.access_key, "<access key>"),
        ] {
            text = text.replace(id.as_str(), name);
        }
        text
    }
}
