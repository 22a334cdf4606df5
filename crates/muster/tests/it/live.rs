//! What happens between two sweeps is told: no kind is swept twice by itself in these tests.

mod container;

use crate::process::{Server, ask, muster, wait_for};
use serde_json::Value;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// All that is swept is swept once, and then only by what is seen.
fn settings(command: &mut Command) {
    for kind in muster_model::Kind::ALL {
        let name = format!("MUSTER__AGENT__KINDS__{}__EVERY_SECS", kind.name().to_uppercase());
        command.env(name, "604800");
    }
    command.env("MUSTER__AGENT__LIMITS__CPU_PERCENT", "100.0");
}

fn up(dir: &Path, set: &[(&str, &str)]) -> Server {
    let mut command = muster(dir, &["up", "--listen", "127.0.0.1:0"]);
    settings(&mut command);
    command.envs(set.iter().copied());
    let server = Server::of(dir, command);
    swept(dir);
    server
}

fn swept(dir: &Path) {
    wait_for("the first sweep", || (!rows(dir, &["process"]).is_empty()).then_some(()));
}

fn rows(dir: &Path, args: &[&str]) -> Vec<Value> {
    let args = [&["assets"], args, &["--limit", "1000"]].concat();
    ask(dir, &args).as_array().unwrap().clone()
}

/// Every change of a process there was so far.
fn changes(dir: &Path) -> Vec<Value> {
    let mut found: Vec<Value> = Vec::new();
    loop {
        let cursor = found.last().map_or(0, |last| last["cursor"].as_i64().unwrap());
        let more = rows(dir, &["process", "--changes-since", &cursor.to_string()]);
        if more.is_empty() {
            return found;
        }
        found.extend(more);
    }
}

fn diagnostics(dir: &Path) -> Vec<String> {
    let id = ask(dir, &["hosts"])[0]["id"].as_str().unwrap().to_owned();
    let host = ask(dir, &["hosts", "show", &id]);
    let code = |it: &Value| it["code"].as_str().unwrap().to_owned();
    host["diagnostics"].as_array().unwrap().iter().map(code).collect()
}

#[expect(clippy::disallowed_methods, reason = "processes that are to be seen")]
fn command(program: &str, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// A process that is killed with its test.
struct Running(Child);

impl Running {
    fn start(program: &str, args: &[&str]) -> Self {
        Self(command(program, args).spawn().unwrap())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Whether this machine tells what is needed; CI has to.
fn is_able(dir: &Path) -> bool {
    let able = !diagnostics(dir).iter().any(|code| code == "live.processes");
    assert!(able || std::env::var_os("CI").is_none(), "CI has to tell of processes");
    able
}

#[test]
fn processes_and_listeners_are_told_as_they_come_and_go() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let _server = up(dir, &[]);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let ports = || rows(dir, &["port"]).iter().any(|row| row["asset"]["port"] == port);
    wait_for("the listener", || ports().then_some(()));
    drop(listener);
    wait_for("its end", || (!ports()).then_some(()));
    if !is_able(dir) {
        return;
    }
    let sleeper = Running::start("sleep", &["86398"]);
    let pid = sleeper.0.id();
    let is_there = || rows(dir, &["process", "--name", "sleep"]).iter().any(|it| it["pid"] == pid);
    wait_for("the process", || is_there().then_some(()));
    drop(sleeper);
    wait_for("its end", || (!is_there()).then_some(()));

    // It runs for some milliseconds, and its password is hidden as ever.
    let args = ["-c", "sleep 0.005; :", "--password", "hunter2", "muster-short"];
    let short = |op: &str| {
        let changes = changes(dir);
        let which = if op == "added" { "after" } else { "before" };
        let is_it = |it: &&Value| {
            it["op"] == op
                && it[which]["evidence"]["ended"] == true
                && it[which]["args"].to_string().contains("muster-short")
        };
        changes.iter().find(is_it).cloned()
    };
    // In the storms of the test beside this one it may be left out, and a sweep may fall into its few milliseconds: then it is
    // run again.
    let added = wait_for("a short-lived program", || {
        assert!(command("dash", &args).status().unwrap().success());
        short("added")
    });
    let program = &added["after"];
    assert_eq!(program["args"], "-c sleep 0.005; : --password ****** muster-short");
    assert_eq!((&program["name"], &program["evidence"]["ended"]), (&"dash".into(), &true.into()));
    assert_eq!(program["hash"].as_str().unwrap().len(), 64);
    wait_for("that it is gone", || short("removed"));
}

#[test]
fn what_was_lost_is_counted_and_swept() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let _server = up(dir, &[("MUSTER__AGENT__LIVE__BUFFER_KB", "4")]);
    if !is_able(dir) {
        return;
    }
    let mut sleeper = None;
    let storm = "for i in $(seq 300); do /bin/true & done; wait";
    wait_for("the kernel to lose events", || {
        assert!(command("dash", &["-c", storm]).status().unwrap().success());
        // In the midst of all that.
        sleeper = Some(Running::start("sleep", &["86397"]));
        assert!(command("dash", &["-c", storm]).status().unwrap().success());
        diagnostics(dir).contains(&"live.lost".to_owned()).then_some(())
    });
    let pid = sleeper.as_ref().unwrap().0.id();
    wait_for("the process", || {
        rows(dir, &["process", "--name", "sleep"]).iter().find(|it| it["pid"] == pid).cloned()
    });
}

#[test]
fn a_host_that_does_not_tell_says_so_and_is_swept() {
    // The kernel tells of processes only where all of them are seen.
    let unshare = ["--pid", "--fork", "--kill-child", "--mount-proc"];
    if !command("unshare", &[&unshare[..], &["true"]].concat()).status().unwrap().success() {
        assert!(std::env::var_os("CI").is_none(), "CI has to have namespaces");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let inner = muster(dir, &["up", "--listen", "127.0.0.1:0"]);
    let mut outer = command("unshare", &unshare);
    outer.arg(inner.get_program()).args(inner.get_args());
    outer.env_clear().env("PATH", "/usr/bin:/bin");
    let _server = Server::of(dir, outer);
    swept(dir);
    wait_for("the diagnostic", || {
        diagnostics(dir).contains(&"live.processes".to_owned()).then_some(())
    });
    // Listeners can be had there, too.
    assert!(!diagnostics(dir).contains(&"live.listeners".to_owned()));
}
