//! Security events of containers.

use crate::fleet::{app, container, full, host, project, take};
use muster_model::container::{Details, Sign, SignKind};
use muster_model::{Kind, Micros, Paging};
use muster_store::assets::{Keep, purge};
use muster_store::{events, transact};
use muster_testkit::on_both_databases;
use std::cell::Cell;

/// A container with one sign.
fn signed(id: &str) -> Details {
    let sign = Sign { kind: SignKind::Privileged, evidence: "CapEff 1".to_owned() };
    Details { named: container(id), signs: vec![sign], ..Details::default() }
}

on_both_databases! {
    async fn events_of_containers_that_ended_are_forgotten_in_time(test: TestDb) {
        const DAY: i64 = 86_400_000_000;
        let (project, host) = transact!(test.db, |tx| {
            let project = project(tx).await;
            let host = host(tx, project, "h", "h", "10.0.0.1").await;
            let inside = full(Kind::App, Some(container("runs")), vec![app("a", "1")], DAY);
            take(tx, host, &[inside], Micros(DAY)).await?;
            Ok((project, host))
        })
        .unwrap();
        let number = Cell::new(0);
        let id = || {
            number.set(number.get() + 1);
            Ok(format!("e{}", number.get()))
        };
        for (expected, at) in [(2, 1), (0, 2)] {
            let told = [signed("runs"), signed("ended")];
            let mut tx = test.db.begin().await.unwrap();
            let new = events::record(&mut tx, host.host, &told, Micros(at * DAY), id).await.unwrap();
            assert_eq!(new, expected, "each once");
            tx.commit().await.unwrap();
        }
        let keep = Keep { days: 100, process_days: 30 };
        for (day, left) in [(100, ["runs", "ended"].as_slice()), (102, &["runs"])] {
            purge(&test.db, keep, Micros(day * DAY)).await.unwrap();
            let mut tx = test.db.read().await.unwrap();
            let all = Paging { limit: 10, offset: 0 };
            let page = events::list(&mut tx, project, &events::Filter::default(), all).await.unwrap();
            let mut found: Vec<_> = page.rows.iter().map(|it| it.container.id.as_str()).collect();
            found.sort_by_key(|id| *id == "ended");
            assert_eq!(found, left, "day {day}");
        }
    }
}
