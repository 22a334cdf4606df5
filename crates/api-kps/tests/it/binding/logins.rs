//! Every key that leaves logs in.

use super::Bench;
use serde_json::json;
use std::fs;
use std::path::Path;
use std::process::Command;

/// What `ssh-keygen` makes: name, its arguments.
const FOREIGN: &[(&str, &[&str])] = &[
    ("openssh-ed25519", &["-t", "ed25519"]),
    ("openssh-rsa", &["-t", "rsa", "-b", "3072"]),
    ("openssh-ecdsa", &["-t", "ecdsa", "-b", "521"]),
    ("pkcs1", &["-t", "rsa", "-b", "2048", "-m", "PEM"]),
    ("sec1", &["-t", "ecdsa", "-b", "256", "-m", "PEM"]),
    ("pkcs8-rsa", &["-t", "rsa", "-b", "2048", "-m", "PKCS8"]),
    ("pkcs8-ecdsa", &["-t", "ecdsa", "-b", "384", "-m", "PKCS8"]),
];

#[tokio::test]
async fn every_key_made_or_imported_is_exported_and_logs_in() {
    let Some(bench) = Bench::new("").await else { return };
    let mut names = Vec::new();
    for name in ["rsa-2048", "rsa-4096", "ecdsa-p256", "ecdsa-p384", "ecdsa-p521", "ed25519"] {
        bench.pair(name).await;
        names.push(name);
    }
    let folder = tempfile::tempdir().unwrap();
    for (name, arguments) in FOREIGN {
        let (private, public) = keygen(folder.path(), name, arguments);
        let mut protection = crate::kept();
        protection["private_key"] = private.clone().into();
        let pair = json!({"name": name, "public_key": public, "key_protection": protection});
        let made = bench.world.create(pair).await;
        assert_eq!(made.status, 200, "{name}: {}", made.json());
        assert_eq!(bench.private_key(name).await.trim(), private.trim(), "{name}");
        names.push(name);
    }
    let mut authorized = String::new();
    for name in &names {
        let shown = bench.world.show(name).await.json();
        authorized += shown["keypair"]["public_key"].as_str().unwrap().trim();
        authorized.push('\n');
    }
    bench.server.authorize(&authorized, 0o600);
    for name in &names {
        let private = bench.private_key(name).await;
        assert!(bench.server.lets_in(&private), "{name}: {}", bench.server.log());
    }
}

fn keygen(folder: &Path, name: &str, arguments: &[&str]) -> (String, String) {
    let file = folder.join(name);
    #[expect(clippy::disallowed_methods, reason = "the real ssh-keygen makes foreign keys")]
    let status = Command::new("ssh-keygen")
        .args(["-q", "-N", "", "-C", name, "-f"])
        .arg(&file)
        .args(arguments)
        .status();
    assert!(status.unwrap().success(), "{name}");
    let public = fs::read_to_string(file.with_extension("pub")).unwrap();
    (fs::read_to_string(file).unwrap(), public)
}
