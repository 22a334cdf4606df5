//! Vulnerabilities over HTTP: what is known meets what is on the hosts.

use crate::knowledge;
use crate::world::World;
use muster_model::asset::App as Package;
use muster_model::{Kind, Micros};
use muster_service::vulnerabilities::matcher::Matcher;
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
