//! Key pairs through the command line, on a host that the product swept by itself.

use crate::process::{Server, ask, muster, run, signal, wait_for};
use muster_testkit::sshd::{ACCOUNT, PASSWORD, Sshd};
use serde_json::Value;
use std::net::{IpAddr, UdpSocket};
use std::path::Path;
use std::process::{Command, Stdio};

const SOMEBODY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILM+rvN+ot98qgEN796jTiQfZfG1KaT0PtFDJ/XFSqti somebody\n";

/// The address this machine has in its network; none where it has no network.
fn own_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    // Nothing is sent.
    socket.connect("192.0.2.1:9").ok()?;
    Some(socket.local_addr().ok()?.ip()).filter(|address| !address.is_loopback())
}

/// `muster up` where the SSH server's account is one of the machine's.
#[expect(clippy::disallowed_methods, reason = "the binary under test, behind nsenter")]
fn up(sshd: &Sshd, data: &Path) -> Server {
    let [enter, place] = sshd.inside();
    let mut command = Command::new(enter);
    command
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("MUSTER__KEYPAIRS__ACCOUNT", ACCOUNT)
        .arg(place)
        .args([env!("CARGO_BIN_EXE_muster"), "up", "--listen", "127.0.0.1:0", "--data-dir"])
        .arg(data);
    Server::of(data, command)
}

fn said(data: &Path, args: &[&str]) -> String {
    let output = run(data, args);
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{args:?}: {complaint}");
    complaint
}

fn rows(answer: &Value) -> &[Value] {
    answer.as_array().unwrap()
}

/// Asserts that no file below a folder holds the text.
fn lies_nowhere(folder: &Path, text: &str) {
    for entry in std::fs::read_dir(folder).unwrap().filter_map(Result::ok) {
        let (path, kind) = (entry.path(), entry.file_type().unwrap());
        if kind.is_dir() {
            lies_nowhere(&path, text);
        } else if kind.is_file() {
            let bytes = std::fs::read(&path).unwrap();
            let found = bytes.windows(text.len()).any(|part| part == text.as_bytes());
            assert!(!found, "{} holds a secret", path.display());
        }
    }
}

#[test]
fn an_agent_binds_where_it_is_allowed_to() {
    let Some(sshd) = Sshd::start("") else { return };
    sshd.authorize(SOMEBODY, 0o600);
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path();
    std::fs::write(data.join("muster.toml"), "[agent.allow]\nbind = true\n").unwrap();
    let _server = up(&sshd, data);
    let host = wait_for("this host", || ask(data, &["hosts"])[0]["id"].as_str().map(str::to_owned));
    let key = data.join("one.key");
    said(data, &["key", "create", "one", "--file", key.to_str().unwrap()]);
    let key = std::fs::read_to_string(key).unwrap();
    // The agent's first report may still be on its way: until then a credential is asked for.
    wait_for("the agent to bind", || {
        run(data, &["key", "bind", "one", "--host", &host]).status.success().then_some(())
    });
    assert!(sshd.lets_in(&key));
    wait_for("the account among what the pair opens", || {
        let shown = ask(data, &["key", "show", "one"]);
        (!rows(&shown["opens"]).is_empty()).then_some(())
    });
    said(data, &["key", "unbind", "--host", &host]);
    assert!(!sshd.lets_in(&key));
    assert_eq!(sshd.authorized_keys(), SOMEBODY);
    let absent = run(data, &["key", "bind", "one", "--host", &host, "--account", "nobody-here"]);
    let why = String::from_utf8_lossy(&absent.stderr).into_owned();
    assert!(why.contains("no account nobody-here"), "{why}");
}

#[test]
fn a_pair_opens_a_host_and_a_killed_server_ends_its_task() {
    let Some(address) = own_address() else {
        eprintln!("this machine has no address but loopback: this test did NOT run");
        return;
    };
    let Some(sshd) = Sshd::start(&format!("ListenAddress {address}")) else { return };
    sshd.authorize(SOMEBODY, 0o600);
    let (dir, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let data = dir.path();
    std::fs::write(data.join("muster.toml"), "[agent.kinds.users]\nevery_secs = 10\n").unwrap();
    let password = outside.path().join("password");
    std::fs::write(&password, format!("{PASSWORD}\n")).unwrap();
    let (password, port) = (password.to_str().unwrap(), sshd.port.to_string());
    let server = up(&sshd, data);
    let host = wait_for("this host", || ask(data, &["hosts"])[0]["id"].as_str().map(str::to_owned));
    let unknown = wait_for("the key nobody manages", || {
        let keys = ask(data, &["key", "unknown"]);
        rows(&keys).iter().find(|key| key["comment"] == "somebody").cloned()
    });
    assert_eq!(
        (&unknown["account"], &unknown["algorithm"]),
        (&ACCOUNT.into(), &"ssh-ed25519".into())
    );

    let at = ["--host", host.as_str(), "--port", port.as_str()];
    for name in ["one", "two"] {
        said(data, &["key", "create", name, "--keep"]);
    }
    let export = |name: &str| {
        let file = outside.path().join(name);
        said(data, &["key", "export", name, "--file", file.to_str().unwrap()]);
        std::fs::read_to_string(file).unwrap()
    };
    let (one, two) = (export("one"), export("two"));
    said(data, &[&["key", "bind", "one", "--password-file", password], &at[..]].concat());
    assert!(sshd.lets_in(&one) && !sshd.lets_in(&two));
    let shown = wait_for("the account among what the pair opens", || {
        let shown = ask(data, &["key", "show", "one"]);
        (!rows(&shown["opens"]).is_empty()).then_some(shown)
    });
    assert_eq!(
        (&shown["opens"][0]["account"], &shown["bound"][0]["host_id"]),
        (&ACCOUNT.into(), &host.as_str().into())
    );

    // Killed while it waits for a host that does not answer.
    sshd.pause();
    let order = [&["key", "bind", "two", "--password-file", password], &at[..]].concat();
    let mut waiting = muster(data, &order).stderr(Stdio::null()).spawn().unwrap();
    wait_for("the task to run", || {
        let tasks = ask(data, &["key", "tasks"]);
        rows(&tasks).iter().any(|task| task["operate_type"] == "RUNNING_RESET").then_some(())
    });
    assert_eq!(server.end("KILL"), None);
    assert!(!waiting.wait().unwrap().success());
    let server = up(&sshd, data);
    sshd.resume();
    wait_for("the end of the task", || {
        rows(&ask(data, &["key", "tasks"])).is_empty().then_some(())
    });
    assert!(sshd.lets_in(&two) && !sshd.lets_in(&one));
    assert_eq!(sshd.authorized_keys().lines().count(), 2, "{}", sshd.authorized_keys());

    let wrong = outside.path().join("wrong");
    std::fs::write(&wrong, "wrong").unwrap();
    let wrong = ["key", "unbind", "--password-file", wrong.to_str().unwrap()];
    let refused = run(data, &[&wrong, &at[..]].concat());
    assert_eq!(refused.status.code(), Some(7));
    let why = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(why.contains("does not let in by the credential"), "{why}");
    said(data, &["key", "tasks", "--forget-failed"]);
    // By the kept key of the pair itself.
    said(data, &["key", "unbind", "--host", &host]);
    assert!(!sshd.lets_in(&two));
    assert_eq!(sshd.authorized_keys(), SOMEBODY);
    signal("TERM", server.pid());
    drop(server);
    lies_nowhere(data, PASSWORD);
    lies_nowhere(data, two.lines().nth(3).unwrap());
}
