//! A real SSH server on loopback with an account of its own, which exists for it alone: the server runs in a mount
//! namespace with another `/etc/passwd` and another `/etc/ssh`.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// The account.
pub const ACCOUNT: &str = "muster-login";
/// Its password.
pub const PASSWORD: &str = "correct horse battery";
const UID: u32 = 54_321;

/// Keeps the server until its standard input ends, which it does when the test process ends in whatever way.
const KEEPER: &str = r#"
set -e
cd "$1"
cp /etc/passwd passwd
cp /etc/shadow shadow
echo "$2:x:$3:$3::$1/home:/bin/sh" >>passwd
read -r password
echo "$2:$(printf '%s\n' "$password" | openssl passwd -6 -stdin):19000:0:99999:7:::" >>shadow
mount --bind passwd /etc/passwd
mount --bind shadow /etc/shadow
mount --bind etc /etc/ssh
mkdir -p /run/sshd
/usr/sbin/sshd -D -e 2>>log </dev/null &
server=$!
echo $server >pid
until grep -q 'Server listening' log; do
  kill -0 $server 2>/dev/null || { cat log >&2; exit 1; }
  sleep 0.05
done
echo ready
read -r _ || true
kill -s CONT $server
kill $server
"#;

/// The server. Gone when dropped.
pub struct Sshd {
    /// Port on 127.0.0.1.
    pub port: u16,
    /// Public keys of the host, one line each.
    pub host_keys: Vec<String>,
    folder: tempfile::TempDir,
    keeper: Child,
}

impl Sshd {
    /// Starts one; `settings` are further lines of its configuration.
    ///
    /// None, with a word on standard error, where there is no OpenSSH server or no right to mount; with `CI` set
    /// in the environment, a server that is missing is a failure.
    ///
    /// # Panics
    /// If a server that could run does not.
    pub fn start(settings: &str) -> Option<Self> {
        let there = Path::new("/usr/sbin/sshd").exists();
        assert!(there || std::env::var_os("CI").is_none(), "openssh-server is missing");
        if !there || !may_mount() {
            let why = if there { "no right to mount" } else { "no openssh-server" };
            #[expect(clippy::print_stderr, reason = "a test that did not run must say so")]
            {
                eprintln!("no SSH server can run here ({why}): this test did NOT run");
            }
            return None;
        }
        let folder = tempfile::tempdir().expect("a temporary folder");
        let dir = folder.path();
        mode(dir, 0o711);
        let home = dir.join("home");
        fs::create_dir(&home).expect("a home folder");
        mode(&home, 0o700);
        chown(&home, Some(UID), Some(UID)).expect("a home folder for the account");
        let etc = dir.join("etc");
        fs::create_dir(&etc).expect("a folder for its settings");
        let mut host_keys = Vec::new();
        for kind in ["ed25519", "rsa"] {
            let file = etc.join(format!("ssh_host_{kind}_key")).display().to_string();
            run("ssh-keygen", &["-q", "-t", kind, "-N", "", "-C", "host", "-f", &file]);
            host_keys.push(read(&format!("{file}.pub")).trim().to_owned());
        }
        let port = free_port();
        let config = format!(
            "ListenAddress 127.0.0.1\nPort {port}\nHostKey /etc/ssh/ssh_host_ed25519_key\n\
             HostKey /etc/ssh/ssh_host_rsa_key\nUsePAM no\nPasswordAuthentication yes\n\
             KbdInteractiveAuthentication no\nPidFile none\nLogLevel VERBOSE\nMaxStartups 100\n\
             PrintMotd no\n{settings}\n"
        );
        fs::write(etc.join("sshd_config"), config).expect("a configuration");
        let mut keeper = command("unshare")
            .args(["--mount", "--propagation", "private", "sh", "-c", KEEPER, "keeper"])
            .arg(dir)
            .args([ACCOUNT, &UID.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a shell to keep the SSH server");
        // Not as an argument, which the roll call would find.
        let stdin = keeper.stdin.as_mut().expect("a pipe");
        writeln!(stdin, "{PASSWORD}").expect("the keeper to listen");
        let mut word = String::new();
        let stdout = keeper.stdout.take().expect("a pipe");
        BufReader::new(stdout).read_line(&mut word).expect("the keeper to answer");
        assert_eq!(word, "ready\n", "the SSH server did not start");
        Some(Self { port, host_keys, folder, keeper })
    }

    /// Home of the account.
    pub fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// The account's `authorized_keys`, empty if there is none.
    pub fn authorized_keys(&self) -> String {
        fs::read_to_string(self.home().join(".ssh/authorized_keys")).unwrap_or_default()
    }

    /// Writes the account's `authorized_keys` with these permissions.
    ///
    /// # Panics
    /// If it cannot be written.
    pub fn authorize(&self, text: &str, permissions: u32) {
        let folder = self.home().join(".ssh");
        fs::create_dir_all(&folder).expect("a folder");
        mode(&folder, 0o700);
        let file = folder.join("authorized_keys");
        fs::write(&file, text).expect("a file");
        mode(&file, permissions);
        for path in [folder, file] {
            chown(path, Some(UID), Some(UID)).expect("an owner");
        }
    }

    /// What a command is put behind that is to see the server's account and settings as the machine's own.
    pub fn inside(&self) -> [String; 2] {
        ["nsenter".to_owned(), format!("--mount=/proc/{}/ns/mnt", self.keeper.id())]
    }

    /// Lets the server answer nobody until [`Self::resume`]; who connects waits.
    pub fn pause(&self) {
        self.signal("STOP");
    }

    /// Ends [`Self::pause`].
    pub fn resume(&self) {
        self.signal("CONT");
    }

    fn signal(&self, name: &str) {
        let pid = read(&self.folder.path().join("pid").display().to_string());
        run("kill", &["-s", name, pid.trim()]);
    }

    /// What the server logged.
    pub fn log(&self) -> String {
        read(&self.folder.path().join("log").display().to_string())
    }

    /// Whether OpenSSH's client logs in with this private key, given as a file's text.
    ///
    /// # Panics
    /// If the client cannot be run.
    pub fn lets_in(&self, private_key: &str) -> bool {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let key = folder.path().join("key");
        fs::write(&key, private_key).expect("a key file");
        mode(&key, 0o600);
        let known: String = self
            .host_keys
            .iter()
            .map(|line| format!("[127.0.0.1]:{} {line}\n", self.port))
            .collect();
        let hosts = folder.path().join("known_hosts");
        fs::write(&hosts, known).expect("known hosts");
        let output = command("ssh")
            .args(["-F", "none", "-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes"])
            .args(["-o", "StrictHostKeyChecking=yes", "-o", "IdentityAgent=none"])
            .arg("-o")
            .arg(format!("UserKnownHostsFile={}", hosts.display()))
            .arg("-i")
            .arg(&key)
            .args(["-p", &self.port.to_string(), "-l", ACCOUNT, "127.0.0.1", "echo in"])
            .output()
            .expect("the OpenSSH client");
        output.status.success() && output.stdout == b"in\n"
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("an address").port()
}

fn may_mount() -> bool {
    let tried = command("unshare").args(["--mount", "true"]).stderr(Stdio::null()).status();
    tried.is_ok_and(|status| status.success())
}

fn mode(path: &Path, bits: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(bits)).expect("permissions");
}

fn read(path: &str) -> String {
    fs::read_to_string(path).expect(path)
}

fn run(program: &str, arguments: &[&str]) {
    let status = command(program).args(arguments).status().expect(program);
    assert!(status.success(), "{program} failed: {status}");
}

#[expect(clippy::disallowed_methods, reason = "tests start the real SSH server")]
fn command(program: &str) -> Command {
    Command::new(program)
}
