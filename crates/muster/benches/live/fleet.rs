//! Containers by runc, each on an overlay of its own over one of a few images.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Removed when dropped.
pub(crate) struct Fleet {
    folder: tempfile::TempDir,
    size: usize,
}

fn run(program: &str, args: &[&str]) -> bool {
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn id(n: usize) -> String {
    format!("muster-bench-{n}")
}

impl Fleet {
    /// None where that is not possible.
    pub(crate) fn start(size: usize, images: usize) -> Option<Self> {
        let able = rustix::process::geteuid().is_root() && Path::new("/usr/bin/busybox").exists();
        if !able || !run("runc", &["--version"]) {
            return None;
        }
        let fleet = Self { folder: tempfile::tempdir().unwrap(), size };
        for n in 0..images {
            fleet.image(n);
        }
        for n in 0..size {
            let folder = fleet.bundle(n);
            let [upper, work, root] = ["upper", "work", "rootfs"].map(|part| folder.join(part));
            for part in [&upper, &work, &root] {
                std::fs::create_dir_all(part).unwrap();
            }
            let lower = fleet.folder.path().join(format!("image{}", n % images));
            let options = format!(
                "lowerdir={},upperdir={},workdir={}",
                text(&lower),
                text(&upper),
                text(&work)
            );
            assert!(run("mount", &["-t", "overlay", "overlay", "-o", &options, text(&root)]));
            assert!(run("runc", &["spec", "--bundle", text(&folder)]));
            let config = folder.join("config.json");
            let spec = std::fs::read_to_string(&config).unwrap();
            let mut spec: serde_json::Value = serde_json::from_str(&spec).unwrap();
            let process = spec["process"].as_object_mut().unwrap();
            // Raising limits takes a right that a machine for tests may lack.
            process.remove("rlimits");
            process.insert("terminal".to_owned(), false.into());
            let args = ["sh", "-c", "httpd -p 8080 -h /tmp; exec sleep 100000"];
            process.insert("args".to_owned(), args.as_slice().into());
            std::fs::write(&config, spec.to_string()).unwrap();
            fleet.run(n);
        }
        Some(fleet)
    }

    fn image(&self, n: usize) {
        let root = self.folder.path().join(format!("image{n}"));
        for part in ["bin", "etc", "lib/apk/db", "proc", "sys", "dev", "tmp"] {
            std::fs::create_dir_all(root.join(part)).unwrap();
        }
        std::fs::copy("/usr/bin/busybox", root.join("bin/busybox")).unwrap();
        for name in ["sh", "sleep", "httpd"] {
            std::os::unix::fs::symlink("busybox", root.join("bin").join(name)).unwrap();
        }
        let accounts = format!("root:x:0:0::/:/bin/sh\nuser{n}:x:1000:1000::/:/bin/sh\n");
        std::fs::write(root.join("etc/passwd"), accounts).unwrap();
        let packages: String =
            (0..50).map(|p| format!("P:package{p}\nV:1.{n}.{p}-r0\nA:x86_64\n\n")).collect();
        std::fs::write(root.join("lib/apk/db/installed"), packages).unwrap();
    }

    fn bundle(&self, n: usize) -> PathBuf {
        self.folder.path().join(format!("bundle{n}"))
    }

    pub(crate) fn run(&self, n: usize) {
        let bundle = self.bundle(n);
        assert!(run("runc", &["run", "--detach", "--bundle", text(&bundle), &id(n)]));
    }

    pub(crate) fn stop(&self, n: usize) {
        assert!(run("runc", &["delete", "-f", &id(n)]));
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        for n in 0..self.size {
            let _ = run("runc", &["delete", "-f", &id(n)]);
            let _ = run("umount", &["-l", text(&self.bundle(n).join("rootfs"))]);
        }
    }
}
