//! The table against the contract, and the rights of every row.

use crate::{World, binding};
use muster_api_kps::OPERATIONS;
use muster_store::keypairs;
use muster_store::keypairs::bindings::{self, Bound};
use muster_testkit::{Contract, authz_coverage, stranger_coverage};
use muster_vault::ssh::{Algorithm, generate};
use serde_json::json;
use std::sync::LazyLock;

pub(crate) static KPS: LazyLock<Contract> = LazyLock::new(|| Contract::read("kps.json"));

#[test]
fn the_table_is_the_contracts() {
    for known in KPS.operations() {
        let found = OPERATIONS.iter().any(|row| {
            row.name == known.name
                && row.path == known.path
                && row.verb.method().as_str() == known.method
        });
        assert!(found, "{} {} {}", known.name, known.method, known.path);
    }
    assert_eq!(OPERATIONS.len(), KPS.operations().len());
}

#[tokio::test]
async fn no_operation_answers_without_rights() {
    let world = binding::world().await;
    let named = json!({"keypair": {"name": "a"}});
    let made = world.create(named["keypair"].clone()).await.json();
    let mut again = crate::kept();
    again["private_key"] = made["keypair"]["private_key"].clone();
    // An order keeps its host busy.
    let host_key = generate(Algorithm::Ed25519, "").unwrap().public.line();
    for host in ["h1", "h2", "h3"] {
        binding::add_host(&world, host, std::slice::from_ref(&host_key)).await;
    }
    bound(&world, "h3").await;
    let order = |host: &str| json!({"keypair_name": "a", "server": {"id": host, "auth": binding::password()}});
    let bodies = [
        ("AssociateKeypair", order("h1")),
        ("BatchAssociateKeypair", json!({"batch_keypairs": [order("h2")]})),
        ("DisassociateKeypair", order("h3")),
        ("CreateKeypair", named.clone()),
        ("BatchImportKeypair", json!([named])),
        ("UpdateKeypairDescription", json!({"keypair": {"description": "x"}})),
        ("ExportPrivateKey", named.clone()),
        ("BatchExportPrivateKey", json!([named])),
        ("ImportPrivateKey", json!({"keypair": {"name": "a", "key_protection": again}})),
    ];
    authz_coverage(&world.test, &world.router, OPERATIONS, &bodies).await;
}

#[tokio::test]
async fn nothing_of_another_account_is_there() {
    let world = binding::world().await;
    let kept = json!({"name": "a", "scope": "domain", "key_protection": crate::kept()});
    assert_eq!(world.create(kept).await.status, 200);
    let host_key = generate(Algorithm::Ed25519, "").unwrap().public.line();
    binding::add_host(&world, "h1", std::slice::from_ref(&host_key)).await;
    let server = json!({"id": "h1", "auth": binding::password()});
    let order = json!({"keypair_name": "a", "server": server});
    let ordered = world.admin.post(&world.at("keypairs/associate"), &order).await;
    let task = ordered.json()["task_id"].as_str().unwrap().to_owned();
    let ids = [("keypair_name", "a"), ("task_id", &task)];
    let bodies = [("UpdateKeypairDescription", json!({"keypair": {"description": "x"}}))];
    stranger_coverage(&world.test, &world.router, OPERATIONS, &bodies, &ids).await;
    // Named in a body: of the owner's project nothing is there, in the own one neither pair nor host.
    let other = world.test.second_account("other").await;
    let client = world.test.client_of(&world.router, &other).await;
    let named = json!({"keypair": {"name": "a"}});
    for (path, body) in [
        ("keypairs/private-key/export", named.clone()),
        ("keypairs/private-key/batch-export", json!([named])),
        ("keypairs/associate", order),
        ("keypairs/disassociate", json!({"server": server})),
    ] {
        let foreign = client.post(&world.at(path), &body).await;
        assert_eq!(foreign.status, 404, "{path}: {}", foreign.json());
        let own = client.post(&format!("/v3/{}/{path}", other.project_id), &body).await;
        assert!(matches!(own.status, 400 | 404), "{path}: {}", own.json());
    }
    for path in ["keypairs", "running-tasks", "failed-tasks"] {
        assert_eq!(client.get(&world.at(path)).await.status, 404, "{path}");
        let own = client.get(&format!("/v3/{}/{path}", other.project_id)).await.json().to_string();
        assert!(!own.contains(&task) && !own.contains("SHA256:"), "{path}: {own}");
    }
    let exported = world.export("a").await;
    assert_eq!(exported.status, 200);
}

/// Notes that the pair `a` is bound on a host.
async fn bound(world: &World, host: &str) {
    let app = &world.test.app;
    let directory = app.identity.directory();
    let project = directory.project(&world.test.credentials.project_id).unwrap().key;
    let user = directory.user(&world.test.credentials.user_id).unwrap().key;
    muster_store::transact!(app.db, |tx| {
        let pair = keypairs::by_name(tx, project, user, "a").await?.unwrap().key;
        let host = muster_store::hosts::by_id(tx, host).await?.unwrap().key;
        let bound = Bound { keypair: pair, port: 22 };
        bindings::bind(tx, host, "muster-login", bound, muster_model::Micros(1)).await
    })
    .unwrap();
}
