//! What a fleet costs the store: `cargo bench -p muster-store --bench fleet -- [hosts] [sqlite|postgres]`.
//!
//! Every host has 3,000 assets: 40 accounts, 60 ports, 120 processes, 900 packages, 150 automatic starts,
//! 150 kernel modules, 1,500 jars, 80 others. How alike hosts are is told in `muster_testkit::fleet`. The
//! PostgreSQL is one that this program starts (without fsync); its CPU time counts, and is noted apart.
#![expect(clippy::unwrap_used, reason = "a program for people, run by hand")]

use muster_figures::{Bar, Figures, Spent};
use muster_model::id::{DomainId, ProjectId};
use muster_model::{Category, Column, Kind, Paging, Value};
use muster_store::assets::{self, ExportCursor, Filter, GroupOrder, Query};
use muster_store::identity::domains;
use muster_store::{Db, transact};
use muster_testkit::TestDb;
use muster_testkit::bench::{best_of, spent};
use muster_testkit::fleet::{Fleet, Report, START, WHOLE, send};

/// Reports a writer commits together, as the server does under load.
const GROUP: usize = 20;
const RUNS: u32 = 7;
const FIRST: Paging = Paging { limit: 200, offset: 0 };

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let count = arguments.iter().find_map(|argument| argument.parse().ok()).unwrap_or(1000);
    let postgres = arguments.iter().any(|argument| argument == "postgres");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let (test, name) = if postgres {
            (TestDb::postgres().await.unwrap(), "PostgreSQL")
        } else {
            (TestDb::sqlite().await, "SQLite")
        };
        let store = Store {
            project: project(&test.db).await,
            figures: Figures::of(&format!("store, {count} hosts, {name}")),
            bars: !postgres,
            db: test.db.clone(),
        };
        store.run(count).await;
        store.db.close().await;
    });
}

async fn project(db: &Db) -> i64 {
    transact!(db, |tx| {
        let id = DomainId::parse("domain")?;
        let domain = domains::create_domain(tx, &id, "acme", START).await?.key;
        let id = ProjectId::parse("project")?;
        Ok(domains::create_project(tx, domain, &id, "north", "", START).await?.key)
    })
    .unwrap()
}

struct Store {
    db: Db,
    project: i64,
    figures: Figures,
    /// Bars are set for SQLite.
    bars: bool,
}

impl Store {
    const fn at_most(&self, bar: f64) -> Bar {
        if self.bars { Bar::AtMost(bar) } else { Bar::None }
    }

    async fn run(&self, count: usize) {
        let fleet = Fleet::new(&self.db, self.project, count, WHOLE).await;
        let last_third = count * 2 / 3..count;
        self.sent(0..last_third.start, GROUP, true, |host| fleet.enrol(host)).await;
        let spent = self.sent(last_third.clone(), GROUP, true, |host| fleet.enrol(host)).await;
        self.figures.cpu("new host (the last third)", spent, last_third.len(), Bar::None);
        self.size(count, "size a host, new").await;

        let spent = self.sent(0..count, GROUP, false, |host| fleet.same(host, 0)).await;
        self.figures.cpu("unchanged report", spent, count, self.at_most(0.1));
        let spent = self.sent(0..count, GROUP, true, |host| fleet.change(host, 1)).await;
        self.figures.cpu("1 % changed", spent, count, self.at_most(4.0));
        let spent = self.sent(0..count, 1, true, |host| fleet.change(host, 2)).await;
        self.figures.cpu("1 % changed, each committed alone", spent, count, Bar::None);
        self.size(count, "size a host, after two rounds of changes").await;

        self.pages().await;
        self.counts().await;
        self.past(count).await;
        for kind in [Kind::Process, Kind::App, Kind::JarPackage] {
            self.export(kind).await;
        }
    }

    async fn size(&self, count: usize, name: &str) {
        self.db.checkpoint().await.unwrap();
        let bytes = u32::try_from(self.db.size().await.unwrap() / 1000).unwrap();
        let value = f64::from(bytes) / f64::from(u32::try_from(count).unwrap());
        self.figures.plain(name, value, "kB", self.at_most(250.0), "");
    }

    /// Sends reports of these hosts, `group` in a transaction; making them does not count.
    async fn sent(
        &self,
        hosts: std::ops::Range<usize>,
        group: usize,
        changes: bool,
        report: impl Fn(usize) -> Report,
    ) -> Spent {
        let hosts: Vec<usize> = hosts.collect();
        let mut total = Spent::default();
        for hosts in hosts.chunks(GROUP) {
            let reports: Vec<Report> = hosts.iter().map(|host| report(*host)).collect();
            let spent = spent(async || {
                for reports in reports.chunks(group) {
                    send(&self.db, reports, changes).await;
                }
            });
            total.add(spent.await);
        }
        total
    }

    fn query(&self, kind: Kind, filters: Vec<Filter>) -> Query {
        let project = self.project;
        Query { project, kind, category: Category::Host, enterprise_project: None, filters }
    }

    async fn best(&self, name: &str, bar: Bar, work: impl AsyncFnMut()) {
        self.figures.cpu(name, best_of(RUNS, work).await, 1, bar);
    }

    async fn page(&self, name: &str, bar: Bar, query: &Query, paging: Paging) {
        self.best(name, bar, async || {
            let mut tx = self.db.read().await.unwrap();
            assert_eq!(assets::list(&mut tx, query, paging).await.unwrap().len(), 200);
        })
        .await;
    }

    async fn pages(&self) {
        let jars = self.query(Kind::JarPackage, vec![]);
        let total = assets::count(&mut self.db.read().await.unwrap(), &jars).await.unwrap();
        let deep = u32::try_from(total - 200).unwrap().min(1_000_000);
        self.page("page of 200 at offset 0", self.at_most(5.0), &jars, FIRST).await;
        let name = format!("page of 200 at offset {deep}");
        let paging = Paging { limit: 200, offset: deep };
        self.page(&name, self.at_most(150.0), &jars, paging).await;
        let whole = Query { enterprise_project: Some("0".to_owned()), ..jars };
        let name = "page of 200 of an enterprise project";
        self.page(name, self.at_most(5.0), &whole, FIRST).await;
        let one = self.query(Kind::App, vec![Filter::HostId("host3".to_owned())]);
        self.page("page of 200 of one host", self.at_most(5.0), &one, FIRST).await;

        let equals = |column, text: &str| Filter::Equals(column, Value::Text(text.to_owned()));
        let version = vec![equals(Column::Name, "lib-1000"), equals(Column::Version, "1.12")];
        let version = self.query(Kind::JarPackage, version);
        self.best("where does a version run", self.at_most(2.0), async || {
            let mut tx = self.db.read().await.unwrap();
            let found = assets::list(&mut tx, &version, FIRST).await.unwrap().len();
            assert!((1..=200).contains(&found), "{found}");
        })
        .await;
    }

    async fn counts(&self) {
        for (kind, _) in WHOLE {
            let query = self.query(*kind, vec![]);
            let group: &[Column] = match kind {
                Kind::AutoLaunch => &[Column::Name, Column::CodeType],
                Kind::Port => &[Column::Port, Column::Protocol, Column::Status],
                Kind::Process => &[Column::Path],
                Kind::JarPackage | Kind::WebFramework => &[Column::FileName],
                _ => &[Column::Name],
            };
            self.best(&format!("statistics of {kind}"), self.at_most(60.0), async || {
                let mut tx = self.db.read().await.unwrap();
                let order = GroupOrder::LargestFirst;
                let page = assets::statistics(&mut tx, &query, group, order, FIRST).await.unwrap();
                assert!(page.total > 4);
            })
            .await;
        }
        let part = vec![Filter::Contains(Column::Name, "KG-1".into())];
        let part = self.query(Kind::App, part);
        self.best("count of a part of a name", Bar::None, async || {
            let mut tx = self.db.read().await.unwrap();
            assert!(assets::count(&mut tx, &part).await.unwrap() > 100);
        })
        .await;
        self.best("totals of all kinds", self.at_most(60.0), async || {
            let mut tx = self.db.read().await.unwrap();
            assets::totals(&mut tx, self.project, Category::Host).await.unwrap();
        })
        .await;
    }

    async fn past(&self, count: usize) {
        let ports = self.query(Kind::Port, vec![]);
        self.best("ports of the fleet as of two days ago, first page", Bar::None, async || {
            let mut tx = self.db.read().await.unwrap();
            let page = assets::list_at(&mut tx, &ports, START, FIRST).await.unwrap();
            assert_eq!(page.len(), 200);
        })
        .await;
        let latest = assets::latest_cursor(&mut self.db.read().await.unwrap(), self.project).await;
        let cursor = latest.unwrap() - 20 * i64::try_from(count).unwrap();
        let spent = best_of(RUNS, async || {
            let mut tx = self.db.read().await.unwrap();
            let changes = assets::changes(&mut tx, self.project, None, cursor, 1000).await;
            assert_eq!(changes.unwrap().len(), 1000);
        })
        .await;
        self.figures.cpu("1,000 changes since a cursor", spent, 1, Bar::None);
    }

    async fn export(&self, kind: Kind) {
        let mut rows = 0;
        let spent = spent(async || {
            let query = self.query(kind, vec![]);
            let mut cursor = ExportCursor::open(&self.db, query).await.unwrap();
            while let Some(batch) = cursor.next_batch().await.unwrap() {
                rows += batch.len();
            }
        })
        .await;
        let name = format!("reading 1,000 rows of {kind} for an export");
        self.figures.cpu(&name, spent, rows / 1000, Bar::None);
    }
}
