//! The runtimes, and one small image for all of them: busybox with two accounts.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Held by a test that compares all images on the machine, or adds to them.
static IMAGES: Mutex<()> = Mutex::new(());

/// Waits until no other test does.
pub(crate) fn alone_with_images() -> MutexGuard<'static, ()> {
    IMAGES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A container that runs.
#[derive(Clone, Debug)]
pub(crate) struct Running {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) pid: u32,
}

/// What a command printed; it has to succeed.
pub(crate) fn output(program: &str, arguments: &[&str]) -> String {
    finish(Command::new(program).args(arguments))
}

/// As `sha256sum` prints it.
fn sha256(path: &Path) -> String {
    let printed = output("sha256sum", &[path.to_str().unwrap()]);
    printed.split_whitespace().next().unwrap().to_owned()
}

pub(crate) fn finish(command: &mut Command) -> String {
    let done = command.output().unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{command:?}: {said}");
    String::from_utf8(done.stdout).unwrap()
}

pub(crate) fn wait_for(what: &str, mut is_there: impl FnMut() -> bool) {
    let until = Instant::now() + Duration::from_secs(60);
    while !is_there() {
        assert!(Instant::now() < until, "{what} does not come up");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Runs until it is dropped.
pub(crate) struct Daemon(Child);

impl Daemon {
    pub(crate) fn start(command: &mut Command) -> Self {
        Self(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let pid = rustix::process::Pid::from_child(&self.0);
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        let _ = self.0.wait();
    }
}

/// The image's files.
pub(crate) struct Image {
    folder: TempDir,
    /// SHA-256 of the one program in it.
    pub(crate) busybox: String,
}

impl Image {
    /// None without root's rights, Podman, runc, containerd and Docker; CI has to have them.
    pub(crate) fn make() -> Option<Self> {
        let able = rustix::process::geteuid().is_root()
            && ["podman", "runc", "containerd", "ctr", "dockerd", "docker", "busybox"]
                .iter()
                .all(|program| which(program).is_some());
        if !able {
            assert!(std::env::var_os("CI").is_none(), "CI has to run containers");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("root");
        for part in ["bin", "etc", "tmp", "proc", "sys", "dev"] {
            std::fs::create_dir_all(root.join(part)).unwrap();
        }
        let busybox = which("busybox").unwrap();
        std::fs::copy(&busybox, root.join("bin/busybox")).unwrap();
        for name in ["sh", "sleep", "httpd"] {
            std::os::unix::fs::symlink("busybox", root.join("bin").join(name)).unwrap();
        }
        let accounts = "root:x:0:0:root:/root:/bin/sh\nshop:x:1000:1000::/home/shop:/bin/sh\n";
        std::fs::write(root.join("etc/passwd"), accounts).unwrap();
        let dpkg = root.join("var/lib/dpkg");
        std::fs::create_dir_all(dpkg.join("info")).unwrap();
        std::fs::write(dpkg.join("status"), package("shop-base", "1.0")).unwrap();
        Some(Self { folder, busybox: sha256(&busybox) })
    }

    /// Where its files and what belongs to them lie.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.folder.path().join("root")
    }

    /// The files as a tar archive.
    pub(crate) fn archive(&self) -> PathBuf {
        let archive = self.folder.path().join("image.tar");
        let (root, to) = (self.root(), archive.to_str().unwrap().to_owned());
        output("tar", &["-C", root.to_str().unwrap(), "-cf", &to, "."]);
        archive
    }
}

/// A package as the list of installed ones has it.
pub(crate) fn package(name: &str, version: &str) -> String {
    format!(
        "Package: {name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: {version}\n\n"
    )
}

pub(crate) fn which(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/sbin".into()]);
    folders.map(|folder| folder.join(program)).find(|path| path.is_file())
}

/// Podman with runc, which runs on every kind of control groups.
pub(crate) struct Podman {
    config: PathBuf,
    pub(crate) folder: PathBuf,
}

pub(crate) const NAME: &str = "localhost/muster-test:1";

impl Podman {
    pub(crate) fn new(image: &Image) -> Self {
        let config = image.folder.path().join("containers.conf");
        let text = "[engine]\nruntime=\"runc\"\n[containers]\n\
                    default_ulimits=[\"nofile=1024:1024\",\"nproc=1000:1000\"]\n";
        std::fs::write(&config, text).unwrap();
        let podman = Self { config, folder: image.folder.path().to_owned() };
        podman.clear();
        // What is imported over a name stays on the disk without one.
        // What was made of it by a run that failed keeps it there, hidden.
        podman.command(&["rmi", "-f", "-i", "localhost/muster-test:3"]);
        podman.command(&["rmi", "-f", "-i", NAME]);
        podman.command(&["import", "-q", image.archive().to_str().unwrap(), NAME]);
        podman
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> String {
        finish(Command::new("podman").env("CONTAINERS_CONF", &self.config).args(arguments))
    }

    /// Whether a command ended well.
    pub(crate) fn succeeds(&self, arguments: &[&str]) -> bool {
        let mut podman = Command::new("podman");
        podman.env("CONTAINERS_CONF", &self.config).args(arguments);
        podman.output().unwrap().status.success()
    }

    pub(crate) fn run(&self, name: &str, options: &[&str], command: &[&str]) -> Running {
        self.run_of(NAME, name, options, command)
    }

    /// The same of another image.
    pub(crate) fn run_of(
        &self,
        image: &str,
        name: &str,
        options: &[&str],
        command: &[&str],
    ) -> Running {
        let head = ["run", "-d", "--name", name];
        let id = self.command(&[&head, options, &[image], command].concat()).trim().to_owned();
        let pid = self.command(&["inspect", "-f", "{{.State.Pid}}", name]);
        Running { id, name: name.to_owned(), pid: pid.trim().parse().unwrap() }
    }

    /// The image's name and id, and when the container was made.
    pub(crate) fn inspect(&self, id: &str) -> [String; 3] {
        let format = "{{.ImageName}} sha256:{{.Image}} {{json .Created}}";
        inspected(&self.command(&["inspect", "-f", format, id]))
    }

    fn clear(&self) {
        let reach = ["muster-inside", "muster-published", "muster-alone"];
        let others = ["muster-one", "muster-other", "muster-unmasked"];
        let services =
            ["nginx", "redis", "tomcat", "node", "python"].map(|it| format!("muster-{it}"));
        let first = ["muster-bridge", "muster-host", "muster-renamed", "muster-root"];
        let kept = ["muster-kept", "muster-free"];
        for name in first
            .into_iter()
            .chain(reach)
            .chain(others)
            .chain(kept)
            .chain(services.iter().map(String::as_str))
        {
            self.command(&["rm", "-f", "-i", "-t", "0", name]);
        }
    }
}

impl Drop for Podman {
    fn drop(&mut self) {
        self.clear();
    }
}

/// What `inspect` printed: three words.
fn inspected(printed: &str) -> [String; 3] {
    let words: Vec<String> =
        printed.split_whitespace().map(|word| word.trim_matches('"').to_owned()).collect();
    words.try_into().unwrap()
}

/// A Docker daemon with its data in the usual place, where its containers' names are looked for.
pub(crate) struct Docker {
    host: String,
    _daemon: Daemon,
}

impl Docker {
    pub(crate) fn start(image: &Image) -> Self {
        let folder = image.folder.path();
        let host = format!("unix://{}", folder.join("docker.sock").display());
        let daemon = Daemon::start(
            Command::new("dockerd")
                .args(["--host", &host, "--iptables=false", "--pidfile"])
                .arg(folder.join("docker.pid")),
        );
        let docker = Self { host, _daemon: daemon };
        wait_for("dockerd", || {
            docker.docker().arg("version").output().is_ok_and(|done| done.status.success())
        });
        docker.clear();
        let _ = docker.docker().args(["rmi", "-f", "muster-test:1"]).output();
        finish(docker.docker().arg("import").arg(image.archive()).arg("muster-test:1"));
        docker
    }

    fn clear(&self) {
        let reach = ["muster-docker-inside", "muster-docker-published", "muster-docker-local"];
        let sharing = ["muster-d-one", "muster-d-other", "muster-d-kept"];
        for name in ["muster-docker", "muster-some"].into_iter().chain(reach).chain(sharing) {
            let _ = self.docker().args(["rm", "-f", name]).output();
        }
    }

    fn docker(&self) -> Command {
        let mut command = Command::new("docker");
        command.env("DOCKER_HOST", &self.host);
        command
    }

    pub(crate) fn run(&self, name: &str, options: &[&str], command: &[&str]) -> Running {
        let head = ["run", "-d", "--name", name];
        let arguments = [&head, options, &["muster-test:1"], command].concat();
        let id = finish(self.docker().args(arguments)).trim().to_owned();
        let pid = finish(self.docker().args(["inspect", "-f", "{{.State.Pid}}", name]));
        Running { id, name: name.to_owned(), pid: pid.trim().parse().unwrap() }
    }
}

impl Docker {
    /// The image's name and id, and when the container was made.
    pub(crate) fn inspect(&self, id: &str) -> [String; 3] {
        let format = "{{.Config.Image}} {{.Image}} {{.Created}}";
        inspected(&finish(self.docker().args(["inspect", "-f", format, id])))
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> String {
        finish(self.docker().args(arguments))
    }

    /// Whether a command ended well.
    pub(crate) fn succeeds(&self, arguments: &[&str]) -> bool {
        self.docker().args(arguments).output().unwrap().status.success()
    }

    /// Where the telnet port of a container is published, an address a line.
    pub(crate) fn ports(&self, container: &Running) -> String {
        self.command(&["port", &container.id, "23/tcp"])
    }
}

impl Drop for Docker {
    fn drop(&mut self) {
        self.clear();
    }
}

/// containerd without anything above it: its containers have the names their operator gives.
pub(crate) struct Containerd {
    /// None where one runs already.
    _daemon: Option<Daemon>,
}

impl Containerd {
    /// With the image that Podman has.
    pub(crate) fn start(podman: &Podman) -> Self {
        let runs =
            || Command::new("ctr").arg("version").output().is_ok_and(|it| it.status.success());
        let daemon = (!runs()).then(|| Daemon::start(&mut Command::new("containerd")));
        wait_for("containerd", runs);
        let archive = podman.folder.join("oci.tar");
        let to = archive.to_str().unwrap();
        podman.command(&["save", "-q", "--format", "oci-archive", "-o", to, NAME]);
        output("ctr", &["image", "import", to]);
        let started = Self { _daemon: daemon };
        started.clear();
        started
    }

    pub(crate) fn import(&self, archive: &str) {
        output("ctr", &["image", "import", archive]);
    }

    /// As its tool tells: the image's name, and when the container was made.
    pub(crate) fn inspect(&self, id: &str) -> [String; 2] {
        let info: serde_json::Value =
            serde_json::from_str(&output("ctr", &["container", "info", id])).unwrap();
        ["Image", "CreatedAt"].map(|key| info[key].as_str().unwrap().to_owned())
    }

    pub(crate) fn run(&self, id: &str, command: &[&str]) -> Running {
        let labelled = ["run", "-d", "--label", "tier=back", NAME, id];
        output("ctr", &[&labelled, command].concat());
        let listed = output("ctr", &["task", "ls"]);
        let line = listed.lines().find(|line| line.starts_with(id)).unwrap();
        let pid = line.split_whitespace().nth(1).unwrap().parse().unwrap();
        Running { id: id.to_owned(), name: id.to_owned(), pid }
    }

    fn clear(&self) {
        let _ = Command::new("ctr").args(["task", "rm", "-f", "muster-ctr"]).output();
        let _ = Command::new("ctr").args(["container", "rm", "muster-ctr"]).output();
    }
}

impl Drop for Containerd {
    fn drop(&mut self) {
        self.clear();
    }
}

/// runc alone.
pub(crate) struct Runc {
    bundle: PathBuf,
}

impl Runc {
    pub(crate) fn new(image: &Image) -> Self {
        let bundle = image.folder.path().join("bundle");
        std::fs::create_dir_all(&bundle).unwrap();
        output(
            "cp",
            &["-a", image.root().to_str().unwrap(), bundle.join("rootfs").to_str().unwrap()],
        );
        Self { bundle }
    }

    pub(crate) fn run(&self, id: &str, command: &[&str]) -> Running {
        let _ = Command::new("runc").args(["delete", "-f", id]).output();
        let config = self.bundle.join("config.json");
        let _ = std::fs::remove_file(&config);
        finish(Command::new("runc").arg("spec").current_dir(&self.bundle));
        let mut spec: serde_json::Value =
            serde_json::from_str(&std::fs::read_to_string(&config).unwrap()).unwrap();
        // Raising limits takes a right that a machine for tests may lack.
        spec["process"].as_object_mut().unwrap().remove("rlimits");
        spec["process"]["terminal"] = false.into();
        spec["process"]["args"] = command.into();
        spec["root"]["path"] = rootfs(&self.bundle).into();
        std::fs::write(&config, spec.to_string()).unwrap();
        let (null, bundle) = (|| Stdio::null(), self.bundle.to_str().unwrap());
        let started = Command::new("runc")
            .args(["run", "--detach", "--bundle", bundle, id])
            .stdin(null())
            .stdout(null())
            .stderr(null())
            .status();
        assert!(started.unwrap().success());
        let state: serde_json::Value =
            serde_json::from_str(&output("runc", &["state", id])).unwrap();
        let pid = u32::try_from(state["pid"].as_u64().unwrap()).unwrap();
        // runc returns while its own process still waits to become the container's.
        let program = format!("/proc/{pid}/exe");
        wait_for("the container", || {
            std::fs::read_link(&program).is_ok_and(|it| it.ends_with("busybox"))
        });
        Running { id: id.to_owned(), name: id.to_owned(), pid }
    }
}

impl Runc {
    /// When runc made it.
    pub(crate) fn created(&self, id: &str) -> String {
        let state: serde_json::Value =
            serde_json::from_str(&output("runc", &["state", id])).unwrap();
        assert_eq!(state["bundle"], self.bundle.to_str().unwrap());
        state["created"].as_str().unwrap().to_owned()
    }
}

fn rootfs(bundle: &Path) -> String {
    bundle.join("rootfs").to_str().unwrap().to_owned()
}

impl Drop for Runc {
    fn drop(&mut self) {
        let _ = Command::new("runc").args(["delete", "-f", "muster-runc"]).output();
    }
}
