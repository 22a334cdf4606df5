//! Security events: recorded once, listed, filtered, handled.

use crate::contract::HSS;
use crate::world::{NOW, World};
use muster_model::container::{Details, Sign, SignKind};
use muster_model::report::ContainerRef;
use muster_store::{events, hosts, transact};
use serde_json::{Value, json};

impl World {
    /// What a host tells of a container with these signs.
    async fn signs(&self, host: &str, container: &str, signs: &[(SignKind, &str)]) -> usize {
        let sign = |(kind, evidence): &(SignKind, &str)| Sign {
            kind: *kind,
            evidence: (*evidence).to_owned(),
        };
        let told = Details {
            named: ContainerRef { id: format!("id-{container}"), name: container.to_owned() },
            image: "shop:1".to_owned(),
            signs: signs.iter().map(sign).collect(),
            ..Details::default()
        };
        let db = &self.db.db;
        transact!(db, |tx| {
            let host = hosts::by_id(tx, host).await?.unwrap().key;
            let id = muster_vault::random::id;
            events::record(tx, host, std::slice::from_ref(&told), self.app.now(), id).await
        })
        .unwrap()
    }

    async fn events(&self, query: &str) -> Vec<String> {
        let answer = self.get(&format!("/event/events?{query}")).await.ok();
        let rows = answer["data_list"].as_array().unwrap().clone();
        assert_eq!(answer["total_num"], rows.len(), "{query}");
        let row = |it: &Value| {
            format!("{} {}", it["container_name"], it["event_details"]).replace('"', "")
        };
        rows.iter().map(row).collect()
    }
}

#[tokio::test]
async fn an_event_is_recorded_once_and_found_by_what_it_is_about() {
    for world in World::each().await {
        assert!(world.events("").await.is_empty());
        let shop = [(SignKind::Privileged, "CapEff 1"), (SignKind::HostMount, "/etc on /x rw")];
        assert_eq!(world.signs("host-web-1", "shop", &shop).await, 2);
        assert_eq!(world.signs("host-web-1", "shop", &shop).await, 0);
        world.clock.advance_secs(3_600);
        let more = [shop[0], (SignKind::HostNamespace, "pid:[1]")];
        assert_eq!(world.signs("host-web-1", "shop", &more).await, 1);
        assert_eq!(world.signs("host-web-2", "cart", &shop[1..]).await, 1);
        let all = ["cart /etc on /x rw", "shop pid:[1]", "shop /etc on /x rw", "shop CapEff 1"];
        for (query, found) in [
            ("", &all[..]),
            ("category=container&event_types=3007&last_days=30", &all),
            ("category=host", &[]),
            ("event_types=1001", &[]),
            ("container_name=CART", &all[..1]),
            ("host_name=web-2", &all[..1]),
            ("host_id=host-web-1&severity=Critical", &all[3..]),
            ("severity_list=Critical&severity_list=Medium", &[all[1], all[3]]),
            ("severity=Low", &[]),
            ("event_class_ids=container_1004", &[all[0], all[2]]),
            ("event_class_ids=container_1001&event_class_ids=container_1003", &[all[1], all[3]]),
            ("event_name=privileged", &all[3..]),
            ("handle_status=handled", &[]),
            ("attack_tag=attack_success", &[]),
            ("enterprise_project_id=other", &[]),
        ] {
            assert_eq!(world.events(query).await, found, "{query}");
        }
        let begun = NOW.plus_secs(60).millis();
        assert_eq!(world.events(&format!("begin_time={begun}")).await, all[..2]);
        assert_eq!(world.events(&format!("end_time={begun}")).await, all[2..]);
        for bad in ["category=x", "last_days=31", "handle_status=done", "auto_block=x"] {
            assert_eq!(world.get(&format!("/event/events?{bad}")).await.error().0, 400, "{bad}");
        }
    }
}

#[tokio::test]
async fn an_event_is_shown_with_its_evidence_and_handled_by_its_id() {
    let world = World::new().await;
    world
        .signs("host-web-1", "shop", &[(SignKind::RuntimeSocket, "/run/docker.sock on /s rw")])
        .await;
    let row = async || world.get("/event/events").await.ok()["data_list"][0].clone();
    let mut shown = row().await;
    let id = shown["event_id"].take();
    insta::assert_json_snapshot!("event", shown);

    let handle = async |method: &str, ids: &[&str]| {
        let list: Vec<_> =
            ids.iter().map(|id| json!({"event_id": id, "event_type": 3007})).collect();
        let body = json!({"operate_type": method, "handler": "known", "operate_event_list": list});
        world.post("/event/operate", body).await
    };
    let id = id.as_str().unwrap();
    assert_eq!(handle("mark_as_handled", &[id, "nobody"]).await.error().0, 404);
    assert_eq!(row().await["handle_status"], "unhandled");
    handle("mark_as_handled", &[id]).await.ok();
    let handled = row().await;
    let told = ["handle_status", "handle_method", "handler"].map(|name| handled[name].clone());
    assert_eq!(told, ["handled", "mark_as_handled", "known"]);
    assert_eq!(handled["handle_time"], NOW.millis());
    handle("unhandle", &[id]).await.ok();
    assert_eq!(row().await["handle_status"], "unhandled");
    assert_eq!(handle("isolate_and_kill", &[id]).await.error().0, 400);
    assert_eq!(handle("ignore", &[]).await.error().0, 400);

    // What is said of the event's container has to be true.
    let list = |detail: Value| json!([{"event_id": id, "operate_detail_list": [detail]}]);
    let body = |list: Value| json!({"operate_type": "ignore", "operate_event_list": list});
    let plain = body(json!([{"event_id": id}]));
    for (query, body, status) in [
        ("?container_id=id-cart", plain.clone(), 404),
        ("?container_name=cart", plain.clone(), 404),
        ("", body(list(json!({"container_id": "id-cart"}))), 404),
        ("?container_id=id-shop", body(list(json!({"container_name": "cart"}))), 404),
        ("", body(json!(vec![json!({"event_id": id}); 201])), 400),
        (
            "",
            json!({"operate_type": "ignore", "operate_event_list": [{"event_id": id}],
                    "event_white_rule_list": [{"event_type": 3007}]}),
            400,
        ),
    ] {
        let answer = world.post(&format!("/event/operate{query}"), body.clone()).await;
        assert_eq!(answer.error().0, status, "{query} {body}");
        assert_eq!(row().await["handle_status"], "unhandled");
    }
    let ours = json!({"container_id": "id-shop", "container_name": "shop", "agent_id": ""});
    let query = "?container_id=id-shop&container_name=shop";
    world.post(&format!("/event/operate{query}"), body(list(ours))).await.ok();
    assert_eq!(row().await["handle_method"], "ignore");

    // Another account sees none and changes none.
    let (project, token) = world.stranger().await;
    let stranger = World { project, token, ..world };
    assert!(stranger.events("").await.is_empty());
    let body = json!({"operate_type": "ignore", "operate_event_list": [{"event_id": id}]});
    assert_eq!(stranger.post("/event/operate", body).await.error().0, 404);
}

#[tokio::test]
async fn an_event_tells_its_place_its_program_and_its_file() {
    for world in World::each().await {
        world.is_node_of("host-web-1", "cafe", "kubernetes").await;
        world
            .signs("host-web-1", "shop/cart-1/cart", &[(SignKind::UnknownProgram, "/tmp/x")])
            .await;
        let blocked = (SignKind::BlockedProgram, "/bin/nc (started by /bin/sh)");
        world.signs("host-web-1", "alone", &[blocked]).await;
        world
            .signs("host-web-2", "cart", &[(SignKind::ProtectedFile, "/etc/passwd removed")])
            .await;
        let rows = world.get("/event/events").await.ok()["data_list"].clone();
        let one = |name: &str| {
            let rows = rows.as_array().unwrap().iter();
            let row = rows.clone().find(|it| it["container_name"] == name).unwrap();
            row.as_object().unwrap().clone()
        };
        let (pod, alone, cart) = (one("shop/cart-1/cart"), one("alone"), one("cart"));
        let place = &pod["resource_info"];
        for (field, value) in [
            ("container_id", "id-shop/cart-1/cart"),
            ("pod_name", "cart-1"),
            ("namespace", "shop"),
            ("cluster_id", "cafe"),
            ("cluster_name", "kubernetes"),
            ("image_name", "shop:1"),
            ("vm_uuid", "host-web-1"),
        ] {
            assert_eq!(place[field], value, "{field}");
        }
        let programs = json!([{"process_name": "x", "process_path": "/tmp/x"}]);
        assert_eq!(pod["process_info_list"], programs);
        let programs = json!([{"process_name": "nc", "process_path": "/bin/nc", "block": 1}]);
        assert_eq!(alone["process_info_list"], programs);
        // What runs on a node beside its pods is not the cluster's.
        for field in ["pod_name", "namespace", "cluster_id", "cluster_name"] {
            assert!(alone["resource_info"].get(field).is_none(), "{field}");
        }
        let files = json!([{"file_path": "/etc/passwd", "file_action": "removed"}]);
        assert_eq!(cart["file_info_list"], files);
        assert!(cart.get("process_info_list").is_none() && pod.get("file_info_list").is_none());
    }
}

#[tokio::test]
async fn a_node_tells_what_stands_against_it() {
    for world in World::each().await {
        let nodes = async || {
            let answer = world.get("/container/nodes").await.ok();
            HSS.check("ListContainerNodes", &answer);
            let rows = answer["data_list"].as_array().unwrap().clone();
            rows.iter().map(|it| (it["vulnerability"].clone(), it["intrusion"].clone())).collect()
        };
        let known: Vec<(Value, Value)> = nodes().await;
        for (host, told) in ["host-web-1", "host-web-2"].iter().zip(&known) {
            let of_host = world.get(&format!("/vulnerability/host/{host}")).await.ok();
            assert_eq!(told.0, of_host["total_num"], "{host}");
            assert!(told.0.as_i64().unwrap() > 0, "{host}");
            // Nobody looks into containers of hosts that are not protected.
            assert_eq!(told.1, Value::Null, "{host}");
        }
        let signs = [(SignKind::Privileged, "CapEff 1"), (SignKind::HostMount, "/etc on /x rw")];
        world.signs("host-web-1", "shop", &signs).await;
        let protect = json!({"version": "hss.version.premium", "host_id_list": ["host-web-2"]});
        world.post("/host-management/protection", protect).await.ok();
        let told: Vec<(Value, Value)> = nodes().await;
        assert_eq!((&told[0].1, &told[1].1), (&json!(2), &json!(0)));
        let first = world.get("/event/events?limit=1").await.ok()["data_list"][0].clone();
        let done = json!({"operate_type": "ignore", "operate_event_list": [{"event_id": first["event_id"]}]});
        world.post("/event/operate", done).await.ok();
        let told: Vec<(Value, Value)> = nodes().await;
        assert_eq!(told[0].1, 1);
        assert_eq!(told[0].0, known[0].0);
    }
}
