//! The agent as one static file, in a root that holds nothing else.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

#[expect(clippy::disallowed_methods, reason = "the tools that build and confine the file")]
fn command(program: &str) -> Command {
    Command::new(program)
}

/// Links the agent once more, statically: only its own crate is compiled with the flag.
fn static_file() -> PathBuf {
    let built = command(env!("CARGO"))
        .args(["rustc", "--quiet", "--offline", "--locked", "-p", "muster-agent"])
        .args(["--bin", "muster-agent", "--message-format", "json"])
        .args(["--", "-C", "target-feature=+crt-static"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let messages = String::from_utf8(built.stdout).unwrap();
    let executable = |line: &str| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        message["executable"].as_str().map(PathBuf::from)
    };
    messages.lines().find_map(executable).unwrap()
}

fn confined(root: &Path, args: &[&str]) -> Output {
    // As root, or in a user namespace that makes us root of nothing.
    let own = rustix::process::geteuid().is_root();
    let mut run = if own { command("chroot") } else { command("unshare") };
    if !own {
        run.args(["--map-root-user", "chroot"]);
    }
    run.arg(root).arg("/muster-agent").args(args).output().unwrap()
}

#[test]
fn it_runs_where_there_is_nothing_else() {
    let root = tempfile::tempdir().unwrap();
    std::fs::copy(static_file(), root.path().join("muster-agent")).unwrap();
    let version = confined(root.path(), &["version"]);
    let text = String::from_utf8_lossy(&version.stdout).into_owned();
    assert!(version.status.success() && text.starts_with("muster-agent "), "{text}");

    std::fs::create_dir(root.path().join("proc")).unwrap();
    let once = confined(root.path(), &["once", "--kinds", "users,app"]);
    assert!(once.status.success(), "{}", String::from_utf8_lossy(&once.stderr));
    let sweep: serde_json::Value = serde_json::from_slice(&once.stdout).unwrap();
    assert_eq!(sweep["kinds"].as_array().unwrap().len(), 2);
    assert_eq!(sweep["kinds"][0]["rows"], serde_json::json!([]));

    let lost = confined(root.path(), &["run"]);
    assert!(!lost.status.success());
    assert!(String::from_utf8_lossy(&lost.stderr).contains("not enrolled yet"));
}
