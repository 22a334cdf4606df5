//! Lists, counts, statistics, history, export, retention.

use crate::fleet::{
    ALL, app, container, digest_of, fact, full, host, project, put, query, row, take,
};
use muster_model::report::{Body, Digest, Row, Scope, ScopeReport, Volatile};
use muster_model::{Category, Column, ErrorKind, Kind, Micros, Paging, Value};
use muster_store::assets::{
    self, Applied, ExportCursor, Filter, GroupOrder, HistoryQuery, Keep, Op, Query, Seen,
};
use muster_store::transact;
use muster_testkit::on_both_databases;

const fn page(limit: u32, offset: u32) -> Paging {
    Paging { limit, offset }
}

fn names(seen: &[Seen]) -> String {
    let names: Vec<_> = seen
        .iter()
        .map(|seen| {
            let host = &seen.host.name;
            format!("{}-{}@{host}", seen.fact.text(Column::Name), seen.fact.text(Column::Version))
        })
        .collect();
    names.join(" ")
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

on_both_databases! {
    async fn a_list_is_ordered_filtered_and_cut_into_pages(test: TestDb) {
        let mut tx = test.db.begin().await.unwrap();
        let project = project(&mut tx).await;
        let a = host(&mut tx, project, "h1", "alpha", "10.0.0.1").await;
        let b = host(&mut tx, project, "h2", "Beta", "10.0.0.2").await;
        put(&mut tx, a, Kind::App, &[app("curl", "1"), app("OpenSSL", "3"), app("zip", "1")], 5).await;
        put(&mut tx, b, Kind::App, &[app("curl", "2"), app("curl", "1")], 6).await;
        // Neither other kinds, nor containers, nor other projects show.
        put(&mut tx, a, Kind::Port, &[row(fact(Kind::Port, "curl", ""))], 7).await;
        let inside = full(Kind::App, Some(container("c")), vec![app("inner", "1")], 8);
        take(&mut tx, a, &[inside], Micros(8)).await.unwrap();
        let elsewhere = crate::fleet::project(&mut tx).await;
        let c = host(&mut tx, elsewhere, "h3", "gamma", "10.0.0.1").await;
        put(&mut tx, c, Kind::App, &[app("curl", "1")], 9).await;

        let all = query(project, Kind::App);
        let everything = "OpenSSL-3@alpha curl-1@alpha curl-1@Beta curl-2@Beta zip-1@alpha";
        let seen = assets::list(&mut tx, &all, ALL).await.unwrap();
        assert_eq!(names(&seen), everything);
        assert_eq!((seen[0].first_seen, seen[0].scanned_at), (Micros(5), Micros(5)));
        assert_eq!((seen[0].host.id.as_str(), seen[0].host.ip.as_str()), ("h1", "10.0.0.1"));
        assert_eq!(seen[0].container, None);
        let paged = assets::list(&mut tx, &all, page(2, 1)).await.unwrap();
        assert_eq!(names(&paged), "curl-1@alpha curl-1@Beta");
        assert_eq!(assets::list(&mut tx, &all, page(2, 5)).await.unwrap(), []);

        let mut contained = all.clone();
        contained.category = Category::Container;
        let seen = assets::list(&mut tx, &contained, ALL).await.unwrap();
        assert_eq!(names(&seen), "inner-1@alpha");
        assert_eq!(seen[0].container.as_deref(), Some(&container("c")));

        let name = |text: &str, exact| Filter::HostName { text: text.to_owned(), exact };
        let ip = |text: &str, exact| Filter::HostIp { text: text.to_owned(), exact };
        let cases = [
            (vec![Filter::Equals(Column::Name, text("curl"))], "curl-1@alpha curl-1@Beta curl-2@Beta"),
            (vec![Filter::Equals(Column::Name, text("Curl"))], ""),
            (vec![Filter::Contains(Column::Name, "sS".into())], "OpenSSL-3@alpha"),
            (vec![Filter::Contains(Column::Name, "%".into())], ""),
            (vec![Filter::HostId("h2".into())], "curl-1@Beta curl-2@Beta"),
            (vec![Filter::HostId("h3".into())], ""),
            (vec![name("Beta", true)], "curl-1@Beta curl-2@Beta"),
            (vec![name("beta", true)], ""),
            (vec![name("ET", false)], "curl-1@Beta curl-2@Beta"),
            (vec![ip("10.0.0", true)], ""),
            (vec![ip("10.0.0", false)], everything),
            (vec![ip("10.0.0.1", true), Filter::Equals(Column::Version, text("1"))], "curl-1@alpha zip-1@alpha"),
        ];
        for (filters, expected) in cases {
            let query = Query { filters, ..all.clone() };
            let seen = assets::list(&mut tx, &query, ALL).await.unwrap();
            assert_eq!(names(&seen), expected, "{query:?}");
            let n = i64::try_from(seen.len()).unwrap();
            assert_eq!(assets::count(&mut tx, &query).await.unwrap(), n, "{query:?}");
        }
        for (id, n) in [("0", 5), ("other", 0)] {
            let query = Query { enterprise_project: Some(id.into()), ..all.clone() };
            assert_eq!(assets::list(&mut tx, &query, ALL).await.unwrap().len(), n);
            assert_eq!(assets::count(&mut tx, &query).await.unwrap(), i64::try_from(n).unwrap());
        }
    }

    async fn every_column_and_all_evidence_come_back(test: TestDb) {
        let mut tx = test.db.begin().await.unwrap();
        let project = project(&mut tx).await;
        let host = host(&mut tx, project, "h1", "alpha", "10.0.0.1").await;
        let mut whole = muster_model::Fact::new(Kind::WebService);
        for column in Column::ALL {
            match column.column_type() {
                muster_model::fact::ColumnType::Text => whole.set(*column, format!("é'\"{}", column.name())),
                muster_model::fact::ColumnType::Int => whole.set(*column, i64::MAX - *column as i64),
                muster_model::fact::ColumnType::Bool => whole.set(*column, (*column as u8).is_multiple_of(2)),
            }
        }
        whole.prove("aliases", serde_json::json!(["a", {"b": null}, 1.5]));
        let volatile = Volatile {
            pid: Some(u32::MAX),
            started: Some(Micros(-1)),
            ctime: Some(Micros(i64::MAX)),
            mtime: Some(Micros(2)),
            atime: Some(Micros(3)),
        };
        let row = Row { fact: whole.clone(), seq: 7, volatile };
        put(&mut tx, host, Kind::WebService, &[row], 5).await;
        let seen = assets::list(&mut tx, &query(project, Kind::WebService), ALL).await.unwrap();
        assert_eq!((&*seen[0].fact, seen[0].volatile), (&whole, volatile));
        assert_eq!(seen[0].fact.hash(), whole.hash());
    }

    async fn many_hosts_are_filtered_as_few_are(test: TestDb) {
        let mut tx = test.db.begin().await.unwrap();
        let project = project(&mut tx).await;
        for n in 0..40 {
            let name = format!("{}{n:02}", if n < 36 { "web" } else { "db" });
            let host = host(&mut tx, project, &format!("h{n}"), &name, "10.0.0.1").await;
            put(&mut tx, host, Kind::App, &[app("curl", "1"), app("own", &name)], 5).await;
        }
        let part = |text: &str| Query {
            filters: vec![Filter::HostName { text: text.into(), exact: false }],
            ..query(project, Kind::App)
        };
        for (text, n) in [("", 80), ("web", 72), ("db", 8), ("x", 0)] {
            let query = part(text);
            assert_eq!(assets::count(&mut tx, &query).await.unwrap(), n, "{text}");
            assert_eq!(assets::list(&mut tx, &query, ALL).await.unwrap().len(), usize::try_from(n).unwrap());
            let groups = assets::statistics(&mut tx, &query, &[Column::Name], GroupOrder::Ascending, ALL)
                .await
                .unwrap();
            assert_eq!(groups.rows.iter().map(|group| group.num).sum::<i64>(), n);
            assert_eq!(groups.total, if n == 0 { 0 } else { 2 });
        }
    }

    async fn statistics_count_by_value(test: TestDb) {
        let mut tx = test.db.begin().await.unwrap();
        let project = project(&mut tx).await;
        let port = |port: u16, protocol: &str, addr: &str| {
            let mut fact = fact(Kind::Port, "", "");
            fact.set(Column::Port, port);
            fact.set(Column::Protocol, protocol.to_owned());
            fact.set(Column::BindAddr, addr.to_owned());
            row(fact)
        };
        for n in 0..3 {
            let host = host(&mut tx, project, &format!("h{n}"), "x", "10.0.0.1").await;
            let mut rows = vec![port(22, "TCP", "0.0.0.0"), port(22, "TCP", "::"), port(53, "UDP", "::")];
            rows.truncate(3 - n);
            put(&mut tx, host, Kind::Port, &rows, 5).await;
        }
        let query = query(project, Kind::Port);
        let by = [Column::Port, Column::Protocol];
        let group = |port, protocol: &str, num| assets::Group {
            values: vec![Some(Value::Int(port)), Some(text(protocol))],
            num,
        };
        for (order, expected) in [
            (GroupOrder::LargestFirst, [group(22, "TCP", 5), group(53, "UDP", 1)]),
            (GroupOrder::SmallestFirst, [group(53, "UDP", 1), group(22, "TCP", 5)]),
            (GroupOrder::Ascending, [group(22, "TCP", 5), group(53, "UDP", 1)]),
            (GroupOrder::Descending, [group(53, "UDP", 1), group(22, "TCP", 5)]),
        ] {
            let found = assets::statistics(&mut tx, &query, &by, order, ALL).await.unwrap();
            assert_eq!((found.total, found.rows.as_slice()), (2, expected.as_slice()), "{order:?}");
        }
        let beyond = assets::statistics(&mut tx, &query, &by, GroupOrder::default(), page(5, 9)).await.unwrap();
        assert_eq!((beyond.total, beyond.rows), (2, vec![]));
        let by_name = assets::statistics(&mut tx, &query, &[Column::Name], GroupOrder::default(), ALL).await.unwrap();
        assert_eq!(by_name.rows, [assets::Group { values: vec![None], num: 6 }]);
        let totals = assets::totals(&mut tx, project, Category::Host).await.unwrap();
        assert_eq!(totals, [0, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(assets::totals(&mut tx, project, Category::Container).await.unwrap(), [0; 12]);
    }

    async fn a_difference_applies_to_its_base_alone(test: TestDb) {
        let mut tx = test.db.begin().await.unwrap();
        let project = project(&mut tx).await;
        let host = host(&mut tx, project, "h1", "alpha", "10.0.0.1").await;
        let (one, two) = (vec![app("a", "1")], vec![app("a", "1"), app("b", "1")]);
        let scope = Scope { kind: Kind::App, container: None };
        let delta = |base: Digest| ScopeReport {
            scope: scope.clone(),
            digest: digest_of(&two),
            swept_at: Micros(9),
            body: Body::Delta { base, added: vec![two[1].clone()], removed: vec![] },
        };
        let same = ScopeReport { body: Body::Same, ..delta(Digest([0; 32])) };
        // Nothing is known yet.
        for report in [&same, &delta(digest_of(&one))] {
            let applied = take(&mut tx, host, std::slice::from_ref(report), Micros(9)).await.unwrap();
            assert_eq!(applied, [Applied::NeedFull]);
        }
        put(&mut tx, host, Kind::App, &one, 10).await;
        let changed = Applied::Changed { added: 1, removed: 0, modified: 0 };
        for (report, expected) in [
            (delta(Digest([7; 32])), Applied::NeedFull),
            (delta(digest_of(&one)), changed),
            (delta(digest_of(&one)), Applied::Unchanged),
            (same.clone(), Applied::Unchanged),
        ] {
            assert_eq!(take(&mut tx, host, &[report], Micros(11)).await.unwrap(), [expected]);
        }
        let error = take(&mut tx, host, &[same.clone(), same], Micros(11)).await.unwrap_err();
        assert_eq!((error.kind(), error.parameter()), (ErrorKind::Invalid, Some("scopes")));
        let seen = assets::list(&mut tx, &query(project, Kind::App), ALL).await.unwrap();
        assert_eq!(names(&seen), "a-1@alpha b-1@alpha");
        // A row is removed that the store does not have: the two disagree.
        let report = ScopeReport {
            body: Body::Delta { base: digest_of(&two), added: vec![], removed: vec![app("x", "1").key()] },
            digest: Digest([1; 32]),
            ..delta(digest_of(&two))
        };
        assert_eq!(take(&mut tx, host, &[report], Micros(12)).await.unwrap(), [Applied::NeedFull]);
    }

    async fn an_unchanged_report_moves_the_time_of_the_look(test: TestDb) {
        let mut tx = test.db.begin().await.unwrap();
        let project = project(&mut tx).await;
        let host = host(&mut tx, project, "h1", "alpha", "10.0.0.1").await;
        let rows = [app("a", "1")];
        put(&mut tx, host, Kind::App, &rows, 10).await;
        // Neither a clock that runs ahead nor a message that comes late is believed.
        for (swept, now, expected) in [(20, 30, 20), (99, 40, 40), (25, 50, 40)] {
            let report = full(Kind::App, None, rows.to_vec(), swept);
            take(&mut tx, host, &[report], Micros(now)).await.unwrap();
            let seen = assets::list(&mut tx, &query(project, Kind::App), ALL).await.unwrap();
            assert_eq!((seen[0].first_seen, seen[0].scanned_at), (Micros(10), Micros(expected)));
        }
    }

    async fn bad_rows_are_refused_by_name(test: TestDb) {
        let mut tx = test.db.begin().await.unwrap();
        let project = project(&mut tx).await;
        let host = host(&mut tx, project, "h1", "alpha", "10.0.0.1").await;
        for rows in [
            vec![row(fact(Kind::Port, "a", ""))],
            vec![app("a", "1"), app("a", "1")],
        ] {
            let report = full(Kind::App, None, rows, 1);
            let error = take(&mut tx, host, &[report], Micros(1)).await.unwrap_err();
            assert_eq!((error.kind(), error.parameter()), (ErrorKind::Invalid, Some("rows")));
        }
        let mut nowhere = container("c");
        nowhere.id = "x".repeat(300);
        let report = full(Kind::App, Some(nowhere), vec![], 1);
        let error = take(&mut tx, host, &[report], Micros(1)).await.unwrap_err();
        assert_eq!(error.parameter(), Some("container"));
    }

    async fn history_pairs_before_and_after(test: TestDb) {
        let mut tx = test.db.begin().await.unwrap();
        let project = project(&mut tx).await;
        let a = host(&mut tx, project, "h1", "alpha", "10.0.0.1").await;
        let b = host(&mut tx, project, "h2", "beta", "10.0.0.2").await;
        put(&mut tx, a, Kind::App, &[app("curl", "1"), app("zip", "1")], 10).await;
        let applied = put(&mut tx, a, Kind::App, &[app("curl", "2"), app("new", "1")], 20).await;
        assert_eq!(applied, Applied::Changed { added: 1, removed: 1, modified: 1 });
        put(&mut tx, b, Kind::App, &[app("curl", "1")], 25).await;
        put(&mut tx, b, Kind::App, &[], 30).await;

        let everything = HistoryQuery {
            project,
            kind: Kind::App,
            category: None,
            enterprise_project: None,
            op: None,
            from: None,
            until: None,
            filters: vec![],
        };
        let cases = [
            // The first inventories do not count.
            (everything.clone(), "Removed beta curl-1>; Removed alpha zip-1>; Added alpha >new-1; Modified alpha curl-1>curl-2"),
            (HistoryQuery { op: Some(Op::Modified), ..everything.clone() }, "Modified alpha curl-1>curl-2"),
            (HistoryQuery { op: Some(Op::Added), ..everything.clone() }, "Added alpha >new-1"),
            (HistoryQuery { op: Some(Op::Removed), until: Some(Micros(20)), ..everything.clone() }, "Removed alpha zip-1>"),
            (HistoryQuery { from: Some(Micros(21)), ..everything.clone() }, "Removed beta curl-1>"),
            (
                HistoryQuery { filters: vec![Filter::Equals(Column::Name, text("curl"))], ..everything.clone() },
                "Removed beta curl-1>; Modified alpha curl-1>curl-2",
            ),
            (
                HistoryQuery {
                    filters: vec![
                        Filter::Contains(Column::Name, "UR".into()),
                        Filter::HostName { text: "ALPHA".into(), exact: false },
                    ],
                    ..everything.clone()
                },
                "Modified alpha curl-1>curl-2",
            ),
            (
                HistoryQuery {
                    filters: vec![Filter::HostIp { text: "10.0.0.2".into(), exact: true }],
                    ..everything.clone()
                },
                "Removed beta curl-1>",
            ),
            (HistoryQuery { category: Some(Category::Container), ..everything.clone() }, ""),
            (HistoryQuery { enterprise_project: Some("1".into()), ..everything.clone() }, ""),
            (HistoryQuery { kind: Kind::Port, ..everything.clone() }, ""),
        ];
        for (query, expected) in cases {
            let found = assets::history(&mut tx, &query, ALL).await.unwrap();
            let content = |fact: &Option<std::sync::Arc<muster_model::Fact>>| {
                fact.as_ref().map(|fact| format!("{}-{}", fact.text(Column::Name), fact.text(Column::Version)))
            };
            let mut told: Vec<_> = found
                .rows
                .iter()
                .map(|change| {
                    let (before, after) = (content(&change.before), content(&change.after));
                    let (before, after) = (before.unwrap_or_default(), after.unwrap_or_default());
                    format!("{:?} {} {before}>{after}", change.op, change.host.name)
                })
                .collect();
            assert!(found.rows.is_sorted_by_key(|change| -change.cursor));
            // Within one moment the order is not promised.
            let mut expected: Vec<_> = expected.split("; ").filter(|line| !line.is_empty()).collect();
            told.sort();
            expected.sort_unstable();
            assert_eq!(told, expected, "{query:?}");
            assert_eq!(found.total, i64::try_from(told.len()).unwrap());
        }
        let second = assets::history(&mut tx, &everything, page(1, 0)).await.unwrap();
        assert_eq!((second.total, second.rows.len()), (4, 1));
        assert_eq!(second.rows[0].at, Micros(30));
    }

    async fn an_export_reads_everything_from_one_moment(test: TestDb) {
        let project = transact!(test.db, |tx| {
            let project = project(tx).await;
            for n in 0..3 {
                let host = host(tx, project, &format!("h{n}"), &format!("host{n}"), "10.0.0.1").await;
                let rows: Vec<Row> =
                    (0..100).map(|k| app(&format!("app{k:03}"), &format!("{}", (n + 1) * k % 7))).collect();
                put(tx, host, Kind::App, if n == 1 { &[] } else { &rows }, 5).await;
            }
            Ok(project)
        })
        .unwrap();
        let collect = async |query: Query, meddle: bool| {
            let mut cursor = ExportCursor::open(&test.db, query).await.unwrap();
            let total = cursor.total().await.unwrap();
            if meddle {
                transact!(test.db, |tx| {
                    let host = host(tx, project, "late", "late", "10.0.0.9").await;
                    put(tx, host, Kind::App, &[app("late", "1")], 6).await;
                    Ok(())
                })
                .unwrap();
            }
            let mut rows = Vec::new();
            while let Some(batch) = cursor.next_batch().await.unwrap() {
                assert!(!batch.is_empty());
                rows.extend(batch);
            }
            assert_eq!(total, i64::try_from(rows.len()).unwrap());
            rows
        };
        let all = query(project, Kind::App);
        let rows = collect(all.clone(), true).await;
        assert_eq!(rows.len(), 200);
        let mut listed = assets::list(&mut test.db.read().await.unwrap(), &all, ALL).await.unwrap();
        listed.retain(|seen| seen.host.name != "late");
        assert_eq!(rows, listed);

        for filters in [
            vec![Filter::Equals(Column::Version, text("3"))],
            vec![Filter::HostId("h2".into())],
            vec![Filter::HostName { text: "HOST".into(), exact: false }, Filter::Contains(Column::Name, "7".into())],
            vec![Filter::HostId("unknown".into())],
        ] {
            let query = Query { filters, ..all.clone() };
            let listed = assets::list(&mut test.db.read().await.unwrap(), &query, ALL).await.unwrap();
            assert_eq!(collect(query.clone(), false).await, listed, "{query:?}");
        }
    }

    async fn deep_pages_and_exports_keep_the_order_of_the_list(test: TestDb) {
        let project = transact!(test.db, |tx| {
            let project = project(tx).await;
            for n in 0..3 {
                let host = host(tx, project, &format!("h{n}"), &format!("host{n}"), "10.0.0.1").await;
                let mut rows: Vec<Row> = (0..400)
                    .map(|k| app(&format!("app{}", k % 40), &format!("{}", (n + 1) * k % 90)))
                    .collect();
                // One content at more places than a batch of an export holds.
                if n == 1 {
                    rows.extend((0..4500).map(|seq| Row { seq, ..app("app20", "many") }));
                }
                let mut names = std::collections::BTreeSet::new();
                rows.retain(|row| names.insert(row.key()));
                put(tx, host, Kind::App, &rows, 5).await;
                let inside = full(Kind::App, Some(container("c")), vec![app("app7", "inner")], 8);
                take(tx, host, &[inside], Micros(8)).await?;
            }
            Ok(project)
        })
        .unwrap();
        let hosts = |text: &str| vec![Filter::HostName { text: text.to_owned(), exact: false }];
        for filters in [vec![], hosts("host1"), vec![Filter::Contains(Column::Name, "P2".into())]] {
            let query = Query { filters, ..query(project, Kind::App) };
            let mut cursor = ExportCursor::open(&test.db, query.clone()).await.unwrap();
            let mut exported = Vec::new();
            while let Some(batch) = cursor.next_batch().await.unwrap() {
                assert!(!batch.is_empty() && batch.len() <= 4096, "{}", batch.len());
                exported.extend(batch);
            }
            let mut tx = test.db.read().await.unwrap();
            let listed = assets::list(&mut tx, &query, ALL).await.unwrap();
            assert!(listed.len() > 4500);
            assert_eq!(exported, listed, "{query:?}");
            let n = u32::try_from(listed.len()).unwrap();
            assert_eq!(assets::count(&mut tx, &query).await.unwrap(), i64::from(n));
            for offset in [999, 1000, 1001, 1002, 3000, n - 7, n] {
                let seen = assets::list(&mut tx, &query, page(10, offset)).await.unwrap();
                let from = offset as usize;
                assert_eq!(seen, listed[from..listed.len().min(from + 10)], "at {offset}");
            }
        }
    }

    async fn the_old_is_forgotten_and_the_present_is_not(test: TestDb) {
        const DAY: i64 = 86_400_000_000;
        let (project, host) = transact!(test.db, |tx| {
            let project = project(tx).await;
            let host = host(tx, project, "h", "h", "10.0.0.1").await;
            put(tx, host, Kind::App, &[app("kept", "1"), app("gone", "1")], DAY).await;
            put(tx, host, Kind::App, &[app("kept", "1"), app("new", "1")], 2 * DAY).await;
            put(tx, host, Kind::Process, &[row(fact(Kind::Process, "old", ""))], 2 * DAY).await;
            put(tx, host, Kind::Process, &[], 3 * DAY).await;
            let inside = full(Kind::App, Some(container("c")), vec![app("inner", "1")], 3 * DAY);
            let mut gone = inside.clone();
            gone.body = Body::Gone;
            take(tx, host, &[inside], Micros(3 * DAY)).await?;
            take(tx, host, &[gone], Micros(3 * DAY)).await?;
            Ok((project, host))
        })
        .unwrap();
        let keep = Keep { days: 100, process_days: 30 };
        let at = |days: i64| Micros(days * DAY + 1);
        let none = assets::purge(&test.db, keep, at(31)).await.unwrap();
        assert_eq!(none, assets::Purged::default());
        let first = assets::purge(&test.db, keep, at(33)).await.unwrap();
        // Processes: one interval, its beginning and its end, its fact.
        assert_eq!((first.sightings, first.changes, first.facts), (1, 2, 1));
        let mut tx = test.db.read().await.unwrap();
        let error = assets::changes(&mut tx, project, None, 0, 100).await.unwrap_err();
        assert_eq!(error.parameter(), Some("since"));
        assert_eq!(assets::changes(&mut tx, project, Some(Kind::App), 0, 100).await.unwrap().len(), 6);
        let latest = assets::latest_cursor(&mut tx, project).await.unwrap();
        assert_eq!(assets::changes(&mut tx, project, None, latest, 100).await.unwrap(), []);
        drop(tx);
        let second = assets::purge(&test.db, keep, at(104)).await.unwrap();
        // Apps: "gone" and "inner" with their intervals; two baselines, two changes of the host, one inside.
        assert_eq!((second.sightings, second.changes, second.facts), (2, 5, 2));
        let mut tx = test.db.read().await.unwrap();
        let seen = assets::list(&mut tx, &query(project, Kind::App), ALL).await.unwrap();
        assert_eq!(names(&seen), "kept-1@h new-1@h");
        drop(tx);
        // What was purged can come again.
        let again = transact!(test.db, |tx| Ok(put(tx, host, Kind::App, &[app("gone", "1")], 105 * DAY).await));
        assert_eq!(again.unwrap(), Applied::Changed { added: 1, removed: 2, modified: 0 });
    }
}
