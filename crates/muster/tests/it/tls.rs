//! TLS with a CA made at the first start: the command line trusts it, and a token carries it to a host.

use crate::process::{Server, ask, run, wait_for};

#[test]
fn a_host_joins_over_tls_with_nothing_but_a_token() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::up(dir.path(), &["--tls-generate", "--no-local-agent"]);
    assert!(server.endpoint.starts_with("https://127.0.0.1:"));
    assert_eq!(ask(dir.path(), &["hosts"]), serde_json::Value::Array(Vec::new()));

    let made = run(dir.path(), &["admin", "enrol-token"]);
    let made = String::from_utf8(made.stdout).unwrap();
    let token = made.split_whitespace().find(|word| word.starts_with("muster1.")).unwrap();
    let state = dir.path().join("elsewhere");
    let state = state.to_str().unwrap();
    let enrol = |token: &str| {
        let server = server.endpoint.as_str();
        let args = ["agent", "enrol", "--server", server, "--token", token, "--state-dir", state];
        run(dir.path(), &args).status.code()
    };
    let parts: Vec<&str> = token.split('.').collect();
    let foreign = token.replace(parts[3], &"0".repeat(64));
    assert_eq!(enrol(&foreign), Some(5), "another CA");
    assert_eq!(enrol(token), Some(0));
    assert_eq!(enrol(token), Some(7), "enrolled already");

    let mut agent = crate::process::muster(dir.path(), &["agent", "run", "--state-dir", state])
        .spawn()
        .unwrap();
    wait_for("the agent's heartbeat", || {
        let hosts = ask(dir.path(), &["hosts"]);
        (hosts[0]["agent_status"] == "online").then_some(())
    });
    wait_for("the agent's report", || {
        let rows = ask(dir.path(), &["assets", "users"]);
        (!rows.as_array().unwrap().is_empty()).then_some(())
    });
    agent.kill().unwrap();
    agent.wait().unwrap();
}
