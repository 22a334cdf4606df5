//! Tasks by what is known later: other knowledge is taken in, nothing is taken apart again.

use crate::knowledge::{BUILT, learn_at, lodash, log4shell, world};
use crate::own::{get, own};
use muster_service::sca::rejudge;
use serde_json::{Value, json};

/// Events as id, event, what it was and what it is.
fn told(answer: &Value) -> Vec<[Value; 4]> {
    let rows = answer["changes"].as_array().unwrap().iter();
    rows.map(|row| ["id", "event", "was", "became"].map(|name| row[name].clone())).collect()
}

#[tokio::test]
async fn other_knowledge_judges_tasks_again_and_makes_events() {
    let world = world().await;
    let (client, at) = own(&world).await;
    let changes = at.replace("/sca", "/vulnerability-changes");
    let folder = world.test.test.dir.path();
    // The kept report is judged again, so its document has to be the same afterwards.
    let bill = format!("{at}/tasks/t/sbom?vulnerabilities=false");
    let before = client.get(&bill).await.body;
    rejudge::look(&world.test.app).await.unwrap();
    assert_eq!(get(&client, &changes).await, json!({"changes": [], "next": 0}));

    // The one is milder and without a version that repairs it, the other was a mistake, a third is new.
    let mut milder = log4shell();
    milder["severity"][0]["score"] = json!("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:L");
    milder["affected"][0]["ranges"][0]["events"] = json!([{"introduced": "2.13.0"}]);
    let mut other = lodash();
    other["affected"][0]["package"]["name"] = json!("not-lodash");
    let mut third = log4shell();
    (third["id"], third["aliases"]) = (json!("GHSA-third"), json!(["CVE-2026-7"]));
    third["affected"][0]["package"]["name"] = json!("commons-io:commons-io");
    third["affected"][0]["ranges"][0]["events"] = json!([{"introduced": "0"}]);
    let second = [("Maven", vec![milder, third]), ("npm", vec![other])];
    learn_at(BUILT.plus_secs(60), folder, &second);
    rejudge::look(&world.test.app).await.unwrap();
    let answer = get(&client, &format!("{changes}?area=artifacts")).await;
    let mut events = told(&answer);
    events.sort_by_key(|row| row[1].to_string());
    assert_eq!(
        json!(events),
        json!([
            ["CVE-2026-7", "found", null, "critical"],
            ["CVE-2021-44228", "grade", "critical", "medium"],
            ["GHSA-29mw-wpgm-hmr9", "withdrawn", "medium", null],
        ])
    );
    assert_eq!(get(&client, &format!("{changes}?area=hosts")).await["changes"], json!([]));
    let rows = world.page("components", "t").await;
    let grades: Vec<_> = rows.iter().map(|row| (&row["artifactId"], &row["grade"])).collect();
    assert_eq!(grades[0], (&json!("commons-io"), &json!("1")), "{grades:?}");
    let statistics = world.data("task/statistics", json!({"taskId": "t"})).await;
    assert_eq!(statistics["vulNum"], 2);
    assert_eq!(client.get(&bill).await.body, before);

    // A version repairs it now. What is older than what was asked last changes nothing.
    let third_time = [("Maven", vec![log4shell()]), ("npm", vec![lodash()])];
    learn_at(BUILT.plus_secs(30), folder, &third_time);
    rejudge::look(&world.test.app).await.unwrap();
    assert_eq!(told(&get(&client, &changes).await).len(), 3);
    learn_at(BUILT.plus_secs(90), folder, &third_time);
    rejudge::look(&world.test.app).await.unwrap();
    let fixed = get(&client, &format!("{changes}?event=fix")).await;
    let version = json!(["org.apache.logging.log4j:log4j-core 2.15.0"]);
    assert_eq!(told(&fixed)[0][3], version, "{fixed}");
}
