//! The vendor's limits on calls, and what an error gives away.

use crate::router;
use muster_model::Role;
use muster_service::Settings;
use muster_service::limits::Limits;
use muster_testkit::{Client, TestApp, TestDb};
use serde_json::json;

async fn limited(limits: Limits) -> TestApp {
    TestApp::with(TestDb::sqlite().await, Settings { limits, ..Settings::default() }).await
}

#[tokio::test]
async fn the_sixth_call_of_a_user_in_a_minute_is_429_in_the_vendors_form() {
    let test = limited(Limits { address: 0, ..Limits::VENDOR }).await;
    let router = router(&test.app);
    let admin = test.admin(&router).await;
    for _ in 0..5 {
        assert_eq!(admin.get("/mine").await.status, 200);
    }
    let sixth = admin.get("/mine").await;
    assert_eq!(sixth.status, 429);
    assert_eq!(sixth.json()["error_code"], "APIGW.0308");
    let message = "The throttling threshold has been reached: policy user over ratelimit,limit:5,time:1 minute";
    assert_eq!(sixth.json()["error_msg"], message);
    assert_eq!(sixth.json()["request_id"], sixth.header("x-request-id"));

    assert_eq!(admin.get("/other").await.status, 200, "each operation counts for itself");
    test.user("anna", "anna's password", Role::Reader).await;
    let anna = Client::with_token(&router, test.token("anna", "anna's password").await);
    assert_eq!(anna.get("/mine").await.status, 200, "each user counts for itself");
    test.clock.advance_secs(60);
    assert_eq!(admin.get("/mine").await.status, 200);
}

#[tokio::test]
async fn an_address_is_limited_before_its_credentials_are_looked_at() {
    let test = limited(Limits::VENDOR).await;
    let router = router(&test.app);
    let anonymous = Client::anonymous(&router);
    for _ in 0..5 {
        assert_eq!(anonymous.get("/mine").await.status, 401);
    }
    assert_eq!(anonymous.get("/mine").await.status, 429);
    assert_eq!(test.admin(&router).await.get("/mine").await.status, 429);
}

#[tokio::test]
async fn without_the_preset_nobody_is_counted() {
    let test = limited(Limits::STANDARD).await;
    let router = router(&test.app);
    let admin = test.admin(&router).await;
    for _ in 0..20 {
        assert_eq!(admin.get("/mine").await.status, 200);
    }
}

#[tokio::test]
async fn our_faults_give_nothing_away() {
    let test = TestApp::new().await;
    for path in ["/fail", "/panic"] {
        let answer = Client::anonymous(&router(&test.app)).get(path).await;
        assert_eq!((answer.status, &answer.json()["error_msg"]), (500, &json!("internal error")));
        assert!(!String::from_utf8(answer.body).unwrap().contains("secret cause"), "{path}");
    }
}
