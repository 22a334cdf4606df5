//! The program of a target.

use super::Target;
use rustix::process::{Pid, Signal, kill_process_group};
use std::io;
use std::pin::pin;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// Most that is read of what it complains, in bytes.
const COMPLAINT: u64 = 2048;
/// How long a complaint may still come after its end: something it started may hold the pipe open.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// Runs it, with nothing of this process's environment but `PATH`. Says why it failed.
pub(super) async fn run(target: &Target, name: &str) -> Result<(), String> {
    let Some((program, arguments)) = target.hook.split_first() else { return Ok(()) };
    let mut command = Command::new(program);
    command
        .args(arguments)
        .env_clear()
        .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
        .env("LANG", "C.UTF-8")
        .env("MUSTER_TARGET", name)
        .env("MUSTER_FOLDER", &target.folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    let mut child = command.spawn().map_err(|error| format!("{program}: {error}"))?;
    let mut complaint = Vec::new();
    let Ok(ended) = timeout(target.patience(), wait(&mut child, &mut complaint)).await else {
        end(&mut child).await;
        return Err(format!("{program} took longer than {} s and was killed", target.hook_secs));
    };
    let status = ended.map_err(|error| format!("{program}: {error}"))?;
    if status.success() {
        return Ok(());
    }
    let complaint = String::from_utf8_lossy(&complaint);
    tracing::warn!(target = name, %status, complaint = complaint.trim(), "the hook of a target failed");
    Err(format!("{program} failed ({status})"))
}

/// Waits for its end and reads what it complains meanwhile.
async fn wait(child: &mut Child, complaint: &mut Vec<u8>) -> io::Result<ExitStatus> {
    let Some(pipe) = child.stderr.take() else { return child.wait().await };
    let mut pipe = pipe.take(COMPLAINT);
    let mut reading = pin!(pipe.read_to_end(complaint));
    let mut whole = false;
    let ended = loop {
        tokio::select! {
            ended = child.wait() => break ended,
            _ = &mut reading, if !whole => whole = true,
        }
    };
    if !whole {
        let _ = timeout(LAST_WORDS, reading).await;
    }
    ended
}

/// Kills it with everything it started.
async fn end(child: &mut Child) {
    let group = child.id().and_then(|id| Pid::from_raw(id.try_into().ok()?));
    if let Some(group) = group {
        let _ = kill_process_group(group, Signal::KILL);
    }
    let _ = child.kill().await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;
    use std::time::Instant;

    fn target(folder: &Path, hook: &[&str]) -> Target {
        let hook = hook.iter().map(|it| (*it).to_owned()).collect();
        Target { folder: folder.to_owned(), hook, hook_secs: 1, account: None }
    }

    #[tokio::test]
    async fn it_gets_its_arguments_as_they_are_and_little_else() {
        let dir = tempfile::tempdir().unwrap();
        let script = "printf '%s|%s|%s|%s' \"$1\" \"$MUSTER_TARGET\" \"$MUSTER_FOLDER\" \"$HOME\" > \"$MUSTER_FOLDER/said\"";
        run(&target(dir.path(), &["sh", "-c", script, "sh", "a b; $(id)"]), "web").await.unwrap();
        let said = std::fs::read_to_string(dir.path().join("said")).unwrap();
        assert_eq!(said, format!("a b; $(id)|web|{}|", dir.path().display()));
    }

    #[tokio::test]
    async fn failure_and_time_out_are_said_and_nothing_goes_on() {
        let dir = tempfile::tempdir().unwrap();
        let failed = run(&target(dir.path(), &["sh", "-c", "exit 3"]), "web").await.unwrap_err();
        assert!(failed.contains("exit status: 3"), "{failed}");
        let absent = run(&target(dir.path(), &["/no/such/program"]), "web").await.unwrap_err();
        assert!(absent.contains("/no/such/program"), "{absent}");
        let started = Instant::now();
        let script = "(sleep 3; touch \"$MUSTER_FOLDER/late\") & sleep 60";
        let late = run(&target(dir.path(), &["sh", "-c", script]), "web").await.unwrap_err();
        assert!(late.contains("killed"), "{late}");
        assert!(started.elapsed() < Duration::from_secs(20));
        tokio::time::sleep(Duration::from_secs(3)).await;
        assert!(!dir.path().join("late").exists(), "what it started was killed too");
        // A daemon that holds the pipe open does not hold the answer back.
        let started = Instant::now();
        run(&target(dir.path(), &["sh", "-c", "sleep 5 & exit 0"]), "web").await.unwrap();
        assert!(started.elapsed() < Duration::from_secs(4));
    }
}
