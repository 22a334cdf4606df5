//! Beside the open API, by what is known: policies, and what changed from one task to another.

use crate::knowledge::world;
use crate::own::{get, own};
use crate::{World, jar, zip};
use axum::http::Method;
use muster_testkit::Client;
use serde_json::{Value, json};

async fn put(client: &Client, at: &str, name: &str, rules: Value) -> u16 {
    client.send(Method::PUT, &format!("{at}/policies/{name}"), Some(&rules)).await.status
}

/// The decision of the one policy, and its reasons as rule and what.
async fn verdict(client: &Client, at: &str, rules: Value) -> (String, Vec<(String, String)>) {
    assert_eq!(put(client, at, "p", rules).await, 200);
    let answer = get(client, &format!("{at}/tasks/t/verdicts?policy=p")).await;
    let it = &answer["verdicts"][0];
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let reasons = it["reasons"].as_array().unwrap();
    let reasons = reasons.iter().map(|it| (text(&it["rule"]), text(&it["what"]))).collect();
    (text(&it["decision"]), reasons)
}

#[tokio::test]
async fn a_policy_fails_what_breaks_its_rules_and_says_why() {
    let world = world().await;
    let (client, at) = own(&world).await;
    let said = |rule: &str, what: &str| (rule.to_owned(), what.to_owned());
    let failed = |reasons: Vec<(String, String)>| ("failed".to_owned(), reasons);
    let passed = ("passed".to_owned(), Vec::new());
    let shell = || said("grade", "CVE-2021-44228");
    let redos = || said("grade", "GHSA-29mw-wpgm-hmr9");
    for (rules, expected) in [
        (json!({}), passed.clone()),
        (json!({"grade": "critical"}), failed(vec![shell()])),
        (json!({"grade": "medium"}), failed(vec![shell(), redos()])),
        // It is 2026-01-01: one is public for 1483 days, the other for 1456.
        (json!({"grade": "any", "grace_days": 1460}), failed(vec![shell()])),
        (json!({"grade": "any", "grace_days": 1500}), passed.clone()),
        (json!({"exploited": true, "complete": true}), passed.clone()),
        (json!({"licences": ["mit"]}), failed(vec![said("licences", "MIT")])),
        (json!({"licences": ["GPL-*"], "licence_risk": "medium"}), passed.clone()),
        (json!({"unchecked": true}), failed(vec![said("unchecked", "no_version")])),
        (json!({"knowledge_days": 1}), passed.clone()),
    ] {
        assert_eq!(verdict(&client, &at, rules.clone()).await, expected, "{rules}");
    }
    world.test.clock.advance_secs(3 * 86_400);
    let (client, _) = own(&world).await;
    let (decision, reasons) = verdict(&client, &at, json!({"knowledge_days": 1})).await;
    assert_eq!(
        (decision.as_str(), reasons[0].1.as_str()),
        ("failed", "the knowledge is 3 days old")
    );
    let shown = get(&client, &format!("{at}/tasks/t")).await;
    assert_eq!(shown["verdicts"][0]["decision"], "failed");
}

#[tokio::test]
async fn policies_are_written_listed_and_forgotten() {
    let world = World::new().await;
    let (client, at) = own(&world).await;
    assert_eq!(put(&client, &at, "a", json!({"grade": "high"})).await, 200);
    assert_eq!(put(&client, &at, "a", json!({"grade": "low"})).await, 200);
    for wrong in [json!({"grade": "bad"}), json!({"graces": 1}), json!({"grace_days": 4000})] {
        assert_eq!(put(&client, &at, "a", wrong.clone()).await, 400, "{wrong}");
    }
    assert_eq!(put(&client, &at, "a%20b", json!({})).await, 400);
    let list = get(&client, &format!("{at}/policies")).await;
    assert_eq!(list["policies"].as_array().unwrap().len(), 1);
    assert_eq!(list["policies"][0]["rules"]["grade"], "low");
    // Where nothing is known nothing passes.
    world.analyse("t", "a.zip", crate::delivery()).await;
    let answer = get(&client, &format!("{at}/tasks/t/verdicts")).await;
    assert_eq!(answer["verdicts"][0]["decision"], "undecided");
    let one = format!("{at}/policies/a");
    assert_eq!(client.send(Method::DELETE, &one, None).await.status, 200);
    assert_eq!(client.send(Method::DELETE, &one, None).await.status, 404);
    assert_eq!(client.get(&format!("{at}/tasks/t/verdicts?policy=a")).await.status, 404);
}

#[tokio::test]
async fn two_tasks_are_compared_by_the_same_knowledge() {
    let world = world().await;
    let (client, at) = own(&world).await;
    let later = zip(&[
        ("log4j-core-2.17.1.jar", &jar("org.apache.logging.log4j", "log4j-core", "2.17.1")),
        ("a-1.jar", &jar("g", "a", "1")),
    ]);
    world.analyse("u", "b.zip", later).await;
    let diff = get(&client, &format!("{at}/compare?old=t&new=u")).await;
    assert_eq!(diff["schema"], "muster.diff/1");
    assert_eq!(diff["added"], json!(["pkg:maven/g/a@1"]));
    let moved = json!([{
        "package": "pkg:maven/org.apache.logging.log4j/log4j-core", "from": ["2.14.1"], "to": ["2.17.1"],
    }]);
    assert_eq!(diff["moved"], moved);
    assert_eq!(diff["new_vulnerabilities"], json!([]));
    assert_eq!(diff["gone_vulnerabilities"].as_array().unwrap().len(), 2);
    let text = client.get(&format!("{at}/compare?old=u&new=t&format=table")).await;
    let text = String::from_utf8(text.body.to_vec()).unwrap();
    assert!(text.contains("New vulnerabilities: 2") && text.contains("CVE-2021-44228"), "{text}");
    assert_eq!(client.get(&format!("{at}/compare?old=t&new=none")).await.status, 404);
}

#[tokio::test]
async fn who_pulls_a_component_in_is_told_up_to_what_the_artifact_asks_for() {
    let world = World::new().await;
    let (client, at) = own(&world).await;
    let lock = json!({
        "name": "shop", "version": "1.0.0", "lockfileVersion": 3,
        "packages": {
            "": {"name": "shop", "version": "1.0.0", "dependencies": {"top": "^1.0.0"}},
            "node_modules/top": {"version": "1.0.0", "dependencies": {"middle": "^1.0.0"}},
            "node_modules/middle": {"version": "1.0.0", "dependencies": {"deep": "^1.0.0"}},
            "node_modules/deep": {"version": "1.0.0"},
        },
    });
    world.analyse("t", "a.zip", zip(&[("package-lock.json", lock.to_string().as_bytes())])).await;
    let found = get(&client, &format!("{at}/where?purl=pkg:npm/deep")).await;
    let ways = json!([["pkg:npm/middle@1.0.0", "pkg:npm/top@1.0.0"]]);
    assert_eq!(found["found"][0]["pulled_in_by"], ways, "{found}");
    let found = get(&client, &format!("{at}/where?name=top")).await;
    assert_eq!(found["found"][0]["pulled_in_by"], json!([]));
}
