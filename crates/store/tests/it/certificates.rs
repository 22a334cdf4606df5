//! Certificates: filters, orders, tags, requests, authorities.

use crate::fleet;
use muster_model::{Column, DomainId, ErrorKind, Kind, Micros, Paging};
use muster_store::certificates::authorities::{self, Authority};
use muster_store::certificates::notices;
use muster_store::certificates::requests::{self, Request};
use muster_store::certificates::tags::{self, Tag};
use muster_store::certificates::{
    self, Certificate, Content, Filter, Order, Product, SealedKeys, SortKey, Status, TagRule,
};
use muster_store::sealed::{self, PLACES};
use muster_store::{Tx, identity::domains};
use muster_testkit::on_both_databases;

const ALL: Paging = Paging { limit: 100, offset: 0 };
const NOW: Micros = Micros(1_000);

async fn domain(tx: &mut Tx, name: &str) -> i64 {
    let id = DomainId::parse(name).unwrap();
    domains::create_domain(tx, &id, name, NOW).await.unwrap().key
}

fn made(domain: i64, n: i64, status: Status, ends: Option<i64>) -> Certificate {
    Certificate {
        key: 0,
        id: format!("scs{n:013}"),
        domain,
        name: format!("name-{n}"),
        description: "d".into(),
        enterprise_project_id: "0".into(),
        status,
        product: Product { order_id: "o".into(), validity_months: 12, ..Product::default() },
        main_domain: format!("host{n}.example"),
        sans: "b.example;c.example".into(),
        application: "{}".into(),
        own_request: true,
        content: Content {
            sha256: format!("{n:064}"),
            not_after: ends.map(Micros),
            certificate: if ends.is_some() { "PEM".into() } else { String::new() },
            envelope: "e".into(),
            ..Content::default()
        },
        revoked_at: Some(Micros(7)),
        revoke_reason: "r".into(),
        authority: Some(3),
        keys: SealedKeys { key: Some(vec![1]), enc_key: None },
        notices: 2,
        created_at: Micros(n),
        updated_at: Micros(n),
    }
}

on_both_databases! {
    async fn a_certificate_comes_back_whole_and_only_to_its_account(test: TestDb) {
        let mut tx = test.db.begin().await.unwrap();
        let (a, b) = (domain(&mut tx, "a").await, domain(&mut tx, "b").await);
        let mut it = made(a, 1, Status::Issued, Some(2_000));
        it.key = certificates::create(&mut tx, &it).await.unwrap();
        assert_eq!(certificates::get(&mut tx, a, &it.id).await.unwrap(), Some(it.clone()));
        assert_eq!(certificates::get(&mut tx, b, &it.id).await.unwrap(), None);
        assert!(certificates::holds(&mut tx, a, &it.content.sha256).await.unwrap());
        assert!(!certificates::holds(&mut tx, b, &it.content.sha256).await.unwrap());
        it.name = "other".into();
        it.status = Status::Revoked;
        it.keys.enc_key = Some(vec![2]);
        certificates::update(&mut tx, &it).await.unwrap();
        assert_eq!(certificates::get(&mut tx, a, &it.id).await.unwrap(), Some(it.clone()));
        let mut found = Vec::new();
        for place in PLACES {
            let page = sealed::page(&mut tx, *place, 0, 10).await.unwrap();
            found.extend(page.into_iter().map(|it| (*place, it)));
        }
        let names: Vec<_> = found.iter().map(|(place, it)| (place.field, it.record.as_str(), it.owner.to_string())).collect();
        let record = "certificate/scs0000000000001";
        assert_eq!(names, [("private_key", record, "domain/a".into()), ("enc_private_key", record, "domain/a".into())]);
        let (place, old) = &found[0];
        sealed::replace(&mut tx, *place, old, &[9]).await.unwrap();
        // What changed meanwhile is left alone.
        sealed::replace(&mut tx, *place, old, &[7]).await.unwrap();
        let page = sealed::page(&mut tx, *place, 0, 10).await.unwrap();
        assert_eq!(page[0].sealed, [9]);
        assert_eq!(sealed::page(&mut tx, *place, page[0].key, 10).await.unwrap().len(), 0);
        certificates::delete(&mut tx, it.key).await.unwrap();
        let gone = certificates::delete(&mut tx, it.key).await.unwrap_err();
        assert_eq!(gone.kind(), ErrorKind::NotFound);
    }

    async fn lists_are_filtered_ordered_and_cut(test: TestDb) {
        let mut tx = test.db.begin().await.unwrap();
        let (a, b) = (domain(&mut tx, "a").await, domain(&mut tx, "b").await);
        let rows = [
            made(a, 1, Status::Upload, Some(2_000)),
            made(a, 2, Status::Paid, None),
            made(a, 3, Status::Issued, Some(900)),
            made(a, 4, Status::Issued, Some(1_500)),
            made(b, 5, Status::Issued, Some(1_500)),
        ];
        let mut made_keys = Vec::new();
        for row in &rows {
            made_keys.push(certificates::create(&mut tx, row).await.unwrap());
        }
        for (at, name, value) in [(0, "env", "prod"), (0, "team", "a"), (3, "env", "test")] {
            let tag = Tag { name: name.into(), value: value.into() };
            tags::set(&mut tx, made_keys[at], &tag).await.unwrap();
        }
        let tag = |rule, wanted: &[(&str, &[&str])]| {
            let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
            let wanted = wanted.iter().map(|(name, values)| ((*name).to_owned(), texts(values)));
            Filter { tags: vec![(rule, wanted.collect())], ..Filter::default() }
        };
        let text = |text: &str| Filter { content: Some(text.into()), ..Filter::default() };
        let status = |status| Filter { status: Some(status), ..Filter::default() };
        let cases = [
            (Filter::default(), "4321"),
            (status(Status::Expired), "3"),
            (status(Status::Issued), "4"),
            (status(Status::Upload), "1"),
            (status(Status::Paid), "2"),
            (text("HOST4"), "4"),
            (text("Name-2"), "2"),
            (text("c.ex"), "4321"),
            (text("%"), ""),
            (Filter { issued: true, ..Filter::default() }, "431"),
            (Filter { nothing: true, ..Filter::default() }, ""),
            (Filter { untagged: true, ..Filter::default() }, "32"),
            (Filter { ends_from: Some(Micros(1_000)), ..Filter::default() }, "41"),
            (Filter { ends_before: Some(Micros(1_600)), ..Filter::default() }, "43"),
            (Filter { enterprise_project_id: Some("x".into()), ..Filter::default() }, ""),
            (tag(TagRule::All, &[("env", &[])]), "41"),
            (tag(TagRule::All, &[("env", &["prod", "test"]), ("team", &[])]), "1"),
            (tag(TagRule::Any, &[("env", &["test"]), ("team", &["a"])]), "41"),
            (tag(TagRule::NotAll, &[("env", &[]), ("team", &[])]), "432"),
            (tag(TagRule::NotAny, &[("env", &[]), ("team", &[])]), "32"),
            (tag(TagRule::Any, &[]), "4321"),
        ];
        for (filter, expected) in cases {
            let page = certificates::list(&mut tx, a, &filter, Order::default(), ALL, NOW).await.unwrap();
            let seen: String = page.rows.iter().map(|row| row.id[15..].to_owned()).collect();
            assert_eq!(seen, expected, "{filter:?}");
            assert_eq!(page.total, i64::try_from(expected.len()).unwrap());
        }
        for (by, ascending, expected) in [
            (SortKey::Expiry, true, "3412"),
            (SortKey::Expiry, false, "1432"),
            (SortKey::Status, true, "3421"),
            (SortKey::Updated, true, "1234"),
        ] {
            let order = Order { by, ascending };
            let page = certificates::list(&mut tx, a, &Filter::default(), order, ALL, NOW).await.unwrap();
            let seen: String = page.rows.iter().map(|row| row.id[15..].to_owned()).collect();
            assert_eq!(seen, expected, "{order:?}");
        }
        // Page by page it is the same list, from whichever end a page is counted, searched through or not.
        let all = Filter::default();
        for filter in [&all, &text("name"), &text("c.ex")] {
            for by in [SortKey::Expiry, SortKey::Status, SortKey::Updated] {
                for ascending in [true, false] {
                    let order = Order { by, ascending };
                    let whole = certificates::list(&mut tx, a, &all, order, ALL, NOW).await.unwrap().rows;
                    for limit in 1..=3 {
                        let mut pages = Vec::new();
                        for offset in (0..6).step_by(usize::try_from(limit).unwrap()) {
                            let paging = Paging { limit, offset };
                            let page = certificates::list(&mut tx, a, filter, order, paging, NOW).await.unwrap();
                            assert_eq!(page.total, 4);
                            pages.extend(page.rows);
                        }
                        assert_eq!(pages, whole, "{filter:?} {order:?} {limit}");
                    }
                }
            }
        }
        // In brief, and fetched by their keys, they are the same.
        let order = Order { by: SortKey::Status, ascending: false };
        let whole = certificates::list(&mut tx, a, &all, order, ALL, NOW).await.unwrap().rows;
        let briefs = certificates::briefs(&mut tx, a, &all, order, NOW).await.unwrap();
        assert!(whole.iter().map(|row| (row.key, &row.id)).eq(briefs.iter().map(|it| (it.key, &it.id))));
        let keys: Vec<i64> = briefs.iter().map(|it| it.key).collect();
        assert_eq!(certificates::by_keys(&mut tx, &keys).await.unwrap(), whole);
        assert!(certificates::by_keys(&mut tx, &[]).await.unwrap().is_empty());
        let tagged = tags::by_certificate(&mut tx, a).await.unwrap();
        assert_eq!((tagged.len(), tagged[&made_keys[0]].len()), (2, 2));
        assert!(tags::by_certificate(&mut tx, b).await.unwrap().is_empty());
        let cut = Paging { limit: 2, offset: 3 };
        let page = certificates::list(&mut tx, a, &Filter::default(), Order::default(), cut, NOW).await.unwrap();
        assert_eq!((page.rows.len(), page.total), (1, 4));
        let all = tags::all(&mut tx, a).await.unwrap();
        assert_eq!(all.len(), 3);
        tags::remove(&mut tx, made_keys[0], "env").await.unwrap();
        assert_eq!(tags::of(&mut tx, made_keys[0]).await.unwrap(), [Tag { name: "team".into(), value: "a".into() }]);
    }

    async fn what_is_shown_as_expired_is_ordered_as_such(test: TestDb) {
        let mut tx = test.db.begin().await.unwrap();
        let a = domain(&mut tx, "a").await;
        for (n, status, ends) in [
            (1, Status::Upload, Some(900)),
            (2, Status::Revoked, Some(900)),
            (3, Status::Issued, Some(900)),
            (4, Status::Checking, None),
            (5, Status::Issued, Some(2_000)),
            (6, Status::Upload, Some(2_000)),
        ] {
            certificates::create(&mut tx, &made(a, n, status, ends)).await.unwrap();
        }
        let whole = Filter::default();
        let searched = Filter { content: Some("EXAMPLE".into()), ..Filter::default() };
        let expired = Filter { status: Some(Status::Expired), ..Filter::default() };
        // CHECKING, EXPIRED (issued, then uploaded), ISSUED, REVOKED, UPLOAD.
        for (filter, expected) in [(&whole, "431526"), (&searched, "431526"), (&expired, "31")] {
            for ascending in [true, false] {
                let order = Order { by: SortKey::Status, ascending };
                let page = certificates::list(&mut tx, a, filter, order, ALL, NOW).await.unwrap();
                let mut seen: String = page.rows.iter().map(|row| row.id[15..].to_owned()).collect();
                if !ascending {
                    seen = seen.chars().rev().collect();
                }
                assert_eq!(seen, expected, "{filter:?} {ascending}");
            }
        }
    }

    async fn a_text_that_most_have_is_found_as_one_that_few_have(test: TestDb) {
        let mut tx = test.db.begin().await.unwrap();
        let a = domain(&mut tx, "a").await;
        for n in 0..450 {
            let mut it = made(a, n, Status::Upload, Some(2_000));
            it.name = format!("Common-{n}");
            certificates::create(&mut tx, &it).await.unwrap();
        }
        for (text, expected) in [("common", 450), ("common-4", 61), ("common-449", 1), ("rare", 0)] {
            let filter = Filter { content: Some(text.into()), ..Filter::default() };
            let mut names = std::collections::BTreeSet::new();
            for offset in [0, 200, 400] {
                let paging = Paging { offset, limit: 200 };
                let page =
                    certificates::list(&mut tx, a, &filter, Order::default(), paging, NOW).await.unwrap();
                assert_eq!(page.total, expected, "{text} at {offset}");
                names.extend(page.rows.into_iter().map(|it| it.name));
            }
            assert_eq!(names.len() as i64, expected, "{text}");
        }
    }

    async fn a_search_finds_the_last_of_many_names_and_what_was_renamed(test: TestDb) {
        let mut tx = test.db.begin().await.unwrap();
        let a = domain(&mut tx, "a").await;
        let mut it = made(a, 1, Status::Upload, Some(2_000));
        it.sans = (0..200).map(|n| format!("Host-{n}.example")).collect::<Vec<_>>().join(";");
        it.key = certificates::create(&mut tx, &it).await.unwrap();
        let found = async |tx: &mut Tx, text: &str| {
            let filter = Filter { content: Some(text.into()), ..Filter::default() };
            certificates::list(tx, a, &filter, Order::default(), ALL, NOW).await.unwrap().total
        };
        for text in ["host-0.", "HOST-199.example", "name-1", "host1.example"] {
            assert_eq!(found(&mut tx, text).await, 1, "{text}");
        }
        assert_eq!(found(&mut tx, "host-200").await, 0);
        it.name = "Renamed-Öl".into();
        certificates::update(&mut tx, &it).await.unwrap();
        assert_eq!(found(&mut tx, "name-1").await, 0);
        assert_eq!(found(&mut tx, "renamed-Öl").await, 1);
        it.name = r#"\b<a>.(x|y)[z]*+?^$ {2}%_!&~#-'""#.into();
        certificates::update(&mut tx, &it).await.unwrap();
        for letter in it.name.clone().chars() {
            assert_eq!(found(&mut tx, &letter.to_string()).await, 1, "{letter}");
        }
        for (text, expected) in [(it.name.as_str(), 1), (r"\b<a>.(x", 1), (r"\b<", 1), ("(x|z)", 0), ("h.st", 0)] {
            assert_eq!(found(&mut tx, text).await, expected, "{text}");
        }
    }

    async fn a_newer_certificate_of_the_site_silences_an_older_one(test: TestDb) {
        let mut tx = test.db.begin().await.unwrap();
        let project = fleet::project(&mut tx).await;
        let account = domains::project_by_key(&mut tx, project).await.unwrap().unwrap().domain;
        let host = fleet::host(&mut tx, project, "h1", "alpha", "10.0.0.1").await;
        let mut it = made(account, 1, Status::Upload, Some(2_000_000_000));
        it.key = certificates::create(&mut tx, &it).await.unwrap();
        let site = |sha256: &str, ends: i64| {
            let mut site = fleet::fact(Kind::WebSite, "host1.example", "");
            site.set(Column::CertSha256, sha256.to_owned());
            site.set(Column::CertNotAfter, ends);
            fleet::row(site)
        };
        let own = it.content.sha256.clone();
        let mut at = 10;
        let mut replaced = async |tx: &mut Tx, rows: &[muster_model::report::Row]| {
            at += 1;
            fleet::put(tx, host, Kind::WebSite, rows, at).await;
            notices::replaced(tx, &it).await.unwrap()
        };
        assert!(!replaced(&mut tx, &[]).await, "nobody serves the site");
        assert!(!replaced(&mut tx, &[site(&own, 2_000)]).await);
        assert!(!replaced(&mut tx, &[site(&own, 2_000), site("ff", 9_000)]).await, "still served somewhere");
        assert!(!replaced(&mut tx, &[site("ff", 1_999)]).await, "by one that ends sooner");
        assert!(replaced(&mut tx, &[site("ff", 9_000)]).await);

        let due = notices::due(&mut tx, Micros(2_000_000_001), 0, 10).await.unwrap();
        assert_eq!(due.len(), 1);
        assert!(notices::due(&mut tx, Micros(2_000_000_000), 0, 10).await.unwrap().is_empty());
        let key = due[0].key;
        assert_eq!(notices::last(&mut tx, key).await.unwrap(), None);
        for (stage, new) in [(30, true), (7, true), (7, false), (0, true)] {
            assert_eq!(notices::add(&mut tx, key, stage, NOW).await.unwrap(), new);
        }
        assert_eq!(notices::last(&mut tx, key).await.unwrap(), Some(0));
        assert!(notices::due(&mut tx, Micros(2_000_000_001), 0, 10).await.unwrap().is_empty());
        let found = muster_store::assets::certificates(&mut tx, account).await.unwrap();
        assert_eq!((found.len(), found[0].sha256.as_str(), found[0].hosts), (1, "ff", 1));
        assert_eq!((found[0].not_after, &found[0].managed), (Some(Micros::from_secs(9_000)), &None));
    }

    async fn requests_and_authorities_are_kept(test: TestDb) {
        let mut tx = test.db.begin().await.unwrap();
        let (a, b) = (domain(&mut tx, "a").await, domain(&mut tx, "b").await);
        let request = |n: i64| Request {
            key: 0,
            id: format!("csr{n:013}"),
            domain: a,
            name: format!("Name-{n}"),
            csr: "PEM".into(),
            main_domain: "a.example".into(),
            sans: String::new(),
            algorithm: if n == 1 { "SM2".into() } else { "EC_P256".into() },
            usage: "PERSONAL".into(),
            country: String::new(),
            province: String::new(),
            city: String::new(),
            company: String::new(),
            sealed_key: Some(vec![1]),
            created_at: Micros(n),
            updated_at: Micros(n),
        };
        for n in 1..=3 {
            requests::create(&mut tx, &request(n)).await.unwrap();
        }
        let page = requests::list(&mut tx, a, Some("nAME"), Some("EC_P256"), ALL).await.unwrap();
        assert_eq!((page.total, page.rows[0].id.as_str()), (2, "csr0000000000003"));
        assert_eq!(requests::get(&mut tx, b, "csr0000000000001").await.unwrap(), None);
        let mut found = requests::get(&mut tx, a, "csr0000000000001").await.unwrap().unwrap();
        found.name = "new".into();
        requests::update(&mut tx, &found).await.unwrap();
        assert_eq!(requests::get(&mut tx, a, &found.id).await.unwrap(), Some(found.clone()));
        requests::delete(&mut tx, found.key).await.unwrap();
        assert_eq!(requests::get(&mut tx, a, &found.id).await.unwrap(), None);

        let mut authority = Authority {
            key: 0,
            domain: a,
            algorithm: "EC".into(),
            certificate: "PEM".into(),
            sealed_key: vec![1],
            crl_number: 0,
            created_at: NOW,
        };
        authority.key = authorities::create(&mut tx, &authority).await.unwrap();
        assert_eq!(authorities::get(&mut tx, a, "EC").await.unwrap(), Some(authority.clone()));
        assert_eq!(authorities::get(&mut tx, b, "EC").await.unwrap(), None);
        for (serial, at) in [("0b", 5), ("0a", 6), ("0b", 9)] {
            authorities::revoke(&mut tx, authority.key, serial, Micros(at)).await.unwrap();
        }
        assert_eq!(authorities::count_revoked(&mut tx, authority.key).await.unwrap(), 2);
        let revoked = authorities::revoked(&mut tx, authority.key).await.unwrap();
        assert_eq!(revoked, [("0a".to_owned(), Micros(6)), ("0b".to_owned(), Micros(5))]);
        for number in 1..=2 {
            assert_eq!(authorities::next_list(&mut tx, authority.key).await.unwrap(), number);
        }
        assert_eq!(authorities::all(&mut tx).await.unwrap(), [Authority { crl_number: 2, ..authority }]);
    }
}
