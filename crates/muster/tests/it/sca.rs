//! Artifacts taken apart by the real binary: in a process of its own behind its walls, also when the server dies
//! meanwhile.

use crate::process::{Server, wait_for};
use crate::raw::{self, Answer};
use muster_vault::sca_signature::{Algorithm, canonical, sign};
use serde_json::{Value, json};
use std::io::{Cursor, Write};
use std::path::Path;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

struct Caller {
    endpoint: String,
    key: (String, String),
}

impl Caller {
    fn of(data_dir: &Path) -> Self {
        let text = std::fs::read(data_dir.join("credentials.json")).unwrap();
        let file: Value = serde_json::from_slice(&text).unwrap();
        let text = |name: &str| file[name].as_str().unwrap().to_owned();
        let key = (text("sca_access_key_id"), text("sca_access_key_secret"));
        Self { endpoint: text("endpoint"), key }
    }

    #[expect(clippy::disallowed_methods, reason = "the real server has the real time")]
    fn answer(&self, path: &str, mut parameters: Value) -> Value {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
        parameters["timestamp"] = json!(u64::try_from(now).unwrap());
        let body = canonical(parameters.to_string().as_bytes()).unwrap();
        let signature = sign(Algorithm::HmacMd5, self.key.1.as_bytes(), &body).unwrap();
        let headers = [
            ("content-type", "application/json"),
            ("accessKeyId", self.key.0.as_str()),
            ("signature", signature.as_str()),
        ];
        let target = format!("/gateway/sca/external/{path}");
        raw::send(&self.endpoint, "POST", &target, &headers, &body).json()
    }

    fn ask(&self, path: &str, parameters: Value) -> Value {
        let answer = self.answer(path, parameters);
        assert_eq!(answer["code"], 0, "{path}: {answer}");
        answer["data"].clone()
    }

    /// Uploads an artifact; its id.
    fn upload(&self, name: &str, bytes: &[u8]) -> String {
        let data = self.ask("upload/url", json!({"fileName": name}));
        let url = data["temporarySignature"]["signedUrl"].as_str().unwrap();
        let target = url.strip_prefix(self.endpoint.as_str()).unwrap();
        let headers = [("content-type", "application/octet-stream")];
        let Answer { status, .. } = raw::send(&self.endpoint, "PUT", target, &headers, bytes);
        assert_eq!(status, 200);
        data["fileId"].as_str().unwrap().to_owned()
    }

    fn order(&self, task: &str, name: &str, bytes: &[u8]) {
        let file = self.upload(name, bytes);
        self.ask("createTask", json!({"taskId": task, "taskName": task, "fileId": file}));
    }

    fn ended(&self, task: &str) -> Value {
        wait_for("the end of a task", || {
            let status = self.ask("task/status", json!({"taskId": task}));
            (status["status"] == 2 || status["status"] == 3).then_some(status)
        })
    }
}

/// A server in a user namespace that lets nobody have a network namespace. None where the system has none to give.
#[expect(clippy::disallowed_methods, reason = "what takes the wall away")]
fn without_a_wall(data_dir: &Path, isolation: &str) -> Option<Server> {
    if !Command::new("unshare").args(["-Ur", "true"]).status().is_ok_and(|it| it.success()) {
        return None;
    }
    let script = "echo 0 > /proc/sys/user/max_net_namespaces; exec \"$0\" \"$@\"";
    let mut command = Command::new("unshare");
    command
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("MUSTER__SCA__ISOLATION", isolation)
        .args(["-Ur", "sh", "-c", script, env!("CARGO_BIN_EXE_muster"), "--data-dir"])
        .arg(data_dir)
        .args(["up", "--listen", "127.0.0.1:0", "--no-local-agent"]);
    Some(Server::of(data_dir, command))
}

/// So many copies of a lock file: each has to be read, all of them name the same packages.
fn zip(copies: usize, lock: &[u8]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for copy in 0..copies {
        let name = format!("{copy}/package-lock.json");
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(lock).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// A lock file of so many packages.
fn lock(packages: usize) -> Vec<u8> {
    let all: serde_json::Map<_, _> = (0..packages)
        .map(|n| (format!("node_modules/p{n}"), json!({"version": "1.0.0", "license": "MIT"})))
        .collect();
    json!({"name": "x", "lockfileVersion": 3, "packages": all}).to_string().into_bytes()
}

/// The processes that take artifacts apart for this server.
fn engines(server: u32) -> Vec<u32> {
    let processes = std::fs::read_dir("/proc").unwrap();
    let numbers = processes.filter_map(|it| it.ok()?.file_name().to_str()?.parse::<u32>().ok());
    let ours = |pid: &u32| {
        let place = Path::new("/proc").join(pid.to_string());
        let status = std::fs::read_to_string(place.join("status")).unwrap_or_default();
        status.lines().any(|line| line == format!("PPid:\t{server}"))
    };
    numbers.filter(ours).collect()
}

#[test]
fn an_artifact_is_taken_apart_behind_walls_also_when_the_server_is_killed_meanwhile() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::up(dir.path(), &["--no-local-agent"]);
    let caller = Caller::of(dir.path());
    caller.order("small", "a.zip", &zip(1, &lock(3)));
    assert_eq!(caller.ended("small")["status"], 2);
    let found = caller.ask("task/statistics", json!({"taskId": "small"}));
    assert_eq!(found, json!({"componentNum": 3, "vulNum": 0, "licenseNum": 1}));

    caller.order("large", "a.zip", &zip(10, &lock(8_000)));
    // Some seconds of work: time enough to see it, and to kill its server.
    let engine = wait_for("the engine", || engines(server.pid()).first().copied());
    // No system call but the few it needs, no privileges to be gained.
    let walls = wait_for("its walls", || {
        let status = std::fs::read_to_string(format!("/proc/{engine}/status")).unwrap_or_default();
        (status.contains("Seccomp:\t2") || status.is_empty()).then_some(status)
    });
    assert!(walls.is_empty() || walls.contains("NoNewPrivs:\t1"), "{walls}");
    assert_eq!(server.end("KILL"), None);

    let server = Server::up(dir.path(), &["--no-local-agent"]);
    let caller = Caller::of(dir.path());
    let ended = caller.ended("large");
    assert_eq!((&ended["status"], &ended["process"]), (&json!(2), &json!("100%")));
    let found = caller.ask("task/statistics", json!({"taskId": "large"}));
    assert_eq!(found["componentNum"], 8_000);
    assert_eq!(server.end("TERM"), Some(0));
}

#[test]
fn where_a_wall_cannot_be_had_only_the_operator_lets_artifacts_in() {
    let dir = tempfile::tempdir().unwrap();
    let Some(server) = without_a_wall(dir.path(), "required") else { return };
    let caller = Caller::of(dir.path());
    caller.order("refused", "a.zip", &zip(1, &lock(3)));
    assert_eq!(caller.ended("refused")["status"], 3);
    let answer = caller.answer("task/statistics", json!({"taskId": "refused"}));
    let message = answer["msg"].as_str().unwrap();
    for word in ["network namespace", "isolation = \"preferred\""] {
        assert!(message.contains(word), "{message}");
    }
    server.end("TERM");
    let server = without_a_wall(dir.path(), "preferred").unwrap();
    let caller = Caller::of(dir.path());
    caller.order("allowed", "a.zip", &zip(1, &lock(3)));
    assert_eq!(caller.ended("allowed")["status"], 2);
    server.end("TERM");
}
