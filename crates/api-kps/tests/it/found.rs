//! What the inventory knows of keys.

use crate::{World, kept};
use muster_model::host::HostProfile;
use muster_model::id::{HostId, ProjectId};
use muster_model::report::{Body, Row, Scope, ScopeReport, Volatile, digest};
use muster_model::{Column, Fact, Kind, Micros};
use muster_service::keypairs::{openings, strays};
use muster_store::assets::{Target, apply};
use muster_testkit::on_both_databases;
use muster_vault::ssh::PublicKey;
use serde_json::json;

on_both_databases! {
    async fn a_pair_shows_what_it_opens_and_the_others_are_strays(test: TestDb) {
        let world = World::on(test).await;
        let made = world.create(json!({"name": "ops", "key_protection": kept()})).await.json();
        let key = PublicKey::parse(made["keypair"]["public_key"].as_str().unwrap()).unwrap();
        let project = ProjectId::parse(&world.test.credentials.project_id).unwrap();
        let stray = "SHA256:ZkAslGjFiUHdGf/WUL8rQvkib4PTvQatUV0OUQSncCA";
        let authorized = json!([
            {"fingerprint": key.sha256(), "algorithm": "ssh-rsa", "options": ["from"],
             "comment": "ops", "path": "/root/.ssh/authorized_keys"},
            {"fingerprint": stray, "algorithm": "ssh-ed25519", "options": [], "comment": "ann@laptop",
             "path": "/root/.ssh/authorized_keys"},
        ]);
        let mut user = Fact::new(Kind::Users);
        user.set(Column::Name, "root".to_owned());
        user.prove("authorized_keys", authorized);
        let db = &world.test.app.db;
        muster_store::transact!(db, |tx| {
            let profile = HostProfile { name: "h1".into(), ..HostProfile::default() };
            let id = HostId::parse("h1").unwrap();
            let owner = muster_store::hosts::Ownership::default();
            let key = world.test.app.identity.directory().project(project.as_str()).unwrap().key;
            let host = muster_store::hosts::create(tx, key, &id, &profile, &owner, Micros(1)).await?;
            let rows = vec![Row { fact: user.clone(), seq: 0, volatile: Volatile::default() }];
            let keyed: Vec<_> = rows.iter().map(|row| (row.key(), row.volatile)).collect();
            let report = ScopeReport {
                scope: Scope { kind: Kind::Users, container: None },
                digest: digest(keyed.iter().map(|(key, volatile)| (key, volatile))),
                swept_at: Micros(1),
                body: Body::Full { rows },
            };
            apply(tx, &[(Target { project: key, host }, &[report])], Micros(1)).await.map(drop)
        })
        .unwrap();
        let operator = world.test.operator();
        let (pair, opens) = openings(&world.test.app, &operator, &project, "ops").await.unwrap();
        assert_eq!(pair.name, "ops");
        assert_eq!(opens.len(), 1);
        assert_eq!((opens[0].host_name.as_str(), opens[0].account.as_str()), ("h1", "root"));
        assert_eq!(opens[0].options, ["from"]);
        let found = strays(&world.test.app, &operator, &project, 100, 0).await.unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].fingerprint.as_str(), found[0].comment.as_str()), (stray, "ann@laptop"));
        assert_eq!(strays(&world.test.app, &operator, &project, 100, 1).await.unwrap(), []);
        world.test.app.close().await;
    }
}
