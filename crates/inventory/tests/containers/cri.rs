//! Pods as a kubelet has them run: a containerd with folders of its own, as k3s has, asked through the CRI by `crictl`.

use crate::attributed::{listeners_of, processes_of};
use crate::runtimes::{Daemon, Image, NAME, Podman, Running, finish, output, wait_for, which};
use crate::services;
use muster_inventory::{Inventory, Swept};
use muster_model::container::Details;
use muster_model::{Column, Kind, Micros};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What holds a pod's namespaces.
const PAUSE: &str = "localhost/muster-pause:1";
const BRIDGE: &str = "muster-cri0";

struct Cri {
    folder: PathBuf,
    crictl: PathBuf,
    daemon: Option<Daemon>,
}

impl Cri {
    /// None without its client or the programs that make networks; CI has to have them.
    fn start(image: &Image, podman: &Podman) -> Option<Self> {
        let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance/.venv/bin");
        let crictl = Some(tools.join("crictl")).filter(|it| it.is_file()).or(which("crictl"));
        let crictl = crictl.filter(|_| Path::new("/usr/lib/cni/bridge").is_file());
        assert!(crictl.is_some() || std::env::var_os("CI").is_none(), "CI has to run pods");
        let folder = image.folder().join("cri");
        let mut cri = Self { folder, crictl: crictl?, daemon: None };
        cri.configure();
        cri.up();
        podman.command(&["rmi", "-f", "-i", PAUSE]);
        let (archive, pause) = (image.archive(), "ENTRYPOINT [\"/bin/sleep\",\"3600\"]");
        podman.command(&["import", "-q", "-c", pause, archive.to_str().unwrap(), PAUSE]);
        for (place, name) in [PAUSE, NAME, services::NAME].into_iter().enumerate() {
            let archive = cri.folder.join(format!("{place}.tar"));
            let to = archive.to_str().unwrap();
            podman.command(&["save", "-q", "--format", "oci-archive", "-o", to, name]);
            output("ctr", &["-a", cri.socket().as_str(), "-n", "k8s.io", "image", "import", to]);
        }
        Some(cri)
    }

    fn configure(&self) {
        let cni = self.folder.join("cni");
        std::fs::create_dir_all(&cni).unwrap();
        let at = |name: &str| self.folder.join(name).display().to_string();
        let plugin = "[plugins.\"io.containerd.grpc.v1.cri\"";
        let config = format!(
            "version = 2\nroot = {root:?}\nstate = {state:?}\n[grpc]\naddress = {socket:?}\n{plugin}]\n\
             sandbox_image = {PAUSE:?}\nrestrict_oom_score_adj = true\ndisable_apparmor = true\n\
             {plugin}.cni]\nbin_dir = \"/usr/lib/cni\"\nconf_dir = {cni:?}\n",
            root = at("root"),
            state = at("state"),
            socket = self.socket(),
        );
        std::fs::write(self.folder.join("config.toml"), config).unwrap();
        let ranges = json!([[{ "subnet": "10.93.7.0/24" }]]);
        let addresses = json!({ "type": "host-local", "ranges": ranges, "dataDir": at("ipam") });
        let bridge =
            json!({ "type": "bridge", "bridge": BRIDGE, "isGateway": true, "ipam": addresses });
        let published = json!({ "type": "portmap", "capabilities": { "portMappings": true } });
        let network =
            json!({ "cniVersion": "0.4.0", "name": "muster", "plugins": [bridge, published] });
        std::fs::write(cni.join("10-muster.conflist"), network.to_string()).unwrap();
    }

    fn socket(&self) -> String {
        self.folder.join("containerd.sock").display().to_string()
    }

    fn up(&mut self) {
        let config = self.folder.join("config.toml");
        self.daemon = Some(Daemon::start(Command::new("containerd").arg("--config").arg(config)));
        wait_for("containerd with its CRI", || {
            self.command(&["version"]).output().is_ok_and(|done| done.status.success())
        });
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.crictl);
        command.arg("-r").arg(format!("unix://{}", self.socket())).args(arguments);
        command
    }

    fn ask(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&finish(&mut self.command(arguments))).unwrap()
    }

    fn file(&self, name: &str, content: &Value) -> String {
        let path = self.folder.join(name);
        std::fs::write(&path, content.to_string()).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// A pod of the namespace `stores` with these containers: name, image, command, mounts.
    fn run(&self, pod: &Pod, containers: &[(&str, &str, &[&str], Value)]) -> Vec<Running> {
        let network = if pod.of_host { 2 } else { 0 };
        let config = json!({
            "metadata": { "name": pod.name, "namespace": "stores", "uid": pod.uid },
            "log_directory": self.folder.join("log"),
            "port_mappings": pod.ports,
            "linux": {
                "cgroup_parent": format!("/kubepods/besteffort/pod{}", pod.uid),
                "security_context": { "namespace_options": { "network": network } },
            },
        });
        let config = self.file("pod.json", &config);
        let sandbox = finish(&mut self.command(&["runp", &config])).trim().to_owned();
        let pid = self.ask(&["inspectp", &sandbox])["info"]["pid"].as_u64().unwrap();
        let pid = u32::try_from(pid).unwrap();
        let mut all = vec![Running { id: sandbox, name: format!("stores/{}", pod.name), pid }];
        for (name, image, command, mounts) in containers {
            let of = json!({
                "metadata": { "name": name },
                "image": { "image": image },
                "command": command,
                "labels": { "tier": "front", "io.kubernetes.container.name": name },
                "log_path": format!("{name}.log"),
                "mounts": mounts,
            });
            let of = self.file("container.json", &of);
            let create = ["create", &all[0].id, &of, &config];
            let id = finish(&mut self.command(&create)).trim().to_owned();
            finish(&mut self.command(&["start", &id]));
            let pid = self.ask(&["inspect", &id])["info"]["pid"].as_u64().unwrap();
            let (name, pid) = (format!("stores/{}/{name}", pod.name), u32::try_from(pid).unwrap());
            all.push(Running { id, name, pid });
        }
        all
    }
}

impl Drop for Cri {
    fn drop(&mut self) {
        if self.daemon.is_none() {
            self.up();
        }
        let _ = self.command(&["rmp", "-f", "-a"]).output();
        let _ = Command::new("ip").args(["link", "del", BRIDGE]).output();
    }
}

struct Pod {
    name: &'static str,
    uid: &'static str,
    /// Is it in the host's network?
    of_host: bool,
    ports: Value,
}

/// What is known of a container, which has to be called so.
fn details(inventory: &Inventory, container: &Running) -> Details {
    let mut told = inventory.containers().unwrap().iter();
    let told = told.find(|it| it.named.id == container.id).expect(&container.name);
    assert_eq!(told.named.name, container.name);
    told.clone()
}

fn inside<'s>(swept: &'s [Swept], container: &Running) -> &'s Swept {
    let of = |it: &&Swept| it.container.as_ref().is_some_and(|it| it.id == container.id);
    swept.iter().find(of).expect(&container.name)
}

pub(crate) fn pods_are_told_as_the_cri_tells_them(
    image: &Image,
    podman: &Podman,
    inventory: &mut Inventory,
) {
    if services::missing() {
        return;
    }
    let Some(mut cri) = Cri::start(image, podman) else { return };
    let in_host = Pod {
        name: "shop-1",
        uid: "5a1b0000-0000-4000-8000-000000000001",
        of_host: true,
        ports: json!([]),
    };
    let own = Pod {
        name: "shop-2",
        uid: "5a1b0000-0000-4000-8000-000000000002",
        of_host: false,
        ports: json!([{ "container_port": 80, "host_port": 18_480 }]),
    };
    let usr = json!([{ "host_path": "/usr", "container_path": "/usr", "readonly": true }]);
    let redis = ["/usr/bin/redis-server", "--port", "18411", "--save", ""];
    let httpd = ["/bin/httpd", "-f", "-p", "18410"];
    let web = ["/bin/httpd", "-f", "-p", "80"];
    let pods = [
        (&in_host, cri.run(&in_host, &[("web", NAME, &httpd, json!([]))])),
        (
            &own,
            cri.run(
                &own,
                &[("web", NAME, &web, json!([])), ("cache", services::NAME, &redis, usr)],
            ),
        ),
    ];
    let listening = [(&pods[0].1[1], 18_410), (&pods[1].1[1], 80), (&pods[1].1[2], 18_411)];
    for (container, port) in listening {
        wait_for(&container.name, || listeners_of(container).contains(&port));
    }

    let processes = inventory.sweep(&[Kind::Process]);
    let ports = inventory.sweep(&[Kind::Port]);
    for container in pods.iter().flat_map(|(_, containers)| containers) {
        let pids = inside(&processes, container).rows.iter().filter_map(|row| row.volatile.pid);
        assert_eq!(pids.collect::<BTreeSet<_>>(), processes_of(container), "{}", container.name);
        let tcp = inside(&ports, container).rows.iter();
        let tcp = tcp.filter(|row| row.fact.text(Column::Protocol).starts_with("TCP"));
        let found = tcp.filter_map(|row| row.fact.int(Column::Port)).collect::<BTreeSet<_>>();
        // Those of one pod share a network, and each has its own ports in it.
        assert_eq!(found, listeners_of(container), "{}", container.name);
    }
    for (pod, containers) in &pods {
        for container in containers {
            let told = details(inventory, container);
            assert_eq!(told.runtime, "containerd");
            let uid = told.labels.get("io.kubernetes.pod.uid").map(String::as_str);
            assert_eq!(uid, Some(pod.uid), "{}", container.name);
        }
        let sandbox = cri.ask(&["inspectp", &containers[0].id]);
        let told = details(inventory, &containers[0]);
        let created = sandbox["status"]["createdAt"].as_str().unwrap();
        assert_is_about(told.created, created);
        assert_eq!(told.image, PAUSE);
        for container in &containers[1..] {
            let said = cri.ask(&["inspect", &container.id]);
            let (status, told) = (&said["status"], details(inventory, container));
            let metadata = &said["info"]["runtimeSpec"]["annotations"];
            let name = ["sandbox-namespace", "sandbox-name", "container-name"].map(|part| {
                metadata[format!("io.kubernetes.cri.{part}")].as_str().unwrap().to_owned()
            });
            assert_eq!(told.named.name, name.join("/"));
            assert_eq!(told.image, status["image"]["image"].as_str().unwrap());
            let image = cri.ask(&["inspecti", &told.image]);
            assert_eq!(told.image_id, image["status"]["id"].as_str().unwrap());
            assert_is_about(told.created, status["createdAt"].as_str().unwrap());
            for (key, value) in status["labels"].as_object().unwrap() {
                assert_eq!(told.labels.get(key).map(String::as_str), value.as_str(), "{key}");
            }
        }
    }

    // Nobody was asked for the names: they are there without containerd, and for somebody who comes later, too.
    cri.daemon = None;
    assert!(!cri.command(&["version"]).output().unwrap().status.success());
    let mut later = Inventory::new(muster_inventory::Options::default()).unwrap();
    for inventory in [inventory, &mut later] {
        inventory.sweep(&[Kind::Process]);
        for container in pods.iter().flat_map(|(_, containers)| containers) {
            assert!(!details(inventory, container).image_id.is_empty(), "{}", container.name);
        }
    }
}

/// containerd's database notes a container a little before or after its CRI does: at most a minute here.
fn assert_is_about(told: Option<Micros>, said: &str) {
    let (told, said) = (told.unwrap(), Micros::from_iso(said).expect(said));
    assert!(told.0.abs_diff(said.0) < 60_000_000, "{told:?} {said:?}");
}
