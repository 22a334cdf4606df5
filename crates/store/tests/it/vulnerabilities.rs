//! What is known against facts, and the hosts that follow from it.

use crate::fleet::{self, ALL, put};
use muster_model::report::Row;
use muster_model::{Column, Kind, Micros, Paging};
use muster_store::assets::{self, Keep};
use muster_store::hosts;
use muster_store::vulnerabilities::{
    self as store, Against, Class, Filter, Judged, Pending, State,
};
use muster_store::{Db, Tx, transact};
use muster_testkit::on_both_databases;

fn named(kind: Kind, name: &str, version: &str) -> Row {
    let mut fact = fleet::fact(kind, name, version);
    fact.set(Column::Purl, format!("pkg:generic/{name}@{version}"));
    fleet::row(fact)
}

fn against(id: &str, grade: u8) -> Against {
    Against {
        id: id.into(),
        grade,
        score: Some(98),
        exploited: grade == 1,
        reason: "CVSS 9.8".into(),
        summary: "bad".into(),
        url: "https://example.com".into(),
        fixed: vec!["2".into(), "3".into()],
    }
}

fn is(fact: &Pending, part: &str) -> bool {
    fact.purl.as_ref().is_some_and(|purl| purl.contains(part))
}

fn knowledge(name: &str) -> State {
    State { knowledge: name.into(), built: Micros(5), known: 7, up_to: 0, at: Micros(6) }
}

/// Compares what waits: whatever is named `bad` has CVE-1, whatever is named `odd` cannot be compared.
async fn compare(db: &Db, name: &str, after: i64, now: i64) -> Vec<Pending> {
    transact!(db, |tx| {
        let waiting = store::pending(tx, after, 100).await?;
        let judged: Vec<Judged> = waiting
            .iter()
            .map(|fact| Judged {
                fact: fact.clone(),
                against: match () {
                    () if is(fact, "bad") => vec![against("CVE-1", 1)],
                    () if is(fact, "meek") => vec![against("GHSA-2", 4)],
                    () => Vec::new(),
                },
                unchecked: match () {
                    () if fact.purl.is_none() => Some("no_purl".to_owned()),
                    () => is(fact, "odd").then(|| "unknown_type".to_owned()),
                },
            })
            .collect();
        store::record(tx, name, after, &judged, Micros(now)).await?;
        Ok(waiting)
    })
    .unwrap()
}

async fn ids(tx: &mut Tx, project: i64, filter: &Filter) -> Vec<String> {
    let page = store::list(tx, project, filter, ALL).await.unwrap();
    assert_eq!(page.total, i64::try_from(page.rows.len()).unwrap());
    page.rows.into_iter().map(|it| it.id).collect()
}

on_both_databases! {
    async fn what_is_known_of_software_is_known_of_its_hosts(test: TestDb) {
        let db = &test.db;
        let (project, a, b) = transact!(db, |tx| {
            let project = fleet::project(tx).await;
            let a = fleet::host(tx, project, "a", "alpha", "10.0.0.1").await;
            let b = fleet::host(tx, project, "b", "beta", "10.0.0.2").await;
            let bad = named(Kind::App, "bad", "1");
            put(tx, a, Kind::App, &[bad.clone(), named(Kind::App, "good", "1")], 1).await;
            put(tx, b, Kind::App, &[bad, fleet::app("without a URL", "1")], 1).await;
            let jars = [named(Kind::JarPackage, "meek", "1"), named(Kind::JarPackage, "odd", "1")];
            put(tx, b, Kind::JarPackage, &jars, 1).await;
            store::begin(tx, &knowledge("k1")).await?;
            Ok((project, a, b))
        })
        .unwrap();
        assert_eq!(compare(db, "k1", 0, 10).await.len(), 5);

        let mut tx = db.read().await.unwrap();
        let state = store::state(&mut tx).await.unwrap().unwrap();
        assert_eq!((state.knowledge.as_str(), state.known, state.at), ("k1", 7, Micros(10)));
        assert_eq!(ids(&mut tx, project, &Filter::default()).await, ["CVE-1", "GHSA-2"]);
        assert_eq!(ids(&mut tx, project + 1, &Filter::default()).await, [""; 0]);
        let of = |class| Filter { class: Some(class), ..Filter::default() };
        assert_eq!(ids(&mut tx, project, &of(Class::System)).await, ["CVE-1"]);
        assert_eq!(ids(&mut tx, project, &of(Class::Application)).await, ["GHSA-2"]);
        assert_eq!(ids(&mut tx, project, &of(Class::WebCms)).await, [""; 0]);
        let part = Filter { part: Some("ghsa".into()), ..Filter::default() };
        assert_eq!(ids(&mut tx, project, &part).await, ["GHSA-2"]);
        let worst = Filter { grade: Some(1), ..Filter::default() };
        assert_eq!(ids(&mut tx, project, &worst).await, ["CVE-1"]);
        let alpha = hosts::Filter { id: Some("a".into()), ..hosts::Filter::default() };
        let on_a = Filter { hosts: alpha, ..Filter::default() };
        assert_eq!(ids(&mut tx, project, &on_a).await, ["CVE-1"]);

        let exactly = |id: &str| Filter { id: Some(id.into()), ..Filter::default() };
        let seen = store::hosts(&mut tx, project, &exactly("CVE-1"), ALL).await.unwrap();
        assert_eq!((seen.total, seen.rows), (2, vec!["a".to_owned(), "b".to_owned()]));
        let second = Paging { limit: 1, offset: 1 };
        let seen = store::hosts(&mut tx, project, &exactly("CVE-1"), second).await.unwrap();
        assert_eq!((seen.total, seen.rows), (2, vec!["b".to_owned()]));
        let seen = store::hosts(&mut tx, project, &exactly("GHSA-2"), ALL).await.unwrap();
        assert_eq!(seen.rows, ["b"]);

        let first = store::list(&mut tx, project, &exactly("CVE-1"), ALL).await.unwrap().rows.remove(0);
        assert_eq!((first.grade, first.score, first.exploited), (1, Some(98), true));
        let wanted = [first.key];
        let parts = store::components(&mut tx, project, wanted, &hosts::Filter::default()).await;
        let parts = parts.unwrap();
        assert_eq!(parts.iter().map(|part| part.host_id.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!((parts[0].name.as_str(), parts[0].fixed.as_slice()), ("bad", ["2".to_owned(), "3".to_owned()].as_slice()));
        let unchecked = store::unchecked(&mut tx, project).await.unwrap();
        let why: Vec<_> = unchecked.iter().map(|it| (it.why.as_str(), it.places)).collect();
        assert_eq!(why, [("no_purl", 1), ("unknown_type", 1)]);
        let pieces = store::unchecked_pieces(&mut tx, project, Some("no_purl"), ALL).await.unwrap();
        assert_eq!((pieces.len(), pieces[0].name.as_str(), pieces[0].hosts), (1, "without a URL", 1));
        let second = Paging { limit: 1, offset: 1 };
        let pieces = store::unchecked_pieces(&mut tx, project, None, second).await.unwrap();
        assert_eq!((pieces.len(), pieces[0].name.as_str()), (1, "odd"));
        drop(tx);

        // An upgrade takes the finding from the host that had it, and what is new is compared alone.
        let last = state.up_to;
        transact!(db, |tx| Ok(put(tx, a, Kind::App, &[named(Kind::App, "good", "2")], 20).await)).unwrap();
        assert_eq!(compare(db, "k1", last, 30).await.len(), 1);
        let mut tx = db.read().await.unwrap();
        assert_eq!(store::hosts(&mut tx, project, &exactly("CVE-1"), ALL).await.unwrap().rows, ["b"]);
        assert!(store::state(&mut tx).await.unwrap().unwrap().up_to > last);
        drop(tx);

        // Newer knowledge takes back what it no longer says and keeps when the rest was first found.
        transact!(db, |tx| {
            store::begin(tx, &knowledge("k2")).await?;
            let waiting = store::pending(tx, 0, 100).await?;
            let judged: Vec<Judged> = waiting
                .into_iter()
                .map(|fact| Judged {
                    against: if is(&fact, "bad") { vec![against("CVE-1", 2)] } else { vec![] },
                    unchecked: None,
                    fact,
                })
                .collect();
            store::record(tx, "k1", 0, &[], Micros(40)).await?;
            store::record(tx, "k2", 0, &judged, Micros(40)).await
        })
        .unwrap();
        let mut tx = db.read().await.unwrap();
        let page = store::list(&mut tx, project, &Filter::default(), ALL).await.unwrap();
        assert_eq!(page.rows.len(), 1);
        assert_eq!((page.rows[0].grade, page.rows[0].first_found), (2, Micros(10)));
        assert_eq!(store::unchecked(&mut tx, project).await.unwrap(), []);
        drop(tx);

        // What is forgotten is forgotten here, too.
        transact!(db, |tx| Ok(put(tx, b, Kind::App, &[], 50).await)).unwrap();
        let far = Micros(400 * 86_400_000_000);
        assets::purge(db, Keep { days: 1, process_days: 1 }, far).await.unwrap();
        let mut tx = db.read().await.unwrap();
        assert!(ids(&mut tx, project, &Filter::default()).await.is_empty());
        let waiting = store::pending(&mut tx, 0, 100).await.unwrap();
        assert!(waiting.iter().all(|fact| !is(fact, "bad")));
    }
}
