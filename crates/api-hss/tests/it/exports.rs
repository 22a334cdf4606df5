//! Exports from the order to the sheet.

use crate::contract::HSS;
use crate::sheet;
use crate::world::World;
use axum::http::{Request, StatusCode};
use muster_model::time::ManualClock;
use muster_model::{Kind, Paging};
use muster_service::export::{self, Format};
use muster_service::{App, Settings};
use muster_testkit::TestDb;
use muster_vault::Keyring;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// Orders an export of all keys of `kind`, titled by them.
async fn order(world: &World, kind: Kind, category: &str, search: &str) -> String {
    let headers: Vec<_> = export::keys(kind).map(|key| json!([key, key])).collect();
    order_of(world, kind, category, json!({"export_headers": headers, "search_param": search}))
        .await
}

async fn order_of(world: &World, kind: Kind, category: &str, body: Value) -> String {
    let path = format!("/asset/export?asset_type={}&category={category}", kind.name());
    let answer = world.post(&path, body).await.ok();
    HSS.check("DownloadAssetFile", &answer);
    answer["task_id"].as_str().unwrap().to_owned()
}

/// Follows a task to its end.
pub(crate) async fn wait(world: &World, task: &str) -> Value {
    for _ in 0..1_000 {
        let answer = world.get(&format!("/export-task/{task}")).await.ok();
        HSS.check("ListQueryExportTask", &answer);
        if answer["task_status"] != "running" {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the export does not end");
}

async fn fetch(world: &World, task: &str) -> Vec<u8> {
    let ended = wait(world, task).await;
    assert_eq!(ended["task_status"], "success", "{ended}");
    let file = ended["file_id"].as_str().unwrap();
    let answer = world.get(&format!("/download/{file}")).await;
    assert_eq!(answer.status, StatusCode::OK);
    let header = |name: &str| answer.headers[name].to_str().unwrap().to_owned();
    assert_eq!(header("content-type"), "application/octet-stream");
    assert_eq!(header("content-length"), answer.bytes.len().to_string());
    answer.bytes
}

#[tokio::test]
async fn every_kind_and_key_comes_back_out_of_the_sheet() {
    let world = World::new().await;
    export::start(&world.app);
    let mut shown = String::new();
    for kind in Kind::ALL {
        for category in ["host", "container"] {
            let task = order(&world, kind, category, "").await;
            let book = sheet::read(&fetch(&world, &task).await);
            let keys: Vec<_> = export::keys(kind).collect();
            assert_eq!(book.rows[0], keys);
            assert_eq!(book.names, [format!("{kind} (UTC)")]);
            assert_eq!(book.entry, format!("hss-asset-{kind}-20261121120000.xlsx"));
            let header_only = kind == Kind::KernelModule && category == "container";
            assert_eq!(book.rows.len(), if header_only { 1 } else { 3 }, "{kind} {category}");
            let last = char::from(b'A' + u8::try_from(keys.len() - 1).unwrap());
            let range = format!("A1:{last}{}", book.rows.len());
            assert!(book.xml.contains(&format!("<dimension ref=\"{range}\"/>")), "{range}");
            assert!(book.xml.contains(&format!("<autoFilter ref=\"{range}\"/>")));
            for row in book.rows.get(1..2).into_iter().flatten() {
                for (key, cell) in keys.iter().zip(row) {
                    if kind != Kind::AutoLaunch || !cell.is_empty() {
                        assert!(!cell.is_empty() || category == "host", "{kind} {key} is empty");
                    }
                    if category == "container" {
                        shown.push_str(&format!("{kind} {key} = {cell}\n"));
                    }
                }
            }
        }
    }
    insta::assert_snapshot!("cells", shown);
}

#[tokio::test]
async fn the_sheet_has_what_was_asked_for_in_the_order_asked() {
    let world = World::new().await;
    export::start(&world.app);
    let headers = json!([["port", "端口"], ["host_name", "Server"], ["port", "again"]]);
    let body = json!({"search_param": "{\"port_string\": \"2\", \"host_name\": \"web-2\"}",
                      "export_headers": headers});
    let task = order_of(&world, Kind::Port, "host", body).await;
    let book = sheet::read(&fetch(&world, &task).await);
    assert_eq!(book.rows, [["端口", "Server", "again"], ["22", "web-2", "22"]]);
    for path in [format!("/export-task?task_id={task}"), format!("/event/export-task/{task}")] {
        assert_eq!(world.get(&path).await.ok()["task_id"], task.as_str());
    }
}

#[tokio::test]
async fn csv_in_a_zone_and_in_chinese() {
    let world = World::with(TestDb::sqlite().await, |settings| {
        settings.export.format = Format::Csv;
        settings.export.time_zone = "Asia/Shanghai".to_owned();
    })
    .await;
    export::start(&world.app);
    let headers = json!([["is_https", "HTTPS"], ["cert_expired_time", "到期"], ["domain", "=1+1"]]);
    let request = Request::builder()
        .method("POST")
        .uri(format!("/v5/{}/asset/export?asset_type=web_site&category=host", world.project))
        .header("x-language", "zh-cn")
        .header("x-auth-token", &world.token);
    let answer = world.send(request, Some(json!({"export_headers": headers}))).await.ok();
    let file = fetch(&world, answer["task_id"].as_str().unwrap()).await;
    let (name, bytes) = sheet::only_entry(&file);
    assert_eq!(name, "hss-asset-web_site-20261121120000.csv");
    let text = String::from_utf8(bytes).unwrap();
    let row = "是,2027-01-15T16:00:00+08:00,shop.example\r\n";
    assert_eq!(text, format!("\u{feff}HTTPS,到期,'=1+1\r\n{row}{row}"));
}

#[tokio::test]
async fn a_task_survives_a_restart() {
    let world = World::new().await;
    let task = order(&world, Kind::App, "host", "").await;
    assert_eq!(
        world.get(&format!("/export-task/{task}")).await.ok(),
        json!({"task_id": task, "task_name": "asset_app_20261121120000_export_task",
               "task_status": "running", "file_id": null, "file_name": null})
    );
    // Another process on the same database and blobs.
    let data_dir = world.folder.path().join("other");
    let blobs = world.folder.path().join("blobs");
    std::fs::create_dir(&data_dir).unwrap();
    std::fs::create_dir(&blobs).unwrap();
    std::os::unix::fs::symlink(blobs, data_dir.join("blobs")).unwrap();
    let settings = Settings { data_dir, ..Settings::default() };
    let clock = Arc::new(ManualClock::at(crate::world::NOW));
    let vault = Keyring::read_or_create(&world.folder.path().join("root.key")).unwrap();
    let other = App::open(world.db.db.clone(), vault, clock, settings).await.unwrap();
    export::start(&other);
    let book = sheet::read(&fetch(&world, &task).await);
    assert_eq!(book.rows.len(), 3);
}

#[tokio::test]
async fn files_expire_and_are_removed() {
    let world =
        World::with(TestDb::sqlite().await, |settings| settings.export.keep_secs = 60).await;
    export::start(&world.app);
    let task = order(&world, Kind::Users, "host", "").await;
    let ended = wait(&world, &task).await;
    let file = world.folder.path().join("blobs").join(ended["file_id"].as_str().unwrap());
    assert!(file.exists());
    world.clock.advance_secs(60);
    let path = format!("/download/{}", ended["file_id"].as_str().unwrap());
    assert_eq!(world.get(&path).await.error().0, 404);
    assert_eq!(world.get(&format!("/export-task/{task}")).await.error().0, 404);
    export::start(&world.app);
    for _ in 0..500 {
        if !file.exists() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the expired file is still there");
}

#[tokio::test]
async fn no_file_leaves_unrecorded() {
    let world = World::new().await;
    export::start(&world.app);
    let task = order(&world, Kind::Users, "host", "").await;
    fetch(&world, &task).await;
    let mut tx = world.db.db.read().await.unwrap();
    let exports = muster_store::audit::Filter {
        action: Some("hss:asset:export".to_owned()),
        ..Default::default()
    };
    let all = Paging { limit: 100, offset: 0 };
    let records = muster_store::audit::list(&mut tx, &exports, all).await.unwrap();
    let ended = wait(&world, &task).await;
    for target in
        [format!("export/{task} users"), format!("file/{}", ended["file_id"].as_str().unwrap())]
    {
        let found = records.rows.iter().find(|entry| entry.record.target == target);
        assert_eq!(found.expect(&target).record.outcome, "success");
    }
}
