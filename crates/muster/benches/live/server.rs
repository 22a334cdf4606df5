//! The real server and the real agent, each a process of its own.

use serde_json::Value;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Clock ticks a second in what the kernel tells of processes.
const USER_HZ: f64 = 100.0;

/// The server; it ends when it is dropped.
pub(crate) struct Server {
    child: Child,
    folder: tempfile::TempDir,
    address: String,
    project: String,
    token: String,
}

/// The agent; it ends when it is dropped.
pub(crate) struct Agent(Child);

impl Server {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = muster(folder.path());
        command.args(["up", "--no-local-agent", "--listen", "127.0.0.1:0"]);
        let child = command.spawn().unwrap();
        let run = folder.path().join("data/run.json");
        let began = Instant::now();
        while !run.exists() {
            assert!(began.elapsed() < Duration::from_secs(60), "no server");
            sleep(Duration::from_millis(50));
        }
        let read = |path: &Path| -> Value {
            serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
        };
        let endpoint = read(&run)["endpoint"].as_str().unwrap().to_owned();
        let known = read(&folder.path().join("data/credentials.json"));
        let project = known["project_id"].as_str().unwrap().to_owned();
        let address = endpoint.strip_prefix("http://").unwrap().to_owned();
        let mut server = Self { child, folder, address, project, token: String::new() };
        let user = serde_json::json!({"name": known["user_name"], "password": known["password"],
            "domain": {"name": known["domain_name"]}});
        let body = serde_json::json!({"auth": {
            "identity": {"methods": ["password"], "password": {"user": user}},
            "scope": {"project": {"id": server.project}}}});
        let (head, _) = server.send("POST", "/v3/auth/tokens", &body.to_string());
        let line = head.lines().find_map(|line| line.strip_prefix("X-Subject-Token: "));
        line.unwrap().trim().clone_into(&mut server.token);
        server
    }

    pub(crate) fn dir(&self) -> &Path {
        self.folder.path()
    }

    /// The agent of this machine, enrolled by the first that is started.
    pub(crate) fn agent(&self) -> Agent {
        let state = self.dir().join("agent");
        let beside = PathBuf::from(env!("CARGO_BIN_EXE_muster")).with_file_name("muster-agent");
        let lean = beside.exists();
        let agent = || {
            if !lean {
                let mut command = muster(self.dir());
                command.arg("agent");
                return command;
            }
            let mut command = quiet(&beside);
            command.arg("--state-dir").arg(&state);
            command
        };
        let state_args = if lean { vec![] } else { vec!["--state-dir", state.to_str().unwrap()] };
        if !state.exists() {
            let made = muster(self.dir())
                .args(["admin", "enrol-token"])
                .stdout(Stdio::piped())
                .output()
                .unwrap();
            let made = String::from_utf8(made.stdout).unwrap();
            let token = made.split_whitespace().find(|word| word.starts_with("muster1.")).unwrap();
            let endpoint = format!("http://{}", self.address);
            let mut enrol = agent();
            enrol.args(["enrol", "--server", &endpoint, "--token", token]).args(&state_args);
            assert!(enrol.status().unwrap().success());
        }
        Agent(agent().arg("run").args(&state_args).spawn().unwrap())
    }

    fn send(&self, method: &str, target: &str, body: &str) -> (String, Vec<u8>) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let (host, token, length) = (&self.address, &self.token, body.len());
        let request = format!(
            "{method} {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\
             Content-Length: {length}\r\nX-Auth-Token: {token}\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let end = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
        (String::from_utf8_lossy(&answer[..end]).into_owned(), answer.split_off(end + 4))
    }

    fn get(&self, target: &str) -> Value {
        let (head, body) = self.send("GET", target, "");
        assert!(head.starts_with("HTTP/1.1 200"), "{target}: {head}");
        serde_json::from_slice(&body).unwrap()
    }

    fn assets(&self, kind: &str, name: &str) -> Vec<Value> {
        let project = &self.project;
        let answer = self.get(&format!(
            "/muster/v1/{project}/assets/{kind}?category=host&limit=1000&name={name}"
        ));
        answer["assets"].as_array().unwrap().clone()
    }

    /// How many rows of this name there are.
    pub(crate) fn rows(&self, kind: &str, name: &str) -> usize {
        self.assets(kind, name).len()
    }

    pub(crate) fn has_port(&self, port: u16) -> bool {
        self.assets("port", "").iter().any(|row| row["asset"]["port"] == port)
    }

    /// How many containers run.
    pub(crate) fn containers(&self) -> usize {
        let answer = self.get(&format!("/v5/{}/container/kubernetes?limit=200", self.project));
        answer["data_list"].as_array().unwrap().len()
    }

    /// What troubles the agent.
    pub(crate) fn troubles(&self) -> String {
        let hosts = self.get(&format!("/muster/v1/{}/hosts?limit=10", self.project));
        let id = hosts["hosts"][0]["id"].as_str().unwrap().to_owned();
        self.get(&format!("/muster/v1/{}/hosts/{id}", self.project))["diagnostics"].to_string()
    }

    pub(crate) fn wait_for(&self, what: &str, ready: impl Fn(&Self) -> bool) {
        let began = Instant::now();
        while !ready(self) {
            assert!(began.elapsed() < Duration::from_secs(300), "waited in vain for {what}");
            sleep(Duration::from_millis(200));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Agent {
    pub(crate) fn cpu(&self) -> Duration {
        cpu_of(self.0.id())
    }

    /// What it holds now, MB of a million bytes.
    pub(crate) fn memory(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() * 1024.0 / 1e6
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn muster(folder: &Path) -> Command {
    let mut command = quiet(Path::new(env!("CARGO_BIN_EXE_muster")));
    command.arg("--data-dir").arg(folder.join("data"));
    command
}

fn quiet(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("PATH", "/usr/bin:/bin");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Fields of `/proc/PID/stat` (proc_pid_stat(5)), counted as the manual does.
fn ticks(pid: &str, fields: &[usize]) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let rest: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    let sum: f64 = fields.iter().map(|field| rest[field - 3].parse::<f64>().unwrap()).sum();
    Duration::from_secs_f64(sum / USER_HZ)
}

/// CPU time of a process.
fn cpu_of(pid: u32) -> Duration {
    ticks(&pid.to_string(), &[14, 15])
}

/// CPU time of this process and of the children it has waited for.
pub(crate) fn cpu_with_children() -> Duration {
    ticks("self", &[14, 15, 16, 17])
}
