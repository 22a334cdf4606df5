//! What a task found, page by page and one by one.

use crate::{World, delivery};
use serde_json::{Value, json};

#[tokio::test]
async fn components_have_every_field_of_the_document() {
    let world = World::new().await;
    world.analyse("t", "a.zip", delivery()).await;
    let rows = world.page("components", "t").await;
    let names: Vec<_> = rows.iter().map(|row| row["artifactId"].as_str().unwrap()).collect();
    // Nobody was judged: by group, then by name.
    assert_eq!(names, ["lodash", "shop", "commons-io", "log4j-core"]);
    let row = &rows[3];
    assert_eq!(row["groupId"], "org.apache.logging.log4j");
    assert_eq!(
        (&row["version"], &row["grade"], &row["gradeDesc"]),
        (&json!("2.14.1"), &json!(""), &json!("未检查"))
    );
    let fix = &row["compomentFixDetailVoList"][0];
    assert_eq!(fix["depSourceName"], "log4j-core-2.14.1.jar");
    assert_eq!(fix["desc"], "未检查:本机没有漏洞知识库");
    assert_eq!(rows[0]["compomentFixDetailVoList"][0]["depRank"], "1");

    let detail =
        world.data("task/component/detail", json!({"componentUuid": row["componentUuid"]})).await;
    for field in [
        "groupId",
        "artifactId",
        "componentUuid",
        "grade",
        "gradeDesc",
        "language",
        "licenses",
        "jarInfoAddFrom",
        "version",
        "recommendVersion",
        "homePage",
        "sourceCode",
        "latestVersion",
        "versionEntities",
        "privatePublicStatus",
        "privatePublicStatusName",
        "country",
        "countryChineseName",
    ] {
        assert!(detail.get(field).is_some(), "{field} is missing: {detail}");
    }
    assert_eq!((&detail["language"], &detail["jarInfoAddFrom"]), (&json!("Java"), &json!("Java")));
    assert_eq!(detail["licenses"], json!(["Apache License, Version 2.0"]));
    assert_eq!(detail["privatePublicStatusName"], "开源");
    let english = world
        .ask_in_english("task/component/detail", json!({"componentUuid": row["componentUuid"]}))
        .await;
    assert_eq!(english["gradeDesc"], "not checked");
}

#[tokio::test]
async fn pages_cover_everything_once_and_in_order() {
    let world = World::new().await;
    world.analyse("t", "a.zip", delivery()).await;
    let all = world.page("components", "t").await;
    let mut gathered: Vec<Value> = Vec::new();
    for current in 1..=5 {
        let page = world
            .data("task/components/page", json!({"taskId": "t", "current": current, "size": 1}))
            .await;
        assert_eq!(
            (&page["total"], &page["current"], &page["size"]),
            (&json!(4), &json!(current), &json!(1))
        );
        gathered.extend(page["records"].as_array().unwrap().clone());
    }
    assert_eq!(gathered, all);
    for (current, size, name) in
        [(0, 1, "current"), (-1, 1, "current"), (1, 0, "size"), (1, 501, "size")]
    {
        for what in ["components", "vulnerability", "license"] {
            let parameters = json!({"taskId": "t", "current": current, "size": size});
            let (status, code, message) =
                world.refusal(&format!("task/{what}/page"), parameters).await;
            assert_eq!((status, code), (200, 1001));
            assert!(message.contains(name), "{message}");
        }
    }
}

#[tokio::test]
async fn a_component_has_the_same_id_in_every_task() {
    let world = World::new().await;
    world.analyse("one", "a.zip", delivery()).await;
    world.analyse("two", "b.jar", crate::jar("commons-io", "commons-io", "2.11.0")).await;
    let one = world.page("components", "one").await;
    let two = world.page("components", "two").await;
    assert_eq!(one[2]["componentUuid"], two[0]["componentUuid"]);
}

#[tokio::test]
async fn licences_are_listed_whole_and_of_one_component() {
    let world = World::new().await;
    world.analyse("t", "a.zip", delivery()).await;
    let ids = |rows: &[Value]| {
        rows.iter().map(|row| row["licenseId"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let all = world.page("license", "t").await;
    assert_eq!(ids(&all), ["Apache License, Version 2.0", "MIT"]);
    assert_eq!((&all[0]["grade"], &all[0]["gradeDesc"]), (&json!("4"), &json!("未知")));
    let lodash = world.page("components", "t").await[0]["componentUuid"].clone();
    let parameters = json!({"taskId": "t", "componentUuid": lodash, "current": 1, "size": 10});
    let one = world.data("task/license/page", parameters).await;
    assert_eq!(ids(one["records"].as_array().unwrap()), ["MIT"]);
}

#[tokio::test]
async fn dictionaries_are_as_the_contract_has_them() {
    let world = World::new().await;
    for (name, keys) in [
        ("JARRISK", vec!["1", "2", "3", "4", "5"]),
        ("CVERISK", vec!["1", "2", "3", "4", "5"]),
        ("LICENSERISK", vec!["1", "2", "3", "4"]),
        ("COMFIRM", vec!["1", "0"]),
        ("VULNERABILITYUSEDIFFICULTYTYPE", vec!["1", "2", "3"]),
    ] {
        let rows = world.data("dict/type/list", json!({"dictType": name})).await;
        let rows = rows.as_array().unwrap();
        let found: Vec<_> = rows.iter().map(|row| row["dictKey"].as_str().unwrap()).collect();
        assert_eq!(found, keys, "{name}");
        assert!(rows.iter().enumerate().all(|(at, row)| row["sort"] == json!(at)));
    }
    let languages = world.data("dict/type/list", json!({"dictType": "COMPUTERLANGUAGE"})).await;
    assert!(languages.as_array().unwrap().iter().any(|row| row["dictKey"] == "Java"));
    let (_, code, message) = world.refusal("dict/type/list", json!({"dictType": "CONFIRM"})).await;
    assert_eq!(code, 1001);
    assert!(message.contains("COMFIRM"), "{message}");
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let world = World::new().await;
    for (path, parameters) in [
        ("task/status", json!({"taskId": "none"})),
        ("task/component/detail", json!({"componentUuid": "none"})),
        ("task/vulnerability/detail", json!({"customSzNo": "SZ-2021-000000000000"})),
        ("task/license/detail", json!({"licenseId": "none"})),
    ] {
        let (status, code, _) = world.refusal(path, parameters).await;
        assert_eq!((status, code), (200, 1002), "{path}");
    }
}
