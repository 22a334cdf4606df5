//! What reports cost is statements. These are their numbers: a look at many hosts takes as many as a look at one.

use crate::fleet::{app, digest_of, fact, full, host, project, query, row};
use muster_model::report::{Body, Row, Scope, ScopeReport};
use muster_model::{Kind, Micros};
use muster_store::assets::{self, Applied, Target, apply};
use muster_store::{Tx, transact};
use muster_testkit::{TestDb, on_both_databases};

/// Reports in a transaction at most, as the service has them.
const GROUP: usize = 20;

fn rows(kind: Kind, version: &str) -> Vec<Row> {
    ["a", "b", "c"].map(|name| row(fact(kind, name, version))).to_vec()
}

/// The first report of each host, all kinds.
fn first() -> Vec<ScopeReport> {
    Kind::ALL.map(|kind| full(kind, None, rows(kind, "1"), 10)).to_vec()
}

fn same() -> Vec<ScopeReport> {
    let same = |it| ScopeReport { body: Body::Same, swept_at: Micros(20), ..it };
    first().into_iter().map(same).collect()
}

/// Every package is upgraded.
fn upgraded() -> Vec<ScopeReport> {
    let (before, after) = (rows(Kind::App, "1"), rows(Kind::App, "2"));
    let body = Body::Delta {
        base: digest_of(&before),
        added: after.clone(),
        removed: before.iter().map(Row::key).collect(),
    };
    let scope = Scope { kind: Kind::App, container: None };
    vec![ScopeReport { scope, digest: digest_of(&after), swept_at: Micros(30), body }]
}

/// Statements of reports of one content from all of these.
async fn cost(
    test: &TestDb,
    hosts: &[Target],
    scopes: &[ScopeReport],
    now: i64,
    fits: impl Fn(Applied) -> bool,
) -> u64 {
    let before = test.db.statements();
    let reports: Vec<_> = hosts.iter().map(|host| (*host, scopes)).collect();
    let applied = transact!(test.db, |tx| apply(tx, &reports, Micros(now)).await).unwrap();
    assert!(applied.concat().into_iter().all(fits), "{applied:?}");
    test.db.statements() - before
}

async fn fleet(tx: &mut Tx) -> Vec<Target> {
    let project = project(tx).await;
    let mut hosts = Vec::new();
    for n in 0..GROUP {
        hosts.push(host(tx, project, &format!("h{n}"), "web", "10.0.0.1").await);
    }
    hosts
}

on_both_databases! {
    async fn reports_share_their_statements(test: TestDb) {
        let hosts = transact!(test.db, |tx| Ok(fleet(tx).await)).unwrap();
        let changed = |applied| matches!(applied, Applied::Changed { .. });
        let unchanged = |applied| applied == Applied::Unchanged;
        cost(&test, &hosts, &first(), 10, changed).await;
        // What is known of the scopes, and when they were looked at.
        assert_eq!(cost(&test, &hosts[..1], &same(), 20, unchanged).await, 2);
        assert_eq!(cost(&test, &hosts, &same(), 20, unchanged).await, 2);
        // Scopes; facts known, new and known then; rows; rows gone, written and past; counts; identities; cursors;
        // journal; scopes.
        assert_eq!(cost(&test, &hosts[..1], &upgraded(), 30, changed).await, 13);
        // No new facts any more, but sixty rows here and there: three statements, or two, where it was one.
        let statements = cost(&test, &hosts[1..], &upgraded(), 30, changed).await;
        assert!(statements <= 22, "{statements}");
    }

    async fn a_host_that_stands_twice_is_heard_twice(test: TestDb) {
        let hosts = transact!(test.db, |tx| Ok(fleet(tx).await)).unwrap();
        let (whole, other) = ([full(Kind::App, None, rows(Kind::App, "1"), 10)], upgraded());
        let reports: [(Target, &[ScopeReport]); 4] =
            [(hosts[0], &whole), (hosts[1], &whole), (hosts[0], &other), (hosts[0], &other)];
        let applied = transact!(test.db, |tx| apply(tx, &reports, Micros(40)).await).unwrap();
        let changed = |added, modified| [Applied::Changed { added, removed: 0, modified }];
        assert_eq!(applied[..3], [changed(3, 0), changed(3, 0), changed(0, 3)]);
        assert_eq!(applied[3], [Applied::Unchanged]);
    }

    async fn one_bad_report_leaves_nothing_of_the_others(test: TestDb) {
        let hosts = transact!(test.db, |tx| Ok(fleet(tx).await)).unwrap();
        let good = [full(Kind::App, None, rows(Kind::App, "1"), 10)];
        let bad = [full(Kind::App, None, vec![app("a", "1"), app("a", "1")], 10)];
        let reports: [(Target, &[ScopeReport]); 2] = [(hosts[0], &good), (hosts[1], &bad)];
        let error = transact!(test.db, |tx| apply(tx, &reports, Micros(50)).await).unwrap_err();
        assert_eq!(error.parameter(), Some("rows"));
        let mut tx = test.db.read().await.unwrap();
        let all = query(hosts[0].project, Kind::App);
        assert_eq!(assets::count(&mut tx, &all).await.unwrap(), 0);
    }
}
