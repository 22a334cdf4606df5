//! The audit chain.

use muster_model::{Micros, Paging};
use muster_store::audit::{self, Filter, Record};
use muster_store::transact;
use muster_testkit::{TestDb, on_both_databases};
use tokio::task::JoinSet;

fn record(n: i64) -> Record {
    Record {
        at: Micros(n),
        request_id: format!("r{n}"),
        domain_id: "d".into(),
        project_id: if n % 2 == 0 { "even" } else { "odd" }.into(),
        user_id: "u".into(),
        user_name: "alice".into(),
        credential: "token".into(),
        action: "hss:asset:list".into(),
        target: String::new(),
        outcome: "success".into(),
        detail: String::new(),
    }
}

on_both_databases! {
    async fn records_come_back_newest_first_and_filtered(test: TestDb) {
        let mut tx = test.db.begin().await.unwrap();
        audit::append(&mut tx, &record(1)).await.unwrap();
        audit::append_all(&mut tx, &(2..=200).map(record).collect::<Vec<_>>()).await.unwrap();
        tx.commit().await.unwrap();

        let mut tx = test.db.read().await.unwrap();
        let filter = Filter {
            project_id: Some("even".into()),
            from: Some(Micros(100)),
            until: Some(Micros(200)),
            ..Filter::default()
        };
        let page = audit::list(&mut tx, &filter, Paging { limit: 2, offset: 1 }).await.unwrap();
        assert_eq!(page.total, 50);
        assert_eq!(page.rows.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [196, 194]);
        assert_eq!(page.rows[0].record, record(196));
        assert_eq!(audit::verify(&mut tx).await.unwrap(), None);
    }

    async fn concurrent_writers_make_one_chain(test: TestDb) {
        let mut writers = JoinSet::new();
        for n in 0..6 {
            let db = test.db.clone();
            writers.spawn(async move {
                for k in 0..5 {
                    transact!(db, |tx| audit::append(tx, &record(n * 10 + k)).await).unwrap();
                }
            });
        }
        writers.join_all().await;
        let mut tx = test.db.read().await.unwrap();
        assert_eq!(audit::verify(&mut tx).await.unwrap(), None);
        let all = Paging { limit: 1, offset: 0 };
        assert_eq!(audit::list(&mut tx, &Filter::default(), all).await.unwrap().total, 30);
    }
}

#[tokio::test]
async fn a_changed_record_breaks_the_chain() {
    let test = TestDb::sqlite().await;
    let records: Vec<_> = (1..=9).map(record).collect();
    transact!(test.db, |tx| audit::append_all(tx, &records).await).unwrap();
    test.db.close().await;
    let file = test.url.strip_prefix("sqlite:").unwrap();
    let raw = rusqlite::Connection::open(file).unwrap();
    raw.execute("UPDATE audit SET target = 'other' WHERE seq = 5", []).unwrap();
    drop(raw);
    let db = test.again().await;
    let mut tx = db.read().await.unwrap();
    assert_eq!(audit::verify(&mut tx).await.unwrap(), Some(5));
}
