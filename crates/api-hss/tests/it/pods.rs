//! Pods, as the containers on their nodes tell of them.

use crate::contract::HSS;
use crate::world::{NOW, World};
use serde_json::{Value, json};

#[tokio::test]
async fn pods_are_what_their_containers_tell() {
    for world in World::each().await {
        assert_eq!(
            world.get("/kubernetes/pods").await.ok(),
            json!({"total_num": 0, "data_list": []})
        );
        world.is_node_of("host-web-2", "aa", "shop").await;
        let held = [
            ("host-web-2", "p1", "default/cart-1"),
            ("host-web-2", "p2", "default/cart-1/web"),
            ("host-web-2", "p3", "default/cart-10/web"),
            ("host-web-1", "p4", "data/cart-1/db"),
            ("host-web-2", "p5", "data/db_1/x"),
        ];
        for (host, id, name) in held {
            world.container_starts(host, id, name).await;
        }
        world.container_is_of("host-web-2", "p2", "default/cart-1/web", "cart:1", "").await;
        for (query, pods) in [
            ("", "data/cart-1 data/db_1 default/cart-1 default/cart-10"),
            ("limit=10&offset=2", "default/cart-1 default/cart-10"),
            ("pod_name=CART-1", "data/cart-1 default/cart-1 default/cart-10"),
            ("pod_name=t_1", ""),
            ("namespace_name=Dat", "data/cart-1 data/db_1"),
            ("namespace_name=cart", ""),
            ("cluster_name=SHO", "data/db_1 default/cart-1 default/cart-10"),
            ("enterprise_project_id=other", ""),
        ] {
            let answer = world.get(&format!("/kubernetes/pods?{query}")).await.ok();
            HSS.check("ListK8sPods", &answer);
            let rows = answer["data_list"].as_array().unwrap();
            let name = |row: &Value| {
                let text = |key: &str| row[key].as_str().unwrap().to_owned();
                format!("{}/{}", text("namespace_name"), text("pod_name"))
            };
            assert_eq!(rows.iter().map(name).collect::<Vec<_>>().join(" "), pods, "{query}");
            let total = if query.contains("offset") { 4 } else { rows.len() };
            assert_eq!(answer["total_num"], total, "{query}");
        }
        let shown = world.get("/kubernetes/cart-1/pod/detail").await.ok();
        HSS.check("ShowK8sPodDetail", &shown);
        assert_eq!(
            (&shown["namespace_name"], &shown["node_name"]),
            (&json!("data"), &json!("web-1"))
        );
        assert!(shown["cluster_name"].is_null());
        assert_eq!(shown["containers"][0]["container_id"], "p4");
        world.container_ends(NOW.plus_secs(60)).await;
        let shown = world.get("/kubernetes/cart-1/pod/detail").await.ok();
        let names = shown["containers"].as_array().unwrap().iter().map(|it| &it["container_name"]);
        assert_eq!(names.collect::<Vec<_>>(), ["default/cart-1", "default/cart-1/web"]);
        let expected = json!({
            "pod_name": "cart-1", "namespace_name": "default", "node_name": "web-2",
            "node_ip": "10.0.0.2", "status": "Running", "create_time": NOW.millis(),
            "cluster_name": "shop", "label": "", "containers": shown["containers"],
        });
        assert_eq!(shown, expected);
        let (status, _, message) = world.get("/kubernetes/cart/pod/detail").await.error();
        assert!(status == 404 && message.contains("pod"), "{message}");
    }
}
