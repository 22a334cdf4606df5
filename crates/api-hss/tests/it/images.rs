//! Images on the disks of hosts.

use crate::world::{NOW, World, shop};
use muster_model::image::{Contents, Image};
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
            ("scan_status=unscan".into(), &[loose, cart]),
            ("scan_status=success".into(), &[shop]),
            ("scan_status=scanning".into(), &[]),
            ("scan_status=image_oversized".into(), &[]),
            ("scan_status=download_failed".into(), &[]),
            ("has_vul=true".into(), &[shop]),
            ("has_vul=false".into(), &[]),
            ("app_name=CUR".into(), &[shop]),
            ("app_name=nginx".into(), &[]),
            ("start_latest_scan_time=1&end_latest_scan_time=2".into(), &[]),
            (format!("start_latest_scan_time={before}&end_latest_scan_time={later}"), &[shop]),
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
            "latest_update_time": null, "latest_scan_time": 0, "host_num": 1, "container_num": 0,
            "host_name": "web-2", "host_id": "host-web-2", "agent_id": "agent-web-2",
        },
        {
            "image_name": "registry.example/shop", "image_id": "sha256:cafe", "image_digest": "sha256:cafe",
            "image_version": "1", "local_image_type": "other_image", "scan_status": "success",
            "image_size": 5_000_000_000_i64, "latest_update_time": NOW.millis(),
            "latest_scan_time": NOW.millis(), "vul_num": 1, "component_num": 1, "severity_level": "Medium",
            "host_num": 2, "container_num": 2,
        },
        {
            "image_name": "swr.north.myhuaweicloud.com/team/cart", "image_id": "sha256:ca47",
            "image_digest": "sha256:d19e57", "image_version": "2", "local_image_type": "swr_image",
            "scan_status": "unscan", "image_size": 30, "latest_update_time": NOW.plus_secs(-60).millis(),
            "latest_scan_time": 0, "host_num": 1, "container_num": 1,
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

#[tokio::test]
async fn an_image_is_scanned_by_the_agent_of_a_host_it_lies_on() {
    for world in World::each().await {
        world_with_images(&world).await;
        let order = |body: Value| world.post("/image/local/batch-scan", body);
        let state = async |id: &str| {
            let rows = world.get("/image/local-repositories").await.ok()["data_list"].clone();
            let row =
                rows.as_array().unwrap().iter().find(|it| it["image_id"] == id).unwrap().clone();
            (row["scan_status"].clone(), row["scan_failed_desc"].clone())
        };
        assert!(world.asked_of("host-web-2").await.is_empty());
        order(json!({"image_info_list": [{"image_id": "sha256:ca47"}]})).await.ok();
        assert_eq!(state("sha256:ca47").await.0, "waiting");
        assert_eq!(world.asked_of("host-web-2").await, ["sha256:ca47"]);
        assert_eq!(world.asked_of("host-web-2").await, ["sha256:ca47"], "an answer may get lost");
        assert_eq!(state("sha256:ca47").await.0, "scanning");
        // Only who was asked is believed.
        let empty = |id: &str| Contents { id: id.into(), ..Contents::default() };
        world.is_in("host-web-1", empty("sha256:ca47")).await;
        assert_eq!(state("sha256:ca47").await.0, "scanning");
        let failed = Contents { error: Some("it is packed".into()), ..empty("sha256:ca47") };
        world.is_in("host-web-2", failed).await;
        assert_eq!(state("sha256:ca47").await, (json!("failed"), json!("it is packed")));
        assert!(world.asked_of("host-web-2").await.is_empty());

        // All that fit, as the list has them; and one whose agent never answers.
        order(json!({"operate_all": true, "scan_status": "unscan"})).await.ok();
        assert_eq!(world.asked_of("host-web-2").await, ["sha256:1005e"]);
        world.clock.advance_secs(14_401);
        assert_eq!(state("sha256:1005e").await, (json!("failed"), json!("response_timed_out")));
        let listed = listed(&world, "/image/local-repositories?scan_status=failed", "image_id");
        assert_eq!(listed.await, ["sha256:1005e", "sha256:ca47"]);
        for bad in [
            json!({}),
            json!({"operate_all": false, "image_info_list": []}),
            json!({"image_info_list": [{"image_version": "1"}]}),
        ] {
            let (status, _, message) = order(bad).await.error();
            assert!(status == 400 && message.contains("image_info_list"), "{message}");
        }
        let none = order(json!({"image_info_list": [{"image_id": "sha256:0"}]})).await;
        assert_eq!(none.error().0, 404);
    }
}

#[tokio::test]
async fn what_is_in_an_image_is_listed_with_what_is_known_against_it() {
    for world in World::each().await {
        let known = &world.get("/vulnerability/vulnerabilities").await.ok()["data_list"][0].clone();
        let path = "/image/sha256:cafe/vulnerabilities?image_type=local_image";
        let row = world.get(path).await.ok()["data_list"][0].clone();
        let expected = json!({
            "vul_id": known["vul_id"], "repair_necessity": "delay_repair", "description": known["description"],
            "position": "sha256:1",
            "app_name": "curl", "version": "7.88.1-10", "solution": known["solution_detail"], "url": known["url"],
        });
        assert_eq!(row, expected);
        for (query, rows) in [
            ("&repair_necessity=delay_repair", 1),
            ("&repair_necessity=immediate_repair", 0),
            ("&vul_id=cve-", 1),
            ("&vul_id=nothing", 0),
            ("&app_name=CURL", 1),
            ("&app_name=wget", 0),
            ("&type=linux_vul", 1),
            ("&type=app_vul", 0),
            ("&handle_status=unhandled", 1),
            ("&handle_status=handled", 0),
        ] {
            let answer = world.get(&format!("{path}{query}")).await.ok();
            assert_eq!(answer["total_num"], rows, "{query}");
        }
        let software = json!({
            "app_name": "curl", "app_type": "dpkg", "app_version": "7.88.1-10", "vul_num": 1,
        });
        for path in [
            "/image/local/apps?image_id=sha256:cafe",
            "/image/local/apps?image_id=sha256:cafe&app_name=Cur",
            "/image/sha256:cafe/apps?image_type=local_image",
        ] {
            let answer = world.get(path).await.ok();
            assert_eq!((&answer["total_num"], &answer["data_list"][0]), (&json!(1), &software));
        }
        // There is no registry.
        let elsewhere = world.get("/image/sha256:cafe/apps?image_type=harbor").await.ok();
        assert_eq!(elsewhere, json!({"total_num": 0, "data_list": []}));
        for (path, status) in [
            ("/image/sha256:0/apps?image_type=local_image", 404),
            ("/image/sha256:0/vulnerabilities?image_type=local_image", 404),
            ("/image/local/apps?image_id=sha256:0", 404),
            ("/image/local/apps", 400),
            ("/image/sha256:cafe/apps", 400),
            ("/image/sha256:cafe/vulnerabilities?image_type=x", 400),
        ] {
            assert_eq!(world.get(path).await.error().0, status, "{path}");
        }
    }
}

/// The first row of the list of tasks with this query, and how many there are.
async fn tasks(world: &World, query: &str) -> (Value, i64) {
    let answer = world.get(&format!("/image/tasks?type=image_scan{query}")).await.ok();
    (answer["data_list"][0].clone(), answer["total_num"].as_i64().unwrap())
}

#[tokio::test]
async fn a_scan_is_a_task_that_tells_how_far_it_is() {
    for world in World::each().await {
        world_with_images(&world).await;
        let create =
            |body: Value| world.post("/image/image-scan/tasks?global_image_type=local", body);
        assert_eq!(tasks(&world, "").await.1, 0);
        let two = json!([{"image_id": "sha256:ca47"}, {"image_id": "sha256:1005e"}]);
        create(json!({"is_all": false, "scan_scope": 983_040, "image_info": two})).await.ok();
        let (task, total) = tasks(&world, "").await;
        let id = task["task_id"].as_str().unwrap().to_owned();
        let expected = json!({
            "task_id": id, "task_name": task["task_name"], "begin_time": NOW.millis(), "task_type": "manual",
            "image_type": "local", "task_status": 0, "scan_scope": 983_040, "is_all": false, "failed_num": 0,
            "success_num": 0, "total_num": 2, "risky_num": 0, "failed_images": [],
        });
        assert_eq!((task, total), (expected, 1));
        assert_eq!(world.asked_of("host-web-2").await.len(), 2);

        let empty = |id: &str| Contents { id: id.into(), ..Contents::default() };
        let failed = Contents { error: Some("it is packed".into()), ..empty("sha256:ca47") };
        world.is_in("host-web-2", failed).await;
        let (task, _) = tasks(&world, "&task_status=scanning").await;
        assert_eq!((&task["task_status"], &task["failed_num"]), (&json!(50), &json!(1)));
        let why = json!([{
            "image_name": "swr.north.myhuaweicloud.com/team/cart", "image_version": "2",
            "failed_reason": "it is packed",
        }]);
        assert_eq!(task["failed_images"], why);
        world.is_in("host-web-2", empty("sha256:1005e")).await;
        let (task, _) = tasks(&world, "&task_status=finished").await;
        assert_eq!((&task["task_status"], &task["success_num"]), (&json!(100), &json!(1)));
        assert_eq!(task["end_time"], NOW.millis());
        assert_eq!(tasks(&world, "&task_status=scanning").await.1, 0);

        for (query, expected) in [
            (format!("&task_id={id}"), 1),
            ("&task_id=x".to_owned(), 0),
            ("&task_name=MANUAL".to_owned(), 1),
            ("&task_name=cycle".to_owned(), 0),
            ("&task_type=manual".to_owned(), 1),
            ("&task_type=cycle".to_owned(), 0),
            ("&task_type=autoSync".to_owned(), 0),
            ("&global_image_type=local".to_owned(), 1),
            ("&global_image_type=registry".to_owned(), 0),
            ("&scan_scope=983040".to_owned(), 1),
            ("&scan_scope=3840".to_owned(), 0),
            (format!("&create_time={}", NOW.millis()), 1),
            (format!("&create_time={}", NOW.millis() + 1), 0),
            (format!("&end_time={}", NOW.millis()), 1),
            (format!("&end_time={}", NOW.millis() - 1), 0),
            ("&enterprise_project_id=all_granted_eps".to_owned(), 1),
            ("&enterprise_project_id=other".to_owned(), 0),
            ("&limit=10&offset=1".to_owned(), 1),
        ] {
            assert_eq!(tasks(&world, &query).await.1, expected, "{query}");
        }
        let synced = world.get("/image/tasks?type=image_sync").await.ok();
        assert_eq!(synced, json!({"total_num": 0, "data_list": []}));
        for (query, parameter) in [
            ("", "type"),
            ("?type=x", "type"),
            ("?type=image_scan&task_type=x", "task_type"),
            ("?type=image_scan&task_status=x", "task_status"),
            ("?type=image_scan&limit=5", "limit"),
            ("?type=image_scan&scan_scope=-1", "scan_scope"),
        ] {
            let (status, _, message) = world.get(&format!("/image/tasks{query}")).await.error();
            assert!(status == 400 && message.contains(parameter), "{query}: {message}");
        }
        for (body, parameter) in [
            (json!({}), "image_info"),
            (json!({"image_info": [{"image_version": "1"}]}), "image_info"),
            (json!({"is_all": true, "scan_scope": 240}), "scan_scope"),
            (json!({"is_all": true, "query_info": {"namespace": "x"}}), "namespace"),
            (json!({"is_all": true, "query_info": {"image_type": "harbor"}}), "image_type"),
        ] {
            let (status, _, message) = create(body).await.error();
            assert!(status == 400 && message.contains(parameter), "{message}");
        }
        let registry = world.post("/image/image-scan/tasks", json!({"is_all": true})).await;
        assert!(registry.error().2.contains("global_image_type"));
        // Filters of the order are those of the list.
        let query = json!({"host_id": "host-web-1", "scan_status": "success"});
        create(json!({"is_all": true, "query_info": query})).await.ok();
        let (task, total) = tasks(&world, "").await;
        assert_eq!((&task["total_num"], &task["is_all"], total), (&json!(1), &json!(false), 2));
    }
}

#[tokio::test]
async fn a_task_ends_also_where_nobody_answers_or_somebody_stops_it() {
    for world in World::each().await {
        world_with_images(&world).await;
        let order = |images: Value| {
            world.post("/image/local/batch-scan", json!({"image_info_list": images}))
        };
        let state = async |id: &str| {
            let rows = world.get("/image/local-repositories").await.ok()["data_list"].clone();
            let row = rows.as_array().unwrap().iter().find(|it| it["image_id"] == id).cloned();
            row.unwrap()["scan_status"].clone()
        };
        order(json!([{"image_id": "sha256:ca47"}, {"image_id": "sha256:cafe"}])).await.ok();
        let first = tasks(&world, "").await.0["task_id"].as_str().unwrap().to_owned();
        world.clock.advance_secs(1);
        order(json!([{"image_id": "sha256:cafe"}])).await.ok();
        let stop = async |id: &str| {
            world.put(&format!("/image/image-scan/tasks/{id}/stop"), json!({})).await
        };
        stop(&first).await.ok();
        // One is as it was before, the other is wanted by another task.
        assert_eq!(
            (state("sha256:ca47").await, state("sha256:cafe").await),
            (json!("unscan"), json!("waiting"))
        );
        let (task, _) = tasks(&world, &format!("&task_id={first}")).await;
        assert_eq!((&task["task_status"], &task["success_num"]), (&json!(-1), &json!(0)));
        let second = tasks(&world, "").await.0["task_id"].as_str().unwrap().to_owned();
        stop(&second).await.ok();
        stop(&second).await.ok();
        assert_eq!(state("sha256:cafe").await, "success");
        assert!(world.asked_of("host-web-2").await.is_empty());
        assert_eq!(stop("0").await.error().0, 404);

        // Its agent was killed, and nobody started it again.
        order(json!([{"image_id": "sha256:ca47"}])).await.ok();
        assert_eq!(world.asked_of("host-web-2").await, ["sha256:ca47"]);
        world.clock.advance_secs(14_401);
        let (task, _) = tasks(&world, "&task_status=finished").await;
        assert_eq!((&task["task_status"], &task["failed_num"]), (&json!(-2), &json!(1)));
        assert_eq!(task["failed_reason"], "response_timed_out");
        assert_eq!(task["failed_images"][0]["failed_reason"], "response_timed_out");
        assert_eq!(tasks(&world, "&task_status=scanning").await.1, 0);
        // One that cannot be looked into says why.
        let packed = Image {
            store: muster_model::image::Store::Oci,
            ..Image { id: "sha256:0c1".into(), ..Image::default() }
        };
        world.images_are("host-web-2", &[packed]).await;
        order(json!([{"image_id": "sha256:0c1"}])).await.ok();
        let why =
            Some("its layers are packed, and there is no folder to unpack them in".to_owned());
        world
            .is_in(
                "host-web-2",
                Contents { id: "sha256:0c1".into(), error: why, ..Contents::default() },
            )
            .await;
        let (task, _) = tasks(&world, "").await;
        assert_eq!(task["task_status"], -3);
        assert_eq!(task["failed_images"][0]["image_name"], "sha256:0c1");
        assert!(task["failed_reason"].as_str().unwrap().contains("packed"), "{task}");
    }
}

#[tokio::test]
async fn images_are_scanned_by_themselves() {
    use muster_service::images::automatic;
    for world in World::each().await {
        world_with_images(&world).await;
        let state = async |id: &str| {
            let rows = world.get("/image/local-repositories").await.ok()["data_list"].clone();
            let row = rows.as_array().unwrap().iter().find(|it| it["image_id"] == id).cloned();
            row.unwrap()["scan_status"].clone()
        };
        // No agent here does so.
        assert_eq!(automatic::look(&world.app).await.unwrap(), 0);
        world.scans_images("host-web-2", 1).await;
        // The large one was looked into by an agent that recognised less.
        let large = Image { size: 17 << 30, ..shop() };
        let [small, other] =
            ["sha256:ca47", "sha256:1005e"].map(|id| Image { id: id.into(), ..Image::default() });
        world.images_are("host-web-2", &[large, small, other]).await;
        assert_eq!(automatic::look(&world.app).await.unwrap(), 2);
        assert_eq!(state("sha256:cafe").await, "image_oversized");
        let oversized = "/image/local-repositories?scan_status=image_oversized";
        assert_eq!(listed(&world, oversized, "image_id").await, ["sha256:cafe"]);
        let (task, total) = tasks(&world, "&task_type=cycle").await;
        assert_eq!((&task["total_num"], total), (&json!(2), 1));
        // Once asked for they are not asked for again.
        assert_eq!(automatic::look(&world.app).await.unwrap(), 0);
        assert!(world.asked_of("host-web-2").await.is_empty());
        let mut at_leisure = world.at_leisure_of("host-web-2").await;
        at_leisure.sort();
        assert_eq!(at_leisure, ["sha256:1005e", "sha256:ca47"]);
        let empty = |id: &str| Contents { id: id.into(), ..Contents::default() };
        world.is_in("host-web-2", empty("sha256:1005e")).await;
        let failed = Contents { error: Some("a layer is gone".into()), ..empty("sha256:ca47") };
        world.is_in("host-web-2", failed).await;
        // Somebody who waits comes first, also where nobody did before.
        assert_eq!(automatic::look(&world.app).await.unwrap(), 0);
        let named = json!({"image_info_list": [{"image_id": "sha256:ca47"}]});
        world.post("/image/local/batch-scan", named).await.ok();
        assert_eq!(world.asked_of("host-web-2").await, ["sha256:ca47"]);
        world
            .is_in("host-web-2", Contents { error: Some("x".into()), ..empty("sha256:ca47") })
            .await;

        // Tried again a day later, by an agent that is still there.
        world.clock.advance_secs(86_401);
        assert_eq!(automatic::look(&world.app).await.unwrap(), 0);
        world.is_heard_of("host-web-2").await;
        assert_eq!(automatic::look(&world.app).await.unwrap(), 1);
        assert_eq!(world.at_leisure_of("host-web-2").await, ["sha256:ca47"]);
        // An agent that recognises more looks into all of them again.
        world.is_in("host-web-2", empty("sha256:ca47")).await;
        world.scans_images("host-web-2", 2).await;
        assert_eq!(automatic::look(&world.app).await.unwrap(), 2);
    }
}
