//! Ten at a time.

use crate::contract::KPS;
use crate::{World, kept, refusal};
use serde_json::{Value, json};
use std::io::{Cursor, Read};

fn unzip(bytes: &[u8]) -> Vec<(String, String, Option<u32>)> {
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let names: Vec<_> = zip.file_names().map(|name| name.unwrap().into_owned()).collect();
    let mut files = Vec::new();
    for name in names {
        let mut file = zip.by_name(&name).unwrap();
        let (mut text, mode) = (String::new(), file.unix_mode());
        file.read_to_string(&mut text).unwrap();
        files.push((name, text, mode));
    }
    files
}

#[tokio::test]
async fn exports_are_a_zip_of_all_or_nothing() {
    let world = World::new().await;
    let mut keys = Vec::new();
    for name in ["a", "b"] {
        let made = world.create(json!({"name": name, "key_protection": kept()})).await.json();
        keys.push(made["keypair"]["private_key"].as_str().unwrap().to_owned());
    }
    world.create(json!({"name": "bare"})).await;
    let path = world.at("keypairs/private-key/batch-export");
    let named = |names: &[&str]| -> Value {
        names.iter().map(|name| json!({"keypair": {"name": name}})).collect()
    };
    let answer = world.admin.post(&path, &named(&["a", "b"])).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/octet-stream"));
    let files = unzip(&answer.body);
    assert_eq!(files.len(), 2);
    assert_eq!((files[0].0.as_str(), &files[0].1), ("a.pem", &keys[0]));
    assert_eq!(files[1].2.unwrap() & 0o777, 0o600);

    for (names, code, parameter) in [
        (vec!["a", "nobody"], "KPS.6004", "[1].keypair.name"),
        (vec!["bare", "a"], "KPS.6005", "[0].keypair.name"),
        (vec!["a", "a"], "KPS.0002", "[1].keypair.name"),
        (vec![], "KPS.0002", "1 to 10"),
        (vec!["a"; 11], "KPS.0002", "1 to 10"),
    ] {
        let answer = world.admin.post(&path, &named(&names)).await;
        let (status, got, message) = refusal(&answer);
        assert_eq!((status, got.as_str()), (400, code), "{names:?}");
        assert!(message.contains(parameter), "{message}");
    }
}

#[tokio::test]
async fn imports_fail_one_by_one() {
    let world = World::new().await;
    let made = world.create(json!({"name": "a"})).await.json();
    let public = &made["keypair"]["public_key"];
    let all = json!([
        {"keypair": {"name": "b", "public_key": public, "scope": "domain"}},
        {"keypair": {"name": "a", "public_key": public}},
        {"keypair": {"name": "c", "public_key": "ssh-rsa x"}},
        {"keypair": {"name": "d"}},
    ]);
    let answer = world.admin.post(&world.at("keypairs/batch-import"), &all).await;
    assert_eq!(answer.status, 200);
    let body = answer.json();
    KPS.check("BatchImportKeypair", &body);
    assert_eq!(body["succeeded_keypairs"][0]["keypair"]["name"], "b");
    let failed: Vec<_> = body["failed_keypairs"].as_array().unwrap().iter().collect();
    let reason = |at: usize| failed[at]["failed_reason"].as_str().unwrap().to_owned();
    assert_eq!(failed.len(), 3);
    assert!(reason(0).contains("of this name already"), "{}", reason(0));
    assert!(reason(1).starts_with("keypair.public_key: "), "{}", reason(1));
    assert!(reason(2).starts_with("keypair.public_key: is required"), "{}", reason(2));
    let none = world.admin.post(&world.at("keypairs/batch-import"), &json!([])).await;
    assert_eq!(none.status, 400);
}
