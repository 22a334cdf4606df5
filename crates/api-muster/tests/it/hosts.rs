//! Hosts entered one by one and as a list, changed, and forgotten.

use axum::http::Method;
use muster_model::id::ProjectId;
use muster_service::roster::{self, Entry, MAX_IMPORT, Outcome, OwnerChange};
use muster_testkit::client::Client;
use muster_testkit::{TestApp, TestDb, on_both_databases};
use serde_json::{Value, json};

const ID: &str = "0123456789abcdef0123456789abcdef";

struct World {
    test: TestApp,
    admin: Client,
    hosts: String,
}

impl World {
    async fn on(test: TestDb) -> Self {
        let test = TestApp::on(test).await;
        let router = muster_http::edge(muster_api_muster::router(&test.app));
        let admin = test.admin(&router).await;
        let hosts = format!("/muster/v1/{}/hosts", test.credentials.project_id);
        Self { test, admin, hosts }
    }

    async fn import(&self, list: Value) -> (u16, Value) {
        let answer = self.admin.post(&format!("{}/import", self.hosts), &list).await;
        (answer.status, answer.json())
    }

    async fn listed(&self) -> Value {
        self.admin.get(&self.hosts).await.json()["hosts"].clone()
    }
}

fn counts(answer: &Value) -> [i64; 3] {
    ["added", "changed", "unchanged"].map(|name| answer[name].as_i64().unwrap())
}

on_both_databases! {
    async fn a_list_is_entered_once(test: TestDb) {
        let world = World::on(test).await;
        let list = json!([
            {"name": "web-1", "address": "10.0.0.1", "container_node": true, "tags": {"env": "prod"}},
            {"name": "web-2", "machine_id": ID, "department": "ops", "importance": "important"},
        ]);
        let (status, dry) = world.import(json!({"hosts": list, "dry_run": true})).await;
        assert_eq!((status, counts(&dry)), (200, [2, 0, 0]));
        assert_eq!(world.listed().await, json!([]), "only told");
        let (status, answer) = world.import(json!({"hosts": list})).await;
        assert_eq!((status, counts(&answer)), (200, [2, 0, 0]), "{answer}");
        let first = world.listed().await;
        assert_eq!(first[0]["id"], answer["hosts"][0]["id"]);
        for (host, field, value) in [
            (0, "agent_status", json!("not_installed")),
            (0, "addresses", json!(["10.0.0.1"])),
            (0, "container_node", json!(true)),
            (0, "tags", json!({"env": "prod"})),
            (1, "expected_machine_id", json!(ID)),
            (1, "machine_id", json!("")),
            (1, "department", json!("ops")),
            (1, "container_node", json!(false)),
        ] {
            assert_eq!(first[host][field], value, "{field} of {}", first[host]);
        }
        for (query, names) in [
            ("agent_status=not_installed", json!(["web-1", "web-2"])),
            ("agent_status=installing", json!([])),
            ("container_node=true", json!(["web-1"])),
            ("container_node=false&name=WEB", json!(["web-2"])),
            ("tag=env=prod", json!(["web-1"])),
            ("tag=env", json!([])),
        ] {
            let found = world.admin.get(&format!("{}?{query}", world.hosts)).await.json();
            let found: Vec<_> = found["hosts"].as_array().unwrap().iter().map(|it| it["name"].clone()).collect();
            assert_eq!(json!(found), names, "{query}");
        }
        assert_eq!(world.admin.get(&format!("{}?agent_status=x", world.hosts)).await.status, 400);
        let (_, again) = world.import(json!({"hosts": list})).await;
        assert_eq!(counts(&again), [0, 0, 2]);
        assert_eq!(world.listed().await, first);

        // What a line says nothing of stays.
        let (_, changed) = world.import(json!({"hosts": [
            {"name": "web-1", "address": "10.0.0.9", "tags": {}},
            {"name": "web-2", "location": "Bonn"},
            {"name": "web-3"},
        ]})).await;
        assert_eq!(counts(&changed), [1, 2, 0]);
        let now = world.listed().await;
        assert_eq!(now[0]["addresses"], json!(["10.0.0.9"]));
        assert_eq!((&now[0]["tags"], &now[0]["container_node"]), (&json!({}), &json!(true)));
        assert_eq!((&now[1]["location"], &now[1]["department"]), (&json!("Bonn"), &json!("ops")));

        // Each has its record.
        let query = "/muster/v1/audit?action=hss:host:update&limit=100";
        let records = world.admin.get(query).await.json().to_string();
        let id = now[2]["id"].as_str().unwrap();
        assert!(records.contains(&format!("host/{id}")), "{records}");
    }

    async fn a_list_with_mistakes_is_not_entered(test: TestDb) {
        let world = World::on(test).await;
        let there = json!({"name": "there", "machine_id": ID});
        assert_eq!(world.admin.post(&world.hosts, &there).await.status, 200);
        let before = world.listed().await;
        for (list, status, told) in [
            (json!([{"name": "a"}, {"name": ""}]), 400, "hosts[1].name: must be 1 to 255"),
            (json!([{"name": "a", "address": "x"}, {"name": "b", "importance": "x"}]), 400, "hosts[0].address: must be the IPv4 or IPv6 address of a host; hosts[1].importance: "),
            (json!([{"name": "a"}, {"name": "b"}, {"name": "a"}]), 400, "hosts[2].name: is that of hosts[0], too"),
            (json!([{"name": "a", "machine_id": ID}]), 409, "hosts[0].machine_id: host "),
            (json!([]), 400, "hosts: must be 1 to 5000"),
            (json!([{"name": "a", "colour": "red"}]), 400, "colour"),
        ] {
            let (got, answer) = world.import(json!({"hosts": list})).await;
            assert_eq!(got, status, "{list}: {answer}");
            assert!(answer["error_msg"].as_str().unwrap().contains(told), "{list}: {answer}");
            assert_eq!(world.listed().await, before);
        }
        let twice = world.admin.post(&world.hosts, &json!({"name": "there"})).await;
        assert_eq!(twice.status, 409);
        assert!(twice.json()["error_msg"].as_str().unwrap().starts_with("name: host "));
    }

    async fn the_longest_list_is_entered_and_a_longer_one_is_not(test: TestDb) {
        let world = World::on(test).await;
        let project = ProjectId::parse(&world.test.credentials.project_id).unwrap();
        let entries = |n: usize, location: &str| -> Vec<_> {
            let owner = OwnerChange { location: Some(location.to_owned()), ..OwnerChange::default() };
            (0..n).map(|n| Entry { name: format!("h{n}"), owner: owner.clone(), ..Entry::default() }).collect()
        };
        let import = async |entries| {
            roster::import(&world.test.app, &world.test.operator(), &project, entries, false).await
        };
        assert!(import(entries(MAX_IMPORT + 1, "")).await.is_err());
        for (location, outcome) in
            [("a", Outcome::Added), ("b", Outcome::Changed), ("b", Outcome::Unchanged)]
        {
            let done = import(entries(MAX_IMPORT, location)).await.unwrap();
            assert_eq!(done.iter().filter(|line| line.outcome == outcome).count(), MAX_IMPORT);
        }
    }

    async fn a_host_without_a_history_is_forgotten(test: TestDb) {
        let world = World::on(test).await;
        let added = world.admin.post(&world.hosts, &json!({"name": "web-1"})).await.json();
        let host = format!("{}/{}", world.hosts, added["id"].as_str().unwrap());
        let tokens = world.hosts.replace("hosts", "enrol-tokens");
        let token = world.admin.post(&tokens, &json!({"host_id": added["id"]})).await;
        assert_eq!(token.status, 200);
        let kept = world.admin.get(&tokens).await.json();
        assert_eq!(kept["enrol_tokens"][0]["host_id"], added["id"]);
        assert_eq!(world.admin.send(Method::DELETE, &host, None).await.status, 200);
        assert_eq!(world.admin.send(Method::DELETE, &host, None).await.status, 404);
        assert_eq!(world.admin.get(&tokens).await.json()["enrol_tokens"], json!([]), "it was for it");
        assert_eq!(world.admin.post(&world.hosts, &json!({"name": "web-1"})).await.status, 200);
    }

    async fn an_installation_is_told_as_it_goes(test: TestDb) {
        let world = World::on(test).await;
        let added = world.admin.post(&world.hosts, &json!({"name": "web-1"})).await.json();
        let host = format!("{}/{}", world.hosts, added["id"].as_str().unwrap());
        let tell = async |body: Value| {
            world.admin.send(Method::PUT, &format!("{host}/installation"), Some(&body)).await.status
        };
        let shown = async || {
            let shown = world.admin.get(&host).await.json();
            (shown["agent_status"].clone(), shown["installation"]["reason"].clone())
        };
        assert_eq!(tell(json!({"state": "installing"})).await, 200);
        assert_eq!(shown().await, (json!("installing"), json!("")));
        world.test.clock.advance_secs(1_801);
        assert_eq!(shown().await, (json!("install_failed"), json!("its end was never told")));
        assert_eq!(tell(json!({"state": "failed", "reason": "no\u{1b} way"})).await, 200);
        assert_eq!(shown().await, (json!("install_failed"), json!("no  way")));
        for bad in [json!({"state": "failed"}), json!({"state": "x"}), json!({"state": "failed", "reason": "x".repeat(501)})] {
            assert_eq!(tell(bad).await, 400);
        }
        assert_eq!(tell(json!({"state": "none"})).await, 200);
        assert_eq!(shown().await, (json!("not_installed"), json!(null)));
    }
}
