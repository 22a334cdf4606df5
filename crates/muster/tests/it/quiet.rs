//! Nothing phones home: the system calls of the real programs show that they open no connection but those they
//! were told to, and ask no name server.

use crate::process::{Server, ask, muster, run, wait_for};
use std::path::Path;
use std::process::Command;

/// Runs a command of ours under strace(1), which writes every connection that is opened, by whatever call.
#[expect(clippy::disallowed_methods, reason = "the tracer of the binary under test")]
fn traced(trace: &Path, command: &Command) -> Command {
    let mut traced = Command::new("strace");
    let calls = "trace=socket,connect,sendto,sendmsg,sendmmsg,io_uring_setup";
    traced.args(["-f", "-qq", "-s", "0", "-e", calls, "-e", "signal=none", "-o"]).arg(trace);
    traced.arg(command.get_program()).args(command.get_args());
    traced.env_clear().env("PATH", "/usr/bin:/bin");
    traced
}

/// Internet addresses somebody was called at, as `address:port`.
fn called(trace: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(trace).unwrap();
    assert!(!text.contains("io_uring_setup"), "what goes through io_uring is not seen here");
    let field = |line: &str, name: &str| {
        let (_, rest) = line.split_once(name)?;
        rest.split([')', ',']).next().map(|value| value.trim_matches('"').to_owned())
    };
    text.lines()
        .filter(|line| line.contains("sa_family=AF_INET"))
        .map(|line| {
            let port = field(line, "_port=htons(").unwrap();
            let address = field(line, "inet_addr(\"").or_else(|| field(line, "AF_INET6, \""));
            format!("{}:{port}", address.unwrap_or_default().trim_matches('"'))
        })
        .collect()
}

#[test]
fn a_server_with_its_agent_calls_nobody() {
    let (dir, traces) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let trace = traces.path().join("up");
    let command = muster(dir.path(), &["up", "--listen", "127.0.0.1:0"]);
    let server = Server::of(dir.path(), traced(&trace, &command));
    wait_for("a sweep", || {
        let rows = ask(dir.path(), &["assets", "process"]);
        (!rows.as_array().unwrap().is_empty()).then_some(())
    });
    let file = dir.path().join("apps.zip");
    let exported = run(dir.path(), &["export", "app", "--file", file.to_str().unwrap()]);
    assert!(exported.status.success());
    assert_eq!(server.end("TERM"), Some(0));
    assert_eq!(called(&trace), Vec::<String>::new());
    let text = std::fs::read_to_string(&trace).unwrap();
    assert!(text.contains("AF_NETLINK"), "the trace saw the agent ask the kernel for its sockets");
}

#[test]
fn a_scan_and_an_update_from_a_folder_call_nobody() {
    let (dir, traces) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mirror = dir.path().join("mirror");
    crate::knowledge::mirror(&mirror);
    let mirror = mirror.to_str().unwrap();
    let update = ["db", "update", "--source", mirror];
    let commands: [&[&str]; 3] = [&update, &["scan", mirror], &["db", "status"]];
    for (n, args) in commands.into_iter().enumerate() {
        let trace = traces.path().join(n.to_string());
        assert!(traced(&trace, &muster(dir.path(), args)).status().unwrap().success(), "{args:?}");
        assert_eq!(called(&trace), Vec::<String>::new(), "{args:?}");
    }
}

#[test]
fn the_command_line_and_the_agent_call_the_server_they_were_given() {
    let (dir, traces) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let server = Server::up(dir.path(), &["--no-local-agent"]);
    let allowed = server.endpoint.strip_prefix("http://").unwrap().to_owned();
    let state = dir.path().join("elsewhere");
    let state = state.to_str().unwrap();
    let made = run(dir.path(), &["admin", "enrol-token"]);
    let made = String::from_utf8(made.stdout).unwrap();
    let token = made.split_whitespace().find(|word| word.starts_with("muster1.")).unwrap();
    let endpoint = server.endpoint.as_str();
    let enrol = ["agent", "enrol", "--server", endpoint, "--token", token, "--state-dir", state];
    let commands: [&[&str]; 4] = [&["hosts"], &["assets"], &enrol, &["config", "check"]];
    for (n, args) in commands.into_iter().enumerate() {
        let trace = traces.path().join(n.to_string());
        assert!(traced(&trace, &muster(dir.path(), args)).status().unwrap().success(), "{args:?}");
        let called = called(&trace);
        assert!(called.iter().all(|to| *to == allowed), "{args:?} called {called:?}");
        assert_eq!(called.is_empty(), args[0] == "config", "{args:?} called {called:?}");
    }
    let trace = traces.path().join("agent");
    let command = muster(dir.path(), &["agent", "run", "--state-dir", state]);
    let mut agent = traced(&trace, &command).spawn().unwrap();
    wait_for("the agent's report", || {
        let rows = ask(dir.path(), &["assets", "users"]);
        (!rows.as_array().unwrap().is_empty()).then_some(())
    });
    // The tracer's one child: ending the tracer would only let it go.
    let children = format!("/proc/{0}/task/{0}/children", agent.id());
    let child = std::fs::read_to_string(children).unwrap().trim().parse().unwrap();
    crate::process::signal("TERM", child);
    agent.wait().unwrap();
    let called = called(&trace);
    assert!(!called.is_empty() && called.iter().all(|to| *to == allowed), "{called:?}");
}
