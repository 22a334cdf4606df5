//! Accounts, projects, users, access keys, token keys.

use muster_model::id::{DomainId, ProjectId, UserId};
use muster_model::{ErrorKind, Micros, Role};
use muster_store::identity::{AccessKey, access_keys, domains, users};
use muster_store::{Tx, meta};
use muster_testkit::on_both_databases;

const NOW: Micros = Micros(1_000_000);

async fn domain_with_user(tx: &mut Tx) -> (i64, i64) {
    let id = DomainId::parse("d1").unwrap();
    let domain = domains::create_domain(tx, &id, "acme", NOW).await.unwrap().key;
    let new = users::NewUser {
        domain,
        id: &UserId::parse("u1").unwrap(),
        name: "alice",
        description: "",
        password_hash: "h1",
        role: Role::Admin,
    };
    (domain, users::create(tx, &new, NOW).await.unwrap())
}

on_both_databases! {
    async fn a_project_is_found_by_key_id_and_name(test: TestDb) {
        let mut tx = test.db.begin().await.unwrap();
        let (domain, _) = domain_with_user(&mut tx).await;
        let id = ProjectId::parse("p1").unwrap();
        let made = domains::create_project(&mut tx, domain, &id, "north", "", NOW).await.unwrap();
        tx.commit().await.unwrap();

        let mut tx = test.db.read().await.unwrap();
        assert_eq!(domains::project_by_id(&mut tx, "p1").await.unwrap(), Some(made.clone()));
        assert_eq!(domains::project_by_key(&mut tx, made.key).await.unwrap(), Some(made.clone()));
        let named = domains::project_by_name(&mut tx, domain, "north").await.unwrap();
        assert_eq!(named, Some(made.clone()));
        assert_eq!(domains::project_by_name(&mut tx, domain + 1, "north").await.unwrap(), None);
        assert_eq!(domains::projects(&mut tx, domain).await.unwrap(), std::slice::from_ref(&made));
        assert_eq!(domains::all_projects(&mut tx).await.unwrap(), [made]);
        let domain = domains::domain_by_name(&mut tx, "acme").await.unwrap().unwrap();
        assert_eq!(domains::domain_by_id(&mut tx, "d1").await.unwrap(), Some(domain.clone()));
        assert_eq!(domains::domain_by_key(&mut tx, domain.key).await.unwrap(), Some(domain.clone()));
        assert_eq!(domains::domains(&mut tx).await.unwrap(), [domain]);
    }

    async fn a_taken_name_is_a_conflict(test: TestDb) {
        let mut tx = test.db.begin().await.unwrap();
        let id = DomainId::parse("d1").unwrap();
        domains::create_domain(&mut tx, &id, "acme", NOW).await.unwrap();
        let other = DomainId::parse("d2").unwrap();
        let error = domains::create_domain(&mut tx, &other, "acme", NOW).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict);
    }

    async fn the_version_grows_with_password_and_rights_only(test: TestDb) {
        let mut tx = test.db.begin().await.unwrap();
        let (domain, key) = domain_with_user(&mut tx).await;
        let mut user = users::by_key(&mut tx, key).await.unwrap().unwrap();
        // A later user of the same key never has the version of one who was removed.
        assert_eq!(user.version, NOW.0);
        user.description = "other".to_owned();
        users::update(&mut tx, &user).await.unwrap();
        assert_eq!(users::by_key(&mut tx, key).await.unwrap().unwrap(), user);
        user.password_hash = "h2".to_owned();
        users::update(&mut tx, &user).await.unwrap();
        user.role = Role::Reader;
        users::update(&mut tx, &user).await.unwrap();
        user.enabled = false;
        users::update(&mut tx, &user).await.unwrap();
        user.version = NOW.0 + 3;
        assert_eq!(users::by_name(&mut tx, domain, "alice").await.unwrap().unwrap(), user);
        assert_eq!(users::by_id(&mut tx, "u1").await.unwrap().unwrap(), user);
        assert_eq!(users::list(&mut tx, domain).await.unwrap(), [user]);
    }

    async fn access_keys_go_with_their_user(test: TestDb) {
        let mut tx = test.db.begin().await.unwrap();
        let (_, user) = domain_with_user(&mut tx).await;
        let mut key = AccessKey {
            access: "AK1".to_owned(),
            user,
            sealed_secret: vec![0, 1, 2],
            active: true,
            description: String::new(),
            created_at: NOW,
            last_used: None,
        };
        access_keys::create(&mut tx, &key).await.unwrap();
        key.active = false;
        key.sealed_secret = vec![3];
        access_keys::update(&mut tx, &key).await.unwrap();
        access_keys::used(&mut tx, "AK1", Micros(7)).await.unwrap();
        access_keys::used(&mut tx, "AK1", Micros(6)).await.unwrap();
        key.last_used = Some(Micros(7));
        assert_eq!(access_keys::get(&mut tx, "AK1").await.unwrap().unwrap(), key);
        assert_eq!(access_keys::all(&mut tx).await.unwrap(), [key]);
        users::delete(&mut tx, user).await.unwrap();
        assert_eq!(access_keys::of_user(&mut tx, user).await.unwrap(), []);
        let error = users::delete(&mut tx, user).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
    }

    async fn token_keys_come_newest_first_until_they_expire(test: TestDb) {
        let mut tx = test.db.begin().await.unwrap();
        for (id, made, expires) in [("a", 1, 10), ("b", 2, 20), ("c", 12, 30)] {
            let key = meta::TokenKey {
                id: id.to_owned(),
                sealed: vec![1],
                created_at: Micros(made),
                expires_at: Micros(expires),
            };
            meta::add_token_key(&mut tx, &key).await.unwrap();
        }
        let ids = |keys: Vec<meta::TokenKey>| keys.into_iter().map(|key| key.id).collect::<Vec<_>>();
        // "a" had expired when "c" was made.
        assert_eq!(ids(meta::token_keys(&mut tx, Micros(3)).await.unwrap()), ["c", "b"]);
        assert_eq!(ids(meta::token_keys(&mut tx, Micros(20)).await.unwrap()), ["c"]);
        meta::put(&mut tx, "epoch", b"1", NOW).await.unwrap();
        meta::put(&mut tx, "epoch", b"2", NOW).await.unwrap();
        assert_eq!(meta::get(&mut tx, "epoch").await.unwrap().unwrap(), b"2");
        assert_eq!(meta::get(&mut tx, "other").await.unwrap(), None);
    }
}
