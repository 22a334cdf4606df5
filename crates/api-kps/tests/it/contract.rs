//! The table against the contract, and the rights of every row.

use crate::World;
use muster_api_kps::OPERATIONS;
use muster_testkit::{Contract, authz_coverage};
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
    let world = World::new().await;
    let named = json!({"keypair": {"name": "a"}});
    let made = world.create(named["keypair"].clone()).await.json();
    let mut again = crate::kept();
    again["private_key"] = made["keypair"]["private_key"].clone();
    let bodies = [
        ("CreateKeypair", named.clone()),
        ("BatchImportKeypair", json!([named])),
        ("UpdateKeypairDescription", json!({"keypair": {"description": "x"}})),
        ("ExportPrivateKey", named.clone()),
        ("BatchExportPrivateKey", json!([named])),
        ("ImportPrivateKey", json!({"keypair": {"name": "a", "key_protection": again}})),
    ];
    authz_coverage(&world.test, &world.router, OPERATIONS, &bodies).await;
}
