//! Nothing secret rests in the clear, leaves unrecorded, or leaves too often.

use crate::{World, kept, refusal};
use muster_service::Settings;
use muster_service::limits::Limits;
use muster_store::audit::{self, Filter};
use muster_testkit::{TestApp, TestDb};
use serde_json::json;
use std::path::Path;

/// Every file below a folder.
fn files(folder: &Path, found: &mut Vec<Vec<u8>>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.is_file() {
            found.push(std::fs::read(path).unwrap());
        }
    }
}

#[tokio::test]
async fn no_part_of_a_private_key_lies_in_any_file() {
    let world = World::new().await;
    let made = world.create(json!({"name": "a", "key_protection": kept()})).await.json();
    let private = made["keypair"]["private_key"].as_str().unwrap().to_owned();
    assert_eq!(world.export("a").await.status, 200);
    let folder = world.test.test.dir.path().to_owned();
    world.test.app.close().await;
    let mut found = Vec::new();
    files(&folder, &mut found);
    let canary = private.lines().nth(5).unwrap().as_bytes();
    let bytes: Vec<u8> = found.into_iter().flatten().collect();
    assert!(bytes.windows(7).any(|part| part == b"ssh-rsa"), "the public half is there");
    assert!(!bytes.windows(canary.len()).any(|part| part == canary));
}

#[tokio::test]
async fn every_export_is_recorded_before_and_after() {
    let world = World::new().await;
    world.create(json!({"name": "a", "key_protection": kept()})).await;
    world.export("a").await;
    world.export("nobody").await;
    let app = world.test.app.clone();
    app.stop.cancel();
    app.tasks.close();
    app.tasks.wait().await;
    let filter = Filter { action: Some("kps:privateKey:export".to_owned()), ..Filter::default() };
    let paging = muster_model::Paging { limit: 100, offset: 0 };
    let page = audit::list(&mut app.db.read().await.unwrap(), &filter, paging).await.unwrap();
    let told: Vec<_> = page
        .rows
        .iter()
        .rev()
        .map(|entry| (entry.record.outcome.as_str(), entry.record.target.as_str()))
        .collect();
    assert_eq!(told, [("intent", "keypair/a"), ("success", "keypair/a")]);
}

#[tokio::test]
async fn sixty_a_minute_leave_and_no_more() {
    let limits = Limits { logins: 0, ..Limits::STANDARD };
    let settings = Settings { limits, ..Settings::default() };
    let world = World::of(TestApp::with(TestDb::sqlite().await, settings).await).await;
    let made = world.create(json!({"name": "a", "key_protection": kept()})).await;
    assert_eq!(made.status, 200, "the first one");
    for n in 1..60 {
        assert_eq!(world.export("a").await.status, 200, "{n}");
    }
    let (status, code, message) = refusal(&world.export("a").await);
    assert_eq!((status, code.as_str()), (429, "APIGW.0308"));
    assert!(message.contains("limit:60"), "{message}");
    world.test.clock.advance_secs(60);
    assert_eq!(world.export("a").await.status, 200);
}
