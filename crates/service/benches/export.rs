//! An export of a million processes, as CSV and as a workbook, through the job queue to the finished file.
//!
//! `cargo bench -p muster-service --bench export -- [hosts]`, 120 processes each; 8,334 hosts make a million.
//! Memory is how far the resident set grows beyond what it was when the export was ordered.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a program for people, run by hand")]

use muster_figures::{Bar, Figures, memory};
use muster_model::id::ProjectId;
use muster_model::{Category, Kind};
use muster_service::assets::Ask;
use muster_service::export::{self, Format, Heading, Language, Order, Status};
use muster_testkit::TestApp;
use muster_testkit::bench::spent;
use muster_testkit::fleet::{Fleet, PROCESSES, send};
use std::fs;
use std::time::Duration;

/// Reports in a transaction while the fleet is made.
const GROUP: usize = 50;

fn main() {
    let hosts = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(8_334);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(run(hosts));
}

async fn run(hosts: usize) {
    let figures = Figures::of(&format!("export of {} processes", hosts * 120));
    let test = TestApp::new().await;
    fill(&test, hosts).await;
    let id = ProjectId::parse(&test.credentials.project_id).unwrap();
    for (format, name, bar) in [(Format::Csv, "CSV", 2.0), (Format::Xlsx, "workbook", 10.0)] {
        let (folder, mut settings) = (tempfile::tempdir().unwrap(), test.app.settings.clone());
        settings.data_dir = folder.path().to_owned();
        settings.export.format = format;
        let app = test.another_with(settings).await;
        export::start(&app);
        fs::write("/proc/self/clear_refs", "5").unwrap();
        let before = memory("VmRSS");
        let work = async || {
            let task = export::create(&app, &test.operator(), &id, order()).await.unwrap();
            loop {
                tokio::time::sleep(Duration::from_millis(5)).await;
                let seen = export::task(&app, &test.operator(), &id, &task).await.unwrap();
                match seen.status {
                    Status::Running => {}
                    Status::Success => return,
                    Status::Failure => panic!("the export failed"),
                }
            }
        };
        let cost = spent(work).await;
        let grown = memory("VmHWM") - before;
        let note = format!("{:.2} s of CPU", cost.cpu.as_secs_f64());
        let wall = cost.wall.as_secs_f64();
        figures.plain(&format!("{name}, on the wall"), wall, "s", Bar::AtMost(bar), &note);
        figures.plain(&format!("{name}, memory grown by"), grown, "MB", Bar::AtMost(64.0), "");
        app.close().await;
    }
}

/// Gives the first project a fleet.
async fn fill(test: &TestApp, hosts: usize) {
    let directory = test.app.identity.directory();
    let key = directory.project(&test.credentials.project_id).unwrap().key;
    let fleet = Fleet::new(&test.app.db, key, hosts, PROCESSES).await;
    for first in (0..hosts).step_by(GROUP) {
        let reports: Vec<_> = (first..hosts.min(first + GROUP)).map(|n| fleet.enrol(n)).collect();
        send(&test.app.db, &reports, true).await;
    }
}

fn order() -> Order {
    let ask = Ask {
        kind: Kind::Process,
        category: Category::Host,
        enterprise_project: None,
        filters: Vec::new(),
    };
    let headings = export::keys(Kind::Process)
        .map(|key| Heading { key: key.to_owned(), title: key.to_owned() })
        .collect();
    Order { ask, headings, language: Language::En }
}
