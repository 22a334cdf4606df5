//! The first account, and what several servers on one database see of each other's changes.

use muster_model::time::ManualClock;
use muster_model::{Error, Role};
use muster_service::identity::{bootstrap, users, validate_token};
use muster_service::{App, Settings};
use muster_testkit::database::START;
use muster_testkit::{TestApp, TestDb, on_both_databases};
use muster_vault::Keyring;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

const ROOT: &str = "0101010101010101010101010101010101010101010101010101010101010101";

fn settings(test: &TestDb) -> Settings {
    Settings { data_dir: test.dir.path().join("data"), ..Settings::default() }
}

async fn server(test: &TestDb) -> App {
    let clock = Arc::new(ManualClock::at(START));
    let vault = Keyring::parse(ROOT).unwrap();
    App::open(test.again().await, vault, clock, settings(test)).await.unwrap()
}

on_both_databases! {
    async fn the_first_account_is_made_once_and_only_if_its_credentials_were_kept(test: TestDb) {
        let app = server(&test).await;
        let lost = bootstrap(&app, &|_| Err(Error::internal("disk full"))).await;
        assert!(lost.is_err());
        assert!(app.identity.directory().find_domain(|_| true).is_none());
        let kept = AtomicUsize::new(0);
        let keep = |_: &_| { kept.fetch_add(1, Ordering::SeqCst); Ok(()) };
        let made = bootstrap(&app, &keep).await.unwrap().unwrap();
        assert_eq!(made.project_name, made.region);
        assert!(bootstrap(&app, &keep).await.unwrap().is_none());
        assert_eq!(kept.load(Ordering::SeqCst), 1);
        app.close().await;

        // A restart finds everything again; another root key opens nothing.
        let app = server(&test).await;
        let directory = app.identity.directory();
        assert!(directory.key(&made.access_key).is_some());
        assert!(directory.project(&made.project_id).is_some());
        app.close().await;
        let other = Keyring::ephemeral().unwrap();
        let clock = Arc::new(ManualClock::at(START));
        assert!(App::open(test.again().await, other, clock, settings(&test)).await.is_err());
    }

    async fn another_server_takes_the_token_and_learns_of_the_change(test: TestDb) {
        let test = TestApp::on(test).await;
        let (one, two) = (&test.app, test.another().await);
        let anna = test.user("anna", "anna's password", Role::Reader).await;
        let token = test.token("anna", "anna's password").await;
        until(&two, |app| app.identity.directory().user(anna.id.as_str()).is_some()).await;
        assert!(validate_token(&two, &token, "").await.is_ok());
        users::set_enabled(one, &test.operator(), anna.id.as_str(), false).await.unwrap();
        let here = validate_token(one, &token, "").await;
        assert!(here.is_err(), "void at once where it was changed");
        until(&two, |app| {
            app.identity.directory().user(anna.id.as_str()).is_some_and(|user| !user.enabled)
        })
        .await;
        assert!(validate_token(&two, &token, "").await.is_err());
        two.close().await;
        one.close().await;
    }
}

/// Waits for what the other server has to notice; the test's own time limit ends it if it does not.
async fn until(app: &App, noticed: impl Fn(&App) -> bool) {
    while !noticed(app) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
