//! Hosts without agents through the command line.

use crate::process::{Server, ask, muster, run};
use serde_json::{Value, json};
use std::io::Write;
use std::path::Path;
use std::process::Stdio;

/// Runs a command that must be refused; what it said.
fn refused(data: &Path, args: &[&str]) -> String {
    let output = run(data, args);
    assert!(!output.status.success(), "{args:?}");
    String::from_utf8(output.stderr).unwrap()
}

fn told(data: &Path, args: &[&str], stdin: &str) -> String {
    let mut child = muster(data, args);
    let mut child =
        child.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{args:?}: {said}");
    said
}

fn names(hosts: &Value) -> Vec<&str> {
    hosts.as_array().unwrap().iter().map(|host| host["name"].as_str().unwrap()).collect()
}

#[test]
fn a_list_is_imported_whole_or_not_at_all() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path();
    let _server = Server::up(data, &["--no-local-agent"]);
    let added = run(
        data,
        &[
            "hosts",
            "add",
            "web-1",
            "--address",
            "10.0.0.1",
            "--container-node",
            "--tag",
            "env=prod",
        ],
    );
    assert!(added.status.success());
    let twice = refused(data, &["hosts", "add", "web-1"]);
    assert!(twice.contains("name: host "), "{twice}");

    let list = data.join("list.csv");
    let list = list.to_str().unwrap();
    std::fs::write(list, "name,address,container_node\nweb-2,10.0.0.2,yes\nweb-3,nowhere,no\n")
        .unwrap();
    let why = refused(data, &["hosts", "import", list]);
    assert!(why.contains("line 3, column address: must be the IPv4 or IPv6 address"), "{why}");
    assert_eq!(names(&ask(data, &["hosts"])), ["web-1"]);

    let good = "name,address,container_node\nweb-1,10.0.0.1,yes\nweb-2,10.0.0.2,no\n";
    let would = told(data, &["hosts", "import", "-", "--dry-run"], good);
    assert!(would.contains("added: 1, changed: 0, unchanged: 1"), "{would}");
    assert_eq!(names(&ask(data, &["hosts"])), ["web-1"]);
    std::fs::write(list, good).unwrap();
    let outcome = |answer: Value| json!([answer[0]["outcome"], answer[1]["outcome"]]);
    let import = || outcome(ask(data, &["hosts", "import", list]));
    assert_eq!(
        (import(), import()),
        (json!(["unchanged", "added"]), json!(["unchanged", "unchanged"]))
    );

    let hosts = ask(data, &["hosts"]);
    assert_eq!(hosts[0]["tags"], json!({"env": "prod"}));
    let found = |args: &[&str]| ask(data, &[&["hosts", "list"], args].concat());
    assert_eq!(names(&found(&["--container-node"])), ["web-1"]);
    assert_eq!(
        names(&found(&["--container-node", "false", "--agent", "not_installed"])),
        ["web-2"]
    );
    assert_eq!(found(&["--tag", "env=test"]), json!([]));
    assert!(refused(data, &["hosts", "list", "--agent", "x"]).contains("agent_status: must be"));
    let id = hosts[1]["id"].as_str().unwrap();
    assert!(run(data, &["hosts", "set", id, "--container-node", "--tag", "a"]).status.success());
    let shown = ask(data, &["hosts", "show", id]);
    assert_eq!((&shown["container_node"], &shown["tags"]), (&json!(true), &json!({"a": ""})));
    assert_eq!(
        (&shown["agent_status"], &shown["installation"]),
        (&json!("not_installed"), &json!(null))
    );
    assert!(run(data, &["hosts", "remove", id]).status.success());
    assert_eq!(run(data, &["hosts", "remove", id]).status.code(), Some(6));
    assert_eq!(names(&ask(data, &["hosts"])), ["web-1"]);
}
