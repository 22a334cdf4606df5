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

    async fn what_is_searched_is_what_would_fit(test: TestDb) {
        let mut records: Vec<_> = (1..=40).map(record).collect();
        for (n, record) in records.iter_mut().enumerate() {
            record.action = ["scm:cert:export", "scm:cert:list", "scm:csr:export", "\u{10ffff}"][n % 4].into();
            record.target = format!("certificate/{n}");
            record.outcome = if n % 3 == 0 { "denied" } else { "success" }.into();
            record.user_id = format!("u{}", n % 5);
        }
        transact!(test.db, |tx| audit::append_all(tx, &records).await).unwrap();
        let wanted = |text: &str| Some(text.to_owned());
        let filters = [
            Filter { action: wanted("scm:cert:*"), ..Filter::default() },
            Filter { action: wanted("*"), ..Filter::default() },
            Filter { action: wanted("scm:cert:export"), outcome: wanted("denied"), ..Filter::default() },
            Filter { user: wanted("u3"), ..Filter::default() },
            Filter { user: wanted("ali*"), target: wanted("certificate/1*"), ..Filter::default() },
            Filter { request_id: wanted("r7"), ..Filter::default() },
            Filter { from: Some(Micros(5)), until: Some(Micros(9)), domain_id: wanted("d"), ..Filter::default() },
            Filter { user: wanted("nobody"), ..Filter::default() },
        ];
        let mut tx = test.db.read().await.unwrap();
        let mut found = 0;
        for filter in &filters {
            let expected: Vec<_> =
                records.iter().rev().filter(|record| filter.fits(record)).cloned().collect();
            let (mut walked, mut seq) = (Vec::new(), i64::MAX);
            loop {
                let page = audit::before(&mut tx, filter, seq, 7).await.unwrap();
                let Some(last) = page.last() else { break };
                seq = last.seq;
                walked.extend(page.into_iter().map(|entry| entry.record));
            }
            assert_eq!(walked, expected, "{filter:?}");
            let page = audit::list(&mut tx, filter, Paging { limit: 1, offset: 0 }).await.unwrap();
            assert_eq!(page.total, i64::try_from(expected.len()).unwrap());
            found += expected.len();
        }
        assert!(found > 60);
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
