//! Changing an account's `authorized_keys` for the server, where this host's operator allows it.
//!
//! The change is run by the system's shell as the account itself, so that no link in its home leads beyond what the account
//! may do anyway. The program is ours; of the server are the account's name and the keys, which are checked.

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

/// Changes the file of an account in `accounts`, or says why not.
pub(crate) fn carry_out(accounts: &Path, wanted: &Wanted<'_>) -> Result<(), String> {
    let remove = wanted.remove.iter().map(String::as_str);
    let change = Change::new(wanted.add, remove, "").ok_or("the server sent what is no key")?;
    let account = find(accounts, wanted.account)?;
    let output = run(&account, &change.program())?;
    verdict(&output)
}

fn find(accounts: &Path, name: &str) -> Result<Account, String> {
    let failed = |error: std::io::Error| format!("{}: {error}", accounts.display());
    let length = std::fs::metadata(accounts).map_err(failed)?.len();
    if length > MAX_PASSWD {
        return Err(format!("{} is too long", accounts.display()));
    }
    let text = std::fs::read(accounts).map_err(failed)?;
    let found = passwd::accounts(&String::from_utf8_lossy(&text));
    let found = found.into_iter().find(|account| account.name == name);
    found.ok_or_else(|| format!("the host has no account {}", plain(name)))
}

#[expect(clippy::disallowed_methods, reason = "the system's shell, with a program of our own")]
fn run(account: &Account, program: &str) -> Result<Output, String> {
    let mut child = Command::new("/bin/sh")
        .arg("-s")
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
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
    use std::os::unix::fs::MetadataExt;

    const KEY: &str =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILM+rvN+ot98qgEN796jTiQfZfG1KaT0PtFDJ/XFSqti one";

    #[test]
    fn an_account_is_changed_as_itself_and_back() {
        let dir = tempfile::tempdir().unwrap();
        let (home, accounts) = (dir.path().join("home"), dir.path().join("passwd"));
        std::fs::create_dir(&home).unwrap();
        let own = std::fs::metadata(&home).unwrap();
        let line = format!("me:x:{}:{}::{}:/bin/sh\n", own.uid(), own.gid(), home.display());
        std::fs::write(&accounts, line).unwrap();
        let file = home.join(".ssh/authorized_keys");
        let change = |account, add, remove: &[String]| {
            carry_out(&accounts, &Wanted { account, add, remove })
        };
        assert_eq!(change("me", KEY, &[]), Ok(()));
        assert_eq!(std::fs::read_to_string(&file).unwrap(), format!("{KEY}\n"));
        assert_eq!(change("me", "", &[KEY.to_owned()]), Ok(()));
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "");
        assert!(change("you", KEY, &[]).unwrap_err().contains("no account you"));
        assert!(change("me", "x'; touch /x; '", &[]).unwrap_err().contains("no key"));
        std::fs::remove_file(&file).unwrap();
        std::os::unix::fs::symlink("/etc/hostname", &file).unwrap();
        assert!(change("me", KEY, &[]).unwrap_err().contains("symbolic link"));
    }
}
