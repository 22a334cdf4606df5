//! Images on disks through the command line: those of this machine, if it has any, as its own agent tells them.

use crate::process::{Server, ask, run};
use std::time::{Duration, Instant};

#[test]
#[expect(clippy::disallowed_methods, reason = "the real server has the real time")]
fn images_are_listed_and_one_is_shown() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path();
    // An OCI layout with one image.
    let layout = dir.path().join("layout");
    let blobs = layout.join("blobs/sha256");
    std::fs::create_dir_all(&blobs).unwrap();
    let put = |text: &str| {
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
        let digits = hex::encode(digest);
        std::fs::write(blobs.join(&digits), text).unwrap();
        format!("sha256:{digits}")
    };
    let config = put(r#"{"architecture":"riscv64","os":"linux","rootfs":{"diff_ids":["sha256:1"]},
        "history":[{"created_by":"COPY shop /"}]}"#);
    let manifest = put(&format!(
        r#"{{"config":{{"digest":"{config}","size":5}},"layers":[{{"digest":"sha256:2","size":7}}]}}"#
    ));
    let name = "registry.example/muster-cli-test:1";
    let index = format!(
        r#"{{"manifests":[{{"digest":"{manifest}","size":9,
        "annotations":{{"org.opencontainers.image.ref.name":"{name}"}}}}]}}"#
    );
    std::fs::write(layout.join("index.json"), index).unwrap();
    let toml = format!("[agent.images]\nlayouts = [{:?}]\n", layout.to_str().unwrap());
    std::fs::write(data.join("muster.toml"), toml).unwrap();

    let _server = Server::up(data, &[]);
    let until = Instant::now() + Duration::from_secs(120);
    let list = ["images", "list", "--name", "muster-cli-test", "--tag", "1"];
    let listed = loop {
        let listed = ask(data, &list);
        if listed.as_array().is_some_and(|it| !it.is_empty()) {
            break listed;
        }
        assert!(Instant::now() < until, "the image is not told");
        std::thread::sleep(Duration::from_millis(200));
    };
    assert_eq!(listed[0]["image_id"], config);
    assert_eq!(
        (&listed[0]["image_size"], &listed[0]["image_digest"]),
        (&21.into(), &manifest.into())
    );
    assert_eq!(
        ask(data, &["images", "list", "--name", "muster-cli-test", "--used"]),
        serde_json::json!([])
    );
    let shown = ask(data, &["images", "show", &config]);
    assert_eq!(shown["layers"][0]["command"], "COPY shop /");
    assert_eq!(shown["places"][0]["store"], "oci");
    let table = run(data, &["images", "show", &config]);
    let table = String::from_utf8(table.stdout).unwrap();
    for part in ["linux/riscv64", "COPY shop /", name, "CONTAINER"] {
        assert!(table.contains(part), "{part} is missing in {table}");
    }
    assert_eq!(run(data, &["images", "show", "nothing"]).status.code(), Some(6));

    // Its layer is missing: nobody can look into it, and that is said.
    assert!(run(data, &["images", "scan", &config]).status.success());
    let listed = loop {
        let listed = ask(data, &list);
        if !["waiting", "scanning"].contains(&listed[0]["scan_status"].as_str().unwrap()) {
            break listed;
        }
        assert!(Instant::now() < until, "it is never looked into");
        std::thread::sleep(Duration::from_millis(200));
    };
    assert_eq!(listed[0]["scan_status"], "failed");
    let why = listed[0]["scan_failed_desc"].as_str().unwrap();
    assert!(why.contains("layer"), "{why}");
    assert_eq!(ask(data, &["images", "software", &config]), serde_json::json!([]));
    assert_eq!(ask(data, &["images", "vulnerabilities", &config]), serde_json::json!([]));
    assert_eq!(run(data, &["images", "scan", "nothing"]).status.code(), Some(6));
    assert_eq!(run(data, &["images", "scan"]).status.code(), Some(2));
}
