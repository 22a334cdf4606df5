//! Wrapped keys of accounts and projects.

use muster_model::{DomainId, ErrorKind, Micros, Owner, ProjectId};
use muster_store::owner_keys::{self, StoredKey};
use muster_testkit::on_both_databases;

on_both_databases! {
    async fn owners_have_versions_of_their_own(test: TestDb) {
        let mut tx = test.db.begin().await.unwrap();
        let domain = Owner::Domain(DomainId::parse("a").unwrap());
        let project = Owner::Project(ProjectId::parse("a").unwrap());
        assert!(owner_keys::newest(&mut tx, &domain).await.unwrap().is_none());
        let key = |owner: &Owner, version, byte| StoredKey {
            owner: owner.clone(), version, wrapped: vec![byte], created_at: Micros(5),
        };
        for new in [key(&domain, 1, 1), key(&domain, 2, 2), key(&project, 1, 3)] {
            assert!(owner_keys::add(&mut tx, &new).await.unwrap());
        }
        assert!(!owner_keys::add(&mut tx, &key(&domain, 2, 9)).await.unwrap());
        let newest = owner_keys::newest(&mut tx, &domain).await.unwrap().unwrap();
        assert!(newest == key(&domain, 2, 2));
        let first = owner_keys::get(&mut tx, &project, 1).await.unwrap().unwrap();
        assert!(first == key(&project, 1, 3));
        assert_eq!(owner_keys::all(&mut tx).await.unwrap().len(), 3);

        owner_keys::update(&mut tx, &key(&project, 1, 4)).await.unwrap();
        assert_eq!(owner_keys::get(&mut tx, &project, 1).await.unwrap().unwrap().wrapped, [4]);
        let absent = owner_keys::update(&mut tx, &key(&project, 7, 4)).await.unwrap_err();
        assert_eq!(absent.kind(), ErrorKind::NotFound);
        assert_eq!(owner_keys::forget_before(&mut tx, &domain, 2).await.unwrap(), 1);
        assert_eq!(owner_keys::all(&mut tx).await.unwrap().len(), 2);
    }
}
