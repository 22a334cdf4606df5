//! New keys for owners and a new root key, with everything still opening and nothing older left.

use muster_model::time::ManualClock;
use muster_model::{Caller, ErrorKind, Owner, Role};
use muster_service::certificates::requests::{self, New};
use muster_service::vault::{self, Done};
use muster_service::{App, sealing};
use muster_store::{owner_keys, sealed, transact};
use muster_testkit::{TestApp, on_both_databases};
use muster_vault::{Keyring, Suite};
use std::ops::Range;
use std::sync::Arc;

/// The root key of all tests and one that follows it.
const OLD: &str = "0101010101010101010101010101010101010101010101010101010101010101";
const NEW: &str = "0202020202020202020202020202020202020202020202020202020202020202";

async fn filled(app: &App, caller: &Caller, n: usize) -> Vec<(String, String)> {
    filled_from(app, caller, 0..n).await
}

async fn filled_from(app: &App, caller: &Caller, which: Range<usize>) -> Vec<(String, String)> {
    let mut keys = Vec::new();
    for n in which {
        let new = New {
            name: format!("csr-{n}"),
            main_domain: "a.example".into(),
            algorithm: "EC_P256".into(),
            usage: "PERSONAL".into(),
            ..New::default()
        };
        let id = requests::create(app, caller, &new).await.unwrap().id;
        let key = requests::private_key(app, caller, &id).await.unwrap().to_string();
        keys.push((id, key));
    }
    keys
}

async fn check(app: &App, caller: &Caller, keys: &[(String, String)]) {
    for (id, key) in keys {
        assert_eq!(requests::private_key(app, caller, id).await.unwrap().as_str(), key);
    }
}

/// The same installation as a server with other root keys sees it.
async fn with(test: &TestApp, roots: &str) -> muster_model::Result<App> {
    with_suite(test, roots, Suite::Aes256Gcm).await
}

async fn with_suite(test: &TestApp, roots: &str, suite: Suite) -> muster_model::Result<App> {
    let vault = Keyring::parse(roots).unwrap().by(suite);
    let clock = Arc::new(ManualClock::at(test.app.now()));
    // A trail of its own: two servers do not write one.
    let data_dir = test.test.dir.path().join(&roots[..8]);
    std::fs::create_dir_all(&data_dir).unwrap();
    let settings = muster_service::Settings { data_dir, ..test.app.settings.clone() };
    App::open(test.test.again().await, vault, clock, settings).await
}

on_both_databases! {
    async fn a_rewrap_moves_between_the_suites(test: TestDb) {
        let test = TestApp::on(test).await;
        let operator = test.operator();
        let mut keys = filled(&test.app, &operator, 2).await;
        let suites = async |app: &App| -> Vec<_> {
            let owners = vault::status(app, &operator).await.unwrap().owners;
            owners.iter().map(|it| (it.suite, it.version, it.fresh, it.old)).collect()
        };
        let (aes, sm4) = (Suite::Aes256Gcm, Suite::Sm4Gcm);
        assert_eq!(suites(&test.app).await, [(aes, 1, 2, 0), (aes, 1, 1, 0)]);
        let national = with_suite(&test, OLD, sm4).await.unwrap();
        check(&national, &operator, &keys).await;
        // What is new is sealed by the chosen one, beside what is old; every server reads both.
        keys.extend(filled_from(&national, &operator, 2..3).await);
        assert_eq!(suites(&national).await, [(sm4, 2, 1, 2), (aes, 1, 1, 0)]);
        check(&test.app, &operator, &keys).await;
        assert!(vault::status(&national, &operator).await.unwrap().stale > 0);
        vault::rewrap(&national, &operator).await.unwrap();
        assert_eq!(suites(&national).await, [(sm4, 2, 3, 0), (sm4, 2, 1, 0)]);
        assert_eq!(vault::status(&national, &operator).await.unwrap().stale, 0);
        check(&national, &operator, &keys).await;
        check(&test.app, &operator, &keys).await;
        // And back.
        vault::rewrap(&test.app, &operator).await.unwrap();
        assert_eq!(suites(&test.app).await, [(aes, 3, 3, 0), (aes, 3, 1, 0)]);
        check(&test.app, &operator, &keys).await;
        national.close().await;
    }

    async fn a_rotation_leaves_nothing_under_the_older_key(test: TestDb) {
        let test = TestApp::on(test).await;
        let (app, operator) = (&test.app, test.operator());
        let keys = filled(app, &operator, 3).await;
        let before = vault::status(app, &operator).await.unwrap();
        // The account, and its first project with its key of the SCA open API.
        assert_eq!((before.owners.len(), before.stale, before.roots.len()), (2, 0, 1));
        let own = &before.owners[0];
        assert_eq!((own.version, own.fresh, own.old), (1, 3, 0));
        let done = vault::rotate(app, &operator).await.unwrap();
        assert_eq!(done, Done { made: 2, wrapped: 4, forgotten: 2 });
        check(app, &operator, &keys).await;
        let after = vault::status(app, &operator).await.unwrap();
        let own = &after.owners[0];
        assert_eq!((own.version, own.older, own.fresh), (2, 0, 3));
        // New secrets go under the new key, on other servers too.
        let other = test.another().await;
        filled(&other, &operator, 1).await;
        check(&other, &operator, &keys).await;
        assert_eq!(vault::status(&other, &operator).await.unwrap().owners[0].fresh, 4);
    }

    async fn one_that_was_cut_off_is_finished_by_the_next_run(test: TestDb) {
        let test = TestApp::on(test).await;
        let (app, operator) = (&test.app, test.operator());
        let keys = filled(app, &operator, 2).await;
        let owner = Owner::Domain(operator.domain_id.clone());
        // Killed right after the new key was made, and once more.
        for _ in 0..2 {
            transact!(app.db, |tx| sealing::rotate(tx, app, &owner).await).unwrap();
        }
        check(app, &operator, &keys).await;
        let more = filled(app, &operator, 1).await;
        let between = vault::status(app, &operator).await.unwrap();
        let own = &between.owners[0];
        assert_eq!((own.older, own.fresh, own.old), (2, 1, 2));
        let done = vault::rewrap(app, &operator).await.unwrap();
        assert_eq!(done, Done { made: 0, wrapped: 2, forgotten: 2 });
        assert_eq!(vault::rewrap(app, &operator).await.unwrap(), Done::default());
        check(app, &operator, &[keys, more].concat()).await;
    }

    async fn a_new_root_key_takes_over_and_the_old_one_can_go(test: TestDb) {
        let test = TestApp::on(test).await;
        let operator = test.operator();
        let keys = filled(&test.app, &operator, 2).await;
        let both = with(&test, &format!("{NEW}\n{OLD}")).await.unwrap();
        assert!(vault::status(&both, &operator).await.unwrap().stale >= 3);
        assert!(vault::rewrap(&both, &operator).await.unwrap().wrapped >= 3);
        assert_eq!(vault::status(&both, &operator).await.unwrap().stale, 0);
        check(&both, &operator, &keys).await;
        both.close().await;
        let alone = with(&test, NEW).await.unwrap();
        check(&alone, &operator, &keys).await;
        // With the old one alone nothing opens, not even the access keys: no server starts.
        assert!(with(&test, OLD).await.is_err());
    }
}

#[tokio::test]
async fn a_reader_turns_no_keys_and_a_damaged_value_keeps_its_key() {
    let test = TestApp::new().await;
    let (app, operator) = (&test.app, test.operator());
    filled(app, &operator, 1).await;
    let mut reader = operator.clone();
    reader.role = Role::Reader;
    let refused = vault::rotate(app, &reader).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Forbidden);
    assert_eq!(refused.message(), "not allowed to perform muster:vault:rotate");
    transact!(app.db, |tx| {
        for place in sealed::PLACES {
            for value in sealed::page(tx, *place, 0, 10).await? {
                let mut damaged = value.sealed.clone();
                damaged[10] ^= 1;
                sealed::replace(tx, *place, &value, &damaged).await?;
            }
        }
        Ok(())
    })
    .unwrap();
    assert!(vault::rotate(app, &operator).await.is_err());
    let kept = owner_keys::all(&mut app.db.read().await.unwrap()).await.unwrap();
    assert_eq!(kept.len(), 4, "the keys that may open it stay");
}
