//! Addresses for artifacts, and what is put to them.

use crate::{World, delivery, refusal};
use axum::body::{Body, Bytes};
use axum::http::{Method, Request};
use muster_testkit::{Client, TestDb};
use serde_json::json;
use std::io;

/// Names of what lies in the folder of artifacts, but for its marks.
fn held(world: &World) -> Vec<String> {
    let folder = std::fs::read_dir(world.test.test.dir.path().join("artifacts")).unwrap();
    let names = folder.map(|it| it.unwrap().file_name().into_string().unwrap());
    names.filter(|name| !name.starts_with('.')).collect()
}

#[tokio::test]
async fn an_address_is_good_for_one_artifact_once_and_for_an_hour() {
    let world = World::new().await;
    let data = world.data("upload/url", json!({"fileName": "a.zip"})).await;
    let headers = &data["temporarySignature"]["actualSignedRequestHeaders"];
    assert_eq!(headers["Content-Type"], "application/octet-stream");
    let url = data["temporarySignature"]["signedUrl"].as_str().unwrap();
    assert!(
        url.split("://").nth(1).unwrap().starts_with(headers["Host"].as_str().unwrap()),
        "{url}"
    );

    let (id, uri) = world.announce("b.zip").await;
    let (other, _) = world.announce("c.zip").await;
    for altered in [
        uri.replace(&id, &other),
        uri.replace("max=3221225472", "max=3221225473"),
        uri.replace("expires=1", "expires=2"),
        uri.replace("signature=", "signature=00"),
        uri.split('?').next().unwrap().to_owned(),
    ] {
        assert_ne!(altered, uri);
        let (status, code, _) = refusal(&world.put(&altered, delivery()).await);
        assert_eq!((status, code), (401, 2001), "{altered}");
    }
    assert_eq!(world.put(&uri, delivery()).await.status, 200);
    assert_eq!(refusal(&world.put(&uri, delivery()).await).1, 1003);
    let (_, late) = world.announce("d.zip").await;
    world.test.clock.advance_secs(3601);
    let (status, _, message) = refusal(&world.put(&late, delivery()).await);
    assert_eq!(status, 401);
    assert!(message.contains("expired"), "{message}");
}

#[tokio::test]
async fn the_same_request_again_is_the_same_artifact() {
    let world = World::new().await;
    let (one, _) = world.announce("a.zip").await;
    let (id, uri) = world.announce("a.zip").await;
    assert_eq!(id, one);
    assert_ne!(world.announce("b.zip").await.0, one);
    world.test.clock.advance_secs(1);
    assert_ne!(world.announce("a.zip").await.0, one);
    assert_eq!(world.put(&uri, delivery()).await.status, 200);
}

#[tokio::test]
async fn a_name_is_a_name() {
    let world = World::new().await;
    for name in [String::new(), "x".repeat(256), "a\nb".to_owned(), "a\0b".to_owned()] {
        let (status, code, message) = world.refusal("upload/url", json!({"fileName": name})).await;
        assert_eq!((status, code), (200, 1001));
        assert!(message.contains("fileName"), "{message}");
    }
    // No part of it becomes a path.
    world.upload("../../../../etc/passwd.zip", delivery()).await;
    let names = held(&world);
    assert_eq!(names.len(), 1, "{names:?}");
    assert!(names[0].bytes().all(|b| b.is_ascii_hexdigit()), "{names:?}");
}

#[tokio::test]
async fn what_is_too_large_is_refused_as_soon_as_that_is_known() {
    let mut world = World::idle(TestDb::sqlite().await).await;
    let mut settings = world.test.app.settings.clone();
    settings.sca.max_bytes = 1 << 20;
    world.test.app.close().await;
    let app = world.test.another_with(settings).await;
    world.router = muster_http::edge(muster_api_sca::router(&app));
    let (_, uri) = world.announce("a.zip").await;
    assert!(uri.contains("max=1048576"), "{uri}");
    let announced = Request::builder()
        .method(Method::PUT)
        .uri(&uri)
        .header("content-length", "1048577")
        .body(Body::empty())
        .unwrap();
    let answer = Client::anonymous(&world.router).send_request(announced).await;
    assert_eq!(refusal(&answer).0, 413);
    let (status, code, message) = refusal(&world.put(&uri, vec![0; (1 << 20) + 1]).await);
    assert_eq!((status, code), (413, 1004));
    assert!(message.contains("1048576"), "{message}");
    assert_eq!(world.put(&uri, vec![0; 1 << 20]).await.status, 200);
}

#[tokio::test]
async fn an_upload_that_breaks_off_leaves_nothing() {
    let world = World::new().await;
    let (id, uri) = world.announce("a.zip").await;
    let pieces = [Ok(Bytes::from_static(b"PK")), Err(io::Error::other("gone"))];
    let broken = Request::builder()
        .method(Method::PUT)
        .uri(&uri)
        .body(Body::from_stream(futures_util::stream::iter(pieces)))
        .unwrap();
    let answer = Client::anonymous(&world.router).send_request(broken).await;
    assert!(answer.status >= 400);
    assert_eq!(held(&world), Vec::<String>::new());
    let order = json!({"taskId": "t", "taskName": "t", "fileId": id});
    let (_, code, message) = world.refusal("createTask", order).await;
    assert_eq!(code, 1001);
    assert!(message.contains("nothing has been uploaded"), "{message}");
    assert_eq!(world.put(&uri, delivery()).await.status, 200);
}
