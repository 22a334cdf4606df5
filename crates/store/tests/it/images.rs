//! Images on the disks of hosts.

use crate::fleet::{app, container, fact, full, host, project, take};
use muster_model::container::Details;
use muster_model::id::AgentId;
use muster_model::image::{Contents, Image, Layer, Store};
use muster_model::report::ContainerRef;
use muster_model::{Fact, Kind, Micros, Paging};
use muster_store::assets::{Keep, Target, purge};
use muster_store::images::{self, Filter, Named};
use muster_store::{Tx, containers, hosts, transact};
use muster_testkit::on_both_databases;

const ALL: Paging = Paging { limit: 100, offset: 0 };

fn image(id: &str, names: &[&str]) -> Image {
    let layer = |digest: &str, size| Layer {
        digest: digest.to_owned(),
        size,
        command: format!("RUN é' {digest}"),
    };
    Image {
        id: id.to_owned(),
        names: names.iter().map(|&it| it.to_owned()).collect(),
        digests: vec![format!("sha256:m{id}")],
        size: 30,
        layers: vec![layer("low", 10), layer("top", 20)],
        created: Some(Micros(7_000)),
        architecture: "amd64".into(),
        os: "linux".into(),
        labels: [("tier".to_owned(), "%é'".to_owned())].into(),
        ..Image::default()
    }
}

/// What the list says: name, tag, id, hosts and containers.
async fn listed(tx: &mut Tx, project: i64, filter: &Filter) -> Vec<String> {
    let page = images::list(tx, project, filter, ALL).await.unwrap();
    assert_eq!(page.total, i64::try_from(page.rows.len()).unwrap());
    assert_eq!(images::count(tx, project, filter).await.unwrap(), page.total);
    let row = |it: images::Listed| {
        format!("{}:{} {} {} {}", it.name, it.version, it.id, it.hosts, it.containers)
    };
    page.rows.into_iter().map(row).collect()
}

/// Two hosts; a container of the image `i1` runs on the first.
async fn two(tx: &mut Tx) -> (i64, [Target; 2]) {
    let project = project(tx).await;
    let one = host(tx, project, "h1", "web-1", "10.0.0.1").await;
    let two = host(tx, project, "h2", "db-1", "10.0.0.2").await;
    let named = ContainerRef { id: "c1".into(), name: "shop/cart-1/web".into() };
    let inside = full(Kind::App, Some(named.clone()), vec![app("a", "1")], 1);
    take(tx, one, &[inside], Micros(1)).await.unwrap();
    let labels = [("io.kubernetes.pod.uid".to_owned(), "u-1".to_owned())].into();
    let told = Details { named, image_id: "i1".into(), labels, ..Details::default() };
    // Of the same image, but it has ended: nothing was seen in it.
    let ended = Details { named: container("c2"), image_id: "i1".into(), ..Details::default() };
    containers::tell(tx, &[(one.host, &[told, ended])]).await.unwrap();
    (project, [one, two])
}

on_both_databases! {
    async fn an_image_is_there_once_and_lies_where_it_was_told(test: TestDb) {
        let mut tx = test.db.begin().await.unwrap();
        let (project, [one, two]) = two(&mut tx).await;
        let shop = image("i1", &["registry.example:5000/shop:1", "shop:1"]);
        let podman = Image { store: Store::Podman, names: vec!["shop:1".into()], ..shop.clone() };
        let loose = Image { digests: Vec::new(), ..image("i2", &[]) };
        let first = [shop.clone(), podman.clone(), loose.clone()];
        images::tell(&mut tx, &[(one, &first), (two, &[podman.clone()][..])], Micros(5)).await.unwrap();
        let all = Filter::default();
        let expected = [": i2 1 0", "registry.example:5000/shop:1 i1 1 1", "shop:1 i1 2 1"];
        assert_eq!(listed(&mut tx, project, &all).await, expected);

        // Told again it costs two questions and writes nothing.
        let before = test.db.statements();
        images::tell(&mut tx, &[(one, &first)], Micros(6)).await.unwrap();
        assert_eq!(test.db.statements() - before, 2);
        // What it is was told first; what it is called there may change.
        let other = Image { os: "other".into(), size: 40, names: vec!["new".into()], ..podman.clone() };
        images::tell(&mut tx, &[(two, &[other])], Micros(7)).await.unwrap();
        let expected = [": i2 1 0", "new: i1 1 1", "registry.example:5000/shop:1 i1 1 1", "shop:1 i1 1 1"];
        assert_eq!(listed(&mut tx, project, &all).await, expected);
        let detail = images::show(&mut tx, project, "i1").await.unwrap().unwrap();
        let sizes = |image: &Image| image.layers.iter().map(|it| it.size).collect::<Vec<_>>();
        let told = Image { store: Store::default(), ..shop.clone() };
        assert_eq!((&detail.image.os, &detail.image.labels), (&told.os, &told.labels));
        let command = |image: &Image| image.layers.iter().map(|it| it.command.clone()).collect::<Vec<_>>();
        assert_eq!(command(&detail.image), command(&told));
        let places: Vec<_> = detail.places.iter().map(|it| {
            (it.host_name.as_str(), it.image.store, it.image.size, it.image.names.join(" "), it.first_seen.0)
        }).collect();
        assert_eq!(places, [
            ("db-1", Store::Podman, 40, "new".to_owned(), 5),
            ("web-1", Store::Docker, 30, "registry.example:5000/shop:1 shop:1".to_owned(), 5),
            ("web-1", Store::Podman, 30, "shop:1".to_owned(), 5),
        ]);
        assert_eq!(sizes(&detail.places[0].image), [10, 20]);
        assert_eq!(detail.places[0].image.digests, ["sha256:mi1"]);

        // What is not told any more is gone; and it may come back.
        images::tell(&mut tx, &[(one, &first[2..]), (two, &[])], Micros(8)).await.unwrap();
        assert_eq!(listed(&mut tx, project, &all).await, [": i2 1 0"]);
        assert!(images::show(&mut tx, project, "i1").await.unwrap().is_none());
        images::tell(&mut tx, &[(two, &[podman][..])], Micros(9)).await.unwrap();
        assert_eq!(listed(&mut tx, project, &all).await, [": i2 1 0", "shop:1 i1 1 1"]);
        // Another project's is another image, and not to be seen.
        assert!(images::show(&mut tx, project + 1, "i1").await.unwrap().is_none());
        assert!(listed(&mut tx, project + 1, &all).await.is_empty());
    }

    async fn images_are_filtered(test: TestDb) {
        let mut tx = test.db.begin().await.unwrap();
        let (project, [one, two]) = two(&mut tx).await;
        let cloud = image("i3", &["swr.north.myhuaweicloud.com/team/cart:2"]);
        let first = [image("i1", &["Shop_1:1", "shop:latest"]), Image { size: 31, created: None, ..cloud }];
        let second = [Image { created: Some(Micros(9_000)), ..image("i2", &[]) }];
        images::tell(&mut tx, &[(one, &first), (two, &second)], Micros(5)).await.unwrap();
        let named = |digest: Option<&str>, name: Option<&str>, version: Option<&str>| Filter {
            named: Named {
                digest: digest.map(Into::into),
                name: name.map(Into::into),
                version: version.map(Into::into),
            },
            ..Filter::default()
        };
        let some = |text: &str| Some(text.to_owned());
        let on = |hosts: hosts::Filter| Filter { hosts, ..Filter::default() };
        for (filter, expected) in [
            (Filter::default(), "i2 i1 i1 i3"),
            (named(Some("i1"), None, None), "i1 i1"),
            (named(Some("sha256:mi2"), None, None), "i2"),
            (named(Some("sha256:m%"), None, None), ""),
            (named(None, Some("shop"), None), "i1"),
            (named(None, Some("shop"), Some("1")), ""),
            (named(Some("i1"), Some("Shop_1"), Some("1")), "i1"),
            (Filter { name: some("sHOP"), ..Filter::default() }, "i1 i1"),
            (Filter { name: some("p_"), ..Filter::default() }, "i1"),
            (Filter { name: some("%"), ..Filter::default() }, ""),
            (Filter { keyword: some("p:lat"), ..Filter::default() }, "i1"),
            (Filter { of_cloud: Some(true), ..Filter::default() }, "i3"),
            (Filter { of_cloud: Some(false), ..Filter::default() }, "i2 i1 i1"),
            (Filter { size: Some(31), ..Filter::default() }, "i3"),
            (Filter { since: Some(Micros(8_000)), ..Filter::default() }, "i2"),
            (Filter { until: Some(Micros(7_000)), ..Filter::default() }, "i1 i1"),
            (Filter { used: Some(true), ..Filter::default() }, "i1 i1"),
            (Filter { used: Some(false), ..Filter::default() }, "i2 i3"),
            (Filter { container_id: some("c1"), ..Filter::default() }, "i1 i1"),
            (Filter { container_id: some("c2"), ..Filter::default() }, ""),
            (Filter { container_name: some("WEB"), ..Filter::default() }, "i1 i1"),
            (Filter { pod_name: some("cart"), ..Filter::default() }, "i1 i1"),
            (Filter { pod_name: some("web"), ..Filter::default() }, ""),
            (Filter { pod_id: some("u-1"), ..Filter::default() }, "i1 i1"),
            (Filter { pod_id: some("u-"), ..Filter::default() }, ""),
            (on(hosts::Filter { name: some("DB"), ..hosts::Filter::default() }), "i2"),
            (on(hosts::Filter { ip: some("10.0.0.1"), ..hosts::Filter::default() }), "i1 i1 i3"),
        ] {
            let page = images::list(&mut tx, project, &filter, ALL).await.unwrap();
            let ids: Vec<_> = page.rows.iter().map(|it| it.id.as_str()).collect();
            assert_eq!(ids.join(" "), expected, "{filter:?}");
            assert_eq!(page.total, i64::try_from(ids.len()).unwrap());
        }
        let page = images::list(&mut tx, project, &Filter::default(), Paging { limit: 1, offset: 1 }).await.unwrap();
        assert_eq!((page.total, page.rows[0].name.as_str()), (4, "Shop_1"));
        assert_eq!(page.rows[0].host, Some(one.host));
        // The other way round: hosts with an image, containers of one.
        let has = |digest: &str| Named { digest: some(digest), ..Named::default() };
        for (digest, on_hosts, running) in [("i1", 1, 1), ("i2", 1, 0), ("nothing", 0, 0)] {
            let filter = hosts::Filter { has: Some(has(digest)), ..hosts::Filter::default() };
            assert_eq!(hosts::list(&mut tx, project, &filter, ALL).await.unwrap().total, on_hosts);
            let filter = containers::Filter { of: Some(has(digest)), ..containers::Filter::default() };
            assert_eq!(containers::list(&mut tx, project, &filter, ALL).await.unwrap().total, running);
        }
    }

    async fn what_is_in_an_image_is_kept_with_it_and_no_longer(test: TestDb) {
        const DAY: i64 = 86_400_000_000;
        let (project, [one, two]) = transact!(test.db, |tx| {
            let (project, hosts) = two(tx).await;
            for host in hosts {
                let agent = AgentId::parse(&format!("a{}", host.host)).unwrap();
                hosts::set_agent(tx, host.host, Some(&agent)).await?;
                hosts::seen(tx, &[(host.host, "1")], Micros(host.host)).await?;
            }
            Ok((project, hosts))
        })
        .unwrap();
        let found = |name: &str, version: &str| fact(Kind::App, name, version);
        let contents = |facts: Vec<Fact>| [Contents { id: "i1".into(), facts, ..Contents::default() }];
        let in_layout = Image { store: Store::Oci, ..image("i2", &["b:1"]) };
        let mut tx = test.db.begin().await.unwrap();
        images::tell(&mut tx, &[(one, &[image("i1", &["a:1"]), in_layout][..]), (two, &[image("i1", &["a:1"])])], Micros(1))
            .await
            .unwrap();
        let all = Filter { late: Micros(5), ..Filter::default() };
        assert_eq!(images::scans::ask(&mut tx, project, &all, 10, Micros(9)).await.unwrap().len(), 2);
        let states = async |tx: &mut Tx| {
            let page = images::list(tx, project, &all, ALL).await.unwrap();
            let told = |it: images::Listed| {
                let scan = it.scan.unwrap();
                // Nothing was ever compared here.
                assert_eq!(it.vulnerabilities.is_some(), it.pieces == 0);
                format!("{} {} {} {}", it.id, scan.state.name(), scan.reason, it.pieces)
            };
            page.rows.into_iter().map(told).collect::<Vec<_>>()
        };
        // Who was heard of last is asked.
        assert_eq!(states(&mut tx).await, ["i1 waiting  0", "i2 waiting  0"]);
        let due = images::scans::due(&mut tx, &[one.host], Micros(9)).await.unwrap();
        assert_eq!(due[&one.host].asked, ["i2"]);
        let due = images::scans::due(&mut tx, &[two.host], Micros(9)).await.unwrap();
        let asked = images::scans::Due { asked: vec!["i1".to_owned()], at_leisure: Vec::new() };
        assert_eq!(due, [(two.host, asked)].into());
        let facts = vec![found("curl", "1"), found("bash", "2"), found("curl", "1")];
        images::scans::told(&mut tx, two, &contents(facts), Micros(10)).await.unwrap();
        assert_eq!(states(&mut tx).await[0], "i1 success  2");
        // Told again without being asked it is not believed.
        images::scans::told(&mut tx, two, &contents(Vec::new()), Micros(11)).await.unwrap();
        assert_eq!(states(&mut tx).await[0], "i1 success  2");
        let pieces = async |tx: &mut Tx, name: Option<&str>| {
            let page = images::pieces(tx, project, "i1", name, ALL).await.unwrap()?;
            let text = |it: images::Piece| format!("{} {}", it.name, it.version);
            Some(page.rows.into_iter().map(text).collect::<Vec<_>>())
        };
        assert_eq!(pieces(&mut tx, None).await.unwrap(), ["bash 2", "curl 1"]);
        assert_eq!(pieces(&mut tx, Some("URL")).await.unwrap(), ["curl 1"]);
        let sound = Filter { weak: Some(false), ..all.clone() };
        assert_eq!(images::count(&mut tx, project, &sound).await.unwrap(), 0);
        let page = images::pieces(&mut tx, project, "i1", None, ALL).await.unwrap().unwrap();
        assert_eq!(page.rows[0].vulnerabilities, None);
        let elsewhere = images::pieces(&mut tx, project + 1, "i1", None, ALL).await.unwrap();
        assert_eq!(elsewhere, None);
        tx.commit().await.unwrap();

        // It is on no host, and stays as long as the image.
        purge(&test.db, Keep { days: 100, process_days: 30 }, Micros(200 * DAY)).await.unwrap();
        let mut tx = test.db.begin().await.unwrap();
        assert_eq!(pieces(&mut tx, None).await.unwrap(), ["bash 2", "curl 1"]);
        images::tell(&mut tx, &[(one, &[][..]), (two, &[])], Micros(200 * DAY)).await.unwrap();
        tx.commit().await.unwrap();
        let purged = purge(&test.db, Keep { days: 100, process_days: 30 }, Micros(400 * DAY)).await.unwrap();
        assert_eq!(purged.facts, 2, "{purged:?}");
        let mut tx = test.db.begin().await.unwrap();
        assert_eq!(pieces(&mut tx, None).await, None);
    }

    async fn images_that_are_gone_are_forgotten_in_time(test: TestDb) {
        const DAY: i64 = 86_400_000_000;
        let (project, [one, _]) = transact!(test.db, |tx| Ok(two(tx).await)).unwrap();
        transact!(test.db, |tx| {
            images::tell(tx, &[(one, &[image("i1", &["a:1"]), image("i2", &["b:1"])])], Micros(DAY)).await?;
            images::tell(tx, &[(one, &[image("i2", &["b:1"])])], Micros(2 * DAY)).await
        }).unwrap();
        let keep = Keep { days: 100, process_days: 30 };
        let came_back = async |at: i64| {
            let told = [image("i1", &["a:1"]), image("i2", &["b:1"])];
            let mut tx = test.db.begin().await.unwrap();
            images::tell(&mut tx, &[(one, &told)], Micros(at)).await.unwrap();
            let detail = images::show(&mut tx, project, "i1").await.unwrap().unwrap();
            detail.places[0].first_seen.0 / DAY
        };
        for (day, first_seen) in [(100, 1), (103, 103)] {
            purge(&test.db, keep, Micros(day * DAY)).await.unwrap();
            assert_eq!(came_back(day * DAY).await, first_seen, "day {day}");
            let mut tx = test.db.read().await.unwrap();
            assert_eq!(listed(&mut tx, project, &Filter::default()).await, ["b:1 i2 1 0"]);
        }
    }
}
