//! With a knowledge base: grades, vulnerabilities, the version to move to, licences.

use crate::{World, delivery, zip};
use muster_advisory::{Place, source};
use muster_model::Micros;
use serde_json::{Value, json};
use std::path::Path;

/// 2026-01-01.
pub(crate) const BUILT: Micros = Micros::from_secs(1_767_225_600);

pub(crate) fn log4shell() -> Value {
    json!({
        "id": "GHSA-jfh8-c2jp-5v3q", "aliases": ["CVE-2021-44228"], "summary": "Remote code injection in Log4j",
        "details": "Log4j looks names up.", "published": "2021-12-10T00:40:56Z", "modified": "2025-01-01T00:00:00Z",
        "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H"}],
        "database_specific": {"cwe_ids": ["CWE-502"]},
        "references": [{"type": "WEB", "url": "https://logging.apache.org/log4j/2.x/security.html"}],
        "affected": [{
            "package": {"ecosystem": "Maven", "name": "org.apache.logging.log4j:log4j-core"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "2.13.0"}, {"fixed": "2.15.0"}]}],
        }],
    })
}

pub(crate) fn lodash() -> Value {
    json!({
        "id": "GHSA-29mw-wpgm-hmr9", "summary": "ReDoS in lodash", "modified": "2025-01-01T00:00:00Z",
        "published": "2022-01-06T20:30:46Z",
        "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:L"}],
        "affected": [{
            "package": {"ecosystem": "npm", "name": "lodash"},
            "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "4.17.21"}]}],
        }],
    })
}

/// Puts a knowledge base of these advisories into a data folder, as an update does.
pub(crate) fn learn(data_dir: &Path, advisories: &[(&str, Vec<Value>)]) {
    learn_at(BUILT, data_dir, advisories);
}

/// The same, compiled at a moment.
pub(crate) fn learn_at(built: Micros, data_dir: &Path, advisories: &[(&str, Vec<Value>)]) {
    let folder = tempfile::tempdir().unwrap();
    for (ecosystem, advisories) in advisories {
        let texts: Vec<_> =
            advisories.iter().map(|it| (format!("{}.json", it["id"]), it.to_string())).collect();
        let members: Vec<_> =
            texts.iter().map(|(name, text)| (name.as_str(), text.as_bytes())).collect();
        std::fs::create_dir_all(folder.path().join(ecosystem)).unwrap();
        std::fs::write(folder.path().join(ecosystem).join("all.zip"), zip(&members)).unwrap();
    }
    let spdx = json!({"licenses": [
        {"licenseId": "MIT", "name": "MIT License", "reference": "https://spdx.org/licenses/MIT.html",
         "detailsUrl": "https://spdx.org/licenses/MIT.json", "isOsiApproved": true, "isFsfLibre": true},
        {"licenseId": "Apache-2.0", "name": "Apache License 2.0", "reference": "https://spdx.org/licenses/Apache-2.0.html",
         "isDeprecatedLicenseId": false, "isOsiApproved": true},
    ]});
    let choices = json!([{"spdx-id": "MIT", "title": "MIT License", "description": "Short.",
        "permissions": ["commercial-use"], "conditions": ["include-copyright"], "limitations": ["liability"]}]);
    let tag = |tag: &str| json!({"tag": tag, "label": tag, "description": format!("about {tag}")});
    let rules = json!({"permissions": [tag("commercial-use")], "conditions": [tag("include-copyright")],
        "limitations": [tag("liability")]});
    for (name, document) in [
        ("spdx/licenses.json", spdx),
        ("choosealicense/licenses.json", choices),
        ("choosealicense/rules.json", rules),
    ] {
        let file = folder.path().join("licenses").join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, document.to_string()).unwrap();
    }
    let place = Place::of(data_dir);
    let _lock = place.take().unwrap();
    source::compile_folder(folder.path(), &place.file(), built, &mut |_| {}).unwrap();
}

pub(crate) async fn world() -> World {
    let world = World::new().await;
    learn(world.test.test.dir.path(), &[("Maven", vec![log4shell()]), ("npm", vec![lodash()])]);
    world.analyse("t", "a.zip", delivery()).await;
    world
}

#[tokio::test]
async fn components_are_graded_and_told_where_to_move() {
    let world = world().await;
    let rows = world.page("components", "t").await;
    let summary: Vec<_> = rows
        .iter()
        .map(|row| {
            ["artifactId", "grade", "gradeDesc", "recommendVersion"]
                .map(|name| row[name].as_str().unwrap())
        })
        .collect();
    assert_eq!(
        summary,
        [
            ["log4j-core", "1", "超危", "2.15.0"],
            ["lodash", "3", "中危", "4.17.21"],
            ["commons-io", "5", "无风险", ""],
            // The war itself: nobody knows whose it is.
            ["shop", "", "未检查", ""],
        ]
    );
    let desc =
        |row: &Value| row["compomentFixDetailVoList"][0]["desc"].as_str().unwrap().to_owned();
    assert!(desc(&rows[0]).contains("升级到 2.15.0"), "{}", desc(&rows[0]));
    assert!(desc(&rows[2]).contains("没有已知的"), "{}", desc(&rows[2]));
    let statistics = world.data("task/statistics", json!({"taskId": "t"})).await;
    assert_eq!(statistics, json!({"componentNum": 4, "vulNum": 2, "licenseNum": 2}));
}

#[tokio::test]
async fn a_vulnerability_has_every_field_that_a_source_fills() {
    let world = world().await;
    let rows = world.page("vulnerability", "t").await;
    assert_eq!(rows.len(), 2);
    let row = &rows[0];
    assert_eq!((&row["customCveNo"], &row["grade"]), (&json!("CVE-2021-44228"), &json!("1")));
    assert_eq!((&row["cwe"], &row["affectComponentCount"]), (&json!("CWE-502"), &json!(1)));
    assert_eq!(row["vulnerabilityName"], "Remote code injection in Log4j");
    assert_eq!(row["releaseDate"], 1_639_096_856_000_i64);
    let number = row["customSzNo"].as_str().unwrap();
    assert!(number.starts_with("SZ-2021-"), "{number}");
    let it = world.data("task/vulnerability/detail", json!({"customSzNo": number})).await;
    assert_eq!(it["cvss3"]["baseScore"], "10.0");
    assert_eq!(
        (&it["cvss3"]["attackWay"], &it["cvss3"]["scope"]),
        (&json!("网络"), &json!("改变"))
    );
    assert_eq!((&it["isRepair"], &it["vulUseDifficulty"]), (&json!("1"), &json!("1")));
    assert_eq!(it["vulUseDifficultyDesc"], "容易");
    assert_eq!(it["announcement"], "已修复的版本:org.apache.logging.log4j:log4j-core 2.15.0");
    assert_eq!(
        it["referenceVoList"][0]["link"],
        "https://logging.apache.org/log4j/2.x/security.html"
    );
    assert!(it.get("cvss2").is_none());
    // Of one component only.
    let lodash = world.page("components", "t").await[1]["componentUuid"].clone();
    let parameters = json!({"taskId": "t", "componentUuid": lodash, "current": 1, "size": 10});
    let one = world.data("task/vulnerability/page", parameters).await;
    assert_eq!((&one["total"], &one["records"][0]["customCveNo"]), (&json!(1), &json!("")));
}

#[tokio::test]
async fn a_number_stays_when_the_vulnerability_gets_a_cve() {
    let world = world().await;
    let before = world.page("vulnerability", "t").await[1]["customSzNo"].clone();
    let mut named = lodash();
    named["aliases"] = json!(["CVE-2020-28500"]);
    learn(world.test.test.dir.path(), &[("npm", vec![named])]);
    world.analyse("u", "a.zip", delivery()).await;
    let rows = world.page("vulnerability", "u").await;
    assert_eq!(
        (&rows[0]["customSzNo"], &rows[0]["customCveNo"]),
        (&before, &json!("CVE-2020-28500"))
    );
    // Nothing is loaded for Maven any more: that is said, not a clean bill.
    let rows = world.page("components", "u").await;
    let unchecked = rows.iter().find(|row| row["artifactId"] == "log4j-core").unwrap();
    assert_eq!((&unchecked["grade"], &unchecked["gradeDesc"]), (&json!(""), &json!("未检查")));
}

#[tokio::test]
async fn licences_are_named_by_their_ids_and_explained() {
    let world = world().await;
    let rows = world.page("license", "t").await;
    let summary: Vec<_> = rows
        .iter()
        .map(|row| ["licenseId", "licenseName", "grade"].map(|name| row[name].as_str().unwrap()))
        .collect();
    assert_eq!(summary, [["MIT", "MIT License", "3"], ["Apache-2.0", "Apache License 2.0", "4"]]);
    let it = world.data("task/license/detail", json!({"licenseId": "MIT"})).await;
    assert_eq!((&it["osi"], &it["fsf"], &it["expire"]), (&json!("1"), &json!("1"), &json!(false)));
    assert_eq!(
        it["allow"],
        json!([{"permissions": "commercial-use", "description": "about commercial-use"}])
    );
    assert_eq!(it["must"][0]["permissions"], "include-copyright");
    assert_eq!(it["attention"][0]["permissions"], "liability");
    assert_eq!(it["detailsUrl"], "https://spdx.org/licenses/MIT.json");
}
