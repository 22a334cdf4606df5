//! Real programs for the tests to find.

use muster_inventory::{Inventory, Options, Swept};
use muster_model::{Fact, Kind};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};

/// A running program; ends with the test.
pub(crate) struct Running(Child);

impl Running {
    /// Starts a program and waits for the line by which it says that it is ready.
    pub(crate) fn start(command: &mut Command, ready: &str) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let running = Self(child);
        assert!(
            lines.by_ref().map_while(Result::ok).any(|line| line.contains(ready)),
            "{command:?} ended without saying {ready:?}"
        );
        // Whatever it says later must not block it.
        std::thread::spawn(move || lines.for_each(drop));
        running
    }

    pub(crate) fn pid(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[expect(clippy::disallowed_methods, reason = "tests start what they look for")]
pub(crate) fn command(program: &str) -> Command {
    Command::new(program)
}

/// Runs a program to its end.
pub(crate) fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(
        output.status.success(),
        "{command:?}: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

/// A directory that outlives the run, filled once: what is fetched from package mirrors goes here.
pub(crate) fn kept(name: &str, fill: impl FnOnce(&Path)) -> PathBuf {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    if !dir.join(".complete").exists() {
        let _ = std::fs::remove_dir_all(&dir);
        std::fs::create_dir_all(&dir).unwrap();
        fill(&dir);
        std::fs::write(dir.join(".complete"), "").unwrap();
    }
    dir.canonicalize().unwrap()
}

/// Can a test run that needs `path`? Where tests must be complete, a missing one is a failure.
pub(crate) fn is_there(path: &str) -> bool {
    first_there(&[path]).is_some()
}

/// The first of several places a program may be in; see [`is_there`].
#[expect(clippy::disallowed_methods, reason = "the one place that asks where the tests run")]
pub(crate) fn first_there<'a>(paths: &[&'a str]) -> Option<&'a str> {
    let there = paths.iter().find(|path| Path::new(path).exists()).copied();
    assert!(there.is_some() || std::env::var("CI").is_err(), "{paths:?} are missing");
    there
}

/// This machine, swept once.
pub(crate) fn sweep(kind: Kind) -> Swept {
    Inventory::new(Options::default()).unwrap().sweep(&[kind]).remove(0)
}

/// The rows that belong to a process.
pub(crate) fn rows_of<'a>(swept: &'a Swept, running: &Running) -> Vec<&'a Fact> {
    let mine = swept.rows.iter().filter(|row| row.volatile.pid == Some(running.pid()));
    mine.map(|row| &row.fact).collect()
}
