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

#[tokio::test]
async fn the_catalogue_can_be_asked_for_in_parts() {
    let world = World::new().await;
    // Whoever is logged in, whatever it may.
    let reader = world.test.signing(&world.router);
    let region = json!({
        "id": "muster", "type": "public", "description": "", "parent_region_id": null,
        "locales": {"en-us": "muster", "zh-cn": "muster"},
        "links": {"self": "http://127.0.0.1:8420/v3/regions/muster"},
    });
    assert_eq!(reader.get("/v3/regions").await.json()["regions"], json!([region]));
    assert_eq!(reader.get("/v3/regions/muster").await.json()["region"], region);
    let services = reader.get("/v3/services?type=hss").await.json();
    assert_eq!(services["services"].as_array().unwrap().len(), 1);
    let service = &services["services"][0];
    let path = format!("/v3/services/{}", service["id"].as_str().unwrap());
    assert_eq!(&reader.get(&path).await.json()["service"], service);
    let endpoints = reader.get("/v3/endpoints?service_id=muster-hss&interface=public").await.json();
    let endpoint = &endpoints["endpoints"][0];
    assert_eq!(endpoint["url"], "http://127.0.0.1:8420/v5/$(tenant_id)s");
    assert_eq!(endpoint["region_id"], "muster");
    let path = format!("/v3/endpoints/{}", endpoint["id"].as_str().unwrap());
    assert_eq!(&reader.get(&path).await.json()["endpoint"], endpoint);
    // Those of the catalogue, and no others.
    let admin = world.test.admin(&world.router).await;
    let catalog = admin.get("/v3/auth/catalog").await.json()["catalog"].clone();
    for name in ["services", "endpoints"] {
        let all = reader.get(&format!("/v3/{name}")).await.json();
        assert_eq!(
            all[name].as_array().unwrap().len(),
            catalog.as_array().unwrap().len(),
            "{name}"
        );
        assert_eq!(reader.get(&format!("/v3/{name}/none")).await.status, 404);
    }
    let internal = reader.get("/v3/endpoints?interface=internal").await.json();
    assert_eq!(internal["endpoints"], json!([]));
    assert_eq!(world.anonymous().get("/v3/regions").await.status, 401);
}

#[tokio::test]
async fn what_a_password_has_to_be_is_told() {
    let world = World::new().await;
    let reader = world.test.signing(&world.router);
    let domain = &world.test.credentials.domain_id;
    let path = format!("/v3/domains/{domain}/config/security_compliance");
    let rules = reader.get(&path).await.json()["config"]["security_compliance"].clone();
    assert_eq!(rules["password_regex"], r"^[\s\S]{8,512}$");
    for option in ["password_regex", "password_regex_description"] {
        let one = reader.get(&format!("{path}/{option}")).await.json();
        assert_eq!(one["config"], json!({option: rules[option]}));
    }
    assert_eq!(reader.get(&format!("{path}/other")).await.status, 400);
    let foreign = reader.get("/v3/domains/other/config/security_compliance").await;
    assert_eq!(foreign.status, 404);
}
