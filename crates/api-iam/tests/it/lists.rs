//! Versions, catalogue, projects, accounts, users: bodies as the clients read them.

use crate::World;
use serde_json::json;

#[tokio::test]
async fn versions_are_open_to_everybody() {
    let world = World::new().await;
    let all = world.anonymous().get("/").await;
    assert_eq!(all.status, 200);
    let version = &all.json()["versions"]["values"][0];
    assert_eq!((&version["id"], &version["status"]), (&json!("v3.6"), &json!("stable")));
    assert_eq!(version["links"][0]["href"], "http://127.0.0.1:8420/v3/");
    assert_eq!(&world.anonymous().get("/v3").await.json()["version"], version);
}

#[tokio::test]
async fn projects_in_the_form_of_the_reference() {
    let world = World::new().await;
    let signing = world.test.signing(&world.router);
    let found = signing.get("/v3/projects?name=muster").await;
    assert_eq!(
        world.plain(&found.json()),
        r#"{
  "links": {
    "next": null,
    "previous": null,
    "self": "http://127.0.0.1:8420/v3/projects"
  },
  "projects": [
    {
      "description": "",
      "domain_id": "<domain>",
      "enabled": true,
      "id": "<project>",
      "is_domain": false,
      "links": {
        "next": null,
        "previous": null,
        "self": "http://127.0.0.1:8420/v3/projects/<project>"
      },
      "name": "muster",
      "parent_id": "<domain>"
    }
  ]
}"#
    );
    for (query, rows) in [
        ("", 1),
        ("?name=other", 0),
        ("?enabled=false", 0),
        ("?domain_id=other", 0),
        ("?is_domain=true", 0),
        ("?page=1&per_page=10", 1),
        ("?page=2&per_page=10", 0),
    ] {
        let found = signing.get(&format!("/v3/projects{query}")).await.json();
        assert_eq!(found["projects"].as_array().unwrap().len(), rows, "{query}");
    }
    for (query, named) in [
        ("?page=1", "per_page: is required with page"),
        ("?page=1&per_page=5001", "per_page: must be 1 to 5000"),
        ("?page=0&per_page=1", "page: must be 1 to 2147483647"),
        ("?enabled=maybe", "enabled: must be true or false"),
    ] {
        let answer = signing.get(&format!("/v3/projects{query}")).await;
        assert_eq!((answer.status, &answer.json()["error_msg"]), (400, &json!(named)), "{query}");
    }
    let one = format!("/v3/projects/{}", world.test.credentials.project_id);
    assert_eq!(signing.get(&one).await.json()["project"], found.json()["projects"][0]);
    let foreign = signing.get("/v3/projects/0000").await;
    assert_eq!((foreign.status, &foreign.json()["error_code"]), (404, &json!("IAM.0004")));
}

#[tokio::test]
async fn discovery_by_the_published_clients() {
    let world = World::new().await;
    let signing = world.test.signing(&world.router);
    let known = &world.test.credentials;
    let domains = signing.get("/v3/auth/domains").await.json();
    assert_eq!(domains["domains"][0]["id"], known.domain_id.as_str());
    assert_eq!(domains["domains"][0]["name"], "muster");
    let identity = signing.get("/v5/caller-identity").await.json();
    assert_eq!(identity["account_id"], known.domain_id.as_str());
    assert!(identity.as_object().unwrap().values().all(serde_json::Value::is_string));
    let users = signing.get("/v3/users?name=admin").await.json();
    assert_eq!(users["users"][0]["id"], known.user_id.as_str());
    assert_eq!(signing.get("/v3/users?name=nobody").await.json()["users"], json!([]));
    let admin = world.test.admin(&world.router).await;
    let catalog = admin.get("/v3/auth/catalog").await.json();
    let hss = catalog["catalog"].as_array().unwrap().iter().find(|entry| entry["name"] == "hss");
    let url = format!("http://127.0.0.1:8420/v5/{}", known.project_id);
    assert_eq!(hss.unwrap()["endpoints"][0]["url"], url);
    assert_eq!(hss.unwrap()["endpoints"][0]["region_id"], "muster");
    let own = admin.get("/v3/auth/projects").await.json();
    assert_eq!(own["projects"][0]["id"], known.project_id.as_str());
}
