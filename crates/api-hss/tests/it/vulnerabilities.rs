//! Vulnerabilities over HTTP: what is known meets what is on the hosts.

use crate::knowledge;
use crate::world::World;
use muster_model::asset::App as Package;
use muster_model::{Kind, Micros, Paging};
use muster_service::vulnerabilities::matcher::Matcher;
use muster_store::audit::{self, Filter};
use serde_json::Value;

async fn ids(world: &World, path: &str) -> Vec<String> {
    let answer = world.get(path).await.ok();
    let rows = answer["data_list"].as_array().unwrap();
    assert_eq!(answer["total_num"], rows.len());
    rows.iter().map(|row| row["vul_id"].as_str().unwrap().to_owned()).collect()
}

fn upgraded() -> Package {
    Package {
        name: "curl".into(),
        version: "7.88.1-11".into(),
        purl: "pkg:deb/debian/curl@7.88.1-11?arch=amd64&distro=debian-12".into(),
        ..Package::default()
    }
}

#[tokio::test]
async fn a_vulnerability_leads_to_its_hosts_and_a_host_to_its_vulnerabilities() {
    for world in World::each().await {
        let answer = world.get("/vulnerability/vulnerabilities").await.ok();
        let row = &answer["data_list"][0];
        assert_eq!(row["vul_id"], "CVE-2026-1");
        assert_eq!(
            (row["type"].as_str(), row["severity_level"].as_str()),
            (Some("linux_vul"), Some("Medium"))
        );
        assert_eq!(row["host_num"], 2);
        assert_eq!(row["host_id_list"], serde_json::json!(["host-web-1", "host-web-2"]));
        assert_eq!(row["cve_list"][0]["cvss"], 5.3);
        assert_eq!(row["solution_detail"], "Upgrade curl 7.88.1-10 to 7.88.1-11.");
        assert_eq!(
            ids(&world, "/vulnerability/vulnerabilities?type=app_vul").await,
            ["CVE-2026-2"]
        );
        for nothing in [
            "type=web_cms",
            "type=windows_vul",
            "handle_status=handled",
            "repair_priority=Critical",
            "group_name=x",
        ] {
            assert!(
                ids(&world, &format!("/vulnerability/vulnerabilities?{nothing}")).await.is_empty(),
                "{nothing}"
            );
        }
        // The worst first.
        assert_eq!(
            ids(&world, "/vulnerability/host/host-web-1").await,
            ["CVE-2026-2", "CVE-2026-1"]
        );
        assert_eq!(
            ids(&world, "/vulnerability/host/host-web-1?severity_level=Medium").await,
            ["CVE-2026-1"]
        );
        let of_host = world.get("/vulnerability/host/host-web-1?type=app_vul").await.ok();
        let software = &of_host["data_list"][0]["app_list"][0];
        assert_eq!(software["app_name"], "log4j-core");
        assert_eq!(software["upgrade_version"], "2.15.0");
        assert_eq!(software["app_path"], "BOOT-INF/lib/log4j-core-2.14.1.jar");
        let hosts = world.get("/vulnerability/hosts?vul_id=CVE-2026-2&type=app_vul").await.ok();
        assert_eq!(hosts["total_num"], 2);
        assert_eq!(hosts["data_list"][1]["host_name"], "web-2");
        assert_eq!(hosts["data_list"][1]["cve_id_list"], serde_json::json!(["CVE-2026-2"]));
        let one = world
            .get("/vulnerability/hosts?vul_id=CVE-2026-2&type=app_vul&host_ip=0.0.1")
            .await
            .ok();
        assert_eq!(one["total_num"], 1);
        let late = world
            .get("/vulnerability/hosts?vul_id=CVE-2026-2&type=app_vul&max_scan_time=1")
            .await
            .ok();
        assert_eq!(
            (&late["total_num"], late["data_list"].as_array().map(Vec::len)),
            (&Value::from(0), Some(0))
        );
        let counts = world.get("/vulnerability/statistics").await.ok();
        let numbers = ["need_urgent_repair", "unrepair", "existed_vul_hosts", "supported"];
        assert_eq!(numbers.map(|name| counts[name].as_i64().unwrap()), [1, 2, 2, 2]);
    }
}

#[tokio::test]
async fn an_upgrade_and_a_correction_close_findings() {
    let world = World::new().await;
    let mut matcher = Matcher::new(&world.app);
    let now = Micros(crate::world::NOW.0 + 1);
    world.report(Kind::App, vec![upgraded().into()], now).await;
    assert!(matcher.look().await.unwrap() > 0);
    let hosts = world.get("/vulnerability/hosts?vul_id=CVE-2026-1&type=linux_vul").await.ok();
    assert_eq!(
        (hosts["total_num"].as_i64(), hosts["data_list"][0]["host_id"].as_str()),
        (Some(1), Some("host-web-2"))
    );
    // What came late would have come by now; then there is nothing left to do.
    matcher.look().await.unwrap();
    assert_eq!(matcher.look().await.unwrap(), 0);

    let first = world.get("/vulnerability/host/host-web-2?type=linux_vul").await.ok();
    world.clock.advance_secs(60);
    knowledge::put_corrected(world.folder.path());
    assert!(matcher.look().await.unwrap() > 0);
    assert!(ids(&world, "/vulnerability/vulnerabilities?type=app_vul").await.is_empty());
    let then = world.get("/vulnerability/host/host-web-2?type=linux_vul").await.ok();
    assert_eq!(then["data_list"][0]["severity_level"], "Critical");
    assert_eq!(then["data_list"][0]["first_scan_time"], first["data_list"][0]["first_scan_time"]);
    assert!(
        then["data_list"][0]["scan_time"].as_i64() > first["data_list"][0]["scan_time"].as_i64()
    );
}

#[tokio::test]
async fn other_knowledge_makes_events() {
    for world in World::each().await {
        let all = world.own("/vulnerability-changes").await.ok();
        assert_eq!(all, serde_json::json!({"changes": [], "next": 0}));
        knowledge::put_corrected(world.folder.path());
        Matcher::new(&world.app).look().await.unwrap();
        let hosts = world.own("/vulnerability-changes?area=hosts").await.ok();
        let told = |answer: &Value| {
            let rows = answer["changes"].as_array().unwrap();
            let text = |row: &Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
            let told = |row| ["id", "event", "was", "became"].map(|name| text(row, name));
            rows.iter().map(told).collect::<Vec<_>>()
        };
        assert_eq!(
            told(&hosts),
            [
                ["CVE-2026-1", "grade", "medium", "critical"],
                ["CVE-2026-2", "withdrawn", "critical", ""],
            ]
        );
        // Of the image that was looked into as well, but only what is in it.
        let images = world.own("/vulnerability-changes?area=images").await.ok();
        assert_eq!(told(&images), [["CVE-2026-1", "grade", "medium", "critical"]]);
        let next = &images["next"];
        assert_eq!(*next, images["changes"][0]["seq"]);
        let rest = world.own(&format!("/vulnerability-changes?since={next}")).await.ok();
        assert_eq!((told(&rest).len(), &rest["next"]), (0, next));
        let withdrawn = world.own("/vulnerability-changes?event=withdrawn&id=CVE-2026-2").await;
        assert_eq!(told(&withdrawn.ok()).len(), 1);
        for (query, parameter) in [("event=x", "event"), ("area=x", "area"), ("since=x", "since")] {
            let (status, _, message) =
                world.own(&format!("/vulnerability-changes?{query}")).await.error();
            assert_eq!((status, message.contains(parameter)), (400, true), "{query}");
        }
    }
}

#[tokio::test]
async fn bad_questions_name_the_parameter() {
    let world = World::new().await;
    for (path, parameter) in [
        ("/vulnerability/vulnerabilities?type=x", "type"),
        ("/vulnerability/vulnerabilities?limit=9", "limit"),
        ("/vulnerability/vulnerabilities?repair_priority=Huge", "repair_priority"),
        ("/vulnerability/hosts?type=app_vul", "vul_id"),
        ("/vulnerability/hosts?vul_id=x", "type"),
        ("/vulnerability/hosts?vul_id=x&type=app_vul&min_scan_time=-1", "min_scan_time"),
    ] {
        let (status, _, message) = world.get(path).await.error();
        assert_eq!(status, 400, "{path}");
        assert!(message.contains(parameter), "{path}: {message}");
    }
    assert_eq!(world.get("/vulnerability/host/nobody").await.error().0, 404);
}

#[tokio::test]
async fn a_vulnerability_is_followed_to_who_may_log_in() {
    for world in World::each().await {
        let listed = world.own("/vulnerabilities?type=application").await.ok();
        assert_eq!(listed["total"], 1);
        let row = &listed["vulnerabilities"][0];
        assert_eq!(
            (row["id"].as_str(), row["grade"].as_str()),
            (Some("CVE-2026-2"), Some("critical"))
        );
        assert_eq!(
            (&row["hosts"], &row["fixed"]),
            (&Value::from(2), &serde_json::json!(["2.15.0"]))
        );
        assert!(row["software"][0].as_str().unwrap().starts_with("log4j-core "), "{row}");

        let shown = world.own("/vulnerabilities/CVE-2026-2").await.ok();
        let components = shown["found"][0]["components"].as_array().unwrap();
        assert_eq!((components.len(), &components[1]["host_name"]), (2, &Value::from("web-2")));
        assert_eq!(world.own("/vulnerabilities/CVE-1999-1").await.error().0, 404);

        // A jar by the process it was seen with, a package by the processes that have loaded its libraries.
        for (id, software) in [("CVE-2026-2", "log4j-core"), ("CVE-2026-1", "curl")] {
            let chain = world.own(&format!("/vulnerabilities/{id}/chain?host_id=host-web-1")).await;
            let chain = chain.ok();
            let reach = &chain["reaches"][0];
            assert_eq!(reach["component"]["name"], software);
            assert_eq!(reach["processes"][0]["asset"]["name"], "sshd");
            assert_eq!(reach["processes"][0]["how"], "loads");
            assert_eq!(reach["ports"][0]["asset"]["port"], 22);
            assert_eq!(reach["sites"][0]["asset"]["cert_subject"], "CN=shop.example");
            assert_eq!(chain["accounts"][0]["asset"]["name"], "root");
        }
        let nobody = world.own("/vulnerabilities/CVE-2026-2/chain?host_id=nobody").await;
        assert_eq!(nobody.error().0, 404);
        let (status, _, message) = world.own("/vulnerabilities/CVE-2026-2/chain").await.error();
        assert_eq!((status, message.contains("host_id")), (400, true));
    }
}

#[tokio::test]
async fn what_could_not_be_compared_is_said() {
    for world in World::each().await {
        let status = world.own("/vulnerability-status").await.ok();
        assert_eq!(
            (&status["vulnerabilities"], &status["critical"]),
            (&Value::from(2), &Value::from(1))
        );
        assert!(status["knowledge"]["compared_at"].is_string());
        let reasons = status["unchecked"].as_array().unwrap();
        let nameless = reasons.iter().find(|row| row["reason"] == "no_purl").unwrap();
        assert_eq!((&nameless["pieces"], &nameless["places"]), (&Value::from(4), &Value::from(8)));
        let pieces = world.own("/unchecked?reason=no_purl").await.ok();
        let names: Vec<_> = pieces["unchecked"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["name"].as_str().unwrap())
            .collect();
        assert_eq!(names, ["Redis", "WordPress", "nginx", "spring-core"]);
        assert_eq!(
            world.own("/unchecked?reason=else").await.ok()["unchecked"],
            serde_json::json!([])
        );
    }
}

#[tokio::test]
async fn a_look_leaves_one_record() {
    let world = World::new().await;
    world.get("/vulnerability/statistics").await.ok();
    world.own("/assets/port").await.ok();
    world.get("/host-management/hosts").await.ok();
    // Records of looks are written together, once a second and at the stop.
    world.app.stop.cancel();
    world.app.tasks.close();
    world.app.tasks.wait().await;
    let mut tx = world.app.db.read().await.unwrap();
    for (action, target) in
        [("hss:vulnerability:list", ""), ("hss:asset:list", "port"), ("hss:host:list", "")]
    {
        let filter = Filter { action: Some(action.into()), ..Filter::default() };
        let all = Paging { limit: 10, offset: 0 };
        let records = audit::list(&mut tx, &filter, all).await.unwrap();
        assert_eq!(records.total, 1, "{action}");
        assert_eq!(records.rows[0].record.target, target);
    }
}

#[tokio::test]
async fn a_vulnerability_leads_to_the_images_and_containers_that_have_it() {
    for world in World::each().await {
        let all = world.get("/image/vulnerabilities?limit=10&offset=0").await.ok();
        let expected = serde_json::json!([{
            "vul_name": "CVE-2026-1", "vul_id": "CVE-2026-1", "repair_necessity": "delay_repair",
            "description": all["data_list"][0]["description"], "url": all["data_list"][0]["url"],
            "history_number": 1, "undeal_number": 1,
            "data_list": [{
                "cve_id": "CVE-2026-1", "cvss_score": 5.3,
                "description": all["data_list"][0]["description"],
            }],
        }]);
        assert_eq!((&all["data_list"], all["total_num"].as_i64()), (&expected, Some(1)));
        for (query, number) in [
            ("vul_id=2026-1", 1),
            ("vul_id=2025", 0),
            ("type=linux_vul", 1),
            ("type=app_vul", 0),
            ("repair_necessity=delay_repair", 1),
            ("repair_necessity=immediate_repair", 0),
            ("enterprise_project_id=other", 0),
        ] {
            assert_eq!(ids(&world, &format!("/image/vulnerabilities?{query}")).await.len(), number);
        }

        let images = "/vulnerability/images?image_type=local&is_handled=false&vul_id=CVE-2026-1";
        let row = &world.get(&format!("{images}&type=linux_vul")).await.ok()["data_list"][0];
        let expected = serde_json::json!({
            "image_id": "sha256:cafe", "image_name": "registry.example/shop", "vul_id": "CVE-2026-1",
            "repair_necessity": "Medium", "container_num": 2, "image_digest": "sha256:cafe",
            "image_version": "1", "status": "vul_status_unfix",
            "latest_scan_time": crate::world::NOW.millis().to_string(),
            "image_type": "local_image", "image_size": "5000000000",
        });
        assert_eq!(*row, expected);
        for (query, number) in [
            ("type=linux_vul&image_name=SHOP&image_id=sha256:cafe&repair_necessity=Medium", 1),
            ("type=linux_vul&status=vul_status_unfix", 1),
            ("type=app_vul", 0),
            ("type=linux_vul&repair_necessity=High", 0),
            ("type=linux_vul&status=vul_status_ignored", 0),
            ("type=linux_vul&registry_name=x", 0),
            ("type=linux_vul&image_name=cart", 0),
        ] {
            assert_eq!(ids(&world, &format!("{images}&{query}")).await.len(), number, "{query}");
        }
        for query in ["image_type=cicd&is_handled=false", "image_type=local&is_handled=true"] {
            let path = format!("/vulnerability/images?vul_id=CVE-2026-1&type=linux_vul&{query}");
            assert!(ids(&world, &path).await.is_empty(), "{query}");
        }

        let containers = async |query: &str| {
            let path = format!("/vulnerability/containers?{query}");
            let answer = world.get(&path).await.ok();
            let rows = answer["data_list"].as_array().unwrap().clone();
            assert_eq!(answer["total_num"], rows.len(), "{query}");
            rows
        };
        let rows = containers("vul_id=CVE-2026-1&type=linux_vul").await;
        let expected = serde_json::json!({
            "container_id": "c0ffee", "container_name": "shop", "severity_level": "Medium",
            "image_id": "sha256:cafe", "host_name": "web-1", "status": "vul_status_unfix",
            "private_ip": "10.0.0.1", "scan_time": rows[0]["scan_time"],
        });
        assert_eq!((rows.len(), &rows[0]), (2, &expected));
        assert!(rows[0]["scan_time"].is_number());
        for (query, number) in [
            ("vul_id=CVE-2026-1&type=linux_vul&container_name=SHO&severity_level=Medium", 2),
            ("vul_id=CVE-2026-1&type=linux_vul&severity_level=Low", 0),
            ("vul_id=CVE-2026-1&type=linux_vul&container_name=cart", 0),
            ("vul_id=CVE-2026-1&type=linux_vul&cluster_id=x", 0),
            ("vul_id=CVE-2026-1&type=linux_vul&handle_status=handled", 0),
            ("vul_id=CVE-2026-1&type=linux_vul&max_scan_time=1", 0),
            ("vul_id=CVE-2026-1&type=app_vul", 0),
        ] {
            assert_eq!(containers(query).await.len(), number, "{query}");
        }
        for (path, parameter) in [
            ("/vulnerability/containers?type=linux_vul", "vul_id"),
            ("/vulnerability/containers?vul_id=CVE-2026-1", "type"),
            (
                "/vulnerability/images?vul_id=CVE-2026-1&type=linux_vul&image_type=local",
                "is_handled",
            ),
            (
                "/vulnerability/images?vul_id=CVE-2026-1&type=x&image_type=local&is_handled=true",
                "type",
            ),
            ("/image/vulnerabilities?repair_necessity=High", "repair_necessity"),
        ] {
            let (status, _, message) = world.get(path).await.error();
            assert!(status == 400 && message.contains(parameter), "{path}: {message}");
        }
    }
}
