//! Podman without root's rights: its containers have no control group of their own where users may not make any.

use crate::runtimes::{Image, NAME, Running, alone_with_images, finish, output, wait_for, which};
use muster_inventory::{Inventory, Options, Swept};
use muster_model::{Column, Kind, Micros};
use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;
use tempfile::TempDir;

const USER: &str = "muster-rootless";
/// The port of the host that is published.
const PUBLISHED: i64 = 18_490;

/// A user with a home where nobody looks for one.
struct User {
    folder: TempDir,
}

impl User {
    fn add(image: &Image) -> Self {
        let _ = Command::new("userdel").args(["-f", USER]).output();
        let folder = tempfile::tempdir().unwrap();
        let open = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(folder.path(), open).unwrap();
        let user = Self { folder };
        let (home, run) = (user.at("home"), user.at("run"));
        output("useradd", &["-m", "-d", home.to_str().unwrap(), USER]);
        output("install", &["-d", "-m", "700", "-o", USER, run.to_str().unwrap()]);
        std::fs::copy(image.archive(), user.at("image.tar")).unwrap();
        let config = "[engine]\nruntime=\"runc\"\ncgroup_manager=\"cgroupfs\"\n[containers]\n\
                      default_ulimits=[\"nofile=1024:1024\",\"nproc=1000:1000\"]\n";
        std::fs::write(user.at("containers.conf"), config).unwrap();
        // Some machines keep the device that slirp4netns needs from users.
        let tun = user.at("tun");
        output("mknod", &["-m", "666", tun.to_str().unwrap(), "c", "10", "200"]);
        user.podman(&["import", "-q", user.at("image.tar").to_str().unwrap(), NAME]);
        user
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let quoted = arguments.iter().map(|it| format!("'{it}'")).collect::<Vec<_>>().join(" ");
        let folder = self.folder.path().display();
        let podman = format!(
            "cd {folder}/home && XDG_RUNTIME_DIR={folder}/run CONTAINERS_CONF={folder}/containers.conf \
             exec podman --log-level error {quoted}"
        );
        let mut command = Command::new("unshare");
        let mount = "mount --bind \"$0\" /dev/net/tun && exec su \"$1\" -s /bin/sh -c \"$2\"";
        command.args(["-m", "--propagation", "slave", "sh", "-c", mount]);
        command.arg(self.at("tun")).arg(USER).arg(podman);
        command
    }

    fn podman(&self, arguments: &[&str]) -> String {
        finish(&mut self.command(arguments))
    }

    fn run(&self, name: &str, options: &[&str], command: &[&str]) -> Running {
        let head = ["run", "-d", "--name", name];
        let id = self.podman(&[&head, options, &[NAME], command].concat()).trim().to_owned();
        let pid = self.podman(&["inspect", "-f", "{{.State.Pid}}", name]);
        Running { id, name: name.to_owned(), pid: pid.trim().parse().unwrap() }
    }
}

impl Drop for User {
    fn drop(&mut self) {
        let _ = self.command(&["rm", "-f", "-a", "-t", "0"]).output();
        // It holds the user's namespaces.
        let pause = std::fs::read_to_string(self.at("run/libpod/tmp/pause.pid"));
        if let Ok(pid) = pause {
            let _ = Command::new("kill").arg(pid.trim()).output();
        }
        let _ = Command::new("userdel").args(["-f", USER]).output();
    }
}

/// Processes with the mounts of the container's first one.
fn processes_of(container: &Running) -> BTreeSet<u32> {
    let mounts = |pid: u32| std::fs::read_link(format!("/proc/{pid}/ns/mnt")).ok();
    let own = mounts(container.pid).unwrap();
    let pids = std::fs::read_dir("/proc").unwrap();
    let pids = pids.filter_map(|entry| entry.unwrap().file_name().to_str()?.parse().ok());
    pids.filter(|pid| mounts(*pid).as_ref() == Some(&own)).collect()
}

fn inside<'s>(swept: &'s [Swept], container: &Running) -> &'s Swept {
    let of = |it: &&Swept| it.container.as_ref().is_some_and(|it| it.id == container.id);
    let found = swept.iter().find(of).expect(&container.name);
    assert_eq!(found.container.as_ref().unwrap().name, container.name);
    found
}

#[test]
fn what_a_user_s_container_runs_is_the_container_s() {
    let Some(image) = Image::make() else { return };
    let missing = ["newuidmap", "slirp4netns"].into_iter().find(|it| which(it).is_none());
    assert!(missing.is_none() || std::env::var_os("CI").is_none(), "CI has to have {missing:?}");
    if missing.is_some() {
        return;
    }
    let _alone = alone_with_images();
    let user = User::add(&image);
    let publish = format!("{PUBLISHED}:80");
    let both = ["sh", "-c", "sleep 904 & exec httpd -f -p 80"];
    let published = user.run("muster-own", &["-p", &publish, "--label=tier=own"], &both);
    let of_host = user.run("muster-own-host", &["--net=host"], &["httpd", "-f", "-p", "18491"]);
    wait_for("both processes", || processes_of(&published).len() == 2);

    let mut inventory = Inventory::new(Options::default()).unwrap();
    let processes = inventory.sweep(&[Kind::Process]);
    for container in [&published, &of_host] {
        let rows = &inside(&processes, container).rows;
        let pids: BTreeSet<u32> = rows.iter().filter_map(|row| row.volatile.pid).collect();
        assert_eq!(pids, processes_of(container), "{}", container.name);
        for row in rows.iter() {
            assert_eq!(row.fact.text(Column::Path), "/bin/busybox");
            assert_eq!(row.fact.text(Column::Hash), image.busybox);
        }
        let mut told = inventory.containers().unwrap().iter();
        let told = told.find(|it| it.named.id == container.id).unwrap();
        let format = "{{.ImageName}} sha256:{{.Image}} {{json .Created}}";
        let inspected = user.podman(&["inspect", "-f", format, &container.id]);
        let inspected: Vec<&str> = inspected.split_whitespace().collect();
        assert_eq!([told.image.as_str(), &told.image_id], inspected[..2]);
        assert_eq!(told.created, Micros::from_iso(inspected[2].trim_matches('"')));
        assert_eq!(told.runtime, "podman");
        let tier = (container.name == "muster-own").then_some("own");
        assert_eq!(told.labels.get("tier").map(String::as_str), tier);
    }
    let users = inventory.sweep(&[Kind::Users]);
    let names = inside(&users, &published).rows.iter().map(|row| row.fact.text(Column::Name));
    assert_eq!(names.collect::<BTreeSet<_>>(), BTreeSet::from(["root", "shop"]));

    let ports = inventory.sweep(&[Kind::Port]);
    for (container, port) in [(&published, 80), (&of_host, 18_491)] {
        let found = inside(&ports, container).rows.iter();
        let found: Vec<_> = found.filter_map(|row| row.fact.int(Column::Port)).collect();
        assert_eq!(found, [port], "{}", container.name);
    }
    let of_machine = ports.iter().find(|it| it.container.is_none()).unwrap();
    let proxy = of_machine.rows.iter().find(|row| row.fact.int(Column::Port) == Some(PUBLISHED));
    let leads_to = proxy.unwrap().fact.evidence()["leads_to"].clone();
    assert_eq!(leads_to["container_id"], published.id.as_str());
    assert_eq!(
        (&leads_to["container_name"], &leads_to["port"]),
        (&"muster-own".into(), &80.into())
    );
    let monitors = processes.iter().find(|it| it.container.is_none()).unwrap().rows.iter();
    let monitors = monitors.filter(|row| row.fact.text(Column::Path).ends_with("/conmon"));
    let of_ours =
        |id: &str| monitors.clone().filter(|row| row.fact.text(Column::Args).contains(id)).count();
    assert_eq!((of_ours(&published.id), of_ours(&of_host.id)), (1, 1), "they are the host's");
}
