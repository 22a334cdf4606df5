//! What a fleet costs the store: `cargo bench -p muster-store --bench fleet -- [hosts] [sqlite|postgres]`.
//!
//! Every host has 3,000 assets: 40 accounts, 60 ports, 120 processes, 900 packages, 150 automatic starts,
//! 150 kernel modules, 1,500 jars, 80 others. There are five images; 5 to 15 % of a host's content differs
//! from its image, four fifths of that in one of eight ways, the rest in a way of its own. CPU is this
//! process's (with SQLite: all of it; with PostgreSQL the server's comes on top).
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a program for people, run by hand")]

#[path = "fleet/hosts.rs"]
mod hosts;
#[path = "fleet/measure.rs"]
mod measure;

use hosts::Fleet;
use measure::{Figure, Meter};
use muster_model::{Category, Column, Kind, Micros, Paging, Value};
use muster_store::assets::{self, Applied, ExportCursor, Filter, GroupOrder, Query};
use muster_store::{Db, transact};
use muster_testkit::TestDb;

/// Reports a writer commits together, as the server does under load.
const GROUP: usize = 20;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let count = arguments.iter().find_map(|argument| argument.parse().ok()).unwrap_or(200);
    let postgres = arguments.iter().any(|argument| argument == "postgres");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let test =
            if postgres { TestDb::postgres().await.unwrap() } else { TestDb::sqlite().await };
        println!("{count} hosts x {} assets", hosts::PER_HOST);
        measure::header();
        run(&test.db, count).await;
    });
}

async fn run(db: &Db, count: usize) {
    let mut fleet = Fleet::new(db, count).await;
    enrol(db, &mut fleet).await;
    size(db, count).await;
    unchanged(db, &fleet).await;
    changed(db, &mut fleet).await;
    read(db, fleet.project).await;
    export(db, fleet.project, Kind::Process).await;
    export(db, fleet.project, Kind::JarPackage).await;
    size(db, count).await;
}

async fn size(db: &Db, count: usize) {
    db.checkpoint().await.unwrap();
    let bytes = u32::try_from(db.size().await.unwrap() / 1000).unwrap();
    let hosts = u32::try_from(count).unwrap();
    Figure::plain("size a host", "kB", f64::from(bytes) / f64::from(hosts), 250.0).print();
}

/// Sends reports, `group` of them in a transaction; every one must change its scopes or none.
async fn send(db: &Db, fleet: &Fleet, reports: &[hosts::Report], group: usize, changes: bool) {
    for reports in reports.chunks(group) {
        transact!(db, |tx| {
            for report in reports {
                let target = fleet.target(report.host);
                let applied = assets::apply(tx, target, &report.scopes, report.at).await?;
                let fits = |applied: &Applied| match applied {
                    Applied::NeedFull => false,
                    Applied::Unchanged => !changes,
                    Applied::Changed { .. } => changes,
                };
                assert!(applied.iter().all(fits), "{applied:?}");
                muster_store::hosts::seen(tx, target.host, "1.0.0", report.at).await?;
            }
            Ok(())
        })
        .unwrap();
    }
}

async fn enrol(db: &Db, fleet: &mut Fleet) {
    let count = fleet.len();
    let warm = count * 2 / 3;
    for from in (0..warm).step_by(GROUP) {
        let reports: Vec<_> = (from..(from + GROUP).min(warm)).map(|n| fleet.enrol(n)).collect();
        send(db, fleet, &reports, GROUP, true).await;
    }
    let reports: Vec<_> = (warm..count).map(|n| fleet.enrol(n)).collect();
    let meter = Meter::start();
    send(db, fleet, &reports, GROUP, true).await;
    meter.stop("new host (the last third)", reports.len(), None).print();
}

async fn unchanged(db: &Db, fleet: &Fleet) {
    let reports: Vec<_> = (0..fleet.len()).map(|n| fleet.same(n)).collect();
    let meter = Meter::start();
    send(db, fleet, &reports, GROUP, false).await;
    meter.stop("unchanged report", reports.len(), Some(0.1)).print();
    let meter = Meter::start();
    send(db, fleet, &reports, 1, false).await;
    meter.stop("unchanged report, each committed alone", reports.len(), None).print();
}

async fn changed(db: &Db, fleet: &mut Fleet) {
    let reports: Vec<_> = (0..fleet.len()).map(|n| fleet.change(n)).collect();
    let meter = Meter::start();
    send(db, fleet, &reports, GROUP, true).await;
    meter.stop("1 % changed", reports.len(), Some(4.0)).print();
    let reports: Vec<_> = (0..fleet.len()).map(|n| fleet.change(n)).collect();
    let meter = Meter::start();
    send(db, fleet, &reports, 1, true).await;
    meter.stop("1 % changed, each committed alone", reports.len(), None).print();
}

fn query(project: i64, kind: Kind, filters: Vec<Filter>) -> Query {
    Query { project, kind, category: Category::Host, enterprise_project: None, filters }
}

async fn read(db: &Db, project: i64) {
    let jars = query(project, Kind::JarPackage, vec![]);
    let total = assets::count(&mut db.read().await.unwrap(), &jars).await.unwrap();
    let deep = u32::try_from(total - 200).unwrap_or(0).min(1_000_000);
    for (offset, bar) in [(0, 5.0), (deep, 150.0)] {
        let name = format!("page of 200 at offset {offset}");
        let paging = Paging { limit: 200, offset };
        measure::best(&name, bar, async || {
            let mut tx = db.read().await.unwrap();
            assert_eq!(assets::list(&mut tx, &jars, paging).await.unwrap().len(), 200);
        })
        .await;
    }
    let whole_fleet = Query { enterprise_project: Some("0".to_owned()), ..jars.clone() };
    measure::best("the same at 0, of an enterprise project", 5.0, async || {
        let mut tx = db.read().await.unwrap();
        let paging = Paging { limit: 200, offset: 0 };
        assert_eq!(assets::list(&mut tx, &whole_fleet, paging).await.unwrap().len(), 200);
    })
    .await;
    let first = Paging { limit: 200, offset: 0 };
    for (kind, column) in [(Kind::App, Column::Name), (Kind::JarPackage, Column::FileName)] {
        let query = query(project, kind, vec![]);
        measure::best(&format!("statistics of {kind}"), 60.0, async || {
            let mut tx = db.read().await.unwrap();
            let order = GroupOrder::LargestFirst;
            let page = assets::statistics(&mut tx, &query, &[column], order, first).await.unwrap();
            assert!(page.total > 100);
        })
        .await;
    }
    let count = query(project, Kind::App, vec![Filter::Contains(Column::Name, "KG-1".into())]);
    measure::best("count of a part of a name", 60.0, async || {
        let mut tx = db.read().await.unwrap();
        assert!(assets::count(&mut tx, &count).await.unwrap() > 100);
    })
    .await;
    let named = |name: &str| {
        vec![
            Filter::Equals(Column::Name, Value::Text(name.to_owned())),
            Filter::Equals(Column::Version, Value::Text("1.12".to_owned())),
        ]
    };
    let rare = query(project, Kind::JarPackage, named("lib-1000"));
    measure::best("where does a version run", 2.0, async || {
        let mut tx = db.read().await.unwrap();
        let found = assets::list(&mut tx, &rare, first).await.unwrap().len();
        assert!((1..200).contains(&found), "{found}");
    })
    .await;
    measure::best("totals of all kinds", 60.0, async || {
        let mut tx = db.read().await.unwrap();
        assets::totals(&mut tx, project, Category::Host).await.unwrap();
    })
    .await;
    let one = query(project, Kind::App, vec![Filter::HostId("host3".to_owned())]);
    measure::best("packages of one host", 5.0, async || {
        let mut tx = db.read().await.unwrap();
        assert_eq!(assets::list(&mut tx, &one, first).await.unwrap().len(), 200);
    })
    .await;
    let past = query(project, Kind::Port, vec![]);
    measure::best("ports of the fleet as of yesterday", 1000.0, async || {
        let mut tx = db.read().await.unwrap();
        let at = hosts::START;
        assert_eq!(assets::list_at(&mut tx, &past, Micros(at), first).await.unwrap().len(), 200);
    })
    .await;
}

async fn export(db: &Db, project: i64, kind: Kind) {
    let meter = Meter::start();
    let mut cursor = ExportCursor::open(db, query(project, kind, vec![])).await.unwrap();
    let mut rows = 0;
    while let Some(batch) = cursor.next_batch().await.unwrap() {
        rows += batch.len();
    }
    meter.stop(&format!("export of 1,000 rows of {kind}"), rows / 1000, Some(1.2)).print();
}
