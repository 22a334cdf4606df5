//! What stands beside the open API: tasks followed, cancelled and forgotten with a token, and the reverse question.

use crate::{World, delivery};
use axum::http::Method;
use muster_service::sca::documents::Form;
use muster_testkit::{Client, TestDb};
use serde_json::{Value, json};

/// Our own API beside the open one.
pub(crate) async fn own(world: &World) -> (Client, String) {
    let router = muster_http::edge(muster_api_muster::router(&world.test.app));
    let at = format!("/muster/v1/{}/sca", world.test.credentials.project_id);
    (world.test.admin(&router).await, at)
}

pub(crate) async fn get(client: &Client, uri: &str) -> Value {
    let answer = client.get(uri).await;
    assert_eq!(answer.status, 200, "{uri}: {}", answer.json());
    answer.json()
}

#[tokio::test]
async fn tasks_wait_in_their_order_and_can_be_cancelled() {
    let world = World::idle(TestDb::sqlite().await).await;
    let (client, at) = own(&world).await;
    for name in ["one", "two", "three"] {
        let file = world.upload(&format!("{name}.zip"), delivery()).await;
        world.data("createTask", json!({"taskId": name, "taskName": name, "fileId": file})).await;
        world.test.clock.advance_secs(1);
    }
    let list = get(&client, &format!("{at}/tasks?limit=2")).await;
    assert_eq!(list["total"], 3);
    let ahead: Vec<_> =
        list["tasks"].as_array().unwrap().iter().map(|it| (&it["id"], &it["ahead"])).collect();
    assert_eq!(ahead, [(&json!("three"), &json!(2)), (&json!("two"), &json!(1))]);
    assert_eq!(client.post(&format!("{at}/tasks/one/cancel"), &json!({})).await.status, 200);
    assert_eq!(client.post(&format!("{at}/tasks/one/cancel"), &json!({})).await.status, 409);
    let task = get(&client, &format!("{at}/tasks/one")).await;
    assert_eq!(
        (&task["task"]["status"], &task["task"]["error"]),
        (&json!("failed"), &json!("cancelled"))
    );
    assert_eq!(get(&client, &format!("{at}/tasks/three")).await["task"]["ahead"], 1);
    let delete = |id: &str| format!("{at}/tasks/{id}");
    assert_eq!(client.send(Method::DELETE, &delete("two"), None).await.status, 409);
    assert_eq!(client.send(Method::DELETE, &delete("one"), None).await.status, 200);
    assert_eq!(client.get(&delete("one")).await.status, 404);
}

#[tokio::test]
async fn a_task_says_what_was_checked_and_hands_out_its_bill_of_materials() {
    let world = World::new().await;
    let (client, at) = own(&world).await;
    world.analyse("t", "a.zip", delivery()).await;
    let task = get(&client, &format!("{at}/tasks/t")).await;
    assert_eq!(task["coverage"]["complete"], true);
    let states = task["coverage"]["ecosystems"].as_array().unwrap();
    assert!(states.iter().all(|it| it["state"] == "not_checked"), "{states:?}");
    let sbom = client.get(&format!("{at}/tasks/t/sbom")).await;
    assert!(sbom.header("content-type").starts_with("application/vnd.cyclonedx+json"));
    let sbom = sbom.json();
    assert_eq!(
        (&sbom["bomFormat"], &sbom["metadata"]["component"]["name"]),
        (&json!("CycloneDX"), &json!("a.zip"))
    );
    let components = sbom["components"].as_array().unwrap();
    let log4j = components.iter().find(|it| it["name"] == "log4j-core").unwrap();
    assert_eq!(log4j["hashes"][0]["alg"], "SHA-512", "{log4j}");
    for form in Form::ALL.map(Form::name) {
        let uri = format!("{at}/tasks/t/sbom?format={form}");
        let (first, second) = (client.get(&uri).await, client.get(&uri).await);
        assert_eq!((first.status, first.body == second.body), (200, true), "{form}");
    }
    assert_eq!(client.get(&format!("{at}/tasks/t/sbom?format=doc")).await.status, 400);

    world.analyse("u", "b.zip", delivery()).await;
    let found = get(&client, &format!("{at}/where?name=log4j-core")).await;
    let tasks: Vec<_> = found["found"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["task_id"].as_str().unwrap())
        .collect();
    assert_eq!(tasks, ["u", "t"]);
    let place = found["found"][0]["places"][0]["path"].as_str().unwrap();
    assert_eq!(place, "b.zip!/app/shop.war!/WEB-INF/lib/log4j-core-2.14.1.jar");
    let purl = "pkg:maven/org.apache.logging.log4j/log4j-core";
    for (which, count) in [("", 2), ("@2.14.1", 2), ("@2.17.1", 0)] {
        let found = get(&client, &format!("{at}/where?purl={purl}{which}")).await;
        assert_eq!(found["found"].as_array().unwrap().len(), count, "{which}");
        assert_eq!(found["hosts"], json!([]));
    }
    assert_eq!(client.get(&format!("{at}/where?purl=log4j")).await.status, 400);
    let none = get(&client, &format!("{at}/where?name=log4j-core&version=2.17.1")).await;
    assert_eq!(none["found"], json!([]));
}

#[tokio::test]
async fn with_a_token_an_artifact_is_handed_in_and_its_task_kept() {
    let world = World::new().await;
    let (client, at) = own(&world).await;
    let place = client.post(&format!("{at}/artifacts"), &json!({"name": "a.zip"})).await.json();
    let artifact = place["artifact_id"].clone();
    assert_eq!(world.put(place["put"].as_str().unwrap(), delivery()).await.status, 200);
    let order = json!({"artifact_id": artifact, "name": "a delivery"});
    let made = client.post(&format!("{at}/tasks"), &order).await.json();
    let id = made["id"].as_str().unwrap();
    assert_eq!(world.ended(id).await["status"], 2);
    let task = format!("{at}/tasks/{id}");
    let usual = get(&client, &task).await["task"]["expires_at"].clone();
    let keep = async |body| client.send(Method::PATCH, &task, Some(&body)).await;
    let kept = keep(json!({"keep_days": 3650})).await.json();
    assert!(kept["task"]["expires_at"].as_str() > usual.as_str(), "{kept}");
    assert_eq!(keep(json!({"keep_days": null})).await.json()["task"]["expires_at"], usual);
    assert_eq!(keep(json!({"keep_days": 0})).await.status, 400);
}

#[tokio::test]
async fn the_pace_of_the_last_tells_when_the_next_is_likely_to_end() {
    let world = World::idle(TestDb::sqlite().await).await;
    let (client, at) = own(&world).await;
    let order = async |name: &str| {
        let file = world.upload(&format!("{name}.zip"), delivery()).await;
        world.data("createTask", json!({"taskId": name, "taskName": name, "fileId": file})).await;
    };
    order("one").await;
    assert_eq!(get(&client, &format!("{at}/tasks/one")).await["task"]["likely_end"], json!(null));
    let app = &world.test.app;
    muster_store::transact!(app.db, |tx| {
        let key = 1;
        muster_store::sca::tasks::start(tx, key, app.now()).await?;
        muster_store::sca::tasks::finish(tx, key, "{}", app.now().plus_secs(8)).await
    })
    .unwrap();
    order("two").await;
    order("three").await;
    let likely = async |name: &str| {
        let task = get(&client, &format!("{at}/tasks/{name}")).await["task"].clone();
        task["likely_end"].as_str().unwrap()[..19].to_owned()
    };
    assert_eq!(likely("two").await, "2026-01-01T00:00:07");
    assert_eq!(likely("three").await, "2026-01-01T00:00:15");
}

#[tokio::test]
async fn keys_are_made_switched_and_removed() {
    let mut world = World::new().await;
    let (client, at) = own(&world).await;
    let made = client.post(&format!("{at}/keys"), &json!({"description": "ci"})).await.json();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    world.key = (text(&made["key"]["access_key_id"]), text(&made["access_key_secret"]));
    world.data("dict/type/list", json!({"dictType": "COMFIRM"})).await;
    let listed = get(&client, &format!("{at}/keys")).await;
    assert_eq!(listed["keys"].as_array().unwrap().len(), 2);
    assert!(!listed.to_string().contains(&world.key.1), "a secret is listed");
    let key = format!("{at}/keys/{}", world.key.0);
    let off = client.send(Method::PATCH, &key, Some(&json!({"active": false}))).await.json();
    assert_eq!((&off["active"], &off["allow_md5"]), (&json!(false), &json!(true)));
    assert_eq!(world.refusal("dict/type/list", json!({"dictType": "COMFIRM"})).await.0, 401);
    assert_eq!(client.send(Method::DELETE, &key, None).await.status, 200);
    assert_eq!(client.send(Method::DELETE, &key, None).await.status, 404);
}
