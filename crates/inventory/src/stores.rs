//! In which folders runtimes keep images and containers: where they do by themselves, where their configuration says, and where those that run
//! were told to.
//!
//! | runtime | its configuration | its arguments |
//! |---|---|---|
//! | Docker | `data-root` of `/etc/docker/daemon.json` | `--data-root`, `--config-file` |
//! | containerd | `root` of `/etc/containerd/config.toml` | `--root`, `--config` |
//! | Podman, CRI-O, Buildah | `graphroot`, `rootless_storage_path` and `additionalimagestores` of `storage.conf`, those of users too | the folder of each container, of conmon |
//!
//! Only daemons of root are believed: what somebody else runs under their name may point anywhere.

use crate::files::Files;
use crate::processes::Process;
use rustix::fs::FileType;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Longest configuration read, bytes.
const MAX_CONFIG: u64 = 1 << 20;
/// Folders of one runtime looked at.
const MAX_FOLDERS: usize = 64;
/// Users whose stores are looked for.
const MAX_HOMES: usize = 2_000;
/// The first number of an account that is a person's.
const FIRST_USER: u32 = 1_000;
/// Where containerd keeps its data: by itself, and as part of what ships with its own.
const CONTAINERD: [&str; 5] = [
    "/var/lib/containerd",
    "/var/lib/rancher/k3s/agent/containerd",
    "/var/lib/rancher/rke2/agent/containerd",
    "/var/lib/k0s/containerd",
    "/var/snap/microk8s/common/var/lib/containerd",
];
/// Below the home of a user.
const OF_USER: &str = ".local/share/containers/storage";

/// What daemons that run were told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stores {
    docker: BTreeSet<PathBuf>,
    docker_configs: BTreeSet<PathBuf>,
    containerd: BTreeSet<PathBuf>,
    containerd_configs: BTreeSet<PathBuf>,
    podman: BTreeSet<PathBuf>,
}

/// A store of Podman and its like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Storage {
    pub(crate) path: PathBuf,
    /// Whether a user without root's rights keeps it.
    pub(crate) of_user: bool,
}

/// The value of an option in either of its forms, `--name value` and `--name=value`.
fn option<'p>(args: &'p [String], names: &[&str]) -> Option<&'p str> {
    args.iter().enumerate().find_map(|(nth, arg)| {
        if names.contains(&arg.as_str()) {
            return args.get(nth + 1).map(String::as_str);
        }
        let (name, value) = arg.split_once('=')?;
        names.contains(&name).then_some(value)
    })
}

/// A path that leads somewhere by itself.
fn absolute(path: &str) -> Option<PathBuf> {
    let path = PathBuf::from(path);
    path.is_absolute().then_some(path)
}

impl Stores {
    /// What the daemons among these processes were told.
    pub(crate) fn of(processes: &[Arc<Process>]) -> Self {
        let mut stores = Self::default();
        // Others see other files under the same paths.
        let of_host = processes.iter().find(|it| it.pid == 1).map(|it| it.mntns);
        let believed = |it: &&Arc<Process>| it.uid == 0 && Some(it.mntns) == of_host;
        for process in processes.iter().filter(believed) {
            let name = process.exe.file_name().and_then(|it| it.to_str()).unwrap_or_default();
            let path = |names: &[&str]| option(&process.args, names).and_then(absolute);
            match name {
                "dockerd" => {
                    stores.docker.extend(path(&["--data-root", "--graph", "-g"]));
                    stores.docker_configs.extend(path(&["--config-file"]));
                }
                "containerd" => {
                    stores.containerd.extend(path(&["--root"]));
                    stores.containerd_configs.extend(path(&["--config", "-c"]));
                }
                "conmon" => {
                    let bundle = path(&["-b", "--bundle"]).unwrap_or_default();
                    // STORAGE/overlay-containers/ID/userdata
                    let kept = bundle.ancestors().nth(2);
                    let named = kept.and_then(Path::file_name).and_then(|it| it.to_str());
                    if named.is_some_and(|it| it.ends_with("-containers")) {
                        stores.podman.extend(kept.and_then(Path::parent).map(Path::to_owned));
                    }
                }
                _ => {}
            }
            if stores.docker.len().max(stores.podman.len()) >= MAX_FOLDERS {
                break;
            }
        }
        stores
    }
}

/// Without those that were there before.
fn once<T: PartialEq>(all: impl Iterator<Item = T>) -> Vec<T> {
    let mut kept = Vec::new();
    for it in all {
        if kept.len() < MAX_FOLDERS && !kept.contains(&it) {
            kept.push(it);
        }
    }
    kept
}

fn whole(file: &File) -> String {
    let mut text = String::new();
    // What is no text says nothing.
    if file.take(MAX_CONFIG).read_to_string(&mut text).is_err() {
        text.clear();
    }
    text
}

/// What a configuration says, as far as it can be read.
fn configured<T, F>(files: &Files, path: &Path, parse: F) -> Option<Arc<T>>
where
    T: Send + Sync + 'static,
    F: FnOnce(&str) -> T,
{
    files.parsed(path, MAX_CONFIG, |file| parse(&whole(file)))
}

fn toml<T: DeserializeOwned + Default>(text: &str) -> T {
    toml::from_str(text).unwrap_or_default()
}

/// Where Docker keeps its data.
pub(crate) fn docker_roots(files: &Files) -> Vec<PathBuf> {
    #[derive(Default, Deserialize)]
    struct Daemon {
        #[serde(rename = "data-root", alias = "graph", default)]
        data_root: Option<PathBuf>,
    }
    struct DataRoot(Option<PathBuf>);
    let stores = files.stores();
    let usual = PathBuf::from("/etc/docker/daemon.json");
    let configs = stores.docker_configs.iter().cloned().chain([usual]);
    let from_config = configs.filter_map(|path| {
        let told = configured(files, &path, |text| {
            let daemon: Daemon = serde_json::from_str(text).unwrap_or_default();
            DataRoot(daemon.data_root.filter(|it| it.is_absolute()))
        });
        told?.0.clone()
    });
    let told: Vec<PathBuf> = stores.docker.iter().cloned().chain(from_config).collect();
    let usual = told.is_empty().then(|| PathBuf::from("/var/lib/docker"));
    once(told.into_iter().chain(usual))
}

/// Where containerd keeps its data: Docker's own, too.
pub(crate) fn containerd_roots(files: &Files) -> Vec<PathBuf> {
    #[derive(Default, Deserialize)]
    struct Config {
        #[serde(default)]
        root: Option<PathBuf>,
    }
    struct Root(Option<PathBuf>);
    let stores = files.stores();
    let usual = PathBuf::from("/etc/containerd/config.toml");
    let configs = stores.containerd_configs.iter().cloned().chain([usual]);
    let from_config = configs.filter_map(|path| {
        let told = configured(files, &path, |text| {
            Root(toml::<Config>(text).root.filter(|it| it.is_absolute()))
        });
        told?.0.clone()
    });
    let of_docker = docker_roots(files).into_iter().map(|it| it.join("containerd/daemon"));
    let known = CONTAINERD.into_iter().map(PathBuf::from);
    once(stores.containerd.iter().cloned().chain(from_config).chain(known).chain(of_docker))
}

/// `storage.conf`, as far as it is of use here.
#[derive(Clone, Default, Deserialize)]
struct StorageConf {
    #[serde(default)]
    storage: StorageTable,
}

#[derive(Clone, Default, Deserialize)]
struct StorageTable {
    #[serde(default)]
    graphroot: Option<String>,
    #[serde(default)]
    rootless_storage_path: Option<String>,
    #[serde(default)]
    options: StorageOptions,
}

#[derive(Clone, Default, Deserialize)]
struct StorageOptions {
    #[serde(default)]
    additionalimagestores: Vec<String>,
}

/// A user, as far as paths name him.
struct User {
    name: String,
    uid: String,
    home: PathBuf,
}

impl User {
    /// A path of a configuration for this user.
    fn path(&self, text: &str) -> Option<PathBuf> {
        let home = self.home.to_str()?;
        let text = text.replace("$HOME", home).replace("$USER", &self.name);
        absolute(&text.replace("$UID", &self.uid))
    }
}

/// People with a home: those in `/home`, and those whose account names another.
fn users(files: &Files) -> Vec<User> {
    let accounts = files.text("/etc/passwd", MAX_CONFIG).unwrap_or_default();
    let person = |line: &str| {
        let fields: Vec<&str> = line.split(':').collect();
        let (name, uid, home) = (*fields.first()?, *fields.get(2)?, *fields.get(5)?);
        let home = absolute(home).filter(|it| it != Path::new("/"))?;
        let is_person = uid.parse::<u32>().is_ok_and(|uid| uid >= FIRST_USER);
        is_person.then(|| User { name: name.to_owned(), uid: uid.to_owned(), home })
    };
    let mut users: Vec<User> = accounts.lines().filter_map(person).take(MAX_HOMES).collect();
    let folders = files.list("/home").into_iter();
    for home in folders.filter(|it| it.file_type != FileType::RegularFile) {
        if users.len() < MAX_HOMES && !users.iter().any(|it| it.home == home.path) {
            let name = home.text().into_owned();
            users.push(User { name, uid: String::new(), home: home.path });
        }
    }
    users
}

fn storage_conf(files: &Files, path: &Path) -> Option<Arc<StorageConf>> {
    configured(files, path, toml::<StorageConf>)
}

/// Where Podman, CRI-O and Buildah keep what they have: root's place, and then those of users who do without its rights.
pub(crate) fn storages(files: &Files) -> impl Iterator<Item = Storage> {
    let etc = Path::new("/etc/containers/storage.conf");
    let shipped = Path::new("/usr/share/containers/storage.conf");
    // The first that is there counts, as for the runtimes.
    let conf = storage_conf(files, etc).or_else(|| storage_conf(files, shipped));
    let conf = conf.map(|it| it.storage.clone()).unwrap_or_default();
    let of_root = |path: PathBuf| Storage { path, of_user: false };
    let running = files.stores().podman.iter().cloned();
    let graph = conf.graphroot.as_deref().and_then(absolute);
    let usual = [PathBuf::from("/var/lib/containers/storage")];
    let others = conf.options.additionalimagestores.iter().filter_map(|it| absolute(it));
    let of_root = once(running.chain(graph).chain(usual).chain(others)).into_iter().map(of_root);
    // Most are asked for what root has: users are only looked at where that is not enough.
    let rootless = conf.rootless_storage_path;
    let of_users = move || users(files).into_iter();
    let each = move |user: User| {
        let own = storage_conf(files, &user.home.join(".config/containers/storage.conf"));
        let own = own.map(|it| it.storage.clone()).unwrap_or_default();
        let told = own.graphroot.as_deref().or(rootless.as_deref());
        let graph = told.and_then(|it| user.path(it));
        let others = own.options.additionalimagestores.iter().filter_map(|it| user.path(it));
        let all = graph.into_iter().chain([user.home.join(OF_USER)]).chain(others);
        once(all).into_iter().map(|path| Storage { path, of_user: true })
    };
    of_root.chain(std::iter::once_with(of_users).flatten().flat_map(each))
}

#[cfg(test)]
mod tests {
    use super::*;
    use muster_model::Micros;

    fn process(uid: u32, exe: &str, args: &[&str]) -> Arc<Process> {
        let args = args.iter().map(|&it| it.to_owned()).collect();
        Arc::new(Process {
            pid: 7,
            ppid: 1,
            start: Micros(0),
            uid,
            gid: uid,
            comm: String::new(),
            exe: exe.into(),
            exe_deleted: false,
            args,
            cwd: "/".into(),
            kernel: false,
            netns: 1,
            mntns: 1,
            cgroup: String::new(),
            start_ticks: 0,
            revision: 0,
        })
    }

    fn paths(all: &[&str]) -> Vec<PathBuf> {
        all.iter().map(PathBuf::from).collect()
    }

    #[test]
    fn what_runs_tells_where_its_store_is() {
        let bundle = "/srv/pods/overlay-containers/c1/userdata";
        let mut first = (*process(0, "/sbin/init", &[])).clone();
        first.pid = 1;
        let mut inside =
            (*process(0, "/usr/sbin/dockerd", &["dockerd", "--data-root=/inside"])).clone();
        inside.mntns = 2;
        let stores = Stores::of(&[
            Arc::new(first),
            // In a container the path is one of the container.
            Arc::new(inside),
            process(0, "/usr/sbin/dockerd", &["dockerd", "--data-root", "/srv/docker"]),
            process(
                0,
                "/usr/bin/containerd",
                &["containerd", "--root=/srv/ctd", "-c", "/srv/c.toml"],
            ),
            process(0, "/usr/bin/conmon", &["conmon", "-b", bundle, "-c", "c1"]),
            // Somebody's, or nowhere.
            process(1000, "/home/eve/dockerd", &["dockerd", "--data-root=/home/eve/fake"]),
            process(0, "/usr/sbin/dockerd", &["dockerd", "--data-root", "docker"]),
            process(0, "/usr/sbin/dockerd", &["dockerd", "--data-root"]),
            process(0, "/usr/bin/conmon", &["conmon", "-b", "/x"]),
        ]);
        assert_eq!(stores.docker.iter().cloned().collect::<Vec<_>>(), paths(&["/srv/docker"]));
        assert_eq!(stores.podman.iter().cloned().collect::<Vec<_>>(), paths(&["/srv/pods"]));
        let (files, _folder) = crate::files::of(&[
            ("srv/c.toml", "version = 2\nroot = '/data/ctd'\n[plugins.x]\na = 1\n"),
            ("etc/docker/daemon.json", r#"{"data-root":"/data/docker","features":{}}"#),
        ]);
        let files = files.with_stores(Arc::new(stores));
        assert_eq!(docker_roots(&files), paths(&["/srv/docker", "/data/docker"]));
        let roots = containerd_roots(&files);
        assert_eq!(roots[..3], paths(&["/srv/ctd", "/data/ctd", "/var/lib/containerd"]));
        assert!(roots.contains(&"/data/docker/containerd/daemon".into()), "{roots:?}");
        assert_eq!(storages(&files).next().unwrap().path, PathBuf::from("/srv/pods"));
    }

    #[test]
    fn configurations_move_stores_of_root_and_of_users() {
        let conf = "[storage]\ndriver = 'overlay'\ngraphroot = '/data/pods'\nrootless_storage_path = '/data/$USER/$UID'\n\
                    [storage.options]\nadditionalimagestores = ['/mnt/images', 'nowhere']\n";
        let own = "[storage]\ngraphroot = '$HOME/own'\n";
        let (files, _folder) = crate::files::of(&[
            ("etc/containers/storage.conf", conf),
            ("usr/share/containers/storage.conf", "[storage]\ngraphroot = '/shipped'\n"),
            ("srv/ada/.config/containers/storage.conf", own),
            ("home/bob/x", ""),
            (
                "etc/passwd",
                "root:x:0:0::/root:/bin/sh\nada:x:1001:1001::/srv/ada:/bin/sh\ndaemon:x:1:1::/srv/none:/bin/sh\nbroken\n",
            ),
        ]);
        let all: Vec<Storage> = storages(&files).collect();
        let of = |of_user| {
            let some = all.iter().filter(|it| it.of_user == of_user);
            some.map(|it| it.path.clone()).collect::<Vec<_>>()
        };
        assert_eq!(of(false), paths(&["/data/pods", "/var/lib/containers/storage", "/mnt/images"]));
        let expected = [
            "/srv/ada/own",
            "/srv/ada/.local/share/containers/storage",
            "/data/bob/",
            "/home/bob/.local/share/containers/storage",
        ];
        assert_eq!(of(true), paths(&expected));
    }

    #[test]
    fn broken_configurations_leave_the_usual_places() {
        let (files, _folder) = crate::files::of(&[
            ("etc/docker/daemon.json", r#"{"data-root":"relative"}"#),
            ("etc/containerd/config.toml", "root = ["),
            ("etc/containers/storage.conf", "\u{0}"),
        ]);
        assert_eq!(docker_roots(&files), paths(&["/var/lib/docker"]));
        assert_eq!(containerd_roots(&files)[0], PathBuf::from("/var/lib/containerd"));
        let first = storages(&files).next().unwrap();
        assert_eq!(first.path, PathBuf::from("/var/lib/containers/storage"));
    }
}
