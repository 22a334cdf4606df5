//! Changing an account's `authorized_keys` for the server, where this host's operator allows it.
//!
//! A key that the SSH server would not count is not added at all; one that it would not count as the file lies there is taken
//! out again, and what was there before is put back, after a kill by the next attempt.
//!
//! The change is run by the system's shell as the account itself, so that no link in its home leads beyond what the account
//! may do anyway. The program is ours; of the server are the account's name and the keys, which are checked.

mod server;

use muster_formats::authorized_keys::change::Change;
use muster_formats::passwd::{self, Account};
use rustix::process::{Pid, Signal, kill_process};
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;

/// Longest file of accounts.
const MAX_PASSWD: u64 = 4 * 1024 * 1024;
/// Where the shell finds its programs.
const PATH: &str = "/usr/bin:/bin";
/// Longest time a change may take, where a home hangs on a network.
const LONGEST: Duration = Duration::from_secs(30);
/// Characters of a reason that are handed on.
const MAX_REASON: usize = 300;

/// What is to change.
pub(crate) struct Wanted<'a> {
    pub(crate) account: &'a str,
    pub(crate) add: &'a str,
    pub(crate) remove: &'a [String],
}

/// Changes the file of an account that `etc` names, or says why not.
pub(crate) fn carry_out(etc: &Path, wanted: &Wanted<'_>) -> Result<(), String> {
    let remove = wanted.remove.iter().map(String::as_str);
    let mut change = Change::new(wanted.add, remove, "").ok_or("the server sent what is no key")?;
    let account = find(etc, wanted.account)?;
    if !wanted.add.is_empty() && server::counts(etc, &account)?.strict_modes {
        change = change.strictly();
    }
    let output = run(&account, &change.program(), PATH)?;
    verdict(&output)
}

fn find(etc: &Path, name: &str) -> Result<Account, String> {
    let accounts = etc.join("passwd");
    let failed = |error: std::io::Error| format!("{}: {error}", accounts.display());
    let length = std::fs::metadata(&accounts).map_err(failed)?.len();
    if length > MAX_PASSWD {
        return Err(format!("{} is too long", accounts.display()));
    }
    let text = std::fs::read(&accounts).map_err(failed)?;
    let found = passwd::accounts(&String::from_utf8_lossy(&text));
    let found = found.into_iter().find(|account| account.name == name);
    found.ok_or_else(|| format!("the host has no account {}", plain(name)))
}

#[expect(clippy::disallowed_methods, reason = "the system's shell, with a program of our own")]
fn run(account: &Account, program: &str, path: &str) -> Result<Output, String> {
    let mut child = Command::new("/bin/sh")
        .arg("-s")
        .env_clear()
        .env("PATH", path)
        .env("LC_ALL", "C")
        .env("HOME", &account.home)
        .current_dir("/")
        .uid(account.uid)
        .gid(account.gid)
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("/bin/sh as {}: {error}", account.name))?;
    let pid = Pid::from_child(&child);
    if let Some(mut stdin) = child.stdin.take() {
        // One that ended early says why on its standard error.
        let _ = stdin.write_all(program.as_bytes());
    }
    let (say, said) = channel();
    let waiting = std::thread::spawn(move || say.send(child.wait_with_output()));
    let ended = said.recv_timeout(LONGEST);
    if ended.is_err() {
        let _ = kill_process(pid, Signal::KILL);
    }
    drop(waiting);
    match ended {
        Ok(output) => output.map_err(|error| error.to_string()),
        Err(_) => Err(format!("no end after {} s", LONGEST.as_secs())),
    }
}

fn verdict(output: &Output) -> Result<(), String> {
    if output.status.success() && output.stdout.starts_with(b"muster: ") {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let own = said.lines().rev().find_map(|line| line.strip_prefix("muster: "));
    Err(plain(own.or_else(|| said.lines().next_back()).unwrap_or("no reason was given")))
}

fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(MAX_REASON).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::Permissions;
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::path::PathBuf;

    const KEY: &str =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILM+rvN+ot98qgEN796jTiQfZfG1KaT0PtFDJ/XFSqti one";

    const OTHER: &str =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJMBqxWRLQm9dVDXVi6gDzr9VOzFHXXL8Lh2U7MzGTYB two";

    /// A host of one account, whose home is here.
    struct Host(tempfile::TempDir);

    impl Host {
        fn new() -> Self {
            let host = Self(tempfile::tempdir().unwrap());
            std::fs::create_dir_all(host.home().join(".ssh")).unwrap();
            std::fs::create_dir_all(host.etc().join("ssh")).unwrap();
            host.mode("home", 0o755);
            let (own, home) = (std::fs::metadata(host.home()).unwrap(), host.home());
            let line = format!("me:x:{}:{}::{}:/bin/sh\n", own.uid(), own.gid(), home.display());
            std::fs::write(host.etc().join("passwd"), line).unwrap();
            host
        }

        fn home(&self) -> PathBuf {
            self.0.path().join("home")
        }

        fn etc(&self) -> PathBuf {
            self.0.path().join("etc")
        }

        fn file(&self) -> PathBuf {
            self.home().join(".ssh/authorized_keys")
        }

        fn mode(&self, what: &str, mode: u32) {
            let permissions = Permissions::from_mode(mode);
            std::fs::set_permissions(self.0.path().join(what), permissions).unwrap();
        }

        fn sshd(&self, text: &str) {
            std::fs::write(self.etc().join("ssh/sshd_config"), text).unwrap();
        }

        fn change(&self, add: &str, remove: &[&str]) -> Result<(), String> {
            let remove: Vec<_> = remove.iter().map(|key| (*key).to_owned()).collect();
            carry_out(&self.etc(), &Wanted { account: "me", add, remove: &remove })
        }

        /// The file with its mode, and nothing beside it.
        fn alone(&self) -> Option<(String, u32)> {
            let folder = std::fs::read_dir(self.home().join(".ssh")).unwrap();
            let names: Vec<_> = folder.map(|entry| entry.unwrap().file_name()).collect();
            assert!(names.iter().all(|name| name == "authorized_keys"), "{names:?}");
            let mode = std::fs::metadata(self.file()).ok()?.mode() & 0o777;
            Some((std::fs::read_to_string(self.file()).unwrap(), mode))
        }
    }

    #[test]
    fn an_account_is_changed_as_itself_and_back() {
        let host = Host::new();
        assert_eq!(host.change(KEY, &[]), Ok(()));
        assert_eq!(host.alone(), Some((format!("{KEY}\n"), 0o600)));
        assert_eq!(host.change("", &[KEY]), Ok(()));
        assert_eq!(host.alone(), Some((String::new(), 0o600)));
        let you = Wanted { account: "you", add: KEY, remove: &[] };
        assert!(carry_out(&host.etc(), &you).unwrap_err().contains("no account you"));
        assert!(host.change("x'; touch /x; '", &[]).unwrap_err().contains("no key"));
        std::fs::remove_file(host.file()).unwrap();
        std::os::unix::fs::symlink("/etc/hostname", host.file()).unwrap();
        assert!(host.change(KEY, &[]).unwrap_err().contains("symbolic link"));
    }

    #[test]
    fn what_the_server_would_not_count_is_put_back_as_it_was() {
        for before in [None, Some(format!("# mine\r\nfrom=\"10.0.0.1\" {OTHER}"))] {
            let host = Host::new();
            if let Some(text) = &before {
                std::fs::write(host.file(), text).unwrap();
                host.mode("home/.ssh/authorized_keys", 0o640);
            }
            let was = host.alone();
            for what in ["home", "home/.ssh"] {
                host.mode(what, 0o775);
                let why = host.change(KEY, &[OTHER]).unwrap_err();
                assert!(why.contains("may be written by others"), "{why}");
                assert_eq!(host.alone(), was, "{what}");
                // Where that makes no difference to the server it makes none to us.
                host.sshd("StrictModes no\n");
                assert_eq!(host.change(KEY, &[]), Ok(()));
                assert_eq!(host.change("", &[KEY]), Ok(()));
                match &before {
                    None => std::fs::remove_file(host.file()).unwrap(),
                    Some(text) => std::fs::write(host.file(), text).unwrap(),
                }
                host.sshd("");
                host.mode(what, 0o755);
            }
            // A key is taken away whoever may write the file.
            host.mode("home", 0o775);
            assert_eq!(host.change("", &[OTHER]), Ok(()));
        }
    }

    #[test]
    fn nothing_is_changed_for_a_server_that_reads_no_such_key() {
        let host = Host::new();
        for (text, part) in [
            ("PubkeyAuthentication no\n", "takes no keys"),
            ("AuthorizedKeysFile /etc/keys/%u\n", "reads no keys from"),
            ("DenyUsers m*\n", "DenyUsers"),
            ("Match User me\n  AuthorizedKeysFile none\n", "reads no keys from"),
        ] {
            host.sshd(text);
            let why = host.change(KEY, &[]).unwrap_err();
            assert!(why.contains(part), "{text}: {why}");
            assert_eq!(host.alone(), None, "{text}");
        }
        host.sshd("Include sshd_config.d/*.conf\nAuthorizedKeysFile %h/.ssh/authorized_keys\n");
        assert_eq!(host.change(KEY, &[]), Ok(()));
        std::fs::create_dir(host.etc().join("ssh/sshd_config.d")).unwrap();
        std::fs::write(host.etc().join("ssh/sshd_config.d/a.conf"), "PubkeyAuthentication no\n")
            .unwrap();
        assert!(host.change(OTHER, &[]).unwrap_err().contains("takes no keys"));
        assert_eq!(host.change("", &[KEY]), Ok(()), "taken away in any case");
    }

    /// Killed with everything it started right after the file was replaced, before it was looked at.
    #[test]
    fn a_change_that_was_killed_is_undone_by_the_next_unless_somebody_went_on_from_it() {
        for before in [None, Some(format!("{OTHER}\n"))] {
            for touched in [false, true] {
                let host = Host::new();
                if let Some(text) = &before {
                    std::fs::write(host.file(), text).unwrap();
                    host.mode("home/.ssh/authorized_keys", 0o600);
                }
                let was = host.alone();
                killed(&host);
                let half = std::fs::read_to_string(host.file()).unwrap();
                assert!(half.contains(KEY) && !half.contains(OTHER), "{half}");
                if touched {
                    std::fs::write(host.file(), format!("{half}# mine\n")).unwrap();
                }
                // The next attempt cannot succeed, either: it must leave what was there before the first.
                host.mode("home", 0o775);
                assert!(host.change(KEY, &[OTHER]).is_err());
                match touched {
                    false => assert_eq!(host.alone(), was),
                    true => assert_eq!(host.alone().unwrap().0, format!("{half}# mine\n")),
                }
                host.mode("home", 0o755);
                assert_eq!(host.change(KEY, &[OTHER]), Ok(()));
                assert!(host.alone().unwrap().0.starts_with(KEY));
            }
        }
    }

    /// Runs the change with a program in its way that the shell calls once the file is replaced, and kills it there.
    fn killed(host: &Host) {
        let (programs, reached) = (host.0.path().join("bin"), host.0.path().join("reached"));
        std::fs::create_dir_all(&programs).unwrap();
        let script = format!("#!/bin/sh\n: >{0}\nkill -9 $PPID\n", reached.display());
        std::fs::write(programs.join("restorecon"), script).unwrap();
        host.mode("bin/restorecon", 0o755);
        let change = Change::new(KEY, [OTHER], "").unwrap().strictly();
        let account = find(&host.etc(), "me").unwrap();
        let path = format!("{}:{PATH}", programs.display());
        let output = run(&account, &change.program(), &path).unwrap();
        assert!(reached.exists() && !output.status.success(), "{output:?}");
        std::fs::remove_file(reached).unwrap();
    }
}
