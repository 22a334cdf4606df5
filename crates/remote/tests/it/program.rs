//! The change itself, run by the shell of this machine in a home of its own.

use muster_remote::Edit;
use muster_vault::ssh::{Algorithm, PublicKey, generate};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self) -> PathBuf {
        self.0.path().join(".ssh/authorized_keys")
    }

    fn write(&self, text: &str, mode: u32) {
        fs::create_dir_all(self.0.path().join(".ssh")).unwrap();
        fs::write(self.file(), text).unwrap();
        fs::set_permissions(self.file(), fs::Permissions::from_mode(mode)).unwrap();
    }

    fn read(&self) -> String {
        fs::read_to_string(self.file()).unwrap()
    }

    /// Runs a text as the host would: by a shell that reads it from its standard input.
    fn run(&self, shell: &[&str], text: &str) -> Output {
        #[expect(clippy::disallowed_methods, reason = "the real shell says what it does")]
        let mut child = Command::new(shell[0])
            .args(&shell[1..])
            .arg("-s")
            .env("HOME", self.0.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), text.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    }

    fn change(&self, edit: &Edit) -> String {
        let output = self.run(&["sh"], &edit.program().unwrap());
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

fn key(comment: &str) -> PublicKey {
    generate(Algorithm::Ed25519, comment).unwrap().public
}

fn add(key: &PublicKey) -> Edit {
    Edit { add: Some(key.clone()), ..Edit::default() }
}

fn remove(key: &PublicKey) -> Edit {
    Edit { remove: vec![key.clone()], ..Edit::default() }
}

#[test]
fn a_file_that_is_not_there_is_made_for_its_owner_alone() {
    for shell in [&["sh"][..], &["bash"], &["busybox", "sh"]] {
        let home = Home::new();
        if shell[0] == "busybox" && !PathBuf::from("/bin/busybox").exists() {
            continue;
        }
        let key = key("web 1");
        let output = home.run(shell, &add(&key).program().unwrap());
        assert_eq!(output.stdout, b"muster: changed\n", "{shell:?}");
        assert_eq!(home.read(), format!("{}\n", key.line()));
        let mode = |path: PathBuf| fs::metadata(path).unwrap().mode() & 0o777;
        assert_eq!((mode(home.file()), mode(home.0.path().join(".ssh"))), (0o600, 0o700));
        assert_eq!(fs::read_dir(home.0.path().join(".ssh")).unwrap().count(), 1, "nothing is left");
    }
}

#[test]
fn all_other_lines_and_the_mode_stay() {
    let home = Home::new();
    let (ours, theirs, old) = (key("ours"), key("theirs"), key("old"));
    let options = format!("from=\"10.0.0.0/8\",command=\"echo 'a b'\" {}", theirs.line());
    let comment = format!("# kept: {}", old.line());
    let text = format!("{comment}\n\n{options}\r\n{}\n\t no key at all \\n $HOME", old.line());
    home.write(&text, 0o640);
    assert_eq!(home.change(&add(&ours)), "muster: changed\n");
    let kept = format!("{comment}\n\n{options}\r\n{}\n\t no key at all \\n $HOME\n", old.line());
    assert_eq!(home.read(), format!("{kept}{}\n", ours.line()));
    assert_eq!(fs::metadata(home.file()).unwrap().mode() & 0o777, 0o640);
    assert_eq!(home.change(&add(&ours)), "muster: unchanged\n");
    // A line that has the key already stays, with its options.
    assert_eq!(home.change(&add(&theirs)), "muster: unchanged\n");

    assert_eq!(home.change(&remove(&old)), "muster: changed\n");
    assert!(home.read().starts_with(&comment), "a comment is no key");
    assert_eq!(home.read().matches(&old.base64()).count(), 1);
    assert_eq!(home.change(&remove(&theirs)), "muster: changed\n");
    assert!(!home.read().contains("10.0.0.0/8"), "options do not hide a key");
    assert_eq!(home.change(&remove(&theirs)), "muster: unchanged\n");
    let both = Edit { add: Some(theirs.clone()), remove: vec![ours.clone()], ..Edit::default() };
    assert_eq!(home.change(&both), "muster: changed\n");
    assert!(home.read().contains(&theirs.base64()) && !home.read().contains(&ours.base64()));
}

#[test]
fn what_stood_there_before_is_not_taken_back() {
    let home = Home::new();
    let key = key("k");
    let back = Edit { marked: "muster:2".to_owned(), ..remove(&key) };
    let marked = |mark: &str| Edit { add: Some(key.clone().with_comment(mark)), ..Edit::default() };
    assert_eq!(home.change(&marked("web muster:1")), "muster: changed\n");
    assert_eq!(home.change(&marked("web muster:2")), "muster: unchanged\n");
    assert_eq!(home.change(&back), "muster: unchanged\n");
    home.write("", 0o600);
    assert_eq!(home.change(&marked("web muster:2")), "muster: changed\n");
    assert_eq!(home.change(&back), "muster: changed\n");
    assert_eq!(home.read(), "");
}

#[test]
fn a_program_that_breaks_off_does_nothing() {
    let home = Home::new();
    let old = key("old");
    home.write(&format!("{}\n", old.line()), 0o600);
    let before = home.read();
    let edit = Edit { add: Some(key("new")), remove: vec![old], ..Edit::default() };
    let program = edit.program().unwrap();
    let called = program.rfind("muster_change").unwrap();
    for cut in (0..called).step_by(97).chain([called]) {
        home.run(&["sh"], &program[..cut]);
        assert_eq!(home.read(), before, "cut at {cut}");
    }
}

#[test]
fn what_is_no_plain_file_is_not_touched() {
    let home = Home::new();
    let elsewhere = home.0.path().join("elsewhere");
    fs::write(&elsewhere, "theirs\n").unwrap();
    fs::create_dir(home.0.path().join(".ssh")).unwrap();
    symlink(&elsewhere, home.file()).unwrap();
    let output = home.run(&["sh"], &add(&key("k")).program().unwrap());
    assert_eq!(output.status.code(), Some(70));
    assert!(String::from_utf8_lossy(&output.stderr).contains("symbolic link"));
    assert_eq!(fs::read_to_string(elsewhere).unwrap(), "theirs\n");

    let home = Home::new();
    fs::create_dir_all(home.file()).unwrap();
    let output = home.run(&["sh"], &add(&key("k")).program().unwrap());
    assert!(String::from_utf8_lossy(&output.stderr).contains("is no file"));
}
