//! Starting the binary and asking it.

use serde_json::Value;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

/// Longest wait for anything: the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(120);

/// A command of the binary under test, without the settings of whoever runs the tests.
#[expect(clippy::disallowed_methods, reason = "the binary under test")]
pub(crate) fn muster(data_dir: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_muster"));
    command.env_clear().env("PATH", "/usr/bin:/bin").arg("--data-dir").arg(data_dir).args(args);
    command
}

/// Runs a command to its end.
pub(crate) fn run(data_dir: &Path, args: &[&str]) -> Output {
    muster(data_dir, args).output().unwrap()
}

/// Runs a command that must succeed and prints JSON.
pub(crate) fn ask(data_dir: &Path, args: &[&str]) -> Value {
    let output = run(data_dir, &[args, &["--output", "json"]].concat());
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{args:?}: {complaint}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Waits until `ready` gives something.
pub(crate) fn wait_for<T>(what: &str, mut ready: impl FnMut() -> Option<T>) -> T {
    let (_keep, clock) = channel::<()>();
    let began = Instant::now();
    loop {
        if let Some(found) = ready() {
            return found;
        }
        assert!(began.elapsed() < PATIENCE, "waited in vain for {what}");
        let _ = clock.recv_timeout(Duration::from_millis(50));
    }
}

/// A running server; killed when dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) endpoint: String,
    /// The server's own, which under a tracer is not the child's.
    pid: u32,
}

impl Server {
    /// `muster up` on a free port.
    pub(crate) fn up(data_dir: &Path, args: &[&str]) -> Self {
        Self::start(data_dir, "up", args)
    }

    /// `muster up`, `server` or `worker` on a free port.
    pub(crate) fn start(data_dir: &Path, part: &str, args: &[&str]) -> Self {
        let args = [&[part, "--listen", "127.0.0.1:0"], args].concat();
        Self::of(data_dir, muster(data_dir, &args))
    }

    /// The server that a command starts, itself or by a tracer.
    pub(crate) fn of(data_dir: &Path, mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let (endpoint, pid) = wait_for("run.json", || {
            if let Some(status) = child.try_wait().unwrap() {
                panic!("the server ended: {status}");
            }
            let run: Value =
                serde_json::from_slice(&std::fs::read(data_dir.join("run.json")).ok()?).ok()?;
            let pid = u32::try_from(run["pid"].as_u64().unwrap()).unwrap();
            // What a killed server left behind names one that is gone.
            let alive = Path::new("/proc").join(pid.to_string()).exists();
            alive.then(|| (run["endpoint"].as_str().unwrap().to_owned(), pid))
        });
        Self { child, endpoint, pid }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    /// Sends a signal by name and waits for the end; the exit code, if it exited.
    pub(crate) fn end(self, name: &str) -> Option<i32> {
        self.ended_by(name).code()
    }

    /// Sends a signal by name and waits for the end.
    pub(crate) fn ended_by(mut self, name: &str) -> ExitStatus {
        signal(name, self.pid);
        self.child.wait().unwrap()
    }
}

/// Sends a signal by name.
#[expect(clippy::disallowed_methods, reason = "kill(1) spares the test an unsafe call")]
pub(crate) fn signal(name: &str, pid: u32) {
    let pid = pid.to_string();
    assert!(Command::new("kill").args(["-s", name, &pid]).status().unwrap().success());
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
