//! A backup of a running server, and what comes back of it; a root key that is lost, and found again.

use crate::process::{Server, muster, run, wait_for};
use crate::secrets::traces;
use muster_vault::Keyring;
use muster_vault::age::{Opener, decrypt};
use std::io::Read;
use std::path::Path;
use std::process::Stdio;

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn said(data: &Path, args: &[&str]) -> String {
    let output = run(data, args);
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{args:?}: {complaint}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// The private key of a certificate, exported.
fn key(data: &Path, id: &str, folder: &Path) -> String {
    let file = folder.join(format!("{id}-{}", std::fs::read_dir(folder).unwrap().count()));
    said(data, &["cert", "export", id, "--format", "pem", "--file", text(&file)]);
    let mut zip = zip::ZipArchive::new(std::fs::File::open(&file).unwrap()).unwrap();
    let mut key = String::new();
    zip.by_name("server.key").unwrap().read_to_string(&mut key).unwrap();
    key
}

fn holds(bytes: &[u8], trace: &[u8]) -> bool {
    bytes.windows(trace.len()).any(|window| window == trace)
}

#[test]
fn a_backup_of_a_running_server_comes_back_and_betrays_nothing() {
    let (dir, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let data = dir.path();
    let server = Server::up(data, &["--no-local-agent"]);
    let id = said(data, &["cert", "issue", "a.example", "--algorithm", "RSA_2048"]);
    let before = key(data, &id, out.path());
    // Somebody works while it is made.
    let mut busy: Vec<_> = (0..4)
        .map(|n| {
            let mut issue = muster(data, &["cert", "issue", &format!("n{n}.example")]);
            issue.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
        })
        .collect();
    let file = out.path().join("muster.backup");
    said(data, &["backup", text(&file)]);
    busy.iter_mut().for_each(|issue| assert!(issue.wait().unwrap().success()));
    assert_eq!(run(data, &["backup", text(&file)]).status.code(), Some(7), "it exists");
    let left: Vec<_> = std::fs::read_dir(data).unwrap().map(|it| it.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| !text(name.as_ref()).ends_with(".backup")), "{left:?}");
    assert_eq!(server.end("TERM"), Some(0));

    // Neither the file nor what is in it holds a key, the root key or a credential.
    let root = std::fs::read_to_string(data.join("root.key")).unwrap();
    let credentials = std::fs::read(data.join("credentials.json")).unwrap();
    let credentials: serde_json::Value = serde_json::from_slice(&credentials).unwrap();
    let mut canaries = traces(&before);
    canaries.push(root.trim().as_bytes().to_vec());
    for secret in ["password", "secret_key"] {
        canaries.push(credentials[secret].as_str().unwrap().as_bytes().to_vec());
    }
    let sealed = std::fs::read(&file).unwrap();
    let ring = Keyring::parse(&root).unwrap();
    let opened = decrypt(&Opener::Root(&ring), sealed.as_slice()).unwrap();
    let mut content = Vec::new();
    flate2::read::GzDecoder::new(opened).read_to_end(&mut content).unwrap();
    assert!(holds(&content, b"a.example") && !holds(&sealed, b"a.example"));
    for canary in &canaries {
        assert!(!holds(&content, canary) && !holds(&sealed, canary));
    }

    // Without the root key, with another, altered, cut off, over something: refused, and nothing is left behind.
    let again = tempfile::tempdir().unwrap();
    let restore = |data: &Path, file: &Path| {
        let output = run(data, &["restore", text(file)]);
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let without = restore(again.path(), &file);
    assert_eq!(without.0, Some(3), "{}", without.1);
    assert!(without.1.contains("root.key is not there"), "{}", without.1);
    let write = |text: &str| {
        let path = again.path().join("root.key");
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600))
            .unwrap();
    };
    write(&"7".repeat(64));
    assert_eq!(restore(again.path(), &file).0, Some(5));
    write(&root);
    let bad = out.path().join("bad");
    let mut altered = sealed.clone();
    let middle = altered.len() / 2;
    altered[middle] ^= 1;
    for bytes in [altered.as_slice(), &sealed[..sealed.len() - 20], b"PK"] {
        std::fs::write(&bad, bytes).unwrap();
        let refused = restore(again.path(), &bad);
        assert_eq!(refused.0, Some(3), "{}", refused.1);
    }
    assert_eq!(restore(data, &file).0, Some(7), "the folder is not empty");
    let mut left: Vec<_> =
        std::fs::read_dir(again.path()).unwrap().map(|it| it.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["lock", "root.key"]);

    // Brought back, it serves the same keys, and the audit goes on where it was.
    let done = restore(again.path(), &file);
    assert_eq!(done.0, Some(0), "{}", done.1);
    let kept = again.path().join("credentials.json");
    std::fs::copy(data.join("credentials.json"), kept).unwrap();
    let server = Server::up(again.path(), &["--no-local-agent"]);
    assert!(key(again.path(), &id, out.path()) == before, "another key came back");
    let audit = run(again.path(), &["audit", "verify"]);
    assert!(audit.status.success(), "{}", String::from_utf8_lossy(&audit.stderr));
    let log = said(again.path(), &["audit", "search", "--action", "muster:backup:*"]);
    assert!(log.contains("muster:backup:restore"), "{log}");
    drop(server);
}

#[test]
fn a_lost_root_key_is_recovered_by_whoever_holds_the_identity() {
    let (dir, safe) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let data = dir.path();
    let identity = safe.path().join("identity");
    let recipient = said(data, &["vault", "keygen", text(&identity)]);
    std::fs::write(data.join("muster.toml"), format!("[server]\nrecovery = [\"{recipient}\"]\n"))
        .unwrap();
    let server = Server::up(data, &["--no-local-agent"]);
    let id = said(data, &["cert", "issue", "a.example"]);
    let before = key(data, &id, safe.path());
    let file = safe.path().join("muster.backup");
    said(data, &["backup", text(&file)]);
    server.end("KILL");
    let root = std::fs::read(data.join("root.key")).unwrap();

    // The key is gone: no server makes itself another one.
    std::fs::remove_file(data.join("root.key")).unwrap();
    let start = run(data, &["up", "--no-local-agent", "--listen", "127.0.0.1:0"]);
    assert_eq!(start.status.code(), Some(4));
    assert!(String::from_utf8_lossy(&start.stderr).contains("muster vault recover"));
    assert!(!data.join("root.key").exists());

    let back = data.join("root.key");
    let recover = |data: &Path, identity: &Path, to: &Path| {
        let args = ["vault", "recover", "--identity", text(identity), "--root-key-file", text(to)];
        run(data, &args).status.code()
    };
    let stranger = safe.path().join("stranger");
    said(data, &["vault", "keygen", text(&stranger)]);
    assert_eq!(recover(data, &stranger, &back), Some(5));
    assert!(!back.exists());
    assert_eq!(recover(data, &identity, &back), Some(0));
    assert!(std::fs::read(&back).unwrap() == root, "another root key came back");
    assert_eq!(recover(data, &identity, &back), Some(7), "a file that exists stays");
    let server = Server::up(data, &["--no-local-agent"]);
    assert!(key(data, &id, safe.path()) == before);
    drop(server);

    // Everything is gone but the backup and the identity.
    let again = tempfile::tempdir().unwrap();
    let args = ["restore", text(&file), "--identity", text(&identity)];
    said(again.path(), &args);
    let back = again.path().join("root.key");
    assert_eq!(recover(again.path(), &identity, &back), Some(0));
    std::fs::copy(data.join("credentials.json"), again.path().join("credentials.json")).unwrap();
    let server = Server::up(again.path(), &["--no-local-agent"]);
    assert!(key(again.path(), &id, safe.path()) == before);
    drop(server);
}

#[test]
fn the_root_key_may_come_from_a_variable_and_is_warned_of() {
    let dir = tempfile::tempdir().unwrap();
    let (data, log) = (dir.path().join("data"), dir.path().join("log"));
    let root = "5a".repeat(32);
    let start = |root: &str| {
        let mut child = muster(&data, &["up", "--no-local-agent", "--listen", "127.0.0.1:0"])
            .env("MUSTER_ROOT_KEY", root)
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let started = wait_for("a start or an end", || {
            let run = std::fs::read(data.join("run.json")).unwrap_or_default();
            let run: serde_json::Value = serde_json::from_slice(&run).unwrap_or_default();
            (run["pid"] == child.id()).then_some(true).or(child.try_wait().unwrap().map(|_| false))
        });
        let said = std::fs::read_to_string(&log).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        (started, said)
    };
    let (started, warned) = start(&root);
    assert!(started && warned.contains("MUSTER_ROOT_KEY") && !warned.contains(&root), "{warned}");
    assert!(!data.join("root.key").exists());
    let other = "a5".repeat(32);
    assert!(!start(&other).0, "another key opens nothing");
    // A new one in front of the old one opens what was there.
    assert!(start(&format!("{other},{root}")).0);
    let (started, why) = start("short");
    assert!(!started && why.contains("64 hexadecimal digits"), "{why}");
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the tool that makes a token")]
fn the_root_key_may_rest_wrapped_by_a_token() {
    let (dir, safe) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let data = dir.path();
    let (tokens, settings) = (safe.path().join("tokens"), safe.path().join("softhsm2.conf"));
    std::fs::create_dir(&tokens).unwrap();
    std::fs::write(&settings, format!("directories.tokendir = {}\n", tokens.display())).unwrap();
    let made = std::process::Command::new("softhsm2-util")
        .args([
            "--init-token",
            "--free",
            "--label",
            "muster",
            "--pin",
            "123456",
            "--so-pin",
            "654321",
        ])
        .env("SOFTHSM2_CONF", &settings)
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let (pin, wrapped) = (safe.path().join("pin"), safe.path().join("root.p11"));
    let write_pin = |text: &str| {
        std::fs::write(&pin, text).unwrap();
        std::fs::set_permissions(&pin, std::os::unix::fs::PermissionsExt::from_mode(0o600))
            .unwrap();
    };
    let library = ["/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/pkcs11/libsofthsm2.so"];
    let library = library.into_iter().find(|path| Path::new(path).exists()).unwrap();
    let config = format!(
        "[server.pkcs11]\nmodule = \"{library}\"\ntoken = \"muster\"\nkey = \"muster-root\"\n\
         pin_file = \"{}\"\nwrapped_file = \"{}\"\n",
        pin.display(),
        wrapped.display()
    );
    std::fs::write(data.join("muster.toml"), config).unwrap();
    let up = || {
        let mut command = muster(data, &["up", "--no-local-agent", "--listen", "127.0.0.1:0"]);
        command.env("SOFTHSM2_CONF", &settings);
        command
    };
    write_pin("123456\n");
    let server = Server::of(data, up());
    let id = said(data, &["cert", "issue", "a.example"]);
    let before = key(data, &id, safe.path());
    assert!(!data.join("root.key").exists());
    server.end("KILL");
    // Wrapped anew under the token's root key, and in the other suite, which is read by both.
    for suite in ["sm4-gcm", "aes-256-gcm"] {
        let mut command = up();
        command.env("MUSTER__SERVER__SEALING", suite);
        let server = Server::of(data, command);
        assert!(key(data, &id, safe.path()) == before);
        said(data, &["vault", "rewrap"]);
        said(data, &["vault", "rotate"]);
        let status = crate::process::ask(data, &["vault", "status"]);
        for owner in status.as_array().unwrap() {
            assert_eq!((&owner["suite"], &owner["values_under_older"]), (&suite.into(), &0.into()));
        }
        assert!(key(data, &id, safe.path()) == before);
        server.end("KILL");
    }
    // A new root key, and the older one taken away: each is a line.
    let add = |expected: i32| {
        let mut command = muster(data, &["vault", "new-root-key"]);
        let code = command.env("SOFTHSM2_CONF", &settings).status().unwrap().code();
        assert_eq!(code, Some(expected));
    };
    add(0);
    let both = std::fs::read_to_string(&wrapped).unwrap();
    let server = Server::of(data, up());
    assert!(key(data, &id, safe.path()) == before);
    said(data, &["vault", "rewrap"]);
    server.end("KILL");
    let newest = both.lines().next().unwrap();
    std::fs::write(&wrapped, format!("{newest}\n")).unwrap();
    let server = Server::of(data, up());
    assert!(key(data, &id, safe.path()) == before);
    server.end("KILL");
    let fails = |why: &str| {
        let output = up().output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(4), "{said}");
        assert!(said.contains(why), "{why}: {said}");
    };
    write_pin("999999");
    fails("the login was refused");
    add(4);
    assert_eq!(std::fs::read_to_string(&wrapped).unwrap().lines().count(), 1);
    write_pin("123456");
    let text = std::fs::read_to_string(&wrapped).unwrap();
    let last = if text.trim_end().ends_with('0') { "1" } else { "0" };
    std::fs::write(&wrapped, format!("{}{last}", &text[..text.trim_end().len() - 1])).unwrap();
    fails("PKCS#11");
    std::fs::remove_file(&wrapped).unwrap();
    fails("is not there");
    assert!(!wrapped.exists(), "a root key that is gone is not replaced");
}
