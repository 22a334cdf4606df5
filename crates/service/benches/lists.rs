//! Pages of lists of 100,000 certificates and as many key pairs, through the service, as its callers ask for them.
//!
//! `cargo bench -p muster-service --bench lists -- [how many] [postgres]`. The rows are as large as real ones: two to six
//! kilobytes of texts and sealed keys each. The best of several runs counts; a page is 50 rows.
#![expect(clippy::unwrap_used, reason = "a program for people, run by hand")]

use muster_figures::{Bar, Figures};
use muster_model::id::ProjectId;
use muster_model::{Caller, Micros, Paging, Role};
use muster_service::certificates::{self, Filter, Order, SortKey, Status};
use muster_service::identity::policies::{self, Draft, Subject};
use muster_service::identity::{Reach, groups};
use muster_service::{App, keypairs};
use muster_store::certificates::{self as store, Certificate, Content, Product, SealedKeys};
use muster_store::keypairs::{self as pairs, Keypair};
use muster_store::transact;
use muster_testkit::bench::best_of;
use muster_testkit::database::START;
use muster_testkit::{TestApp, TestDb};

const DAY_SECS: i64 = 86_400;
/// Rows of one transaction while the lists are made.
const GROUP: usize = 1_000;
const RUNS: u32 = 5;
const BAR: Bar = Bar::AtMost(50.0);
const ROWS: u32 = 50;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let count = arguments.iter().find_map(|argument| argument.parse().ok()).unwrap_or(100_000);
    let postgres = arguments.iter().any(|argument| argument == "postgres");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let (test, name) = if postgres {
            (TestDb::postgres().await.unwrap(), "PostgreSQL")
        } else {
            (TestDb::sqlite().await, "SQLite")
        };
        let test = TestApp::on(test).await;
        let lists = Lists {
            caller: test.operator(),
            figures: Figures::of(&format!("lists of {count} certificates and key pairs, {name}")),
            deep: u32::try_from(count * 9 / 10).unwrap(),
            app: test.app.clone(),
        };
        lists.fill(count).await;
        if postgres {
            vacuum(&test.test.url);
        }
        lists.certificates().await;
        lists.of_some(&test).await;
        lists.key_pairs(&test.credentials.project_id).await;
        test.app.close().await;
    });
}

/// What PostgreSQL does by itself some time after so many rows have come: without it, it looks into each row.
#[expect(clippy::disallowed_methods, reason = "a program of PostgreSQL's own")]
fn vacuum(url: &str) {
    let done = std::process::Command::new("psql").args([url, "-qc", "VACUUM (ANALYZE)"]).status();
    assert!(done.unwrap().success());
}

struct Lists {
    app: App,
    caller: Caller,
    figures: Figures,
    /// Rows before a deep page.
    deep: u32,
}

impl Lists {
    async fn fill(&self, count: usize) {
        let directory = self.app.identity.directory();
        let domain = directory.domain_by_id(&self.caller.domain_id).unwrap().key;
        let user = directory.user(self.caller.user_id.as_str()).unwrap().key;
        let project = directory.projects_of(domain).first().unwrap().key;
        let numbers: Vec<usize> = (0..count).collect();
        for group in numbers.chunks(GROUP) {
            transact!(self.app.db, |tx| {
                for n in group {
                    store::create(tx, &certificate(domain, *n)).await?;
                    let sealed = vec![0x5a; 1_700];
                    pairs::create(tx, &pair(project, user, *n), Some(&sealed)).await?;
                }
                Ok(())
            })
            .unwrap();
        }
        self.app.db.checkpoint().await.unwrap();
    }

    async fn certificates(&self) {
        let all = Filter::default();
        let text = |text: &str| Filter { content: Some(text.to_owned()), ..Filter::default() };
        let soon = Filter {
            issued: true,
            ends_from: Some(START),
            ends_before: Some(START.plus_secs(30 * DAY_SECS)),
            ..Filter::default()
        };
        let status = |status| Filter { status: Some(status), ..Filter::default() };
        let by = |by| Order { by, ascending: true };
        let newest = Order::default();
        for (name, filter, order, offset) in [
            ("newest first, first page", &all, newest, 0),
            ("newest first, deep", &all, newest, self.deep),
            ("by expiry, first page", &all, by(SortKey::Expiry), 0),
            ("by expiry, deep", &all, by(SortKey::Expiry), self.deep),
            ("by status, first page", &all, by(SortKey::Status), 0),
            ("by status, in the middle", &all, by(SortKey::Status), self.deep / 2),
            ("by status, deep", &all, by(SortKey::Status), self.deep),
            ("expiring within 30 days", &soon, by(SortKey::Expiry), 0),
            ("of a status", &status(Status::Issued), newest, 0),
            ("expired, by expiry", &status(Status::Expired), by(SortKey::Expiry), 0),
            ("a text that one has", &text("HOST4711.PROD"), newest, 0),
            ("a text that many have", &text("host77"), newest, 0),
            ("a text that many have, by expiry", &text("host77"), by(SortKey::Expiry), 0),
            ("a text that many have, by status", &text("host77"), by(SortKey::Status), 0),
            ("a text that all have", &text("example.org"), newest, 0),
            ("a text that none has", &text("nowhere.example.net"), newest, 0),
        ] {
            let paging = Paging { limit: ROWS, offset };
            let mut seen = 0;
            let spent = best_of(RUNS, async || {
                let page = certificates::list(&self.app, &self.caller, filter, order, paging)
                    .await
                    .unwrap();
                seen = page.total;
            })
            .await;
            self.figures.cpu(&format!("certificates {name} ({seen})"), spent, 1, BAR);
        }
    }

    /// For who may see only some, each is asked for.
    async fn of_some(&self, test: &TestApp) {
        let document = r#"{"Version":"5.0","Statement":[{"Effect":"Allow","Action":["scm:*:*"],
            "Condition":{"StringNotEquals":{"g:ResourceTag/tier":["secret"]}}}]}"#;
        let user = test.user("carol", "carol's password", Role::None).await;
        let group = groups::create(&self.app, &self.caller, "some", "").await.unwrap();
        groups::set_member(&self.app, &self.caller, &group.id, user.id.as_str(), true)
            .await
            .unwrap();
        let draft = Draft { name: "some", kind: "AA", description: "", document };
        let policy = policies::create(&self.app, &self.caller, draft).await.unwrap().id;
        let (group, reach) = (Subject::Group(&group.id), Reach::Domain);
        policies::set_assignment(&self.app, &self.caller, group, &policy, &reach.into(), true)
            .await
            .unwrap();
        let carol = Caller { user_id: user.id, role: user.role, ..self.caller.clone() };
        for (name, offset) in [("first page", 0), ("deep", self.deep)] {
            let spent = best_of(RUNS, async || {
                let (filter, paging) = (Filter::default(), Paging { limit: ROWS, offset });
                let page = certificates::list(&self.app, &carol, &filter, Order::default(), paging);
                assert_eq!(page.await.unwrap().rows.len(), ROWS as usize);
            })
            .await;
            let name = format!("certificates for who may see some, {name}");
            self.figures.cpu(&name, spent, 1, Bar::None);
        }
    }

    async fn key_pairs(&self, project: &str) {
        let project = ProjectId::parse(project).unwrap();
        let list = async |from| {
            keypairs::list(&self.app, &self.caller, &project, from, ROWS).await.unwrap()
        };
        for (name, from) in [("first page", None), ("deep", Some(i64::from(self.deep)))] {
            let spent = best_of(RUNS, async || {
                list(from).await;
            })
            .await;
            self.figures.cpu(&format!("key pairs, {name}"), spent, 1, BAR);
        }
        let one = format!("pair-{}", self.deep);
        let spent = best_of(RUNS, async || {
            keypairs::get(&self.app, &self.caller, &project, &one).await.unwrap();
        })
        .await;
        self.figures.cpu("key pairs, one by its name", spent, 1, BAR);
    }
}

/// Numbers that look like chance and are the same each time.
fn scattered(n: usize, below: i64) -> i64 {
    let mixed = (n as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 16;
    i64::try_from(mixed).unwrap() % below
}

fn certificate(domain: i64, n: usize) -> Certificate {
    let status = match n % 10 {
        0 => Status::Paid,
        1..=3 => Status::Issued,
        _ => Status::Upload,
    };
    let ends = START.plus_secs((scattered(n, 800) - 100) * DAY_SECS + scattered(n + 1, DAY_SECS));
    let host = format!("host{n}.prod.example.org");
    let others = ["www", "api", "cdn", "mail"].map(|name| format!("{name}.{host}")).join(";");
    let at = Micros(START.0 - scattered(n + 2, 1_000_000_000_000));
    Certificate {
        key: 0,
        id: format!("scs{n:013}"),
        domain,
        name: format!("cert-{n}"),
        description: String::new(),
        enterprise_project_id: "0".to_owned(),
        status,
        product: Product::default(),
        main_domain: host,
        sans: others,
        application: String::new(),
        own_request: false,
        content: Content {
            signature_algorithm: "SHA256withRSA".to_owned(),
            issuer: "Example CA".to_owned(),
            fingerprint: format!("{n:040X}"),
            sha256: format!("{n:064x}"),
            serial: format!("{n:x}"),
            not_after: (status != Status::Paid).then_some(ends),
            certificate: "c".repeat(1_900),
            chain: "i".repeat(2_400),
            ..Content::default()
        },
        revoked_at: None,
        revoke_reason: String::new(),
        authority: None,
        keys: SealedKeys { key: Some(vec![0x5a; 1_800]), enc_key: None },
        notices: 0,
        created_at: at,
        updated_at: at,
    }
}

fn pair(project: i64, user: i64, n: usize) -> Keypair {
    Keypair {
        key: 0,
        id: format!("{n:032x}"),
        project,
        owner: n.is_multiple_of(4).then_some(user),
        name: format!("pair-{n}"),
        kind: "ssh".to_owned(),
        algorithm: "rsa-2048".to_owned(),
        public_key: format!("ssh-rsa {}", "A".repeat(370)),
        fingerprint: format!("{n:047x}"),
        sha256: format!("SHA256:{n:043x}"),
        has_private_key: true,
        description: String::new(),
        created_by: "someone".to_owned(),
        created_at: START,
        updated_at: START,
    }
}
