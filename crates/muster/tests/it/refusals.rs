//! What the binary refuses, with a clear word and its documented exit code.

use crate::process::{Server, run};
use std::path::Path;

fn refused(data_dir: &Path, args: &[&str]) -> (Option<i32>, String) {
    let output = run(data_dir, args);
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn plain_http_is_for_loopback_only() {
    let dir = tempfile::tempdir().unwrap();
    let (code, why) = refused(dir.path(), &["up", "--listen", "0.0.0.0:0"]);
    assert_eq!(code, Some(3));
    assert!(why.contains("--tls-generate"), "{why}");
    assert!(!dir.path().join("credentials.json").exists());
}

#[test]
fn a_server_wants_its_root_key_outside_the_data_folder() {
    let dir = tempfile::tempdir().unwrap();
    let (code, why) = refused(dir.path(), &["server", "--listen", "127.0.0.1:0"]);
    assert_eq!(code, Some(3));
    assert!(why.contains("root_key_file"), "{why}");
}

#[test]
fn a_database_of_a_newer_program_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(Server::up(dir.path(), &["--no-local-agent"]).end("TERM"), Some(0));
    let db = rusqlite::Connection::open(dir.path().join("muster.db")).unwrap();
    db.execute(
        "INSERT INTO schema_migrations (version, name, checksum, applied_at) VALUES (999, 'later', x'00', 0)",
        [],
    )
    .unwrap();
    drop(db);
    let (code, why) = refused(dir.path(), &["up", "--listen", "127.0.0.1:0"]);
    assert_eq!(code, Some(7));
    assert!(why.contains("newer program"), "{why}");
}

#[test]
fn a_wrong_configuration_is_named() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("muster.toml"), "[server]\nlisten_on = 'x'").unwrap();
    let (code, why) = refused(dir.path(), &["config", "check"]);
    assert_eq!(code, Some(3));
    assert!(why.contains("listen_on"), "{why}");
    std::fs::write(dir.path().join("muster.toml"), "lang = 'zh'").unwrap();
    let good = run(dir.path(), &["--lang", "zh", "config", "check"]);
    assert_eq!(String::from_utf8_lossy(&good.stdout), "配置正确。\n");
    assert_eq!(refused(dir.path(), &["assets", "nonsense"]).0, Some(2));
}
