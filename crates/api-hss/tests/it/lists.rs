//! Every list and statistics call: shapes, filters, and that they agree with each other.

use crate::calls;
use crate::contract::{BEYOND, CGS, HSS};
use crate::world::{NOW, World, facts};
use axum::http::Request;
use muster_api_hss::OPERATIONS;
use muster_model::asset::Port;
use muster_model::host::HostProfile;
use muster_model::id::HostId;
use muster_model::{Fact, Kind};
use muster_store::hosts::{self, Installation, NewHost, Ownership, Registration};
use serde_json::{Value, json};

#[tokio::test]
async fn every_answer_has_the_contracts_fields_and_types() {
    for world in World::each().await {
        world.container_starts("host-web-2", "b0d", "default/shop-1/web").await;
        for (name, path, body) in calls::all() {
            if path.contains("TASK") || path.contains("FILE") {
                continue; // Followed from end to end by the tests of exports.
            }
            if BEYOND.contains(&name) {
                continue; // Their fields are compared one by one by the tests of events.
            }
            let row = OPERATIONS.iter().find(|row| row.name == name).unwrap();
            let answer = world.call(row.verb.method().as_str(), path, body).await.ok();
            HSS.check(name, &answer);
            if name.starts_with("List")
                && !path.contains("history")
                && name != "ListGlobalAssetScanTask"
                && name != "ListKubernetesClusterDetails"
            {
                assert!(!answer["data_list"].as_array().unwrap().is_empty(), "{name}: {answer}");
            }
        }
    }
}

const LISTS: [(&str, &str); 16] = [
    ("users", "/asset/users"),
    ("auto_launch", "/asset/auto-launchs"),
    ("ports_detail", "/asset/ports/detail?port=22"),
    ("ports", "/asset/ports?host_id=host-web-1"),
    ("processes", "/asset/processes/detail"),
    ("apps", "/asset/apps"),
    ("jar_packages", "/asset/midwares/detail?file_name=log4j-core-2.14.1.jar"),
    ("jar_packages_of_host", "/asset/host-web-1/jar-package"),
    ("web_frameworks", "/asset/host/web-framework"),
    ("web_frameworks_of_host", "/asset/host-web-1/web-framework"),
    ("web_sites", "/asset/host/web-site?domain=shop.example"),
    ("web_sites_of_host", "/asset/host-web-1/web-site"),
    ("kernel_modules", "/asset/host/kernel-module?name=overlay"),
    ("kernel_modules_of_host", "/asset/host-web-1/kernel-module"),
    ("databases", "/asset/web-app-and-services?catalogue=database"),
    ("hosts", "/host-management/hosts"),
];

#[tokio::test]
async fn rows_are_written_as_the_contract_has_them() {
    let world = World::new().await;
    for (name, path) in LISTS {
        let answer = world.get(path).await.ok();
        insta::assert_json_snapshot!(name, answer["data_list"][0]);
    }
}

#[tokio::test]
async fn containers_have_their_own_rows() {
    let world = World::new().await;
    for (name, path) in LISTS.into_iter().filter(|(name, _)| !name.contains("kernel")) {
        if name == "hosts" {
            continue;
        }
        let joint = if path.contains('?') { '&' } else { '?' };
        let answer = world.get(&format!("{path}{joint}category=container")).await.ok();
        let row = &answer["data_list"][0];
        assert!(row.is_object(), "{name}: {answer}");
        if name != "auto_launch" {
            assert_eq!(row["container_id"], "c0ffee", "{name}");
        }
    }
}

/// The total of the list call that a statistics row stands for.
async fn listed(world: &World, path: &str) -> Value {
    world.get(path).await.ok()["total_num"].clone()
}

#[tokio::test]
async fn the_numbers_of_the_statistics_are_those_of_the_lists() {
    for world in World::each().await {
        // A second listener on the same port, so that one number is not like the others.
        let port = |addr: &str| {
            Fact::from(Port {
                port: 22,
                protocol: "TCP".into(),
                bind_addr: addr.into(),
                status: "normal".into(),
                ..Port::default()
            })
        };
        let ports = vec![port("0.0.0.0"), port("10.0.0.1")];
        world.report(Kind::Port, ports, NOW.plus_secs(60)).await;
        let services = "/asset/web-app-and-service-statistics?catalogue=";
        for category in ["host", "container"] {
            for (statistics, list, keys) in [
                ("/asset/user/statistics?", "/asset/users?", &["user_name"][..]),
                ("/asset/auto-launch/statistics?", "/asset/auto-launchs?", &["name", "type"]),
                ("/asset/port/statistics?", "/asset/ports/detail?", &["port", "type", "status"]),
                ("/asset/process/statistics?", "/asset/processes/detail?", &["path"]),
                ("/asset/app/statistics?", "/asset/apps?", &["app_name"]),
                ("/asset/midwares?", "/asset/midwares/detail?", &["file_name"]),
                ("/asset/statistics/web-framework?", "/asset/host/web-framework?", &["file_name"]),
                ("/asset/statistics/web-site?", "/asset/host/web-site?", &["domain"]),
                (
                    &format!("{services}database&"),
                    "/asset/web-app-and-services?catalogue=database&",
                    &["name"],
                ),
                (
                    &format!("{services}web-app&"),
                    "/asset/web-app-and-services?catalogue=web_cms&",
                    &["name"],
                ),
                (
                    &format!("{services}web_service&"),
                    "/asset/web-app-and-services?catalogue=web_service&",
                    &["name"],
                ),
                ("/asset/statistics/kernel-module?", "/asset/host/kernel-module?", &["name"]),
            ] {
                if list.contains("kernel") && category == "container" {
                    continue;
                }
                let answer = world.get(&format!("{statistics}category={category}")).await.ok();
                let rows = answer["data_list"].as_array().unwrap();
                assert_eq!(answer["total_num"], rows.len());
                assert!(!rows.is_empty(), "{statistics}");
                for row in rows {
                    let text = |value: &Value| value.to_string().trim_matches('"').to_owned();
                    let filters: Vec<_> =
                        keys.iter().map(|key| format!("{key}={}", text(&row[*key]))).collect();
                    let path = format!("{list}category={category}&{}", filters.join("&"));
                    assert_eq!(listed(&world, &path).await, row["num"], "{path}");
                }
            }
        }
        let ports = world.get("/asset/port/statistics").await.ok();
        assert_eq!(ports["data_list"][0]["num"], 3);
    }
}

#[tokio::test]
async fn totals_of_all_kinds() {
    for world in World::each().await {
        let all = world.get("/asset/statistics?category=host").await.ok();
        let one = world.get("/asset/statistics?category=container&host_id=host-web-1").await.ok();
        for (name, total) in all.as_object().unwrap() {
            assert_eq!(*total, 2, "{name}");
            let inside = i64::from(name != "kernel_module_num");
            assert_eq!(one[name.as_str()], inside, "{name}");
        }
        let none = world.get("/asset/statistics?category=host&enterprise_project_id=x").await.ok();
        assert_eq!(none["account_num"], 0);
    }
}

#[tokio::test]
async fn filters_narrow_the_lists() {
    for world in World::each().await {
        for (path, total) in [
            ("/asset/users?host_name=web-1", 1),
            ("/asset/users?host_name=web", 0),
            ("/asset/users?host_name=WEB&part_match=true", 2),
            ("/asset/users?private_ip=10.0.0.2", 1),
            ("/asset/users?private_ip=fe80::web-2", 1),
            ("/asset/users?host_id=host-web-2&user_name=root", 1),
            ("/asset/users?root_permission=true&login_permission=true&user_group=root", 2),
            ("/asset/users?root_permission=false", 0),
            ("/asset/users?enterprise_project_id=all_granted_eps", 2),
            ("/asset/users?enterprise_project_id=other", 0),
            ("/asset/apps?app_name=cur", 0),
            ("/asset/apps?app_name=CUR&part_match=true", 2),
            ("/asset/apps?version=7.88.1-10&install_dir=/usr", 2),
            ("/asset/auto-launchs?type=0", 2),
            ("/asset/auto-launchs?type=1", 0),
            ("/asset/ports?host_id=host-web-1&status=normal&type=TCP", 1),
            ("/asset/ports?host_id=host-web-1&status=danger", 0),
            ("/asset/port/statistics?port_string=2", 1),
            ("/asset/port/statistics?port_string=2&port=22", 1),
            ("/asset/port/statistics?port_string=3&port=22", 0),
            ("/asset/user/statistics?user_name=RO", 1),
            ("/asset/processes/detail?path=/usr/sbin/sshd&offset=1", 2),
            ("/asset/users?offset=2000000", 2),
            ("/host-management/hosts?host_name=WEB", 2),
            ("/host-management/hosts?host_id=host-web-1", 1),
            ("/host-management/hosts?host_id_list=host-web-1,host-web-2,x", 2),
            ("/host-management/hosts?private_ip_list=10.0.0.2", 1),
            ("/host-management/hosts?agent_status=online&host_status=ACTIVE", 2),
            ("/host-management/hosts?agent_status=offline", 0),
            ("/host-management/hosts?agent_status=installing", 0),
            ("/host-management/hosts?os_type=Windows", 0),
            ("/host-management/hosts?has_vul=true", 0),
            ("/host-management/hosts?protect_status=opened", 0),
            ("/host-management/hosts?asset_value=test", 0),
            ("/container/nodes?limit=1", 2),
            ("/container/nodes?container_node=false", 0),
            ("/container/nodes?host_name=web-2", 1),
        ] {
            assert_eq!(world.get(path).await.ok()["total_num"], total, "{path}");
        }
        let past = world.get("/asset/users?offset=2").await.ok();
        assert_eq!(past, json!({"total_num": 2, "data_list": []}));
    }
}

#[tokio::test]
async fn a_node_without_agent_is_called_what_the_document_asked_calls_it() {
    let world = World::new().await;
    world.clock.advance_secs(1_000);
    let db = &world.db.db;
    muster_store::transact!(db, |tx| {
        let host = hosts::by_id(tx, "host-web-1").await?.unwrap();
        hosts::set_agent(tx, host.key, None).await
    })
    .unwrap();
    for (host, word) in
        [("cgs.region.example", "not_register"), ("hss.region.example", "not_installed")]
    {
        let request = Request::builder()
            .uri(format!("/v5/{}/container/nodes", world.project))
            .header("host", host)
            .header("x-auth-token", &world.token);
        let answer = world.send(request, None).await.ok();
        CGS.check_known("ListContainerNodes", &answer);
        assert_eq!(answer["data_list"][0]["agent_status"], word);
        assert_eq!(answer["data_list"][1]["agent_status"], "offline");
        assert_eq!(answer["data_list"][0]["protect_status"], "closed");
    }
    let counts = world.get("/asset/overview/status/agent").await.ok();
    assert_eq!(counts, json!({"online": 0, "offline": 1, "not_installed": 1, "total_num": 2}));
}

#[tokio::test]
async fn hosts_without_an_agent_are_in_every_list() {
    for world in World::each().await {
        let db = &world.db.db;
        muster_store::transact!(db, |tx| {
            let project = hosts::by_id(tx, "host-web-1").await?.unwrap().project;
            let failed = Installation { failed: true, reason: "no way".into(), since: NOW };
            let begun = Installation { failed: false, reason: String::new(), since: NOW };
            for (id, installation, node) in [
                ("new-1", None, true),
                ("new-2", Some(failed), true),
                ("new-3", Some(begun), false),
            ] {
                let profile = HostProfile {
                    name: id.to_owned(),
                    addresses: vec!["10.9.0.1".to_owned()],
                    ..HostProfile::default()
                };
                let tags =
                    [("env", "prod"), ("old", "")].map(|(k, v)| (k.to_owned(), v.to_owned()));
                let owner = Ownership {
                    container_node: node,
                    enterprise_project_id: "0".into(),
                    tags: tags.into(),
                    ..Ownership::default()
                };
                let registration = Registration { name: id.to_owned(), ..Registration::default() };
                let id = HostId::parse(id).unwrap();
                let new = NewHost { id: id.clone(), profile, owner, registration };
                hosts::register(tx, project, &[new], NOW).await?;
                let host = hosts::by_id(tx, id.as_str()).await?.unwrap();
                hosts::set_installation(tx, host.key, installation.as_ref()).await?;
            }
            Ok(())
        })
        .unwrap();
        let names = |answer: &Value| -> String {
            let rows = answer["data_list"].as_array().unwrap().iter();
            rows.map(|row| row["host_name"].as_str().unwrap()).collect::<Vec<_>>().join(" ")
        };
        for (path, expected) in [
            ("/container/nodes", "new-1 new-2 web-1 web-2"),
            ("/container/nodes?agent_status=not_installed", "new-1"),
            ("/container/nodes?agent_status=install_failed", "new-2"),
            ("/container/nodes?agent_status=installing", ""),
            ("/container/nodes?container_node=false", "new-3"),
            ("/host-management/hosts?agent_status=installing", "new-3"),
            ("/host-management/hosts?agent_status=install_failed", "new-2"),
            ("/host-management/hosts?agent_status=not_installed", "new-1"),
            ("/host-management/hosts?label=env=prod&limit=200", "new-1 new-2 new-3"),
            ("/host-management/hosts?label=old", "new-1 new-2 new-3"),
            ("/host-management/hosts?label=env", ""),
            ("/host-management/hosts?private_ip=10.9.0", "new-1 new-2 new-3"),
        ] {
            assert_eq!(names(&world.get(path).await.ok()), expected, "{path}");
        }
        let hosts = world.get("/host-management/hosts?host_id=new-2").await.ok();
        let host = &hosts["data_list"][0];
        assert_eq!(host["agent_status"], "install_failed");
        assert_eq!(host["private_ip"], "10.9.0.1");
        assert_eq!(host["labels"], json!(["env=prod", "old"]));
        let counts = world.get("/container/node-statistics").await.ok();
        assert_eq!(counts["unprotected_num"], 4);
        assert_eq!(counts["not_cluster_node_not_installed_num"], 2);
        let counts = world.get("/asset/overview/status/agent").await.ok();
        assert_eq!(counts, json!({"online": 2, "offline": 0, "not_installed": 3, "total_num": 5}));

        // CGS has two words for what is without an agent, one to ask by and one to answer.
        let request = Request::builder()
            .uri(format!("/v5/{}/container/nodes?agent_status=not_installed", world.project))
            .header("host", "cgs.region.example")
            .header("x-auth-token", &world.token);
        let answer = world.send(request, None).await.ok();
        assert_eq!(names(&answer), "new-1 new-2");
        assert_eq!(answer["data_list"][1]["agent_status"], "not_register");

        world.clock.advance_secs(1_801);
        let gave_up = world.get("/host-management/hosts?agent_status=install_failed").await.ok();
        assert_eq!(names(&gave_up), "new-2 new-3", "nobody told how it ended");
        assert_eq!(gave_up["data_list"][1]["agent_status"], "install_failed");
    }
}

#[tokio::test]
async fn a_host_whose_containers_ended_is_no_node_any_more() {
    for world in World::each().await {
        let counted = |of: &Value| of["unprotected_num"].clone();
        assert_eq!(counted(&world.get("/container/node-statistics").await.ok()), 2);
        world.container_ends(NOW.plus_secs(60)).await;
        assert_eq!(counted(&world.get("/container/node-statistics").await.ok()), 1);
        let containers = world.get("/asset/overview/status/container/protection").await.ok();
        assert_eq!(containers["total_num"], 1);
        let others = world.get("/container/nodes?container_node=false").await.ok();
        assert_eq!(others["total_num"], 1);
        assert_eq!(others["data_list"][0]["host_id"], "host-web-1");
        assert_eq!(others["data_list"][0]["is_container_node"], false);
    }
}

#[tokio::test]
async fn containers_that_run_are_listed_and_filtered() {
    for world in World::each().await {
        for (id, name) in [
            ("c1", "default/cart-1/web"),
            ("c2", "default/cart-1"),
            ("c3", "cart/db_1/default"),
            ("c4", "a%b"),
        ] {
            world.container_starts("host-web-2", id, name).await;
        }
        world
            .container_is_of(
                "host-web-2",
                "c1",
                "default/cart-1/web",
                "registry.example/cart:1",
                "",
            )
            .await;
        for (query, ids) in [
            ("image_name=CART:", "c1"),
            ("image_name=cart_1", ""),
            ("", "c4 c3 c2 c1 c0ffee c0ffee"),
            ("limit=2&offset=1", "c3 c2"),
            ("container_name=SHOP", "c0ffee c0ffee"),
            ("container_name=%25", "c4"),
            ("container_name=t/c", "c2 c1"),
            ("pod_name=CART", "c2 c1"),
            ("pod_name=db_", "c3"),
            ("pod_name=t_1", ""),
            ("pod_name=default", ""),
            ("pod_name=web", ""),
            ("pod_name=%25", ""),
            ("pod_name=1/w", ""),
            ("cluster_container=true", "c3 c2 c1"),
            ("cluster_container=false&container_name=s", "c0ffee c0ffee"),
            ("enterprise_project_id=all_granted_eps&container_name=shop", "c0ffee c0ffee"),
            ("enterprise_project_id=other", ""),
        ] {
            let answer = world.get(&format!("/container/kubernetes?{query}")).await.ok();
            let rows = answer["data_list"].as_array().unwrap();
            let listed: Vec<_> =
                rows.iter().map(|row| row["container_id"].as_str().unwrap()).collect();
            assert_eq!(listed.join(" "), ids, "{query}");
            let total = if query.starts_with("limit") { 6 } else { listed.len() };
            assert_eq!(answer["total_num"], total, "{query}");
            let looked_at = (!listed.is_empty()).then(|| NOW.millis());
            assert_eq!(answer["last_update_time"], json!(looked_at));
        }
        let pod = world.get("/container/kubernetes?container_name=cart-1/web").await.ok();
        let expected = json!({
            "id": "host-web-2/c1", "container_id": "c1", "container_name": "default/cart-1/web",
            "image_name": "registry.example/cart:1", "status": "Running", "create_time": NOW.millis(),
            "pod_name": "cart-1",
        });
        assert_eq!(pod["data_list"][0], expected);
        world.container_ends(NOW.plus_secs(60)).await;
        let left = world.get("/container/kubernetes?container_name=shop").await.ok();
        assert_eq!(left["total_num"], 1);
        assert_eq!(left["data_list"][0]["id"], "host-web-2/c0ffee");
    }
}

#[tokio::test]
async fn clusters_are_what_their_nodes_tell() {
    for world in World::each().await {
        let none = world.get("/kubernetes/clusters").await.ok();
        assert_eq!((&none["total_num"], &none["last_update_time"]), (&json!(0), &json!(null)));
        for host in ["host-web-1", "host-web-2"] {
            world.is_node_of(host, "aa", "shop").await;
        }
        let all = world.get("/kubernetes/clusters?load_agent_info=true").await.ok();
        HSS.check("ListKubernetesClusterDetails", &all);
        assert_eq!(
            (&all["total_num"], &all["last_update_time"]),
            (&json!(1), &json!(NOW.millis()))
        );
        let shop = &all["cluster_info_list"][0];
        let expected = json!({
            "id": "aa", "cluster_id": "aa", "cluster_name": "shop", "cluster_type": "k8s",
            "status": "Available", "total_nodes_number": 2, "active_nodes_number": 2, "agent_installed_num": 2,
        });
        assert_eq!(*shop, expected);
        world.is_node_of("host-web-1", "bb", "data").await;
        let both = world.get("/kubernetes/clusters").await.ok();
        assert_eq!(
            (&both["total_num"], &both["cluster_info_list"][0]["cluster_id"]),
            (&json!(2), &json!("bb"))
        );
        let found = world.get("/kubernetes/clusters?cluster_name=SHO&limit=10").await.ok();
        assert_eq!(found["cluster_info_list"][0]["cluster_name"], "shop");
        assert!(found["cluster_info_list"][0]["agent_installed_num"].is_null());
        assert_eq!(found["total_num"], 1);
        let limit = world.get("/kubernetes/clusters?limit=9").await;
        assert_eq!(limit.error().0, 400);
        // A pod belongs to the cluster of its node, another container to none.
        world.container_starts("host-web-2", "c1", "default/cart-1/web").await;
        let rows = world.get("/container/kubernetes").await.ok();
        let rows = rows["data_list"].as_array().unwrap();
        let told = |row: &Value| (row["container_id"].clone(), row["cluster_name"].clone());
        let told: Vec<_> = rows.iter().map(told).collect();
        assert!(told.contains(&(json!("c1"), json!("shop"))), "{told:?}");
        assert!(told.contains(&(json!("c0ffee"), json!(null))), "{told:?}");
    }
}

#[tokio::test]
async fn owners_say_how_important_a_host_is() {
    let world = World::new().await;
    let set = |value: &str, host: &str| json!({"asset_value": value, "host_id_list": [host, "host-web-2"]});
    let path = "/host-management/asset-value/associate";
    world.call("PUT", path, Some(set("test", "host-web-1"))).await.ok();
    assert_eq!(listed(&world, "/host-management/hosts?asset_value=test").await, 2);
    let missing = world.call("PUT", path, Some(set("common", "nobody"))).await;
    assert_eq!(missing.error().0, 404);
    assert_eq!(listed(&world, "/host-management/hosts?asset_value=test").await, 2);
}

#[tokio::test]
async fn protection_is_switched_and_shown_wherever_hosts_are() {
    for world in World::each().await {
        let switch = async |path: &str, version: &str, hosts: &[&str]| {
            let body =
                json!({"version": version, "charging_mode": "on_demand", "host_id_list": hosts});
            world.call("POST", path, Some(body)).await
        };
        let (of_hosts, of_nodes) = ("/host-management/protection", "/container/switch-version");
        switch(of_hosts, "hss.version.premium", &["host-web-1"]).await.ok();
        for (query, found) in [
            ("protect_status=opened", 1),
            ("protect_status=closed", 1),
            ("version=hss.version.premium", 1),
            ("version=hss.version.basic", 0),
            ("version=hss.version.null", 1),
            ("version=hss.version.null&protect_status=opened", 0),
            ("version=hss.version.premium&protect_status=opened", 1),
        ] {
            for list in ["/host-management/hosts", "/container/nodes"] {
                assert_eq!(
                    listed(&world, &format!("{list}?{query}")).await,
                    found,
                    "{list} {query}"
                );
            }
        }
        assert_eq!(
            listed(&world, "/host-management/hosts?protect_status=protection_exception").await,
            0
        );
        let node = &world.get("/container/nodes?host_name=web-1").await.ok()["data_list"][0];
        assert_eq!(
            (&node["protect_status"], &node["version"]),
            (&json!("opened"), &json!("hss.version.premium"))
        );
        let counts = world.get("/container/node-statistics").await.ok();
        assert_eq!((&counts["protected_num"], &counts["unprotected_num"]), (&json!(1), &json!(1)));
        for kind in ["host", "container"] {
            let path = format!("/asset/overview/status/{kind}/protection");
            let counts = world.get(&path).await.ok();
            assert_eq!(
                (&counts["no_protect"], &counts["total_num"]),
                (&json!(1), &json!(2)),
                "{kind}"
            );
        }

        // All of them or none.
        let missing =
            switch(of_nodes, "hss.version.container.enterprise", &["host-web-2", "nobody"]);
        assert_eq!(missing.await.error().0, 404);
        assert_eq!(listed(&world, "/container/nodes?protect_status=opened").await, 1);
        switch(of_nodes, "hss.version.null", &["host-web-1"]).await.ok();
        assert_eq!(listed(&world, "/container/nodes?protect_status=opened").await, 0);
        for (path, version, hosts) in [
            (of_nodes, "hss.version.premium", &["host-web-1"][..]),
            (of_hosts, "premium", &["host-web-1"]),
            (of_hosts, "hss.version.premium", &[]),
        ] {
            assert_eq!(switch(path, version, hosts).await.error().0, 400, "{path} {version}");
        }
    }
}

#[tokio::test]
async fn sweeps_can_be_asked_for() {
    for world in World::each().await {
        let path = "/asset/manual-collect/kernel-module?host_id=host-web-1";
        let before = world.get(path).await.ok();
        assert_eq!(before["scan_status"], "scanned");
        assert_eq!(
            world.get("/asset/assign-task?category=host").await.ok(),
            json!({"exist": false})
        );
        world.call("POST", path, None).await.ok();
        assert_eq!(world.get(path).await.ok()["scan_status"], "scanning");
        assert_eq!(
            world.get("/asset/assign-task?category=host").await.ok(),
            json!({"exist": true})
        );
        world.clock.advance_secs(601);
        assert_eq!(world.get(path).await.ok()["scan_status"], "longscanning");
        let unknown = world.call("POST", "/asset/manual-collect/database?host_id=no", None).await;
        assert_eq!(unknown.error().0, 404);
    }
}

#[tokio::test]
async fn what_is_on_most_hosts() {
    for world in World::each().await {
        let top = world.get("/asset/overview/statistics/top/port").await.ok();
        assert_eq!(
            top,
            json!({"total_num": 1, "data_list": [{"name": "22", "host_num": 2, "percentage": 100}]})
        );
        let systems = world.get("/asset/overview/status/os").await.ok();
        assert_eq!(systems["linux_num"], 2);
        assert_eq!(facts().len(), Kind::ALL.len());
    }
}
