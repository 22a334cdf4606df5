//! What runs in containers is attributed to them, and nothing else is.

use crate::runtimes::{
    Containerd, Docker, Image, Podman, Runc, Running, alone_with_images, output, wait_for,
};
use muster_inventory::{Inventory, Options, Swept};
use muster_model::container::{Sign, SignKind};
use muster_model::{Column, Kind, Micros};
use std::collections::BTreeSet;

fn sweep(inventory: &mut Inventory, kind: Kind) -> Vec<Swept> {
    inventory.sweep(&[kind])
}

/// What was found in a container.
fn inside<'s>(swept: &'s [Swept], container: &Running) -> Option<&'s Swept> {
    let found =
        swept.iter().find(|it| it.container.as_ref().is_some_and(|it| it.id == container.id))?;
    assert_eq!(found.container.as_ref().unwrap().name, container.name);
    Some(found)
}

/// The processes whose control group is that of the container's first one, as the kernel lists them.
pub(crate) fn processes_of(container: &Running) -> BTreeSet<u32> {
    let group = |pid: u32| {
        let text = std::fs::read_to_string(format!("/proc/{pid}/cgroup")).unwrap_or_default();
        text.lines().find_map(|line| line.strip_prefix("0::").map(str::to_owned))
    };
    let own = group(container.pid).unwrap();
    let pids = std::fs::read_dir("/proc").unwrap();
    let pids = pids.filter_map(|entry| entry.unwrap().file_name().to_str()?.parse().ok());
    pids.filter(|pid| group(*pid).as_ref() == Some(&own)).collect()
}

/// The listeners of the container's network, as `ss` run inside it prints them.
pub(crate) fn listeners_of(container: &Running) -> BTreeSet<i64> {
    let pid = container.pid.to_string();
    let printed = output("nsenter", &["-t", &pid, "-n", "ss", "-Hltnp"]);
    let ours = processes_of(container);
    let of_ours = |line: &&str| ours.iter().any(|pid| line.contains(&format!("pid={pid},")));
    let port = |line: &str| line.split_whitespace().nth(3)?.rsplit(':').next()?.parse().ok();
    printed.lines().filter(of_ours).filter_map(port).collect()
}

#[test]
fn what_runs_in_a_container_is_the_container_s() {
    let Some(image) = Image::make() else { return };
    let _alone = alone_with_images();
    let (podman, docker) = (Podman::new(&image), Docker::start(&image));
    let (containerd, runc) = (Containerd::start(&podman), Runc::new(&image));
    let running = [
        podman.run("muster-bridge", &["--label=tier=edge"], &["httpd", "-f", "-p", "18301"]),
        podman.run("muster-host", &["--net=host"], &["httpd", "-f", "-p", "18302"]),
        docker.run(
            "muster-docker",
            &["--net=host", "--label=tier=front"],
            &["httpd", "-f", "-p", "18303"],
        ),
        containerd.run("muster-ctr", &["sh", "-c", "sleep 901 & exec sleep 900"]),
        runc.run("muster-runc", &["sleep", "900"]),
    ];
    let mut inventory = Inventory::new(Options::default()).unwrap();

    let processes = sweep(&mut inventory, Kind::Process);
    for container in &running {
        let found = inside(&processes, container).expect(&container.name);
        let pids: BTreeSet<u32> = found.rows.iter().filter_map(|row| row.volatile.pid).collect();
        assert_eq!(pids, processes_of(container), "{}", container.name);
        for row in found.rows.iter() {
            assert_eq!(row.fact.text(Column::Path), "/bin/busybox");
            assert_eq!(row.fact.text(Column::Hash), image.busybox);
        }
    }
    let of_host: BTreeSet<u32> =
        processes[0].rows.iter().filter_map(|row| row.volatile.pid).collect();
    assert!(processes[0].container.is_none() && of_host.contains(&std::process::id()));
    assert!(running.iter().all(|container| !of_host.contains(&container.pid)));

    let ports = sweep(&mut inventory, Kind::Port);
    for (container, port) in running.iter().zip([Some(18301), Some(18302), Some(18303), None, None])
    {
        let found = inside(&ports, container).expect(&container.name);
        let listed: BTreeSet<i64> =
            found.rows.iter().filter_map(|row| row.fact.int(Column::Port)).collect();
        assert_eq!(listed, port.into_iter().collect(), "{}", container.name);
        assert_eq!(listed, listeners_of(container), "{}", container.name);
    }
    let of_host = ports[0].rows.iter().filter_map(|row| row.fact.int(Column::Port));
    assert!(of_host.into_iter().all(|port| !(18301..=18303).contains(&port)));

    let users = sweep(&mut inventory, Kind::Users);
    for container in &running {
        let found = inside(&users, container).expect(&container.name);
        let names: BTreeSet<&str> =
            found.rows.iter().map(|row| row.fact.text(Column::Name)).collect();
        assert_eq!(names, BTreeSet::from(["root", "shop"]), "{}", container.name);
    }

    let details = |container: &Running| {
        let mut told = inventory.containers().unwrap().iter();
        told.find(|it| it.named.id == container.id).unwrap().clone()
    };
    for (place, runtime) in ["podman", "podman", "docker", "containerd", "runc"].iter().enumerate()
    {
        let told = details(&running[place]);
        assert_eq!((&told.named.name, &told.runtime.as_str()), (&running[place].name, runtime));
        // Of containers of runc alone nobody on the disk knows the image.
        let inspected = match *runtime {
            "podman" => podman.inspect(&told.named.id),
            "docker" => docker.inspect(&told.named.id),
            "runc" => [String::new(), String::new(), runc.created(&told.named.id)],
            _ => {
                let [image, created] = containerd.inspect(&told.named.id);
                // It has its image from Podman.
                let [_, id, _] = podman.inspect(&running[0].id);
                [image, id, created]
            }
        };
        let [image, id, created] = inspected;
        assert_eq!((told.image, told.image_id), (image, id));
        assert_eq!(told.created, Micros::from_iso(&created), "{runtime} {created}");
    }
    for (place, tier) in [(0, "edge"), (2, "front"), (3, "back")] {
        let labels = details(&running[place]).labels;
        assert_eq!(labels.get("tier").map(String::as_str), Some(tier), "{labels:?}");
    }
    assert!(details(&running[1]).labels.is_empty());
    crate::images::lie_on_the_disk(&podman, &docker, &containerd);

    escapes(&mut inventory, &podman, &docker, &running[0]);
    crate::reach::depends_on_the_network(&podman, &docker, &mut inventory);
    crate::sharing::ends_with_a_change(&podman, &docker, &mut inventory);
    crate::blocking::is_by_path(&podman, &docker, &mut inventory);
    crate::services::are_the_container_s(&image, &podman, &mut inventory);
    crate::cri::pods_are_told_as_the_cri_tells_them(&image, &podman, &mut inventory);

    // What stopped is gone; what is renamed keeps its id.
    podman.command(&["rename", "muster-host", "muster-renamed"]);
    podman.command(&["rm", "-f", "-t", "0", "muster-bridge"]);
    let after = sweep(&mut inventory, Kind::Users);
    assert!(inside(&after, &running[0]).is_none());
    let renamed = Running { name: "muster-renamed".to_owned(), ..running[1].clone() };
    assert!(inside(&after, &renamed).is_some());
}

/// In one test with the others: they take and clear the same names.
fn escapes(inventory: &mut Inventory, podman: &Podman, docker: &Docker, plain: &Running) {
    let httpd = |port| ["httpd", "-f", "-p", port];
    let root = podman.run(
        "muster-root",
        &["--privileged", "--pid=host", "-v", "/:/host"],
        &httpd("18304"),
    );
    let some = docker.run(
        "muster-some",
        &["--net=host", "--pid=host", "--cap-add=SYS_PTRACE", "-v", "/etc/passwd:/p:ro"],
        &httpd("18305"),
    );
    let signs = |inventory: &mut Inventory, container: &Running| {
        sweep(inventory, Kind::Process);
        let mut told = inventory.containers().unwrap().iter();
        let told = told.find(|it| it.named.id == container.id).unwrap();
        let sign = |it: &Sign| (it.kind, it.evidence.clone());
        told.signs.iter().map(sign).collect::<Vec<_>>()
    };
    assert_eq!(signs(inventory, &root), [], "nobody asked for it");
    inventory.guard(Some(&["/etc/passwd".to_owned(), "/bin".to_owned()]));
    let found = signs(inventory, &root);
    assert!(found.iter().any(|(kind, _)| *kind == SignKind::Privileged), "{found:?}");
    let many = found.iter().filter(|(kind, _)| *kind == SignKind::ReleaseAgent).count();
    assert_eq!(many, 0, "one finding says it all: {found:?}");
    assert!(found.contains(&(SignKind::HostMount, "/ on /host rw".to_owned())), "{found:?}");
    let found = signs(inventory, &some);
    let namespace = |name: &str| {
        let link = std::fs::read_link(format!("/proc/self/ns/{name}")).unwrap();
        (SignKind::HostNamespace, link.to_str().unwrap().to_owned())
    };
    let expected = [
        (SignKind::Capability, "CAP_SYS_PTRACE".to_owned()),
        namespace("net"),
        namespace("pid"),
        (SignKind::HostMount, "/etc/passwd on /p ro".to_owned()),
    ];
    let uts = namespace("uts");
    // Docker gives a container in the host's network its own name only if it is told one.
    let found: Vec<_> = found.into_iter().filter(|it| *it != uts).collect();
    assert_eq!(found, expected);
    assert_eq!(signs(inventory, plain), [], "as Podman starts containers");

    let change = "busybox ln -s busybox /bin/new && busybox rm /etc/passwd";
    podman.command(&["exec", &plain.id, "sh", "-c", change]);
    let protected = |evidence: &str| (SignKind::ProtectedFile, evidence.to_owned());
    let expected = [protected("/bin/new changed"), protected("/etc/passwd removed")];
    assert_eq!(signs(inventory, plain), expected);

    let unmasked = ["--security-opt", "unmask=ALL"];
    let unmasked = podman.run("muster-unmasked", &unmasked, &httpd("18306"));
    let core_pattern = (SignKind::KernelHelper, "/proc/sys/kernel/core_pattern".to_owned());
    assert_eq!(signs(inventory, &unmasked), [core_pattern]);

    let own = std::process::id().to_string();
    let enter = ["busybox", "nsenter", "-t", &own, "-m", "--", "/bin/sleep", "60"];
    podman.command(&[&["exec", "-d", &root.id], &enter[..]].concat());
    let sleep = std::fs::canonicalize("/bin/sleep").unwrap();
    let entered = format!("{} in the host's mounts", sleep.display());
    wait_for("the sign of a process that entered the host", || {
        signs(inventory, &root).contains(&(SignKind::EnteredHost, entered.clone()))
    });
    inventory.guard(None);
}

/// `unshare` does not end when it is asked to.
struct Killed(std::process::Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn namespaces_without_a_runtime_are_the_host_s() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let of_unshare = ["unshare", "-pfmn", "--kill-child", "sleep", "903"];
    let sandbox = ["bwrap", "--die-with-parent", "--unshare-all", "--bind", "/", "/"];
    let of_bubblewrap = [&sandbox[..], &["sleep", "904"]].concat();
    let started = |command: &[&str]| {
        Killed(std::process::Command::new(command[0]).args(&command[1..]).spawn().unwrap())
    };
    let _children = [started(&of_unshare), started(&of_bubblewrap)];
    let mut inventory = Inventory::new(Options::default()).unwrap();
    let mut found = Vec::new();
    wait_for("the processes", || {
        let processes = sweep(&mut inventory, Kind::Process);
        assert!(processes[0].container.is_none());
        // What the note says, by the seconds that are slept.
        let note = |row: &muster_model::report::Row, args: &str| {
            let its = row.fact.text(Column::Args);
            let ends = its.ends_with(args) && !its.contains("unshare");
            ends.then(|| row.fact.evidence().get("namespaces").cloned()).flatten()
        };
        let notes = ["903", "904"];
        let notes = notes.map(|it| processes[0].rows.iter().find_map(|row| note(row, it)));
        found = notes.into_iter().flatten().collect();
        found.len() == 2
    });
    assert!(found.iter().all(|it| *it == serde_json::json!(["mnt", "net"])), "{found:?}");
}
