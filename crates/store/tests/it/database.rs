//! Transactions, snapshots, and what a database file survives.

use muster_model::{ErrorKind, Micros};
use muster_store::{Config, Db, meta, transact};
use muster_testkit::{TestDb, on_both_databases};
use tokio::task::JoinSet;

on_both_databases! {
    async fn what_is_not_committed_is_not_there(test: TestDb) {
        let mut tx = test.db.begin().await.unwrap();
        meta::put(&mut tx, "a", b"1", Micros(0)).await.unwrap();
        drop(tx);
        let mut tx = test.db.read().await.unwrap();
        assert_eq!(meta::get(&mut tx, "a").await.unwrap(), None);
    }

    async fn a_reader_sees_one_state_while_others_write(test: TestDb) {
        let mut reader = test.db.read().await.unwrap();
        assert_eq!(meta::get(&mut reader, "a").await.unwrap(), None);
        transact!(test.db, |tx| meta::put(tx, "a", b"1", Micros(0)).await).unwrap();
        assert_eq!(meta::get(&mut reader, "a").await.unwrap(), None);
        let mut later = test.db.read().await.unwrap();
        assert_eq!(meta::get(&mut later, "a").await.unwrap().unwrap(), b"1");
    }

    async fn a_reader_cannot_write(test: TestDb) {
        let mut reader = test.db.read().await.unwrap();
        assert!(meta::put(&mut reader, "a", b"1", Micros(0)).await.is_err());
    }

    async fn rivals_lose_no_update(test: TestDb) {
        let mut rivals = JoinSet::new();
        for _ in 0..8 {
            let db = test.db.clone();
            rivals.spawn(async move {
                let done: muster_model::Result<()> = transact!(db, |tx| {
                    let n = meta::get(tx, "n").await?.map_or(0, |value| value[0]);
                    meta::put(tx, "n", &[n + 1], Micros(0)).await
                });
                done.unwrap();
            });
        }
        rivals.join_all().await;
        let mut tx = test.db.read().await.unwrap();
        assert_eq!(meta::get(&mut tx, "n").await.unwrap().unwrap(), [8]);
    }

    async fn it_is_all_there_after_opening_again(test: TestDb) {
        transact!(test.db, |tx| meta::put(tx, "a", b"1", Micros(0)).await).unwrap();
        let db = test.again().await;
        let mut tx = db.read().await.unwrap();
        assert_eq!(meta::get(&mut tx, "a").await.unwrap().unwrap(), b"1");
    }
}

fn raw(test: &TestDb) -> rusqlite::Connection {
    rusqlite::Connection::open(test.url.strip_prefix("sqlite:").unwrap()).unwrap()
}

#[tokio::test]
async fn nobody_else_may_read_the_files() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("muster.db");
    let db = Db::open(&Config::new(format!("sqlite:{}", path.display())), Micros(0)).await.unwrap();
    transact!(db, |tx| meta::put(tx, "a", b"1", Micros(0)).await).unwrap();
    let files = std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap());
    let modes =
        files.map(|it| (it.file_name(), it.metadata().unwrap().permissions().mode() & 0o777));
    let modes: Vec<_> = modes.collect();
    assert!(modes.len() >= 3 && modes.iter().all(|(_, mode)| *mode == 0o600), "{modes:?}");
}

#[tokio::test]
async fn a_newer_schema_is_refused_with_a_word() {
    let test = TestDb::sqlite().await;
    test.db.close().await;
    raw(&test)
        .execute("INSERT INTO schema_migrations VALUES (99, 'future', x'00', 0)", [])
        .unwrap();
    let error = Db::open(&Config::new(test.url.clone()), Micros(0)).await.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(error.message().contains("newer program"), "{error}");
}

#[tokio::test]
async fn an_edited_step_is_refused() {
    let test = TestDb::sqlite().await;
    test.db.close().await;
    raw(&test).execute("UPDATE schema_migrations SET checksum = x'00'", []).unwrap();
    let error = Db::open(&Config::new(test.url.clone()), Micros(0)).await.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Conflict);
}

#[tokio::test]
async fn an_unknown_address_names_the_setting() {
    let error = Db::open(&Config::new("mysql://x"), Micros(0)).await.err().unwrap();
    assert_eq!(error.parameter(), Some("database.url"));
}

#[test]
fn a_transaction_can_move_between_threads() {
    fn sendable<T: Send>(value: T) -> T {
        value
    }
    // Never awaited: that it compiles is the test.
    drop(sendable(async {
        let test = TestDb::sqlite().await;
        let name = String::from("a");
        let borrowed = &name;
        transact!(test.db, |tx| meta::put(tx, borrowed, b"1", Micros(0)).await)
    }));
}
