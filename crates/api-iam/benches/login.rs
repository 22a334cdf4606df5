//! What a login costs beside the hash of its password: a login by password through the whole router, and Argon2id alone.
//!
//! `cargo bench -p muster-api-iam --bench login -- [logins]`. CPU time counts. The limit on logins is lifted.
#![expect(clippy::unwrap_used, reason = "a program for people, run by hand")]

use muster_figures::{Bar, Figures};
use muster_testkit::bench::spent;
use muster_testkit::{Client, TestApp};
use muster_vault::password::{self, Memory};
use serde_json::json;
use tokio::task::JoinSet;

/// Logins at a time: as many as wait for their turn where many log in.
const AT_ONCE: usize = 4;

fn main() {
    let count = std::env::args().find_map(|text| text.parse().ok()).unwrap_or(200);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.unwrap().block_on(run(count));
}

async fn run(count: usize) {
    let figures = Figures::of("login by password through the whole router");
    let test = TestApp::new().await;
    let known = &test.credentials;
    let router = muster_http::edge(muster_api_iam::router(&test.app));
    let anonymous = Client::anonymous(&router);
    let user = json!({
        "domain": {"name": known.domain_name}, "name": known.user_name, "password": known.password.as_str(),
    });
    let login = json!({"auth": {
        "identity": {"methods": ["password"], "password": {"user": user}},
        "scope": {"project": {"id": known.project_id}},
    }});
    let hash = password::hash(&known.password).unwrap();
    let mut memory = Memory::default();
    let alone = spent(async || {
        for _ in 0..count {
            assert!(password::verify(&mut memory, &known.password, &hash));
        }
    })
    .await;
    let one = spent(async || {
        for _ in 0..count {
            assert_eq!(anonymous.post("/v3/auth/tokens", &login).await.status, 201);
        }
    })
    .await;
    let whole = spent(async || {
        let mut clients = JoinSet::new();
        for _ in 0..AT_ONCE {
            let (client, login) = (anonymous.clone(), login.clone());
            clients.spawn(async move {
                for _ in 0..count / AT_ONCE {
                    assert_eq!(client.post("/v3/auth/tokens", &login).await.status, 201);
                }
            });
        }
        clients.join_all().await;
    })
    .await;
    figures.cpu("Argon2id alone", alone, count, Bar::None);
    figures.cpu("a login, one after the other", one, count, Bar::None);
    figures.cpu("a login, four at a time", whole, count / AT_ONCE * AT_ONCE, Bar::None);
    let times = whole.total().as_secs_f64() / alone.total().as_secs_f64();
    figures.plain("a login of four beside its hash", times, "times", Bar::AtMost(1.1), "");
    test.app.close().await;
}
