//! A real container by runc, with busybox and nothing else in it.

use super::{changes, command, rows, up, wait_for};
use crate::process::ask;
use serde_json::Value;
use std::path::Path;

const ID: &str = "muster-live";

/// Killed and removed with its test.
struct Container;

impl Container {
    /// None where runc cannot run; CI has to be able to.
    fn start(bundle: &Path) -> Option<Self> {
        for part in ["bin", "etc", "lib/apk/db", "proc", "sys", "dev", "tmp"] {
            std::fs::create_dir_all(bundle.join("rootfs").join(part)).unwrap();
        }
        let busybox = bundle.join("rootfs/bin/busybox");
        let made = std::fs::copy("/usr/bin/busybox", &busybox).is_ok()
            && command("runc", &["spec", "--bundle", bundle.to_str()?]).status().is_ok();
        if !made || !rustix::process::geteuid().is_root() {
            assert!(std::env::var_os("CI").is_none(), "CI has to run containers");
            return None;
        }
        for name in ["sh", "sleep", "httpd"] {
            std::os::unix::fs::symlink("busybox", busybox.with_file_name(name)).unwrap();
        }
        std::fs::write(bundle.join("rootfs/etc/passwd"), "root:x:0:0::/:/bin/sh\n").unwrap();
        let config = bundle.join("config.json");
        let text = std::fs::read_to_string(&config).unwrap();
        let mut spec: Value = serde_json::from_str(&text).unwrap();
        // Raising limits takes a right that a machine for tests may lack.
        spec["process"].as_object_mut().unwrap().remove("rlimits");
        spec["process"]["terminal"] = false.into();
        spec["process"]["args"] = ["sleep", "86396"].as_slice().into();
        std::fs::write(&config, spec.to_string()).unwrap();
        let _ = command("runc", &["delete", "-f", ID]).status();
        let run = ["run", "--detach", "--bundle", bundle.to_str()?, ID];
        assert!(command("runc", &run).status().unwrap().success());
        Some(Self)
    }

    fn exec(args: &[&str]) {
        let exec = [&["exec", "--detach", ID], args].concat();
        assert!(command("runc", &exec).status().unwrap().success());
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        let _ = command("runc", &["delete", "-f", ID]).status();
    }
}

#[test]
fn a_container_is_told_as_it_starts_changes_and_stops() {
    let (dir, bundle) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (dir, bundle) = (dir.path(), bundle.path());
    let _server = up(dir, &[]);
    if !super::is_able(dir) {
        return;
    }
    let Some(container) = Container::start(bundle) else { return };
    let inside = |kind: &str| {
        let rows = rows(dir, &[kind, "--containers"]).into_iter();
        rows.filter(|row| row.to_string().contains(ID)).collect::<Vec<_>>()
    };
    let runs = || ask(dir, &["containers", "list"]).to_string().contains(ID);
    wait_for("the container", || runs().then_some(()));
    wait_for("its process", || (!inside("process").is_empty()).then_some(()));
    wait_for("its account", || (inside("users").len() == 1).then_some(()));

    let etc = bundle.join("rootfs/etc");
    let accounts = "root:x:0:0::/:/bin/sh\nmallory:x:0:0::/:/bin/sh\n";
    // As a tool does it: a new file takes the place of the old one.
    std::fs::write(etc.join("passwd+"), accounts).unwrap();
    std::fs::rename(etc.join("passwd+"), etc.join("passwd")).unwrap();
    wait_for("another account", || (inside("users").len() == 2).then_some(()));

    let package = "P:musl\nV:1.2.5-r0\nA:x86_64\n\n";
    std::fs::write(bundle.join("rootfs/lib/apk/db/installed"), package).unwrap();
    wait_for("a package", || (inside("app").len() == 1).then_some(()));

    Container::exec(&["httpd", "-f", "-p", "8088", "-h", "/tmp"]);
    wait_for("a listener in a network of its own", || {
        inside("port").iter().any(|row| row["asset"]["port"] == 8088).then_some(())
    });
    Container::exec(&["sh", "-c", "sleep 0.005; : muster-inside"]);
    wait_for("a short-lived program", || {
        // runc itself had the word among its arguments, on the host.
        let is_it = |it: &Value| {
            it["container_id"] == ID && it["after"].to_string().contains("muster-inside")
        };
        changes(dir).iter().any(is_it).then_some(())
    });

    drop(container);
    wait_for("its end", || (!runs() && inside("process").is_empty()).then_some(()));
    wait_for("that its accounts are gone", || inside("users").is_empty().then_some(()));
}
