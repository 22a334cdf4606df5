//! An installation without `up`: `init`, then `server`, with the root key and the credentials elsewhere.

use crate::process::{Server, run};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn an_empty_database_gets_its_first_account_and_is_served() {
    let (dir, safe) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let data = dir.path().join("data");
    let (key, credentials) = (safe.path().join("root.key"), safe.path().join("admin.json"));
    let init = |credentials: &Path| {
        let args = ["init", "--root-key-file", text(&key), "--credentials", text(credentials)];
        let output = run(&data, &args);
        let said = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(said).unwrap())
    };
    let serve = ["server", "--root-key-file", text(&key), "--listen", "127.0.0.1:0"];

    let without_key = run(&data, &serve);
    assert_eq!(without_key.status.code(), Some(3));
    let why = String::from_utf8(without_key.stderr).unwrap();
    assert!(why.contains("muster init"), "{why}");

    std::fs::write(&key, format!("{}\n", "5a".repeat(32))).unwrap();
    std::fs::set_permissions(&key, PermissionsExt::from_mode(0o600)).unwrap();
    let empty = run(&data, &serve);
    assert_eq!(empty.status.code(), Some(7));
    assert!(String::from_utf8(empty.stderr).unwrap().contains("no account yet"));

    std::fs::remove_file(&key).unwrap();
    std::fs::remove_dir_all(&data).unwrap();
    let (code, said) = init(&credentials);
    assert_eq!(code, Some(0), "{said}");
    for file in [&key, &credentials] {
        assert_eq!(std::fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let made: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&credentials).unwrap()).unwrap();
    for secret in ["password", "secret_key"] {
        assert!(!said.contains(made[secret].as_str().unwrap()), "{secret} was printed");
    }
    assert_eq!(init(&credentials).0, Some(7), "the file is there");
    assert_eq!(init(&safe.path().join("b.json")).0, Some(7), "the account is there");
    assert!(!safe.path().join("b.json").exists());

    let server = Server::start(&data, "server", &["--root-key-file", text(&key)]);
    assert!(!data.join("credentials.json").exists());
    let hosts = |more: &[&str]| {
        let args = ["--credentials", text(&credentials), "hosts", "--output", "json"];
        let mut args = args.to_vec();
        args.extend(more);
        args.rotate_left(2);
        run(&data, &args)
    };
    let listed = hosts(&["--endpoint", &server.endpoint]);
    assert_eq!(String::from_utf8(listed.stdout).unwrap().trim(), "[]");
    assert_eq!(run(&data, &["hosts"]).status.code(), Some(3), "nobody's credentials lie about");
    assert_eq!(server.end("TERM"), Some(0));
}

#[test]
fn a_worker_wants_a_database_that_can_be_shared_and_a_key_its_place() {
    let (dir, safe) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let inside = dir.path().join("root.key");
    let credentials = safe.path().join("c.json");
    let args = ["init", "--root-key-file", text(&inside), "--credentials", text(&credentials)];
    assert_eq!(run(dir.path(), &args).status.code(), Some(3));
    assert!(!inside.exists() && !credentials.exists());
    let key = safe.path().join("root.key");
    std::fs::write(&key, "0".repeat(64)).unwrap();
    let alone = run(dir.path(), &["worker", "--root-key-file", text(&key)]);
    assert_eq!(alone.status.code(), Some(3));
    assert!(String::from_utf8(alone.stderr).unwrap().contains("PostgreSQL"));
}
