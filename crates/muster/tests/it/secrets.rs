//! What must hold of secrets whatever happens: none is written in the clear, a kill loses none.
#![expect(clippy::disallowed_methods, reason = "the binary and openssl are run")]

use crate::process::{Server, ask, muster, run, wait_for};
use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Command;

fn said(data_dir: &Path, args: &[&str]) -> String {
    let output = run(data_dir, args);
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{args:?}: {complaint}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn openssl(dir: &Path, line: &str) {
    let output = Command::new("openssl").args(line.split(' ')).current_dir(dir).output().unwrap();
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Every file below a folder.
fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}

/// What would betray a key wherever it stands: lines of its PEM, pieces of its DER, raw and as hexadecimal digits.
pub(crate) fn traces(pem: &str) -> Vec<Vec<u8>> {
    let lines: Vec<_> =
        pem.lines().filter(|line| !line.starts_with("-----") && line.len() == 64).collect();
    let mut traces: Vec<Vec<u8>> = lines.iter().map(|line| line.as_bytes().to_vec()).collect();
    let blocks = muster_vault::pem::blocks(pem).unwrap();
    // The head of a DER key says what kind it is: the same in every key.
    for piece in blocks[0].der[32..].chunks_exact(24).take(40) {
        traces.push(piece.to_vec());
        traces.push(piece.iter().flat_map(|byte| format!("{byte:02x}").into_bytes()).collect());
    }
    assert!(traces.len() > 20);
    traces
}

#[test]
fn no_key_is_written_in_the_clear() {
    let (dir, keys) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (data, made) = (dir.path().join("data"), keys.path());
    std::fs::create_dir(&data).unwrap();
    let log = dir.path().join("log");
    let mut server = muster(&data, &["up", "--no-local-agent", "--listen", "127.0.0.1:0"])
        .env("MUSTER__LOG__FILTER", "trace")
        .stdout(File::create(dir.path().join("out")).unwrap())
        .stderr(File::create(&log).unwrap())
        .spawn()
        .unwrap();
    wait_for("run.json", || data.join("run.json").exists().then_some(()));
    openssl(
        made,
        "req -new -x509 -newkey rsa:2048 -nodes -keyout it.key -out it.crt -days 30 -subj /CN=a.example",
    );
    openssl(
        made,
        "req -new -x509 -newkey rsa:2048 -nodes -keyout other.key -out other.crt -days 30 -subj /CN=a.example",
    );
    openssl(made, "genrsa -traditional -out pair.key 2048");
    openssl(made, "rsa -in pair.key -aes128 -passout pass:pass-word-1 -out pair.enc");
    let path = |name: &str| made.join(name).to_str().unwrap().to_owned();
    let id = said(
        &data,
        &[
            "cert",
            "import",
            "--name",
            "canary",
            "--certificate",
            &path("it.crt"),
            "--key",
            &path("it.key"),
        ],
    );
    said(
        &data,
        &[
            "cert",
            "export",
            &id,
            "--format",
            "pkcs12",
            "--password",
            "pass-word-1",
            "--file",
            &path("it.p12"),
        ],
    );
    // Keys in the wrong place must not reach messages either.
    for (certificate, key) in
        [("it.crt", "other.key"), ("other.key", "it.key"), ("it.key", "it.crt")]
    {
        let refused = run(
            &data,
            &[
                "cert",
                "import",
                "--name",
                "canary",
                "--certificate",
                &path(certificate),
                "--key",
                &path(key),
            ],
        );
        assert_eq!(refused.status.code(), Some(3));
        std::fs::write(dir.path().join(format!("complaint-{certificate}-{key}")), refused.stderr)
            .unwrap();
    }
    let issued = said(&data, &["cert", "issue", "b.example", "--algorithm", "RSA_2048"]);
    said(&data, &["cert", "export", &issued, "--format", "pem", "--file", &path("issued.zip")]);
    // Key pairs: one made and kept, one imported, one handed out when it is made.
    said(&data, &["key", "create", "kept", "--keep"]);
    said(&data, &["key", "export", "kept", "--file", &path("kept.pem")]);
    said(&data, &["key", "import", "imported", "--private-key", &path("pair.key")]);
    said(&data, &["key", "create", "given", "--file", &path("given.pem")]);
    for wrong in ["it.crt", "pair.enc"] {
        let refused = run(&data, &["key", "import", "wrong", "--private-key", &path(wrong)]);
        assert_eq!(refused.status.code(), Some(3), "{wrong}");
        std::fs::write(dir.path().join(format!("complaint-{wrong}")), refused.stderr).unwrap();
    }
    said(&data, &["vault", "rotate"]);
    said(&data, &["vault", "rewrap"]);
    said(&data, &["export", "app", "--file", dir.path().join("apps.zip").to_str().unwrap()]);
    said(&data, &["audit", "export", "--file", dir.path().join("audit.jsonl").to_str().unwrap()]);
    said(&data, &["backup", dir.path().join("backup.age").to_str().unwrap()]);
    let mut zip = zip::ZipArchive::new(File::open(path("issued.zip")).unwrap()).unwrap();
    let mut entry = zip.by_name("server.key").unwrap();
    let mut issued_key = String::new();
    std::io::Read::read_to_string(&mut entry, &mut issued_key).unwrap();
    server.kill().unwrap();
    server.wait().unwrap();

    let planted = ["it.key", "other.key", "kept.pem", "pair.key", "given.pem"];
    let planted = planted.map(|name| std::fs::read_to_string(path(name)).unwrap());
    let mut traces: Vec<_> =
        planted.iter().chain([&issued_key]).flat_map(|pem| traces(pem)).collect();
    // What lets in: passwords and secret access keys, in the one file that is meant to have them.
    let known = std::fs::read(data.join("credentials.json")).unwrap();
    let known: serde_json::Value = serde_json::from_slice(&known).unwrap();
    for name in ["password", "secret_key", "sca_access_key_secret"] {
        traces.push(known[name].as_str().unwrap().as_bytes().to_vec());
    }
    std::fs::remove_file(data.join("credentials.json")).unwrap();
    traces.push(b"pass-word-1".to_vec());
    let written = files(dir.path());
    assert!(
        written.iter().any(|path| path.ends_with("muster.db"))
            && std::fs::metadata(&log).unwrap().len() > 1000
    );
    for path in &written {
        let bytes = std::fs::read(path).unwrap();
        for trace in &traces {
            let found = bytes.windows(trace.len()).any(|window| window == trace.as_slice());
            assert!(!found, "{} holds a piece of a key", path.display());
        }
    }
}

/// A process that ends by a signal dumps no core, and its memory is closed to others of its user.
#[test]
fn no_core_is_dumped() {
    let dir = tempfile::tempdir().unwrap();
    let (data, binary) = (dir.path().join("data"), dir.path().join("muster"));
    std::fs::create_dir(&data).unwrap();
    std::fs::copy(env!("CARGO_BIN_EXE_muster"), &binary).unwrap();
    // The kernel gives the files of a process that may not be dumped to root: only a process of somebody else shows it.
    let root = std::fs::metadata("/proc/self").unwrap().uid() == 0;
    if root {
        for path in [dir.path(), &data] {
            std::os::unix::fs::chown(path, Some(65_534), Some(65_534)).unwrap();
        }
    }
    let mut command = Command::new(if root { Path::new("setpriv") } else { &binary });
    if root {
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(&binary);
    }
    command.env_clear().env("PATH", "/usr/bin:/bin").arg("--data-dir").arg(&data);
    command.args(["up", "--no-local-agent", "--listen", "127.0.0.1:0"]);
    let server = Server::of(&data, command);
    let process = PathBuf::from(format!("/proc/{}", server.pid()));
    assert_eq!(std::fs::metadata(process.join("environ")).unwrap().uid(), 0);
    let limits = std::fs::read_to_string(process.join("limits")).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    let numbers: Vec<_> = core.split_whitespace().skip(4).collect();
    assert_eq!(numbers, ["0", "0", "bytes"], "neither now nor by raising it");
    let ended = server.ended_by("ABRT");
    assert_eq!((ended.signal(), ended.core_dumped()), (Some(6), false));
    assert!(files(dir.path()).iter().all(|path| !path.to_string_lossy().contains("core")));
}

#[test]
fn a_rotation_that_is_killed_loses_nothing() {
    let (dir, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let data = dir.path();
    let mut server = Server::up(data, &["--no-local-agent"]);
    let ids: Vec<_> =
        (0..12).map(|n| said(data, &["cert", "issue", &format!("n{n}.example")])).collect();
    let exported = |name: &str| -> Vec<Vec<u8>> {
        let export = |id: &String| {
            let file = out.path().join(format!("{name}-{id}"));
            said(
                data,
                &["cert", "export", id, "--format", "pem", "--file", file.to_str().unwrap()],
            );
            let mut zip = zip::ZipArchive::new(File::open(&file).unwrap()).unwrap();
            let mut key = Vec::new();
            std::io::Read::read_to_end(&mut zip.by_name("server.key").unwrap(), &mut key).unwrap();
            key
        };
        ids.iter().map(export).collect()
    };
    let before = exported("before");
    for pause in [0, 3, 8, 15] {
        let mut rotation =
            muster(data, &["vault", "rotate"]).stderr(std::process::Stdio::null()).spawn().unwrap();
        let (_keep, clock) = std::sync::mpsc::channel::<()>();
        let _ = clock.recv_timeout(std::time::Duration::from_millis(pause * 10));
        server.end("KILL");
        rotation.wait().unwrap();
        server = Server::up(data, &["--no-local-agent"]);
    }
    assert!(exported("after") == before, "a key changed or was lost");
    said(data, &["vault", "rewrap"]);
    let status = ask(data, &["vault", "status"]);
    for owner in status.as_array().unwrap() {
        assert_eq!(
            (&owner["older_versions"], &owner["values_under_older"]),
            (&0.into(), &0.into()),
            "{owner}"
        );
    }
    assert!(exported("finally") == before);
    drop(server);
}

#[test]
fn the_root_key_comes_from_a_passphrase_or_from_systemd() {
    let (dir, kept) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let data = dir.path();
    let file = kept.path().join("muster.root-passphrase");
    let write = |text: &str, mode: u32| {
        std::fs::write(&file, text).unwrap();
        std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(mode))
            .unwrap();
    };
    let starts = |variable: &str, value: &Path| {
        let mut child = muster(data, &["up", "--no-local-agent", "--listen", "127.0.0.1:0"])
            .env(variable, value)
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let pid = child.id();
        let started = wait_for("a start or an end", || {
            let run = std::fs::read(data.join("run.json")).unwrap_or_default();
            let run: serde_json::Value = serde_json::from_slice(&run).unwrap_or_default();
            if run["pid"] == pid {
                return Some(true);
            }
            child.try_wait().unwrap().map(|_| false)
        });
        let export = started.then(|| run(data, &["cert", "issue", "a.example"]).status.success());
        child.kill().unwrap();
        child.wait().unwrap();
        export
    };
    let passphrase = "MUSTER__SERVER__ROOT_PASSPHRASE_FILE";
    write("correct horse battery staple\n", 0o600);
    assert_eq!(starts(passphrase, &file), Some(true));
    assert!(!data.join("root.key").exists(), "no key lies beside the data");
    // The same from systemd's folder, which has the file under its usual name.
    assert_eq!(starts("CREDENTIALS_DIRECTORY", kept.path()), Some(true));
    write("correct horse battery stable\n", 0o600);
    assert_eq!(starts(passphrase, &file), None);
    write("correct horse battery staple\n", 0o644);
    assert_eq!(starts(passphrase, &file), None);
}
