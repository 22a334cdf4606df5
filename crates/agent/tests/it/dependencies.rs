//! What the agent is made of: no server, no database, no asynchronous runtime.

use std::collections::BTreeSet;

#[test]
#[expect(clippy::disallowed_methods, reason = "cargo knows the tree")]
fn the_agent_stays_lean() {
    let arguments = ["tree", "--offline", "--locked", "-p", "muster-agent"];
    let output = std::process::Command::new(env!("CARGO"))
        .args(arguments)
        .args(["-e", "normal", "--prefix", "none", "--format", "{p}"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let names: BTreeSet<&str> =
        text.lines().filter_map(|line| line.split_whitespace().next()).collect();
    for banned in ["muster-store", "muster-service", "muster-http", "sqlx", "axum", "tokio"] {
        assert!(!names.contains(banned), "{banned} is in the agent");
    }
    let list = names.into_iter().collect::<Vec<_>>().join("\n");
    insta::assert_snapshot!("dependencies", list);
}
