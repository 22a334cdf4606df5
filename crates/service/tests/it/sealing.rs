//! Secrets under the keys of their owners.

use muster_model::{DomainId, Error, Owner, ProjectId, Result};
use muster_service::sealing;
use muster_store::{owner_keys, transact};
use muster_testkit::{TestApp, on_both_databases};

fn domain() -> Owner {
    Owner::Domain(DomainId::parse("a").unwrap())
}

on_both_databases! {
    async fn a_secret_opens_where_it_was_sealed_on_every_server(test: TestDb) {
        let test = TestApp::on(test).await;
        let (app, owner) = (&test.app, domain());
        let sealed = transact!(app.db, |tx| {
            let sealed = sealing::seal(tx, app, &owner, "certificate/1", "private_key", b"secret").await?;
            let opened = sealing::open(tx, app, &owner, "certificate/1", "private_key", &sealed).await?;
            assert_eq!(opened.as_slice(), b"secret");
            Ok(sealed)
        })
        .unwrap();
        let other = test.another().await;
        let mut tx = other.db.read().await.unwrap();
        let opened = sealing::open(&mut tx, &other, &owner, "certificate/1", "private_key", &sealed);
        assert_eq!(opened.await.unwrap().as_slice(), b"secret");
        let project = Owner::Project(ProjectId::parse("a").unwrap());
        for (owner, record) in [(&owner, "certificate/2"), (&project, "certificate/1")] {
            let opened = sealing::open(&mut tx, &other, owner, record, "private_key", &sealed);
            assert!(opened.await.is_err());
        }
    }

    async fn a_forgotten_version_opens_nothing(test: TestDb) {
        let test = TestApp::on(test).await;
        let (app, owner) = (&test.app, domain());
        let (old, new) = transact!(app.db, |tx| {
            let old = sealing::seal(tx, app, &owner, "r", "f", b"secret").await?;
            assert_eq!(sealing::renew(tx, app, &owner, "r", "f", &old).await?, None);
            assert_eq!(sealing::rotate(tx, app, &owner).await?, 2);
            let new = sealing::renew(tx, app, &owner, "r", "f", &old).await?;
            Ok((old, new.unwrap()))
        })
        .unwrap();
        let open = async |sealed: &[u8]| -> Result<()> {
            let mut tx = app.db.read().await?;
            sealing::open(&mut tx, app, &owner, "r", "f", sealed).await.map(drop)
        };
        open(&old).await.unwrap();
        open(&new).await.unwrap();
        transact!(app.db, |tx| owner_keys::forget_before(tx, &owner, 2).await).unwrap();
        test.clock.advance_secs(31);
        assert!(format!("{:?}", open(&old).await.unwrap_err()).contains("is gone"));
        open(&new).await.unwrap();
    }

    async fn a_key_that_was_rolled_back_does_not_stay_in_memory(test: TestDb) {
        let test = TestApp::on(test).await;
        let (app, owner) = (&test.app, domain());
        let undone: Result<()> = transact!(app.db, |tx| {
            let sealed = sealing::seal(tx, app, &owner, "r", "f", b"lost").await?;
            sealing::open(tx, app, &owner, "r", "f", &sealed).await?;
            Err(Error::conflict("no"))
        });
        assert!(undone.is_err());
        let sealed = transact!(app.db, |tx| {
            sealing::seal(tx, app, &owner, "r", "f", b"kept").await
        })
        .unwrap();
        let mut tx = app.db.read().await.unwrap();
        let opened = sealing::open(&mut tx, app, &owner, "r", "f", &sealed).await.unwrap();
        assert_eq!(opened.as_slice(), b"kept");
    }
}
