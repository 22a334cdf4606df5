//! A protected host: its agent is told so, and what it then finds in containers is recorded, once.

use crate::agent::{TestAgent, deliver, router, scope, swept};
use muster_agent::sync::Swept;
use muster_model::container::{Allowed, Details, MAX_ALLOWED, Sign, SignKind};
use muster_model::host::HostProfile;
use muster_model::report::{ContainerRef, Row, RowKey, Scope, Volatile, digest};
use muster_model::{Column, ErrorKind, Fact, Kind, Micros};
use muster_service::programs::{self, Blocking};
use muster_store::{Tx, events, hosts, transact};
use muster_testkit::{TestApp, on_both_databases};

const PAGE: muster_model::Paging = muster_model::Paging { limit: 10, offset: 0 };

fn told(evidence: &str) -> Vec<Details> {
    let sign = Sign { kind: SignKind::HostMount, evidence: evidence.to_owned() };
    let named = ContainerRef { id: "c".into(), name: "shop".into() };
    vec![Details { named, image: "shop:1".into(), signs: vec![sign], ..Details::default() }]
}

async fn evidence(tx: &mut Tx, project: i64) -> Vec<String> {
    let page = events::list(tx, project, &events::Filter::default(), PAGE).await.unwrap();
    page.rows.into_iter().map(|event| event.sign.evidence).collect()
}

on_both_databases! {
    async fn what_is_found_counts_only_while_the_host_is_protected(test: TestDb) {
        let test = TestApp::on(test).await;
        let router = router(&test);
        let now = || test.app.now();
        let mut agent = TestAgent::new(now());
        let host = agent.join(&test, &router, "web").await.host_id;
        let host = hosts::by_id(&mut test.app.db.read().await.unwrap(), &host).await.unwrap().unwrap();
        let mut report = async |evidence: &str| {
            test.clock.advance_secs(60);
            let inside = scope(Kind::Process, Some("c"));
            let scopes = [scope(Kind::Process, None), inside];
            let scopes = scopes.iter().map(|scope| swept(scope, &[(1, 1)].into(), now())).collect();
            agent.sync.observe(&[Kind::Process], scopes);
            agent.sync.tell(told(evidence));
            let sent = agent.say(now());
            let reply = deliver(&router, &sent).await.unwrap();
            agent.sync.replied(&reply);
            assert_eq!(reply.protected_files.len(), usize::from(reply.guard));
            (reply.guard, evidence_of(&test, host.project).await)
        };
        // An agent that looks without being asked tells nothing.
        assert_eq!(report("/etc").await, (false, vec![]));
        let protect = async |version: Option<&str>| {
            let db = &test.app.db;
            transact!(db, |tx| hosts::protect(tx, host.key, version, now()).await).unwrap();
        };
        let files = ["/etc/passwd".to_owned()];
        transact!(test.app.db, |tx| events::protect_files(tx, host.project, &files, now()).await).unwrap();
        protect(Some("hss.version.premium")).await;
        assert_eq!(report("/root").await, (true, vec!["/root".to_owned()]));
        assert_eq!(report("/root").await.1, ["/root"]);
        assert_eq!(report("/boot").await.1, ["/boot", "/root"]);
        protect(None).await;
        assert_eq!(report("/sys").await, (false, vec!["/boot".to_owned(), "/root".to_owned()]));
    }

    async fn a_program_no_container_of_the_image_ran_is_told_of_once_it_is_learned(test: TestDb) {
        let test = TestApp::on(test).await;
        let router = router(&test);
        let now = || test.app.now();
        let mut agent = TestAgent::new(now());
        let host = agent.join(&test, &router, "web").await.host_id;
        let host = hosts::by_id(&mut test.app.db.read().await.unwrap(), &host).await.unwrap().unwrap();
        let db = &test.app.db;
        transact!(db, |tx| hosts::protect(tx, host.key, Some("hss.version.premium"), now()).await).unwrap();
        // Containers with their images and the programs that run in them.
        let mut report = async |containers: &[(&str, &str, &[&str])]| {
            let mut scopes = vec![running(None, &[], now())];
            let named = |id: &str| ContainerRef { id: id.into(), name: id.into() };
            for (id, _, paths) in containers {
                scopes.push(running(Some(named(id)), paths, now()));
            }
            let details = |(id, image, _): &(&str, &str, &[&str])| Details {
                named: named(id),
                image: (*image).to_owned(),
                ..Details::default()
            };
            agent.sync.observe(&[Kind::Process], scopes);
            agent.sync.tell(containers.iter().map(details).collect());
            let sent = agent.say(now());
            let reply = deliver(&router, &sent).await.unwrap();
            agent.sync.replied(&reply);
            evidence_of(&test, host.project).await
        };
        let none: [&str; 0] = [];
        assert_eq!(report(&[("a", "shop:1", &["/bin/shop"])]).await, none);
        test.clock.advance_secs(3_600);
        assert_eq!(report(&[("a", "shop:1", &["/bin/shop", "/bin/backup"])]).await, none);
        test.clock.advance_secs(86_400);
        let both = ["/bin/backup", "/bin/shop"];
        // What one container ran another of the image may run; another image is learned for itself.
        let others = [("b", "shop:1", &both[..]), ("c", "cart:1", &["/bin/sh"])];
        assert_eq!(report(&others).await, none);
        let mut strange = others;
        strange[0].2 = &["/bin/shop", "/tmp/miner"];
        assert_eq!(report(&strange).await, ["/tmp/miner"]);
        test.clock.advance_secs(60);
        assert_eq!(report(&strange).await, ["/tmp/miner"]);
        strange[1].2 = &["/bin/sh", "/bin/cart"];
        assert_eq!(report(&strange).await, ["/tmp/miner"]);

        // What people say counts: one program is allowed, and what is forgotten is learned anew.
        let (operator, project) = (test.operator(), &test.credentials.project_id);
        let project = muster_model::id::ProjectId::parse(project).unwrap();
        let allow = |path: &'static str| {
            programs::allow(&test.app, &operator, &project, "shop:1", path)
        };
        allow("/bin/allowed").await.unwrap();
        assert_eq!(allow("bin/x").await.unwrap_err().kind(), ErrorKind::Invalid);
        let list = async || programs::list(&test.app, &operator, &project, "shop:1", PAGE).await;
        let paths: Vec<_> = list().await.unwrap().rows.into_iter().map(|it| it.path).collect();
        assert_eq!(paths, ["/bin/allowed", "/bin/backup", "/bin/shop"]);
        strange[0].2 = &["/bin/allowed", "/bin/other"];
        assert_eq!(report(&strange).await, ["/bin/other", "/tmp/miner"]);
        let images = programs::images(&test.app, &operator, &project, PAGE).await.unwrap();
        let told = images.rows.iter().map(|it| (it.image.as_str(), it.name.as_str(), it.programs));
        assert_eq!(told.collect::<Vec<_>>(), [("cart:1", "cart:1", 2), ("shop:1", "shop:1", 3)]);
        let relearn = || programs::relearn(&test.app, &operator, &project, "shop:1");
        relearn().await.unwrap();
        for gone in [relearn().await.unwrap_err(), list().await.unwrap_err()] {
            assert_eq!(gone.kind(), ErrorKind::NotFound);
        }
        strange[0].2 = &["/bin/anything"];
        assert_eq!(report(&strange).await, ["/bin/other", "/tmp/miner"]);
        assert_eq!(list().await.unwrap().rows[0].path, "/bin/anything");
    }

    async fn only_hosts_that_allow_it_are_told_what_may_run_alone(test: TestDb) {
        let test = TestApp::on(test).await;
        let router = router(&test);
        let now = || test.app.now();
        let db = &test.app.db;
        let (operator, project) = (test.operator(), &test.credentials.project_id);
        let project = muster_model::id::ProjectId::parse(project).unwrap();
        let hold = |on, now| {
            let blocking = Blocking { on, now };
            programs::block(&test.app, &operator, &project, "shop:1", blocking)
        };
        let block = |on| hold(on, false);
        assert_eq!(block(true).await.unwrap_err().kind(), ErrorKind::NotFound);

        let mut agents = Vec::new();
        for (name, allows) in [("web", true), ("db", false)] {
            let mut agent = TestAgent::new(now());
            let host = agent.join(&test, &router, name).await.host_id;
            let host = hosts::by_id(&mut db.read().await.unwrap(), &host).await.unwrap().unwrap();
            transact!(db, |tx| hosts::protect(tx, host.key, Some("v"), now()).await).unwrap();
            agent.sync.describe(HostProfile {
                name: name.into(),
                allows_blocking: allows,
                ..HostProfile::default()
            });
            if allows {
                agent.sync.hold(Allowed::digest(&[]));
            }
            agents.push((agent, host.key));
        }
        let key = agents[0].1;
        let mut report = async |which: usize| {
            let agent = &mut agents[which].0;
            let named = ContainerRef { id: "a".into(), name: "a".into() };
            let scopes = vec![
                running(None, &[], now()),
                running(Some(named.clone()), &["/bin/shop", "/bin/cart"], now()),
            ];
            agent.sync.observe(&[Kind::Process], scopes);
            let details = Details { named, image: "shop:1".into(), ..Details::default() };
            agent.sync.tell(vec![details]);
            let sent = agent.say(now());
            let reply = deliver(&router, &sent).await.unwrap();
            agent.sync.replied(&reply);
            if let Some(allowed) = &reply.blocking {
                agent.sync.hold(Allowed::digest(allowed));
            }
            reply.blocking
        };
        let programs = ["/bin/cart", "/bin/shop"].map(str::to_owned).to_vec();
        let shop = vec![Allowed { image: "shop:1".into(), programs }];
        // While it is learned nothing is held to anything.
        assert_eq!((report(0).await, report(1).await), (None, None));
        let reach = block(true).await.unwrap();
        assert_eq!((reach.hosts, reach.allowing), (2, 1));
        assert_eq!(reach.learned_until, now().plus_secs(86_400));
        assert_eq!(report(0).await, None);
        test.clock.advance_secs(86_401);
        assert_eq!((report(0).await, report(1).await), (Some(shop.clone()), None));
        // Told once, until it is another list.
        assert_eq!(report(0).await, None);
        programs::allow(&test.app, &operator, &project, "shop:1", "/bin/new").await.unwrap();
        assert_eq!(report(0).await.unwrap()[0].programs, ["/bin/cart", "/bin/new", "/bin/shop"]);
        let images = programs::images(&test.app, &operator, &project, PAGE).await.unwrap();
        assert!(images.rows[0].blocking);

        // A host that is no longer protected lets everything run again, and so does an image that is let go.
        transact!(db, |tx| hosts::protect(tx, key, None, now()).await).unwrap();
        assert_eq!(report(0).await, Some(vec![]));
        transact!(db, |tx| hosts::protect(tx, key, Some("v"), now()).await).unwrap();
        assert_eq!(report(0).await.unwrap().len(), 1);
        block(false).await.unwrap();
        assert_eq!(report(0).await, Some(vec![]));
        block(true).await.unwrap();
        assert_eq!(report(0).await.unwrap().len(), 1);
        programs::relearn(&test.app, &operator, &project, "shop:1").await.unwrap();
        assert_eq!(report(0).await, Some(vec![]));

        // Somebody need not wait until it is learned.
        test.clock.advance_secs(60);
        report(0).await;
        assert!(hold(true, true).await.unwrap().learned_until < now());
        assert_eq!(report(0).await, Some(shop));
        // Nobody can be told of thousands.
        for n in 0..=MAX_ALLOWED {
            let path = format!("/bin/{n}");
            programs::allow(&test.app, &operator, &project, "shop:1", &path).await.unwrap();
        }
        assert_eq!(block(true).await.unwrap_err().kind(), ErrorKind::Invalid);
        assert!(block(false).await.is_ok(), "it can always be let go");
    }
}

fn running(container: Option<ContainerRef>, paths: &[&str], at: Micros) -> Swept {
    let row = |path: &&str| {
        let mut fact = Fact::new(Kind::Process);
        fact.set(Column::Path, (*path).to_owned());
        Row { fact, seq: 0, volatile: Volatile::default() }
    };
    let mut rows: Vec<Row> = paths.iter().map(row).collect();
    rows.sort_by_key(Row::key);
    let keys: Vec<RowKey> = rows.iter().map(Row::key).collect();
    let digest = digest(keys.iter().zip(rows.iter().map(|row| &row.volatile)));
    let scope = Scope { kind: Kind::Process, container };
    Swept { scope, digest, swept_at: at, rows: rows.into(), keys: keys.into() }
}

async fn evidence_of(test: &TestApp, project: i64) -> Vec<String> {
    evidence(&mut test.app.db.read().await.unwrap(), project).await
}
