//! Hosts, agents, enrolment tokens.

use crate::fleet::{app, full};
use muster_model::container::Details;
use muster_model::host::HostProfile;
use muster_model::id::{AgentId, DomainId, HostId, ProjectId};
use muster_model::report::ContainerRef;
use muster_model::{Diagnostic, Kind, Micros, Paging};
use muster_store::agents::{self, EnrolmentToken, Heard, Taken};
use muster_store::assets::{Target, apply};
use muster_store::containers;
use muster_store::hosts::{
    self, AgentFilter, Filter, Installation, NewHost, Ownership, Registration,
};
use muster_store::{Tx, identity::domains};
use muster_testkit::on_both_databases;

const NOW: Micros = Micros(1_000_000);
const ALL: Paging = Paging { limit: 100, offset: 0 };

async fn project(tx: &mut Tx) -> i64 {
    let domain =
        domains::create_domain(tx, &DomainId::parse("d").unwrap(), "acme", NOW).await.unwrap().key;
    let id = ProjectId::parse("p").unwrap();
    domains::create_project(tx, domain, &id, "north", "", NOW).await.unwrap().key
}

fn profile(name: &str, addresses: &[&str]) -> HostProfile {
    HostProfile {
        name: name.to_owned(),
        machine_id: "m".to_owned(),
        os_name: "Debian GNU/Linux 12".to_owned(),
        addresses: addresses.iter().map(|&address| address.to_owned()).collect(),
        cpus: 2,
        memory_bytes: 1 << 40,
        ssh_host_keys: vec!["ssh-ed25519 AAAA".into(), "ssh-rsa BBBB".into()],
        ..HostProfile::default()
    }
}

async fn host(tx: &mut Tx, project: i64, id: &str, name: &str, addresses: &[&str]) -> i64 {
    let owner = Ownership { enterprise_project_id: "0".to_owned(), ..Ownership::default() };
    let id = HostId::parse(id).unwrap();
    hosts::create(tx, project, &id, &profile(name, addresses), &owner, NOW).await.unwrap()
}

on_both_databases! {
    async fn a_host_comes_back_as_it_was_stored(test: TestDb) {
        let mut tx = test.db.begin().await.unwrap();
        let project = project(&mut tx).await;
        let key = host(&mut tx, project, "h1", "web-1", &["10.0.0.1", "fe80::1"]).await;
        let stored = hosts::by_id(&mut tx, "h1").await.unwrap().unwrap();
        assert_eq!(stored.profile, profile("web-1", &["10.0.0.1", "fe80::1"]));
        assert_eq!(stored.owner.enterprise_project_id, "0");
        assert_eq!((stored.key, stored.last_seen, stored.agent_id.clone()), (key, None, None));

        let owner = Ownership { department: "ops".into(), group: "web".into(), ..stored.owner };
        hosts::update_owner(&mut tx, key, &owner).await.unwrap();
        hosts::update_profile(&mut tx, key, &profile("web-2", &[])).await.unwrap();
        hosts::set_agent(&mut tx, key, Some(&AgentId::parse("a1").unwrap())).await.unwrap();
        hosts::seen(&mut tx, &[(key, "1.0")], Micros(9)).await.unwrap();
        let stored = hosts::by_key(&mut tx, key).await.unwrap().unwrap();
        assert_eq!(stored.profile, profile("web-2", &[]));
        assert_eq!((stored.owner, stored.last_seen), (owner, Some(Micros(9))));
        assert_eq!(stored.agent_id.unwrap().as_str(), "a1");
        assert_eq!(hosts::by_machine_id(&mut tx, project, "m").await.unwrap().len(), 1);
    }

    async fn what_a_host_tells_of_its_containers_comes_back(test: TestDb) {
        let mut tx = test.db.begin().await.unwrap();
        let project = project(&mut tx).await;
        let told = |id: &str, image: &str| Details {
            named: ContainerRef { id: id.into(), name: format!("name-{id}") },
            image: image.into(),
            image_id: "sha256:1".into(),
            runtime: "docker".into(),
            created: Some(Micros(5)),
            labels: [("tier".to_owned(), "%é'".to_owned())].into(),
            signs: Vec::new(),
        };
        let mut targets = Vec::new();
        for id in ["h1", "h2"] {
            let host = host(&mut tx, project, id, id, &[]).await;
            targets.push(host);
            let named = told("a", "").named;
            let scope = full(Kind::App, Some(named), vec![app("bash", "5")], 1);
            let target = Target { project, host };
            apply(&mut tx, &[(target, &[scope])], NOW).await.unwrap();
        }
        let images = async |tx: &mut Tx, image: Option<&str>| {
            let filter = containers::Filter { image: image.map(Into::into), ..Default::default() };
            let page = containers::list(tx, project, &filter, ALL).await.unwrap();
            let row = |it: containers::Container| format!("{} {}", it.host_id, it.details.image);
            page.rows.into_iter().map(row).collect::<Vec<_>>()
        };
        assert_eq!(images(&mut tx, None).await, ["h1 ", "h2 "]);
        let (first, second) = ([told("a", "shop:1"), told("new", "cart:2")], [told("a", "cart:2")]);
        let all = [(targets[0], &first[..]), (targets[1], &second[..])];
        containers::tell(&mut tx, &all).await.unwrap();
        // Only what something was seen in is listed.
        assert_eq!(images(&mut tx, None).await, ["h1 shop:1", "h2 cart:2"]);
        assert_eq!(images(&mut tx, Some("SHOP")).await, ["h1 shop:1"]);
        assert!(images(&mut tx, Some("%")).await.is_empty());
        let all = [(targets[0], &first[..]), (targets[1], &[told("a", "shop:2")][..])];
        containers::tell(&mut tx, &all).await.unwrap();
        assert_eq!(images(&mut tx, Some("shop:")).await, ["h1 shop:1", "h2 shop:2"]);
        let filter = containers::Filter::default();
        let page = containers::list(&mut tx, project, &filter, ALL).await.unwrap();
        assert_eq!(page.rows[0].details, first[0]);
    }

    async fn hosts_are_filtered(test: TestDb) {
        let mut tx = test.db.begin().await.unwrap();
        let project = project(&mut tx).await;
        let a = host(&mut tx, project, "h1", "Web_1", &["10.0.0.1"]).await;
        let b = host(&mut tx, project, "h2", "db-1", &["10.0.0.12", "192.168.0.9"]).await;
        host(&mut tx, project, "h3", "web%2", &[]).await;
        for (key, at) in [(a, 100), (b, 50)] {
            hosts::set_agent(&mut tx, key, Some(&AgentId::parse("x").unwrap())).await.unwrap();
            hosts::seen(&mut tx, &[(key, "1")], Micros(at)).await.unwrap();
        }
        let cases = [
            (Filter::default(), "h1 h2 h3"),
            (Filter { name: Some("WEB".into()), ..Filter::default() }, "h1 h3"),
            (Filter { name: Some("b_1".into()), ..Filter::default() }, "h1"),
            (Filter { name: Some("%".into()), ..Filter::default() }, "h3"),
            (Filter { ip: Some("10.0.0.1".into()), ..Filter::default() }, "h1 h2"),
            (Filter { ip: Some("168.0".into()), ..Filter::default() }, "h2"),
            (Filter { id: Some("h3".into()), ..Filter::default() }, "h3"),
            (Filter { ids: vec!["h3".into(), "h1".into()], ..Filter::default() }, "h1 h3"),
            (Filter { names: vec!["Web_1".into(), "db-1".into()], ..Filter::default() }, "h1 h2"),
            (Filter { ips: vec!["10.0.0.1".into(), "10.0.0".into()], ..Filter::default() }, "h1"),
            (Filter { enterprise_project_id: Some("1".into()), ..Filter::default() }, ""),
            (Filter { agent: Some(AgentFilter::Online), online_since: Micros(60), ..Filter::default() }, "h1"),
            (Filter { agent: Some(AgentFilter::Offline), online_since: Micros(60), ..Filter::default() }, "h2"),
            (Filter { agent: Some(AgentFilter::NotInstalled), ..Filter::default() }, "h3"),
            (Filter { agent: Some(AgentFilter::Installed), ..Filter::default() }, "h1 h2"),
            (Filter { node: Some(true), ..Filter::default() }, ""),
            (Filter { node: Some(false), ..Filter::default() }, "h1 h2 h3"),
        ];
        for (filter, expected) in cases {
            let page = hosts::list(&mut tx, project, &filter, ALL).await.unwrap();
            let mut ids: Vec<_> = page.rows.iter().map(|host| host.id.as_str()).collect();
            ids.sort_unstable();
            assert_eq!(ids.join(" "), expected, "{filter:?}");
            assert_eq!(page.total, i64::try_from(ids.len()).unwrap());
            assert_eq!(hosts::count(&mut tx, project, &filter).await.unwrap(), page.total);
            let keys = hosts::keys(&mut tx, project, &filter).await.unwrap();
            assert_eq!(keys.len(), ids.len());
            assert!(hosts::nodes(&mut tx, &keys).await.unwrap().is_empty());
            assert_eq!(hosts::count_containers(&mut tx, project, &filter).await.unwrap(), 0);
        }
        let systems = hosts::systems(&mut tx, project, &Filter::default()).await.unwrap();
        assert_eq!(systems.iter().map(|(_, n)| n).sum::<i64>(), 3);
        assert_eq!(hosts::count(&mut tx, project + 1, &Filter::default()).await.unwrap(), 0);
    }

    async fn a_host_entered_by_hand_waits_for_its_agent(test: TestDb) {
        let mut tx = test.db.begin().await.unwrap();
        let project = project(&mut tx).await;
        host(&mut tx, project, "h0", "web", &[]).await;
        let tags = [("env", "prod"), ("tier", "a=b")].map(|(k, v)| (k.to_owned(), v.to_owned()));
        let owner = Ownership { container_node: true, tags: tags.into(), ..Ownership::default() };
        let mut made = Vec::new();
        for (id, name, machine_id) in [("h1", "web", ""), ("h2", "db", "m2")] {
            let registration = Registration {
                name: name.to_owned(),
                address: "10.0.0.1".to_owned(),
                machine_id: machine_id.to_owned(),
            };
            let profile = HostProfile { name: name.to_owned(), ..HostProfile::default() };
            let id = HostId::parse(id).unwrap();
            let (owner, registration) = (owner.clone(), registration);
            let new = NewHost { id: id.clone(), profile, owner, registration };
            hosts::register(&mut tx, project, std::slice::from_ref(&new), NOW).await.unwrap();
            let stored = hosts::by_id(&mut tx, id.as_str()).await.unwrap().unwrap();
            assert_eq!((stored.owner, stored.registration), (new.owner, new.registration));
            made.push(stored.key);
        }
        let ids = |hosts: Vec<hosts::Host>| -> Vec<_> {
            hosts.iter().map(|host| host.id.to_string()).collect()
        };
        // One that came with its agent does not wait, whatever its name.
        assert_eq!(ids(hosts::expecting_name(&mut tx, project, "web").await.unwrap()), ["h1"]);
        assert!(hosts::expecting_name(&mut tx, project, "db").await.unwrap().is_empty());
        assert_eq!(ids(hosts::expecting_machine(&mut tx, project, "m2").await.unwrap()), ["h2"]);
        assert_eq!(hosts::with_names(&mut tx, project, &["web"]).await.unwrap().len(), 2);
        let machines = hosts::with_machine_ids(&mut tx, project, &["m2", "m", ""]).await.unwrap();
        assert_eq!(ids(machines), ["h0", "h1", "h2"]);
        assert_eq!(hosts::nodes(&mut tx, &made).await.unwrap().len(), 2);

        let failed = Installation { failed: true, reason: "no way".to_owned(), since: Micros(70) };
        let begun = Installation { failed: false, reason: String::new(), since: Micros(50) };
        for (key, to) in made.iter().zip([&failed, &begun]) {
            hosts::set_installation(&mut tx, *key, Some(to)).await.unwrap();
            let stored = hosts::by_key(&mut tx, *key).await.unwrap().unwrap();
            assert_eq!(stored.installation.as_ref(), Some(to));
        }
        for (agent, installing_since, expected) in [
            (AgentFilter::Absent, 0, "h0 h1 h2"),
            (AgentFilter::NotInstalled, 0, "h0"),
            (AgentFilter::Installing, 50, "h2"),
            (AgentFilter::Installing, 51, ""),
            (AgentFilter::InstallFailed, 50, "h1"),
            (AgentFilter::InstallFailed, 51, "h1 h2"),
        ] {
            let filter = Filter { agent: Some(agent), installing_since: Micros(installing_since), ..Filter::default() };
            let mut found = ids(hosts::list(&mut tx, project, &filter, ALL).await.unwrap().rows);
            found.sort_unstable();
            assert_eq!(found.join(" "), expected, "{filter:?}");
        }
        for (tag, total) in [("env=prod", 2), ("tier=a=b", 2), ("env=pro", 0), ("env", 0)] {
            let filter = Filter { tag: Some(tag.to_owned()), node: Some(true), ..Filter::default() };
            assert_eq!(hosts::count(&mut tx, project, &filter).await.unwrap(), total, "{tag}");
        }

        // Whatever its agent calls it, it is found by the name it was entered by.
        hosts::update_profile(&mut tx, made[1], &profile("node-7", &[])).await.unwrap();
        for (name, expected) in [("DB", "h2"), ("node-", "h2"), ("7db", "")] {
            let filter = Filter { name: Some(name.to_owned()), ..Filter::default() };
            let found = hosts::list(&mut tx, project, &filter, ALL).await.unwrap().rows;
            assert_eq!(ids(found).join(" "), expected, "{name}");
        }

        // Who had an agent, be it shut out since, does not wait any more, and is not forgotten.
        agents::create(&mut tx, &AgentId::parse("a1").unwrap(), made[0], &[7; 32], NOW).await.unwrap();
        assert!(hosts::expecting_name(&mut tx, project, "web").await.unwrap().is_empty());
        assert!(!hosts::remove(&mut tx, made[0]).await.unwrap());
        assert!(hosts::remove(&mut tx, made[1]).await.unwrap());
        assert!(!hosts::remove(&mut tx, made[1]).await.unwrap());
        hosts::set_installation(&mut tx, made[0], None).await.unwrap();
        let none = Registration::default();
        hosts::update_registration(&mut tx, made[0], &none).await.unwrap();
        let stored = hosts::by_key(&mut tx, made[0]).await.unwrap().unwrap();
        assert_eq!((stored.installation, stored.registration), (None, none));
    }

    async fn a_report_counter_never_goes_back(test: TestDb) {
        let mut tx = test.db.begin().await.unwrap();
        let project = project(&mut tx).await;
        let key = host(&mut tx, project, "h1", "web", &[]).await;
        let id = AgentId::parse("a1").unwrap();
        let agent = agents::create(&mut tx, &id, key, &[7; 32], NOW).await.unwrap();
        let troubles = [Diagnostic::new("file.too_large", "/etc/passwd", "cut")];
        let heard = |counter| Heard {
            agent,
            version: "1.2",
            counter,
            proof_date: Micros(counter),
            proof: &[7; 64],
            cpu_us: 10,
            rss_bytes: 20,
            // Later reports say nothing of them: they stand.
            diagnostics: (counter == 5).then_some(&troubles[..]),
        };
        for (counter, accepted) in [(5, true), (5, false), (4, false), (6, true)] {
            let noted = agents::heard(&mut tx, &[heard(counter)], NOW).await.unwrap();
            assert_eq!(noted.contains(&agent), accepted);
        }
        agents::cloned(&mut tx, agent, Micros(2)).await.unwrap();
        agents::cloned(&mut tx, agent, Micros(9)).await.unwrap();
        agents::revoke(&mut tx, agent, "cloned", Micros(3)).await.unwrap();
        agents::revoke(&mut tx, agent, "again", Micros(4)).await.unwrap();
        assert!(agents::heard(&mut tx, &[heard(7)], NOW).await.unwrap().is_empty());
        let stored = agents::by_id(&mut tx, "a1").await.unwrap().unwrap();
        assert_eq!((stored.counter, stored.cpu_us, stored.public_key), (6, 20, [7; 32]));
        assert_eq!((stored.revoked_at, stored.revoked_reason.as_str()), (Some(Micros(3)), "cloned"));
        assert_eq!((stored.proof_date, stored.proof.len()), (Micros(6), 64));
        assert_eq!(stored.cloned_at, Some(Micros(2)));
        assert_eq!(stored.diagnostics, troubles);
        assert_eq!(agents::of_host(&mut tx, key).await.unwrap(), [stored]);
    }

    async fn a_token_enrols_once(test: TestDb) {
        let mut tx = test.db.begin().await.unwrap();
        let project = project(&mut tx).await;
        let token = |hash, expires| EnrolmentToken {
            hash: [hash; 32],
            project,
            created_by: "u".into(),
            description: String::new(),
            created_at: NOW,
            expires_at: Micros(expires),
            used_at: None,
            used_by: None,
            host: None,
        };
        agents::create_token(&mut tx, &token(1, 10)).await.unwrap();
        agents::create_token(&mut tx, &token(2, 10)).await.unwrap();
        let id = AgentId::parse("a").unwrap();
        assert_eq!(agents::take_token(&mut tx, &[1; 32], &id, Micros(9)).await.unwrap(), Some(Taken { project, host: None, created_at: NOW }));
        assert_eq!(agents::take_token(&mut tx, &[1; 32], &id, Micros(9)).await.unwrap(), None);
        assert_eq!(agents::take_token(&mut tx, &[2; 32], &id, Micros(10)).await.unwrap(), None);
        assert_eq!(agents::take_token(&mut tx, &[3; 32], &id, Micros(0)).await.unwrap(), None);
        let used = agents::token(&mut tx, &[1; 32]).await.unwrap().unwrap();
        assert_eq!((used.used_at, used.used_by.as_deref()), (Some(Micros(9)), Some("a")));
        assert_eq!(agents::tokens(&mut tx, project).await.unwrap().len(), 2);
        assert_eq!(agents::purge_tokens(&mut tx, Micros(11)).await.unwrap(), 2);
    }
}
