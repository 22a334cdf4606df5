//! An agent is put on a host over SSH: by OpenSSH's own client and server, with the binary under test.

use crate::process::{Server, ask, wait_for};
use muster_testkit::sshd::{ACCOUNT, PASSWORD, Sshd};
use serde_json::Value;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

/// Something that was started. Killed when dropped.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[expect(clippy::disallowed_methods, reason = "the binary under test, and OpenSSH's key generator")]
fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("PATH", "/usr/bin:/bin");
    command
}

/// A fresh pair of keys; the file of the private one, and the public one's text.
fn pair(folder: &Path, name: &str) -> (String, String) {
    let file = folder.join(name).display().to_string();
    let made = command("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f", &file]).status();
    assert!(made.unwrap().success());
    let public = std::fs::read_to_string(format!("{file}.pub")).unwrap();
    (file, public)
}

struct World {
    data: tempfile::TempDir,
    sshd: Sshd,
    identity: String,
    known_hosts: String,
}

impl World {
    /// None where no SSH server can run.
    fn new() -> Option<Self> {
        let sshd = Sshd::start("")?;
        let data = tempfile::tempdir().unwrap();
        let (identity, public) = pair(data.path(), "identity");
        sshd.authorize(&public, 0o600);
        let known_hosts = data.path().join("known_hosts");
        let line = |key: &String| format!("[127.0.0.1]:{} {key}\n", sshd.port);
        std::fs::write(&known_hosts, sshd.host_keys.iter().map(line).collect::<String>()).unwrap();
        let known_hosts = known_hosts.display().to_string();
        Some(Self { data, sshd, identity, known_hosts })
    }

    fn path(&self) -> &Path {
        self.data.path()
    }

    /// Installs without a terminal to ask at.
    fn install(&self, identity: &str, known_hosts: &str, more: &[&str]) -> Output {
        self.installing(identity, known_hosts, more).output().unwrap()
    }

    fn installing(&self, identity: &str, known_hosts: &str, more: &[&str]) -> Command {
        let mut command = command("setsid");
        command
            .args(["--wait", env!("CARGO_BIN_EXE_muster"), "--data-dir"])
            .arg(self.path())
            .args(["agent", "install", &format!("{ACCOUNT}@127.0.0.1"), "--unprivileged"])
            .args(["--port", &self.sshd.port.to_string()])
            .args(["--identity", identity, "--known-hosts", known_hosts])
            .args(more)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// The one host, and why its installation failed.
    fn host(&self) -> (Value, Value) {
        let hosts = ask(self.path(), &["hosts"]);
        assert_eq!(hosts.as_array().unwrap().len(), 1, "{hosts}");
        let shown = ask(self.path(), &["hosts", "show", hosts[0]["id"].as_str().unwrap()]);
        (shown["agent_status"].clone(), shown["installation"]["reason"].clone())
    }

    /// Starts the agent as the installation says, and waits for its word.
    fn start(&self, installed: &Output) -> Running {
        let complaint = String::from_utf8_lossy(&installed.stderr);
        assert!(installed.status.success(), "{complaint}");
        assert!(complaint.contains("has joined"), "{complaint}");
        let told = String::from_utf8(installed.stdout.clone()).unwrap();
        let words: Vec<_> = told.split_whitespace().collect();
        let program = self.sshd.home().join(".muster-agent/muster");
        assert_eq!(Path::new(words[0]), program);
        let agent = command(words[0])
            .args(&words[1..])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let agent = Running(agent);
        wait_for("the agent to be online", || (self.host().0 == "online").then_some(()));
        agent
    }
}

#[test]
fn an_agent_is_installed_joins_and_is_replaced() {
    let Some(world) = World::new() else { return };
    let _server = Server::up(world.path(), &["--no-local-agent"]);
    let (stranger, public) = pair(world.path(), "stranger");

    // Nobody is let in, and nobody is believed to be the host.
    let refused = world.install(&stranger, &world.known_hosts, &["--name", "rack-1"]);
    assert!(!refused.status.success());
    let (status, reason) = world.host();
    assert_eq!(status, "install_failed");
    assert!(reason.as_str().unwrap().contains("does not let in"), "{reason}");
    let elsewhere = world.path().join("elsewhere");
    std::fs::write(&elsewhere, format!("[127.0.0.1]:{} {public}", world.sshd.port)).unwrap();
    let elsewhere = elsewhere.display().to_string();
    assert!(!world.install(&world.identity, &elsewhere, &["--name", "rack-1"]).status.success());
    let (status, reason) = world.host();
    assert_eq!(status, "install_failed");
    assert!(reason.as_str().unwrap().contains("the host's key is not"), "{reason}");
    // It comes, and cannot join.
    let nowhere = ["--name", "rack-1", "--server", "http://127.0.0.1:1"];
    assert!(!world.install(&world.identity, &world.known_hosts, &nowhere).status.success());
    let (status, reason) = world.host();
    assert_eq!(status, "install_failed");
    assert!(reason.as_str().unwrap().contains("could not join http://127.0.0.1:1"), "{reason}");
    let folder = world.sshd.home().join(".muster-agent");
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0, "nothing is left of it");

    world.sshd.pause();
    let mut installing =
        world.installing(&world.identity, &world.known_hosts, &["--name", "rack-1"]);
    let installing = installing.spawn().unwrap();
    wait_for("the installation to begin", || (world.host().0 == "installing").then_some(()));
    world.sshd.resume();
    let first = world.start(&installing.wait_with_output().unwrap());
    assert_eq!(world.host(), ("online".into(), Value::Null));
    let state = std::fs::metadata(folder.join("state")).unwrap().permissions().mode();
    assert_eq!(state & 0o777, 0o700);

    // The agent told the host's name, by which a second attempt finds it.
    let hosts = ask(world.path(), &["hosts"]);
    let (id, name) = (hosts[0]["id"].as_str().unwrap(), hosts[0]["name"].as_str().unwrap());
    let again = world.install(&world.identity, &world.known_hosts, &["--name", name]);
    let complaint = String::from_utf8_lossy(&again.stderr);
    assert!(complaint.contains("an agent speaks for host"), "{complaint}");
    drop(first);
    let before = hosts[0]["agent_id"].clone();
    let replaced = world.install(&world.identity, &world.known_hosts, &["--host", id]);
    let _second = world.start(&replaced);
    let hosts = ask(world.path(), &["hosts"]);
    assert_eq!(hosts[0]["id"].as_str(), Some(id));
    assert_ne!(hosts[0]["agent_id"], before);
}

/// Reads what is shown at a terminal until it asks so, and answers.
fn answer(terminal: &mut Child, shown: &mut impl Read, question: &str, answer: &str) {
    let (mut said, mut byte) = (String::new(), [0]);
    while !said.contains(question) {
        assert_eq!(shown.read(&mut byte).unwrap(), 1, "it did not ask {question}: {said}");
        said.push(char::from(byte[0]));
    }
    writeln!(terminal.stdin.as_mut().unwrap(), "{answer}").unwrap();
}

#[test]
fn at_a_terminal_it_asks_whom_to_believe_and_for_the_password() {
    if !Path::new("/usr/bin/script").exists() {
        eprintln!("no script(1) to make a terminal: this test did NOT run");
        return;
    }
    let Some(world) = World::new() else { return };
    // Over TLS: the token says which CA to trust.
    let _server = Server::up(world.path(), &["--no-local-agent", "--tls-generate"]);
    let nobody = world.path().join("nobody").display().to_string();
    let install = format!(
        "{} --data-dir {} agent install {ACCOUNT}@127.0.0.1 --unprivileged --port {} --known-hosts {nobody} \
         --name rack-1",
        env!("CARGO_BIN_EXE_muster"),
        world.path().display(),
        world.sshd.port
    );
    let mut terminal = command("script")
        .args(["--quiet", "--return", "--command", &install, "/dev/null"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut shown = terminal.stdout.take().unwrap();
    answer(&mut terminal, &mut shown, "(yes/no", "yes");
    answer(&mut terminal, &mut shown, "password:", PASSWORD);
    let mut rest = String::new();
    shown.read_to_string(&mut rest).unwrap();
    assert!(terminal.wait().unwrap().success(), "{rest}");
    assert!(rest.contains("has joined") && !rest.contains(PASSWORD), "{rest}");
    assert_eq!(world.host().0, "offline", "nobody has started it yet");
    let known = std::fs::read_to_string(&nobody).unwrap();
    assert!(known.contains("ssh-ed25519"), "whoever was believed is known from then on: {known}");
}

#[test]
fn what_is_known_to_be_wrong_is_not_tried() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path();
    let _server = Server::up(data, &["--no-local-agent"]);
    for (args, why) in [
        (&["agent", "install", "web-1"][..], "destination: must be ACCOUNT@HOST"),
        (&["agent", "install", "root@-oProxyCommand=id"], "destination: must be ACCOUNT@HOST"),
        (&["agent", "install", "root@web-1", "--dir", "../x"], "dir: must be an absolute path"),
        (&["agent", "install", "root@web-1", "--binary", "/etc/passwd"], "is no program for Linux"),
    ] {
        let output = crate::process::run(data, args);
        assert!(!output.status.success(), "{args:?}");
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(complaint.contains(why), "{complaint}");
    }
    assert_eq!(ask(data, &["hosts"]), Value::Array(Vec::new()), "nothing was entered");
    // A client that is not there fails the installation, and the host says so.
    let output =
        crate::process::run(data, &["agent", "install", "root@192.0.2.1", "--ssh", "/nowhere"]);
    assert!(!output.status.success());
    let hosts = ask(data, &["hosts"]);
    assert_eq!(hosts[0]["agent_status"], "install_failed");
    assert_eq!(hosts[0]["addresses"], serde_json::json!(["192.0.2.1"]));
}
