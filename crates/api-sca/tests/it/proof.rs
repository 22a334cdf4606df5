//! Who is let in: a signature of the body, in time, once for what makes something.

use crate::{World, refusal};
use axum::http::Method;
use muster_http::{Needs, Verb};
use muster_model::Role;
use muster_model::id::ProjectId;
use muster_service::identity::projects;
use muster_service::sca::keys;
use muster_testkit::Client;
use muster_vault::sca_signature::{Algorithm, canonical, sign};
use serde_json::{Value, json};

/// Sound parameters for every call.
fn parameters() -> Value {
    json!({
        "taskId": "t", "taskName": "t", "fileId": "f", "fileName": "a.zip", "current": 1, "size": 10,
        "componentUuid": "c", "customSzNo": "s", "licenseId": "l", "dictType": "JARRISK",
    })
}

#[tokio::test]
async fn every_call_wants_a_signature_of_its_body() {
    let world = World::new().await;
    let body = canonical(world.stamped(parameters()).to_string().as_bytes()).unwrap();
    let [access, signature] = world.proof(&body);
    let mut calls = 0;
    for row in muster_api_sca::OPERATIONS {
        let Needs::OwnProof(_) = row.needs else {
            assert_eq!((row.name, row.verb), ("PutArtifact", Verb::Put));
            continue;
        };
        let path = row.path.strip_prefix("/gateway/sca/external/").unwrap();
        let other = sign(Algorithm::HmacMd5, b"another secret", &body).unwrap();
        for headers in [
            vec![],
            vec![access.clone()],
            vec![signature.clone()],
            vec![("accessKeyId", "NOBODY".to_owned()), signature.clone()],
            vec![access.clone(), ("signature", other)],
            vec![access.clone(), ("signature", "no hexadecimal".to_owned())],
        ] {
            let (status, code, _) = refusal(&world.send(path, &body, &headers).await);
            assert_eq!((status, code), (401, 2001), "{path} {headers:?}");
        }
        let altered = [body.as_slice(), b" "].concat();
        let answer = world.send(path, &altered, &[access.clone(), signature.clone()]).await;
        assert_ne!(answer.status, 401, "{path}: blanks are no part of what is signed");
        let altered = String::from_utf8(body.to_vec()).unwrap().replace("\"t\"", "\"u\"");
        let answer =
            world.send(path, altered.as_bytes(), &[access.clone(), signature.clone()]).await;
        assert_eq!(refusal(&answer).0, 401, "{path}");
        // A token is no proof here.
        let token = world.test.admin(&world.router).await;
        assert_eq!(
            token.send(Method::POST, row.path, Some(&parameters())).await.status,
            401,
            "{path}"
        );
        let good = world.send(path, &body, &[access.clone(), signature.clone()]).await;
        assert_eq!(good.status, 200, "{path}: {}", good.json());
        // Six wrong ones in a row would lock the key.
        assert!(good.json()["code"].is_number());
        calls += 1;
    }
    assert_eq!(calls, 11);
}

#[tokio::test]
async fn a_body_is_good_for_five_minutes() {
    let world = World::new().await;
    let now = muster_model::Clock::now(&world.test.clock).0 / 1000;
    for (timestamp, status) in [
        (json!(now - 299_000), 200),
        (json!(now + 299_000), 200),
        (json!(now.to_string()), 200),
        (json!(now - 301_000), 401),
        (json!(now + 301_000), 401),
        (json!(now / 1000), 401),
    ] {
        let body = json!({"dictType": "JARRISK", "timestamp": timestamp}).to_string();
        let proof = world.proof(body.as_bytes());
        let answer = world.send("dict/type/list", body.as_bytes(), &proof).await;
        assert_eq!(answer.status, status, "{timestamp}");
    }
    for body in [r#"{"dictType":"JARRISK"}"#, r#"{"dictType":"JARRISK","timestamp":"soon"}"#] {
        let answer =
            world.send("dict/type/list", body.as_bytes(), &world.proof(body.as_bytes())).await;
        let (status, code, message) = refusal(&answer);
        assert_eq!((status, code), (200, 1001));
        assert!(message.contains("timestamp"), "{message}");
    }
}

#[tokio::test]
async fn other_algorithms_are_named_and_md5_can_be_refused() {
    let world = World::new().await;
    let body =
        canonical(world.stamped(json!({"dictType": "COMFIRM"})).to_string().as_bytes()).unwrap();
    let ask = async |algorithm: Algorithm| {
        let signature = sign(algorithm, world.key.1.as_bytes(), &body).unwrap();
        let headers = [
            ("accessKeyId", world.key.0.clone()),
            ("signature", signature),
            ("signatureAlgorithm", algorithm.name().to_owned()),
        ];
        world.send("dict/type/list", &body, &headers).await
    };
    for algorithm in [Algorithm::HmacMd5, Algorithm::HmacSha256, Algorithm::HmacSm3] {
        assert_eq!(ask(algorithm).await.status, 200, "{}", algorithm.name());
    }
    let (app, operator) = (&world.test.app, world.test.operator());
    let project = ProjectId::parse(&world.test.credentials.project_id).unwrap();
    keys::update(app, &operator, &project, &world.key.0, None, Some(false)).await.unwrap();
    assert!(refusal(&ask(Algorithm::HmacMd5).await).2.contains("HMAC-SHA256"));
    assert_eq!(ask(Algorithm::HmacSm3).await.status, 200);
    keys::update(app, &operator, &project, &world.key.0, Some(false), None).await.unwrap();
    assert_eq!(ask(Algorithm::HmacSm3).await.status, 401);
}

#[tokio::test]
async fn wrong_signatures_lock_a_key_for_where_they_come_from() {
    let world = World::new().await;
    let body = world.stamped(json!({"dictType": "COMFIRM"})).to_string();
    let wrong = [("accessKeyId", world.key.0.clone()), ("signature", "00".repeat(16))];
    for _ in 0..6 {
        world.send("dict/type/list", body.as_bytes(), &wrong).await;
    }
    let answer = world.ask("dict/type/list", json!({"dictType": "COMFIRM"})).await;
    assert!(refusal(&answer).2.contains("too many"), "{}", answer.json());
    world.test.clock.advance_secs(301);
    world.data("dict/type/list", json!({"dictType": "COMFIRM"})).await;
}

#[tokio::test]
async fn a_key_of_a_reader_reads_and_makes_nothing() {
    let mut world = World::new().await;
    let user = world.test.user("looker", "looker's password", Role::Reader).await;
    let token = world.test.token("looker", "looker's password").await;
    let reader = Client::with_token(&world.router, token);
    let project = ProjectId::parse(&world.test.credentials.project_id).unwrap();
    // Only who may make keys makes one; a reader's comes from somebody who handed it on.
    let caller = muster_model::Caller {
        user_id: user.id.clone(),
        user_name: user.name.clone(),
        ..world.test.operator()
    };
    let (key, secret) = keys::create(&world.test.app, &caller, &project, "").await.unwrap();
    world.key = (key.access, secret.to_string());
    let (status, code, message) = world.refusal("upload/url", json!({"fileName": "a.zip"})).await;
    assert_eq!((status, code), (200, 2002));
    assert!(message.contains("sca:task:create"), "{message}");
    let (_, code, _) = world.refusal("task/status", json!({"taskId": "t"})).await;
    assert_eq!(code, 1002);
    drop(reader);
}

#[tokio::test]
async fn what_is_another_projects_is_not_there() {
    let mut world = World::new().await;
    let status = world.analyse("mine", "a.zip", crate::delivery()).await;
    assert_eq!(status["status"], 2);
    let component = world.page("components", "mine").await[0]["componentUuid"].clone();
    let file = world.upload("b.zip", crate::delivery()).await;
    let (app, operator) = (&world.test.app, world.test.operator());
    let other = projects::create(app, &operator, "other", "").await.unwrap();
    let (key, secret) = keys::create(app, &operator, &other.id, "").await.unwrap();
    world.key = (key.access, secret.to_string());
    for (path, parameters) in [
        ("task/status", json!({"taskId": "mine"})),
        ("task/statistics", json!({"taskId": "mine"})),
        ("task/components/page", json!({"taskId": "mine", "current": 1, "size": 1})),
        ("task/vulnerability/page", json!({"taskId": "mine", "current": 1, "size": 1})),
        ("task/license/page", json!({"taskId": "mine", "current": 1, "size": 1})),
        ("task/component/detail", json!({"componentUuid": component})),
    ] {
        assert_eq!(world.refusal(path, parameters).await.1, 1002, "{path}");
    }
    let order = json!({"taskId": "mine", "taskName": "x", "fileId": file});
    let (_, code, message) = world.refusal("createTask", order).await;
    assert_eq!(code, 1001);
    assert!(message.contains("fileId"), "{message}");
}
