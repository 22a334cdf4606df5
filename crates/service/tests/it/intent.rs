//! Nothing secret leaves before its record is on the disk.

use muster_model::id::{DomainId, UserId};
use muster_model::time::ManualClock;
use muster_model::{Action, Caller, Credential, ErrorKind, Role, Scope};
use muster_service::audit::{self, AuditSettings, Outcome, intent};
use muster_service::{App, Settings};
use muster_store::Db;
use muster_store::audit::{Filter, after, before, verify};
use muster_store::trail::read::{Lines, Next, segments};
use muster_store::trail::{Disk, FileSystem};
use muster_testkit::database::START;
use muster_testkit::{TestApp, TestDb, on_both_databases};
use muster_vault::Keyring;
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// A disk whose flush takes until the test says so, then what the file system says.
#[derive(Clone, Default)]
struct Slow(Arc<(Mutex<bool>, Condvar)>);

impl Slow {
    fn hang(&self, hang: bool) {
        *self.0.0.lock().unwrap() = hang;
        self.0.1.notify_all();
    }
}

impl Disk for Slow {
    fn append(&mut self, file: &File, bytes: &[u8]) -> io::Result<()> {
        FileSystem.append(file, bytes)
    }

    fn flush(&mut self, file: &File) -> io::Result<()> {
        let (hang, changed) = (self.0.0.lock().unwrap(), &self.0.1);
        drop(changed.wait_while(hang, |hang| *hang).unwrap());
        FileSystem.flush(file)
    }
}

/// Outcomes and targets of every line in the trail of a data folder.
fn trail(data_dir: &Path) -> Vec<(String, String)> {
    let (mut found, mut end) = (Vec::new(), None);
    for segment in segments(&data_dir.join("audit")).unwrap() {
        let mut lines = Lines::open(&segment.path, end).unwrap();
        while let Some(next) = lines.next().unwrap() {
            let Next::Line(line) = next else { panic!("line {} does not fit", lines.number) };
            found.push((line.record.outcome, line.record.target));
        }
        end = lines.end().cloned();
    }
    found
}

async fn app(test: &TestDb, disk: Box<dyn Disk>, wait_ms: u64) -> App {
    let audit = AuditSettings { wait_ms, ..AuditSettings::default() };
    let data_dir = test.dir.path().join("slow");
    let settings = Settings { data_dir, audit, ..Settings::default() };
    let (vault, clock) = (Keyring::ephemeral().unwrap(), Arc::new(ManualClock::at(START)));
    App::open_on(test.db.clone(), vault, clock, settings, disk).await.unwrap()
}

/// Outcomes and targets in the log, oldest first.
async fn log(app: &App) -> Vec<(String, String)> {
    let mut tx = app.db.read().await.unwrap();
    assert_eq!(verify(&mut tx).await.unwrap(), None, "the chain is broken");
    let entries = after(&mut tx, 0, 1000).await.unwrap();
    entries.into_iter().map(|it| (it.record.outcome, it.record.target)).collect()
}

on_both_databases! {
    async fn what_a_killed_server_owed_the_log_is_added_at_the_next_start(test: TestDb) {
        // Another database stands for the state of this one before the last second.
        let (ahead, again) = (TestDb::sqlite().await, test.again().await);
        let data_dir = ahead.dir.path().join("data");
        let open = async |db: &Db| {
            let settings = Settings { data_dir: data_dir.clone(), ..Settings::default() };
            let (vault, clock) = (Keyring::parse(&"5a".repeat(32)).unwrap(), ManualClock::at(START));
            App::open(db.clone(), vault, Arc::new(clock), settings).await.unwrap()
        };
        let killed = open(&ahead.db).await;
        for target in ["thing/1", "thing/2"] {
            let action = Action::AssetExport;
            intent(&killed, &caller(), action, "", target).await.unwrap().done();
        }
        killed.close().await;

        let next = open(&test.db).await;
        let mut found = log(&next).await;
        found.sort();
        let expected = ["intent", "success"].map(|it| [pair(it, "thing/1"), pair(it, "thing/2")]);
        assert_eq!(found, expected.concat());
        next.close().await;
        // And once.
        let last = open(&again).await;
        assert_eq!(log(&last).await.len(), 4);
        last.close().await;
    }
}

on_both_databases! {
    async fn what_found_no_place_in_the_queue_is_added_from_the_trail(test: TestDb) {
        let app = app(&test, Box::new(FileSystem), 10_000).await;
        let begun = intent(&app, &caller(), Action::AssetExport, "", "thing/late").await.unwrap();
        // Nothing empties the queue meanwhile: this thread is the only one.
        for at in 0..17_000 {
            let target = format!("read/{at}");
            audit::note(&app, &caller(), Action::AssetExport, "", &target, Outcome::Success);
        }
        begun.done();
        let late = Filter { target: Some("thing/late".to_owned()), ..Filter::default() };
        let mut outcomes = Vec::new();
        for _ in 0..120 {
            tokio::time::sleep(Duration::from_millis(500)).await;
            let mut tx = app.db.read().await.unwrap();
            let found = before(&mut tx, &late, i64::MAX, 10).await.unwrap();
            outcomes = found.into_iter().rev().map(|entry| entry.record.outcome).collect();
            if outcomes.len() > 1 {
                break;
            }
        }
        assert_eq!(outcomes, ["intent", "success"]);
        log(&app).await;
        app.close().await;
    }
}

fn caller() -> Caller {
    Caller {
        domain_id: DomainId::parse("d").unwrap(),
        domain_name: "d".to_owned(),
        user_id: UserId::parse("u").unwrap(),
        user_name: "alice".to_owned(),
        assumed_by: None,
        role: Role::Admin,
        scope: Scope::Domain,
        credential: Credential::Local,
        address: None,
        request_id: "r".to_owned(),
    }
}

fn pair(outcome: &str, target: &str) -> (String, String) {
    (outcome.to_owned(), target.to_owned())
}

#[tokio::test]
async fn an_intent_is_on_the_disk_when_it_is_answered_and_its_end_follows() {
    let test = TestApp::new().await;
    let data_dir = test.app.settings.data_dir.clone();
    let (operator, action) = (test.operator(), Action::AssetExport);
    let first = intent(&test.app, &operator, action, "", "thing/1").await.unwrap();
    assert_eq!(trail(&data_dir), [pair("intent", "thing/1")]);
    first.done();
    // One that is dropped, by an error or a client that went away, did not happen.
    drop(intent(&test.app, &operator, action, "", "thing/2").await.unwrap());
    test.app.close().await;
    let expected = [
        pair("intent", "thing/1"),
        pair("success", "thing/1"),
        pair("intent", "thing/2"),
        pair("failure", "thing/2"),
    ];
    assert_eq!(trail(&data_dir), expected);
}

#[tokio::test]
async fn a_disk_that_hangs_is_answered_by_a_refusal_that_names_the_audit() {
    let test = TestDb::sqlite().await;
    let disk = Slow::default();
    let app = app(&test, Box::new(disk.clone()), 50).await;
    disk.hang(true);
    for _ in 0..3 {
        let refused = intent(&app, &caller(), Action::AssetExport, "", "thing/1").await;
        let refused = refused.err().unwrap();
        assert_eq!(refused.kind(), ErrorKind::Unavailable);
        assert!(refused.message().starts_with("audit: "), "{}", refused.message());
    }
    disk.hang(false);
    app.close().await;
    let lines = trail(&app.settings.data_dir);
    // The first hung in the disk and may stand there as an intent; every one stands there as refused.
    assert_eq!(lines.iter().filter(|line| line.0 == "failure").count(), 3, "{lines:?}");
    assert!(lines.iter().all(|line| line.0 != "success"));
}

#[tokio::test]
async fn a_disk_that_is_only_slow_is_waited_for() {
    let test = TestDb::sqlite().await;
    let disk = Slow::default();
    let app = app(&test, Box::new(disk.clone()), 60_000).await;
    disk.hang(true);
    let waiting = app.tasks.spawn({
        let app = app.clone();
        async move { intent(&app, &caller(), Action::AssetExport, "", "thing/1").await.map(drop) }
    });
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert!(!waiting.is_finished());
    disk.hang(false);
    waiting.await.unwrap().unwrap();
    app.close().await;
}

#[tokio::test]
async fn a_deleted_trail_is_noticed_at_the_next_secret() {
    let test = TestApp::new().await;
    let (operator, action) = (test.operator(), Action::AssetExport);
    intent(&test.app, &operator, action, "", "thing/1").await.unwrap().done();
    let folder = test.app.settings.data_dir.join("audit");
    std::fs::remove_file(&segments(&folder).unwrap()[0].path).unwrap();
    let refused = intent(&test.app, &operator, action, "", "thing/2").await.err().unwrap();
    assert_eq!(refused.kind(), ErrorKind::Unavailable);
    assert!(refused.message().starts_with("audit: "), "{}", refused.message());
    test.app.close().await;
}
