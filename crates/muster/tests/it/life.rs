//! From the first start to the second.

use crate::process::{Server, ask, run, wait_for};
use serde_json::Value;
use std::collections::HashSet;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

fn json(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

#[test]
fn a_first_start_sees_this_machine_and_a_killed_server_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::up(dir.path(), &[]);
    let credentials = dir.path().join("credentials.json");
    assert_eq!(std::fs::metadata(&credentials).unwrap().permissions().mode() & 0o777, 0o600);
    let first = json(&credentials);
    let keys: HashSet<&str> = first.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = [
        "endpoint",
        "region",
        "domain_name",
        "domain_id",
        "user_name",
        "password",
        "project_name",
        "project_id",
        "access_key",
        "secret_key",
        "sca_access_key_id",
        "sca_access_key_secret",
    ];
    assert_eq!(keys, expected.into());
    assert_eq!(first["endpoint"], server.endpoint.as_str());

    let own = wait_for("this machine's accounts", || {
        let rows = ask(dir.path(), &["assets", "users", "--limit", "1000"]);
        (!rows.as_array().unwrap().is_empty()).then_some(rows)
    });
    let names = |rows: &Value| -> HashSet<String> {
        let name = |row: &Value| row["asset"]["name"].as_str().unwrap().to_owned();
        rows.as_array().unwrap().iter().map(name).collect()
    };
    let passwd = std::fs::read_to_string("/etc/passwd").unwrap();
    let accounts = passwd.lines().filter_map(|line| line.split(':').next()).map(str::to_owned);
    assert_eq!(names(&own), accounts.collect());
    let process = wait_for("this server among the processes", || {
        let pid = server.pid();
        let rows = ask(dir.path(), &["assets", "process", "--name", "muster", "--limit", "1000"]);
        rows.as_array().unwrap().iter().find(|row| row["pid"] == pid).cloned()
    });
    assert!(process["asset"]["path"].as_str().unwrap().ends_with("/muster"));
    nobody_else_is_called(&server);

    let second = run(dir.path(), &["up", "--listen", "127.0.0.1:0"]);
    assert_eq!(second.status.code(), Some(7), "one server a folder");

    assert_eq!(server.end("KILL"), None);
    let server = Server::up(dir.path(), &["--no-local-agent"]);
    let again = json(&credentials);
    assert_eq!(again["endpoint"], server.endpoint.as_str());
    for key in expected.into_iter().filter(|key| *key != "endpoint") {
        assert_eq!(again[key], first[key], "{key}");
    }
    let after = ask(dir.path(), &["assets", "users", "--limit", "1000"]);
    assert_eq!(names(&after), names(&own));
    let host = ask(dir.path(), &["hosts"]);
    assert_eq!(host.as_array().unwrap().len(), 1);
    let changes = ask(dir.path(), &["assets", "users", "--changes-since", "0", "--limit", "1000"]);
    assert_eq!(changes.as_array().unwrap().len(), own.as_array().unwrap().len());
    let at = ask(dir.path(), &["assets", "users", "--at", "2000-01-01T00:00:00Z"]);
    assert_eq!(at, Value::Array(Vec::new()));
    let where_is = |args: &[&str]| ask(dir.path(), &[args, &["--where-is", "root"]].concat());
    assert!(!where_is(&["assets", "users"]).as_array().unwrap().is_empty());
    assert_eq!(where_is(&["assets", "port"]), Value::Array(Vec::new()), "of another kind");

    assert_eq!(server.end("TERM"), Some(0));
    assert!(!dir.path().join("run.json").exists());
    let gone = run(dir.path(), &["hosts"]);
    assert_eq!(gone.status.code(), Some(4));
    assert!(String::from_utf8_lossy(&gone.stderr).contains("no server runs"));
}

/// Whatever is connected to the server came to its own port: it calls nobody.
fn nobody_else_is_called(server: &Server) {
    let port = server.endpoint.rsplit(':').next().unwrap().parse::<u32>().unwrap();
    let own: HashSet<String> = std::fs::read_dir(format!("/proc/{}/fd", server.pid()))
        .unwrap()
        .filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok())
        .filter_map(|link| {
            let link = link.to_str()?;
            Some(link.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned())
        })
        .collect();
    let mut listening = 0;
    for table in ["tcp", "tcp6", "udp", "udp6"] {
        let text = std::fs::read_to_string(format!("/proc/net/{table}")).unwrap();
        for line in text.lines().skip(1) {
            let cells: Vec<&str> = line.split_whitespace().collect();
            if !own.contains(cells[9]) {
                continue;
            }
            let local = cells[1].rsplit(':').next().unwrap();
            assert_eq!(u32::from_str_radix(local, 16).unwrap(), port, "{table}: {line}");
            listening += usize::from(cells[3] == "0A");
        }
    }
    assert_eq!(listening, 1, "it listens on the one port it was given");
}
