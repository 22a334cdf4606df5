//! What a locked-in process cannot do. Each test runs itself again as a process of its own, whose only thread goes in.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that fails may say so at once, and it starts itself"
)]

use muster_sandbox::{Share, enter};
use std::io::{Read, Write};
use std::process::{Command, Stdio};

/// Set in the process that is locked in.
const INSIDE: &str = "MUSTER_SANDBOX_INSIDE";
const SHARE: Share = Share { memory: 512 << 20, mapped: 1 << 20, cpu_secs: 20 };

/// Runs the test `name` again and locks that process in. Answers true inside.
fn inside(name: &str) -> bool {
    if std::env::var_os(INSIDE).is_some() {
        let missing = enter(SHARE);
        assert!(missing.is_empty(), "{missing:?}");
        return true;
    }
    // With one thread the harness runs a test on the main one, so that there is no other.
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--test-threads=1", "--nocapture"])
        .env(INSIDE, "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // One that does not read may have ended before.
    drop(child.stdin.take().unwrap().write_all(b"handed in"));
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("1 passed"), "{said}");
    false
}

#[test]
fn what_was_handed_in_can_be_read_and_threads_work() {
    if !inside("what_was_handed_in_can_be_read_and_threads_work") {
        return;
    }
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).unwrap();
    assert_eq!(text, "handed in");
    let sum: u64 = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|n| scope.spawn(move || vec![n; 1 << 20])).collect();
        threads.into_iter().map(|thread| thread.join().unwrap().iter().sum::<u64>()).sum()
    });
    assert_eq!(sum, 6 << 20);
}

#[test]
fn no_file_can_be_opened_made_or_listed() {
    if !inside("no_file_can_be_opened_made_or_listed") {
        return;
    }
    for path in ["/etc/passwd", "/proc/self/environ", "/dev/null", "/"] {
        assert!(std::fs::File::open(path).is_err(), "{path}");
    }
    assert!(std::fs::read_dir("/").is_err());
    assert!(std::fs::write("/tmp/muster-sandbox", "x").is_err());
    assert!(std::fs::create_dir("/tmp/muster-sandbox").is_err());
    assert!(std::fs::metadata("/etc/passwd").is_err());
}

#[test]
fn nothing_can_be_connected_to_or_started() {
    if !inside("nothing_can_be_connected_to_or_started") {
        return;
    }
    assert!(std::net::TcpListener::bind("127.0.0.1:0").is_err());
    assert!(std::net::UdpSocket::bind("127.0.0.1:0").is_err());
    assert!(std::os::unix::net::UnixStream::pair().is_err());
    assert!(Command::new("/bin/true").spawn().is_err());
}

#[test]
fn memory_beyond_the_share_is_not_given() {
    if !inside("memory_beyond_the_share_is_not_given") {
        return;
    }
    let mut hoard: Vec<u8> = Vec::new();
    assert!(hoard.try_reserve_exact(256 << 20).is_ok());
    let mut more: Vec<u8> = Vec::new();
    assert!(more.try_reserve_exact(512 << 20).is_err());
}
