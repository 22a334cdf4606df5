//! The installation, run by real shells: alone in a folder of its own, and as root on a machine with systemd, as far as
//! a mount namespace can look like one.

use muster_remote::{Binary, Install};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Joins unless it is told not to, as `muster agent enrol` would.
const AGENT: &str = r#"#!/bin/sh
case "$*" in
  --version) echo muster 1 ;;
  *"agent enrol --server https://good:1 "*) mkdir -p "${8}" && echo "$MUSTER_ENROL_TOKEN $*" >"${8}/enrolment.json" ;;
  *) echo "muster: no way" >&2; exit 4 ;;
esac
"#;

#[expect(clippy::disallowed_methods, reason = "the real shell says what it does")]
fn command(program: &str) -> Command {
    Command::new(program)
}

fn output(command: &mut Command, stdin: &str) -> Output {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Who refuses at once does not wait for the rest.
    let _ = std::io::Write::write_all(&mut child.stdin.take().unwrap(), stdin.as_bytes());
    child.wait_with_output().unwrap()
}

fn sha256(text: &str) -> String {
    let told = output(&mut command("sha256sum"), text);
    String::from_utf8(told.stdout).unwrap()[..64].to_owned()
}

fn machine() -> String {
    let told = output(command("uname").arg("-m"), "");
    String::from_utf8(told.stdout).unwrap().trim().to_owned()
}

fn install(server: &str, folder: &Path, unprivileged: bool) -> Install {
    let (machine, sha256) = (machine(), sha256(AGENT));
    let binary = Binary { machine: &machine, size: AGENT.len() as u64, sha256: &sha256 };
    Install::new(server, binary, folder.to_str(), unprivileged).unwrap()
}

/// What comes over the connection.
fn sent(install: &Install, agent: &str) -> String {
    format!("{}secret\n{agent}", install.program())
}

fn run(install: &Install, sent: &str) -> Output {
    output(command("sh").args(["-c", &install.command()]), sent)
}

fn said(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

fn tree(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() {
            all.extend(tree(&entry.path()));
        } else {
            all.push((entry.path(), fs::read_to_string(entry.path()).unwrap()));
        }
    }
    all.sort();
    all
}

#[test]
fn an_agent_is_put_into_its_folder_and_joins() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("agent");
    let install = install("https://good:1", &folder, true);
    let at = folder.display();
    let start =
        format!("muster: start {at}/muster --data-dir {at} agent run --state-dir {at}/state\n");
    assert_eq!(said(&run(&install, &sent(&install, AGENT))), (Some(0), start, String::new()));
    let mode = fs::metadata(folder.join("muster")).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o755);
    let asked = fs::read_to_string(folder.join("state/enrolment.json")).unwrap();
    assert!(asked.starts_with("secret --data-dir "), "{asked}");
    assert_eq!(tree(&folder).len(), 2, "nothing else is left");
}

#[test]
fn what_goes_wrong_leaves_everything_as_it_was() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("agent");
    let good = install("https://good:1", &folder, true);
    assert!(run(&good, &sent(&good, AGENT)).status.success());
    let before = tree(home.path());

    let away = install("https://bad:1", &folder, true);
    let longer = format!("{AGENT}#");
    let other = AGENT.replace("muster 1", "muster 2");
    for (install, agent, why) in [
        (&away, AGENT, "it could not join https://bad:1: muster: no way"),
        (&good, &AGENT[..50], "did not arrive whole"),
        (&good, &longer, "did not arrive whole"),
        (&good, &other, "did not arrive as it was sent"),
    ] {
        let (code, out, complaint) = said(&run(install, &sent(install, agent)));
        assert_eq!((code, out.as_str()), (Some(70), ""), "{why}");
        assert!(complaint.contains(why), "{complaint}");
        assert_eq!(tree(home.path()), before, "{why}");
    }
    let sha256 = sha256(AGENT);
    let binary = Binary { machine: "pdp11", size: AGENT.len() as u64, sha256: &sha256 };
    let foreign = Install::new("https://good:1", binary, folder.to_str(), true).unwrap();
    let (code, _, complaint) = said(&run(&foreign, &sent(&foreign, AGENT)));
    assert!(code == Some(70) && complaint.contains("is built for pdp11"), "{complaint}");
    // A connection that breaks off, within the program, the token or the agent.
    let whole = sent(&good, AGENT);
    for cut in (0..whole.len()).step_by(131) {
        run(&good, &whole[..cut]);
        assert_eq!(tree(home.path()), before, "cut at {cut}");
    }
}

/// A machine that was started by systemd, in a mount namespace: the agent becomes a service.
#[test]
fn on_a_machine_with_systemd_it_is_a_service() {
    const MACHINE: &str = r#"
set -e
mount -t tmpfs none /run
mkdir -p /run/systemd/system
mkdir -p /etc/systemd/system
mount -t tmpfs none /etc/systemd/system
printf '#!/bin/sh\necho "$*" >>%s/asked\n' "$1" >"$1/systemctl"
chmod 755 "$1/systemctl"
PATH="$1:$PATH"
export PATH
sh -c "$2"
cp /etc/systemd/system/* "$1"
"#;
    let tried = command("unshare").args(["--mount", "true"]).stderr(Stdio::null()).status();
    if !tried.is_ok_and(|status| status.success()) {
        eprintln!("no right to mount: this test did NOT run");
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("agent");
    let install = install("https://good:1", &folder, false);
    let mut machine = command("unshare");
    machine.args(["--mount", "--propagation", "private", "sh", "-c", MACHINE, "machine"]);
    machine.arg(home.path()).arg(install.command());
    let told = said(&output(&mut machine, &sent(&install, AGENT)));
    assert_eq!(told, (Some(0), "muster: started\n".to_owned(), String::new()));
    let asked = fs::read_to_string(home.path().join("asked")).unwrap();
    let asked: Vec<_> = asked.lines().collect();
    assert_eq!(
        asked,
        [
            "stop muster-agent.service",
            "daemon-reload",
            "--quiet enable muster-agent.service",
            "restart muster-agent.service",
        ]
    );
    let unit = home.path().join("muster-agent.service");
    let text = fs::read_to_string(&unit).unwrap();
    let at = folder.display();
    let start = format!("ExecStart={at}/muster --data-dir {at} agent run --state-dir {at}/state\n");
    assert!(text.contains(&start), "{text}");
    // Where systemd's own judge is, it has nothing to say.
    if Path::new("/usr/bin/systemd-analyze").exists() {
        let judged = output(command("systemd-analyze").arg("verify").arg(&unit), "");
        let complaint = String::from_utf8_lossy(&judged.stderr).into_owned();
        assert!(!complaint.contains("muster-agent.service:"), "{complaint}");
    }
}

/// A shell of somebody who is not root; none where nobody can be made.
#[expect(clippy::print_stderr, reason = "a test that did not run must say so")]
fn somebody() -> Option<Command> {
    let mut other = command("setpriv");
    other.args(["--reuid=54321", "--clear-groups"]);
    let tried = command("setpriv").args(["--reuid=54321", "--clear-groups", "true"]).status();
    if tried.is_ok_and(|status| status.success()) {
        return Some(other);
    }
    eprintln!("no right to be somebody else: this test did NOT run");
    None
}

/// A program for everybody.
fn script(file: &Path, text: &str) {
    fs::write(file, text).unwrap();
    fs::set_permissions(file, fs::Permissions::from_mode(0o755)).unwrap();
}

/// `sudo` as this program uses it, to somebody whom `id` takes for root: what is handed on reads on where the
/// shell before it stopped.
#[test]
fn an_account_becomes_root_by_sudo() {
    let Some(mut other) = somebody() else { return };
    let home = tempfile::tempdir().unwrap();
    fs::set_permissions(home.path(), fs::Permissions::from_mode(0o777)).unwrap();
    let (tools, rooted) = (home.path().join("tools"), home.path().join("rooted"));
    fs::create_dir(&tools).unwrap();
    fs::create_dir(&rooted).unwrap();
    let sudo = format!(
        "#!/bin/sh\n[ \"$1\" = -n ] || exit 1\nshift\nPATH={}:$PATH exec \"$@\"\n",
        rooted.display()
    );
    script(&tools.join("sudo"), &sudo);
    script(&rooted.join("id"), "#!/bin/sh\necho 0\n");
    let folder = home.path().join("agent");
    let install = install("https://good:1", &folder, false);
    let path = format!("{}:/usr/bin:/bin", tools.display());
    other.env("PATH", path).args(["sh", "-c", &install.command()]);
    let (code, told, complaint) = said(&output(&mut other, &sent(&install, AGENT)));
    assert_eq!((code, complaint.as_str()), (Some(0), ""));
    assert!(told.starts_with("muster: start"), "{told}");
    let asked = fs::read_to_string(folder.join("state/enrolment.json")).unwrap();
    assert!(asked.starts_with("secret "), "{asked}");
}

#[test]
fn without_root_it_says_what_it_needs() {
    let Some(mut other) = somebody() else { return };
    let home = tempfile::tempdir().unwrap();
    let install = install("https://good:1", &home.path().join("agent"), false);
    other.args(["sh", "-c", &install.command()]);
    let (code, _, complaint) = said(&output(&mut other, &sent(&install, AGENT)));
    assert_eq!(code, Some(70));
    assert!(complaint.starts_with("muster: this needs root"), "{complaint}");
    assert!(tree(home.path()).is_empty());
}
