//! Lists, notices, tags.

use crate::openssl::Made;
use crate::{World, body};
use serde_json::{Value, json};

async fn filled() -> (World, Vec<String>) {
    let world = World::new().await;
    let made = Made::new();
    let mut ids = Vec::new();
    for n in 0..12 {
        let import = body(&format!("cert-{n}"), &made.text("leaf.pem"), &made.text("leaf.key"));
        world.test.clock.advance_secs(1);
        let id = world.ask("POST", "/certificates/import", import).await;
        ids.push(id["certificate_id"].as_str().unwrap().to_owned());
    }
    (world, ids)
}

#[tokio::test]
async fn pages_end_and_filters_hold() {
    let (world, ids) = filled().await;
    let list =
        async |query: &str| world.ask("GET", &format!("/certificates{query}"), Value::Null).await;
    let first = list("").await;
    assert_eq!(
        (first["certificates"].as_array().unwrap().len(), &first["total_count"]),
        (10, &json!(12))
    );
    assert_eq!(first["certificates"][0]["id"], ids[11].as_str());
    let row = &first["certificates"][0];
    assert_eq!(row["expire_time"], "2026-12-01 00:00:00.0");
    assert_eq!(row["domain_id"], world.test.credentials.domain_id.as_str());
    let past = list("?offset=12&limit=50").await;
    assert_eq!(past, json!({"certificates": [], "total_count": 12}));
    for (query, n) in [
        ("?status=ALL&limit=50", 12),
        ("?status=UPLOAD&limit=50", 12),
        ("?status=ISSUED", 0),
        ("?status=REVOKING", 0),
        ("?content=CERT-11", 1),
        ("?content=b.example&limit=50", 12),
        ("?content=%25", 0),
        ("?enterprise_project_id=all&limit=50", 12),
        ("?deploy_support=true", 0),
        ("?owned_by_self=true&limit=50", 12),
        ("?expired_days_since=30&limit=50", 12),
    ] {
        let found = list(query).await;
        assert_eq!(
            (found["certificates"].as_array().unwrap().len(), &found["total_count"]),
            (n, &json!(n)),
            "{query}"
        );
    }
    let ordered = list("?sort_key=certUpdateTime&sort_dir=ASC&limit=20").await;
    assert_eq!(ordered["certificates"][0]["id"], ids[0].as_str());
    let world = world.after(400);
    let list =
        async |query: &str| world.ask("GET", &format!("/certificates{query}"), Value::Null).await;
    assert_eq!(list("?status=EXPIRED").await["total_count"], 12);
    assert_eq!(list("?expired_days_since=30").await["total_count"], 0);
    for query in [
        "?limit=51",
        "?limit=x",
        "?offset=-1",
        "?sort_key=x",
        "?sort_dir=up",
        "?status=x",
        "?deploy_support=1",
    ] {
        let (status, code, _) =
            world.refused("GET", &format!("/certificates{query}"), Value::Null).await;
        assert_eq!((status, code.as_str()), (400, "SCM.0005"), "{query}");
    }
}

#[tokio::test]
async fn tags_are_set_found_and_removed() {
    let (world, ids) = filled().await;
    let tags = |id: &str| format!("/{id}/tags");
    let tag = json!({"tag": {"key": "env", "value": "prod"}});
    assert_eq!(world.ask("POST", &tags(&ids[0]), tag).await, json!({"desc": "success"}));
    let more = json!({"action": "create", "tags": [{"key": "团队", "value": "a b"}, {"key": "env", "value": "test"}]});
    world.ask("POST", &format!("{}/action", tags(&ids[0])), more).await;
    let own = world.ask("GET", &tags(&ids[0]), Value::Null).await;
    assert_eq!(
        own,
        json!({"tags": [{"key": "env", "value": "test"}, {"key": "团队", "value": "a b"}]})
    );
    let all = world.ask("GET", "/tags", Value::Null).await;
    assert_eq!(
        all,
        json!({"tags": [{"key": "env", "values": ["test"]}, {"key": "团队", "values": ["a b"]}]})
    );
    let search = async |body: Value| world.ask("POST", "/resource_instances/action", body).await;
    let found =
        search(json!({"action": "filter", "tags": [{"key": "env", "values": ["test"]}]})).await;
    assert_eq!(
        (&found["total_count"], &found["resources"][0]["resource_id"]),
        (&json!(1), &json!(ids[0]))
    );
    assert_eq!(found["resources"][0]["resource_detail"]["push_support"], false);
    assert_eq!(
        search(json!({"action": "count", "without_any_tag": true})).await,
        json!({"total_count": 11})
    );
    assert_eq!(
        search(json!({"not_tags": [{"key": "env", "values": []}]})).await["total_count"],
        11
    );
    assert_eq!(
        search(json!({"matches": [{"key": "resource_name", "value": "cert-3"}]})).await["total_count"],
        1
    );
    let gone = json!({"action": "delete", "tags": [{"key": "env"}, {"key": "never"}]});
    world.ask("POST", &format!("{}/action", tags(&ids[0])), gone).await;
    let own = world.ask("GET", &tags(&ids[0]), Value::Null).await;
    assert_eq!(own["tags"].as_array().unwrap().len(), 1);
    let many: Vec<_> = (0..21).map(|n| json!({"key": format!("k{n}")})).collect();
    let (status, _, message) = world
        .refused(
            "POST",
            &format!("{}/action", tags(&ids[1])),
            json!({"action": "create", "tags": many}),
        )
        .await;
    assert!(status == 400 && message.contains("at most 20"), "{message}");
}

#[tokio::test]
async fn notices_are_wanted_of_all_named_or_none() {
    let (world, ids) = filled().await;
    let wanted =
        |id: &str| json!({"resource_id": id, "notice_type": ["CERT_EXPIRING", "CERT_EXPIRED"]});
    world.ask("POST", "/notification/enable", json!([wanted(&ids[0]), wanted(&ids[1])])).await;
    let body = json!([wanted(&ids[2]), wanted("scs0000000000000")]);
    let (status, ..) = world.refused("POST", "/notification/enable", body).await;
    assert_eq!(status, 404);
    world.ask("POST", "/notification/disable", json!([wanted(&ids[1])])).await;
    let mut notices = Vec::new();
    for id in ids.iter().take(3) {
        let app = &world.test.app;
        let shown =
            muster_service::certificates::show(app, &world.test.operator(), id).await.unwrap();
        notices.push(shown.notices);
    }
    assert_eq!(notices, [3, 0, 0]);
    let deployed = json!({"certificate_ids": [ids[0]], "service_names": ["ALL"]});
    let answer = world.ask("POST", "/deployed-resources", deployed).await;
    assert_eq!(answer["results"][0]["total_num"], 0);
    let body = json!({"target_project": "muster", "target_service": "web"});
    let push = world.try_ask("POST", &format!("/certificates/{}/push", ids[0]), body).await;
    assert_eq!(push.status, 501);
}
