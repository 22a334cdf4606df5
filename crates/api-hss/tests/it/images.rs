//! Images on the disks of hosts.

use crate::world::{NOW, World, shop};
use muster_model::image::Image;
use serde_json::{Value, json};

/// Two more images on the second host: one of the contract's own registry, of which a pod's container runs, and one without a name.
async fn world_with_images(world: &World) {
    let cart = Image {
        id: "sha256:ca47".into(),
        names: vec!["swr.north.myhuaweicloud.com/team/cart:2".into()],
        digests: vec!["sha256:d19e57".into()],
        size: 30,
        created: Some(NOW.plus_secs(-60)),
        ..Image::default()
    };
    let loose = Image { id: "sha256:1005e".into(), size: 20, ..Image::default() };
    world.images_are("host-web-2", &[shop(), cart, loose]).await;
    world.container_starts("host-web-2", "c1", "default/cart-1/web").await;
    world.container_is_of("host-web-2", "c1", "default/cart-1/web", "cart:2", "sha256:ca47").await;
}

async fn listed(world: &World, path: &str, key: &str) -> Vec<String> {
    let answer = world.get(path).await.ok();
    let rows = answer["data_list"].as_array().unwrap().clone();
    assert_eq!(answer["total_num"], rows.len(), "{path}");
    rows.iter().map(|row| row[key].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn images_are_listed_and_filtered() {
    for world in World::each().await {
        world_with_images(&world).await;
        let (loose, shop, cart) = ("sha256:1005e", "sha256:cafe", "sha256:ca47");
        let before = NOW.plus_secs(-30).millis();
        let (long_ago, later) = (NOW.plus_secs(-90).millis(), NOW.plus_secs(90).millis());
        for (query, ids) in [
            (String::new(), &[loose, shop, cart][..]),
            ("image_name=SHOP".into(), &[shop]),
            ("image_name=cart&image_version=2".into(), &[cart]),
            ("image_name=cart&image_version=1".into(), &[]),
            // Without a name it says nothing, by the contract; and so does half a span of time.
            ("image_version=1".into(), &[loose, shop, cart]),
            (format!("start_latest_update_time={later}"), &[loose, shop, cart]),
            (
                format!("start_latest_update_time={long_ago}&end_latest_update_time={before}"),
                &[cart],
            ),
            ("local_image_type=swr_image".into(), &[cart]),
            ("local_image_type=other_image".into(), &[loose, shop]),
            ("image_size=5000000000".into(), &[shop]),
            ("has_container=true".into(), &[shop, cart]),
            ("has_container=false".into(), &[loose]),
            ("container_id=c0ffee".into(), &[shop]),
            ("container_name=cart-1".into(), &[cart]),
            ("pod_name=cart".into(), &[cart]),
            ("pod_id=cart".into(), &[]),
            ("host_id=host-web-1".into(), &[shop]),
            ("host_name=WEB-2".into(), &[loose, shop, cart]),
            ("host_ip=10.0.0.1".into(), &[shop]),
            ("host_ip=10.0.0".into(), &[]),
            ("scan_status=unscan".into(), &[loose, shop, cart]),
            ("scan_status=success".into(), &[]),
            ("has_vul=true".into(), &[]),
            ("has_vul=false".into(), &[]),
            ("app_name=curl".into(), &[]),
            ("start_latest_scan_time=1&end_latest_scan_time=2".into(), &[]),
            ("enterprise_project_id=other".into(), &[]),
            ("enterprise_project_id=all_granted_eps".into(), &[loose, shop, cart]),
        ] {
            let path = format!("/image/local-repositories?{query}");
            assert_eq!(listed(&world, &path, "image_id").await, ids, "{query}");
        }
        for (query, parameter) in [
            ("scan_status=x", "scan_status"),
            ("local_image_type=x", "local_image_type"),
            ("image_size=-1", "image_size"),
            ("limit=5", "limit"),
            ("has_container=1", "has_container"),
        ] {
            let (status, _, message) =
                world.get(&format!("/image/local-repositories?{query}")).await.error();
            assert!(status == 400 && message.contains(parameter), "{query}: {message}");
        }
        let page = world.get("/image/local-repositories?limit=10&offset=1").await.ok();
        assert_eq!(
            (&page["total_num"], &page["data_list"][0]["image_id"]),
            (&json!(3), &json!(shop))
        );
        let named = "/container/images?keyword=team/cart:";
        assert_eq!(listed(&world, named, "image_id").await, [cart]);
        let counted = world.get("/image/asset/statistics").await.ok();
        assert_eq!(counted, json!({"local_num": 3, "cicd_num": 0, "registry_num": 0}));
    }
}

#[tokio::test]
async fn an_image_is_told_as_the_contract_has_it() {
    let world = World::new().await;
    world_with_images(&world).await;
    let rows = world.get("/image/local-repositories").await.ok()["data_list"].clone();
    let expected = json!([
        {
            "image_name": "", "image_id": "sha256:1005e", "image_digest": "sha256:1005e", "image_version": "",
            "local_image_type": "other_image", "scan_status": "unscan", "image_size": 20,
            "latest_update_time": null, "host_num": 1, "container_num": 0,
            "host_name": "web-2", "host_id": "host-web-2", "agent_id": "agent-web-2",
        },
        {
            "image_name": "registry.example/shop", "image_id": "sha256:cafe", "image_digest": "sha256:cafe",
            "image_version": "1", "local_image_type": "other_image", "scan_status": "unscan",
            "image_size": 5_000_000_000_i64, "latest_update_time": NOW.millis(),
            "host_num": 2, "container_num": 2,
        },
        {
            "image_name": "swr.north.myhuaweicloud.com/team/cart", "image_id": "sha256:ca47",
            "image_digest": "sha256:d19e57", "image_version": "2", "local_image_type": "swr_image",
            "scan_status": "unscan", "image_size": 30, "latest_update_time": NOW.plus_secs(-60).millis(),
            "host_num": 1, "container_num": 1,
            "host_name": "web-2", "host_id": "host-web-2", "agent_id": "agent-web-2",
        },
    ]);
    assert_eq!(rows, expected);
    let row = &world.get("/container/images?keyword=shop").await.ok()["data_list"][0];
    let expected = json!({
        "image_id": "sha256:cafe", "image_name": "registry.example/shop", "image_version": "1",
        "create_time": NOW.millis(),
    });
    assert_eq!(*row, expected);
}

#[tokio::test]
async fn where_an_image_lies_and_what_runs_of_it_is_found_by_its_digests_and_names() {
    for world in World::each().await {
        world_with_images(&world).await;
        for (query, hosts, containers) in [
            ("", &["host-web-1", "host-web-2"][..], &["c1", "c0ffee", "c0ffee"][..]),
            ("image_digest=sha256:cafe", &["host-web-1", "host-web-2"], &["c0ffee", "c0ffee"]),
            ("image_digest=sha256:d19e57", &["host-web-2"], &["c1"]),
            (
                "image_name=registry.example/shop&image_version=1&agent_id=agent-web-1",
                &["host-web-1"],
                &["c0ffee"],
            ),
            ("image_name=registry.example/shop&image_version=2", &[], &[]),
            ("image_digest=sha256:1005e", &["host-web-2"], &[]),
            ("image_digest=sha256:%25", &[], &[]),
            ("enterprise_project_id=other", &[], &[]),
        ] {
            let path = format!("/image/local/hosts?{query}");
            assert_eq!(listed(&world, &path, "host_id").await, hosts, "{query}");
            let path = format!("/image/local/containers?{query}");
            assert_eq!(listed(&world, &path, "container_id").await, containers, "{query}");
        }
        let row = |answer: Value| answer["data_list"][0].clone();
        let host = row(world.get("/image/local/hosts?host_name=web-2").await.ok());
        let expected = json!({
            "agent_id": "agent-web-2", "agent_status": "online", "host_name": "web-2", "host_id": "host-web-2",
            "version": "hss.version.null", "private_ip": "10.0.0.2", "public_ip": "",
        });
        assert_eq!(host, expected);
        let container = row(world.get("/image/local/containers?container_id=c1").await.ok());
        let expected = json!({
            "agent_id": "agent-web-2", "container_name": "default/cart-1/web", "container_id": "c1",
            "host_id": "host-web-2", "host_name": "web-2", "pod_name": "cart-1",
            "private_ip": "10.0.0.2", "public_ip": "",
        });
        assert_eq!(container, expected);
    }
}
