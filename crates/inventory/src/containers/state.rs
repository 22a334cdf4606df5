//! What containers are called, what they were made of and when, from the files in which their runtimes keep it.
//!
//! | runtime | where |
//! |---|---|
//! | Docker | `DATA-ROOT/containers/ID/config.v2.json`: name, image, labels |
//! | Podman | `STORAGE/DRIVER-containers/containers.json`: names, image; labels in a database (`podman.rs`) |
//! | CRI-O | the same file, names of the form `k8s_CONTAINER_POD_NAMESPACE_...`; labels in `userdata/config.json` |
//! | Kubernetes with containerd | the annotations of the container's OCI configuration: pod, name, image |
//! | containerd | `ROOT/io.containerd.metadata.v1.bolt/meta.db`: image, labels, when it was made |
//! | runc | `state.json`: when it was made, and runc's labels |
//!
//! The others call a container by its id. What is not in these files stays unknown.

use super::cgroup::{Inside, Runtime, TASKS};
use super::monitor::Kept;
use super::podman;
use crate::files::Files;
use crate::images::containerd as database;
use crate::stores::{Storage, docker_roots, storages};
use muster_model::Micros;
use muster_model::container::{Details, MAX_DETAIL, MAX_LABELS};
use muster_model::report::ContainerRef;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Longest state file read, bytes.
const MAX_FILE: u64 = 16 << 20;
/// Longest name kept, characters.
const MAX_NAME: usize = 256;
/// Digits of an id that stand for a name nobody told.
const SHORT: usize = 12;

/// What a runtime's files tell of a container.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Told {
    name: String,
    image: String,
    image_id: String,
    created: Option<Micros>,
    labels: BTreeMap<String, String>,
}

/// What is known of a container. Texts longer than the protocol allows are cut, labels left out.
pub(super) fn of(inside: &Inside, kept: &Kept, files: &Files) -> Details {
    let inside = &known(inside, kept);
    let (id, mut runtime) = (&inside.id, inside.runtime);
    let mut told = match runtime {
        Runtime::Docker => docker(id, kept, files),
        Runtime::Podman | Runtime::CriO => stored(id, kept, files),
        // Docker's containers of pods are in the same control groups as containerd's.
        Runtime::Cri | Runtime::Unknown => {
            let each: [(Runtime, Reader); 3] =
                [(Runtime::Cri, kubernetes), (Runtime::Docker, docker), (Runtime::Podman, stored)];
            each.into_iter().find_map(|(of, read)| {
                let told = read(id, kept, files)?;
                runtime = of;
                Some(told)
            })
        }
        Runtime::Containerd => Some(nerdctl(inside, kept, files)),
        Runtime::Runc | Runtime::Lxc | Runtime::Nspawn => {
            Some(Told { name: id.clone(), ..Told::default() })
        }
    }
    .unwrap_or_default();
    let namespace = match runtime {
        Runtime::Containerd => inside.namespace.as_str(),
        Runtime::Cri => "k8s.io",
        _ => "",
    };
    if !namespace.is_empty()
        && let Some(made) = database::made(files, kept.root.as_deref(), namespace, id)
    {
        if told.image.is_empty() {
            told.image = made.image;
        }
        (told.image_id, told.created) = (made.image_id, made.created);
        told.labels.extend(made.labels);
    }
    if told.created.is_none()
        && let Some((created, labels)) = started(inside, files)
    {
        told.created = created;
        told.labels.extend(labels);
    }
    if told.name.is_empty() {
        told.name = id.chars().take(SHORT).collect();
    }
    let labels = told.labels.into_iter();
    let labels = labels.filter(|(key, value)| key.len() + value.len() <= MAX_DETAIL);
    Details {
        named: ContainerRef { id: id.clone(), name: plain(&told.name, MAX_NAME) },
        image: plain(&told.image, MAX_DETAIL / 4),
        image_id: plain(&told.image_id, MAX_NAME),
        runtime: runtime.name().to_owned(),
        created: told.created,
        labels: labels
            .filter(|(key, value)| !key.contains('\0') && !value.contains('\0'))
            .take(MAX_LABELS)
            .collect(),
        signs: Vec::new(),
    }
}

/// A container with an id of 64 digits whose group says nothing: a shim of containerd knows for whom it runs.
fn known(inside: &Inside, kept: &Kept) -> Inside {
    let runtime = match (inside.runtime, kept.namespace.as_str()) {
        (Runtime::Unknown, "k8s.io") => Runtime::Cri,
        (Runtime::Unknown, "moby") => Runtime::Docker,
        (Runtime::Unknown, namespace) if !namespace.is_empty() => Runtime::Containerd,
        (runtime, _) => runtime,
    };
    let namespace = match runtime {
        Runtime::Containerd if inside.namespace.is_empty() => &kept.namespace,
        _ => &inside.namespace,
    };
    Inside { runtime, id: inside.id.clone(), namespace: namespace.clone() }
}

type Reader = fn(&str, &Kept, &Files) -> Option<Told>;

/// At most so many characters, none of them a control character.
fn plain(text: &str, max: usize) -> String {
    text.chars().filter(|it| !it.is_control()).take(max).collect()
}

/// The id of an image; where its algorithm is not told it is the usual one.
fn image_id(id: &str) -> String {
    if id.is_empty() || id.contains(':') { id.to_owned() } else { format!("sha256:{id}") }
}

/// What a state file says, as far as it can be read.
fn json<T: DeserializeOwned>(file: &File) -> Option<T> {
    serde_json::from_reader(BufReader::new(file)).ok()
}

/// What of Docker's state of a container is asked for; none within where it cannot be read.
pub(super) fn docker_state<T: DeserializeOwned + Send + Sync + 'static>(
    id: &str,
    files: &Files,
) -> Option<Arc<Option<T>>> {
    docker_roots(files).into_iter().find_map(|root| {
        let folder = root.join("containers").join(id);
        files.parsed(folder.join("config.v2.json"), MAX_FILE, json::<T>)
    })
}

fn docker(id: &str, _: &Kept, files: &Files) -> Option<Told> {
    /// `config.v2.json`, as far as it is of use here.
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct State {
        #[serde(default)]
        name: String,
        /// The image's id.
        #[serde(default)]
        image: String,
        #[serde(default)]
        created: String,
        #[serde(default)]
        config: Config,
    }
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Config {
        /// As it was named.
        #[serde(default)]
        image: String,
        #[serde(default)]
        labels: Option<BTreeMap<String, String>>,
    }
    let state = docker_state::<State>(id, files);
    let state = state.as_deref()?.as_ref()?;
    Some(Told {
        name: state.name.trim_start_matches('/').to_owned(),
        image: state.config.image.clone(),
        image_id: image_id(&state.image),
        created: Micros::from_iso(&state.created),
        labels: state.config.labels.clone().unwrap_or_default(),
    })
}

/// The folders in which Podman and CRI-O may have a container.
pub(super) fn of_podman(elsewhere: &Kept, files: &Files) -> impl Iterator<Item = PathBuf> {
    let each = |storage: Storage| DRIVERS.map(|it| storage.path.join(format!("{it}-containers")));
    elsewhere.storage.clone().into_iter().chain(storages(files).flat_map(each))
}

/// How layers are put together, which is part of a folder's name: without root's rights also by copying.
const DRIVERS: [&str; 4] = ["overlay", "vfs", "btrfs", "zfs"];

/// Containers by id, of a `containers.json`.
struct Stored(HashMap<String, Told>);

/// Podman's and CRI-O's, of root and of users who run containers without its rights.
fn stored(id: &str, elsewhere: &Kept, files: &Files) -> Option<Told> {
    #[derive(Deserialize)]
    struct Entry {
        id: String,
        #[serde(default)]
        names: Vec<String>,
        /// The image's id.
        #[serde(default)]
        image: String,
        /// JSON once more.
        #[serde(default)]
        metadata: String,
        #[serde(default)]
        created: String,
    }
    #[derive(Default, Deserialize)]
    struct Metadata {
        #[serde(rename = "image-name", default)]
        image_name: String,
    }
    /// What the runtime's annotations tell: its own time, which is a little before the store's, and CRI-O's labels.
    struct Handed(Option<Micros>, BTreeMap<String, String>);
    let told = |it: Entry| {
        let name = it.names.into_iter().next()?;
        let metadata: Metadata = serde_json::from_str(&it.metadata).unwrap_or_default();
        let told = Told {
            name: pod(&name).unwrap_or(name),
            image: metadata.image_name,
            image_id: image_id(&it.image),
            created: Micros::from_iso(&it.created),
            labels: BTreeMap::new(),
        };
        Some((it.id, told))
    };
    let read = |kept: PathBuf| {
        let stored = files.parsed(kept.join("containers.json"), MAX_FILE, |file| {
            let entries: Vec<Entry> = json(file).unwrap_or_default();
            Stored(entries.into_iter().filter_map(told).collect())
        });
        let mut told = stored.and_then(|stored| stored.0.get(id).cloned())?;
        let handed = files.parsed(kept.join(id).join("userdata/config.json"), MAX_FILE, |file| {
            let annotations = json(file).map(|oci: Oci| oci.annotations).unwrap_or_default();
            let get = |key: &str| annotations.get(&format!("io.kubernetes.cri-o.{key}"));
            let labels = get("Labels").and_then(|it| serde_json::from_str(it).ok());
            let created = get("Created").and_then(|at| Micros::from_iso(at));
            Handed(created, labels.unwrap_or_default())
        });
        if let Some(handed) = handed {
            told.created = handed.0.or(told.created);
            told.labels.clone_from(&handed.1);
        }
        if told.labels.is_empty() {
            told.labels = podman::labels(kept.parent()?, id, files);
        }
        Some(told)
    };
    of_podman(elsewhere, files).find_map(read)
}

/// `k8s_web_shop-1_default_UID_0` is the container `web` of the pod `shop-1` in `default`.
fn pod(name: &str) -> Option<String> {
    let mut parts = name.strip_prefix("k8s_")?.split('_');
    let (container, pod, namespace) = (parts.next()?, parts.next()?, parts.next()?);
    Some(format!("{namespace}/{pod}/{container}"))
}

/// The annotations of an OCI configuration.
#[derive(Deserialize)]
struct Oci {
    #[serde(default)]
    annotations: HashMap<String, String>,
}

pub(super) fn annotations(
    namespace: &str,
    id: &str,
    kept: &Kept,
    files: &Files,
) -> Option<HashMap<String, String>> {
    let tasks = kept.tasks.as_deref().unwrap_or_else(|| Path::new(TASKS));
    let path = tasks.join(namespace).join(id).join("config.json");
    let oci = files.parsed(path, MAX_FILE, json::<Oci>);
    Some(oci.as_deref()?.as_ref()?.annotations.clone())
}

/// Of `NAMESPACE/POD/CONTAINER`; of the container that holds the pod's namespaces the name is without the last part.
fn kubernetes(id: &str, kept: &Kept, files: &Files) -> Option<Told> {
    let told = annotations("k8s.io", id, kept, files)?;
    let get = |key: &str| told.get(&format!("io.kubernetes.cri.{key}")).map(String::as_str);
    let (namespace, pod) = (get("sandbox-namespace")?, get("sandbox-name")?);
    let name = match get("container-name") {
        Some(name) => format!("{namespace}/{pod}/{name}"),
        None => format!("{namespace}/{pod}"),
    };
    let image = get("image-name").unwrap_or_default().to_owned();
    // Kubelets label containers with it; not everybody who runs pods is one.
    let uid = get("sandbox-uid").map(|uid| ("io.kubernetes.pod.uid".to_owned(), uid.to_owned()));
    Some(Told { name, image, labels: uid.into_iter().collect(), ..Told::default() })
}

fn nerdctl(inside: &Inside, kept: &Kept, files: &Files) -> Told {
    let mut told = annotations(&inside.namespace, &inside.id, kept, files).unwrap_or_default();
    let name = told.remove("nerdctl/name").unwrap_or_else(|| inside.id.clone());
    Told { name, ..Told::default() }
}

/// When runc made a container, and the labels it was given: `NAME=VALUE`.
fn started(inside: &Inside, files: &Files) -> Option<(Option<Micros>, BTreeMap<String, String>)> {
    #[derive(Deserialize)]
    struct State {
        #[serde(default)]
        created: String,
        #[serde(default)]
        config: Config,
    }
    #[derive(Default, Deserialize)]
    struct Config {
        #[serde(default)]
        labels: Option<Vec<String>>,
    }
    let root = match inside.runtime {
        Runtime::Containerd => Path::new("/run/containerd/runc").join(&inside.namespace),
        Runtime::Cri => "/run/containerd/runc/k8s.io".into(),
        _ => "/run/runc".into(),
    };
    let path = root.join(&inside.id).join("state.json");
    let state = files.parsed(path, MAX_FILE, json::<State>);
    let state = state.as_deref()?.as_ref()?;
    let labels = state.config.labels.iter().flatten();
    let labels = labels.filter_map(|label| label.split_once('='));
    // runc notes where its bundle lies among them.
    let labels = labels.filter(|(key, _)| *key != "bundle");
    let labels = labels.map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
    Some((Micros::from_iso(&state.created), labels))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::root::Root;

    const ID: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    /// What is told of a container on a host with these files.
    fn told(runtime: Runtime, content: &[(&str, String)]) -> Details {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in content {
            let path = folder.path().join(path.replace("ID", ID));
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text.replace("ID", ID)).unwrap();
        }
        let root = Arc::new(Root::open(folder.path(), "").unwrap());
        let files = Files::new(root, Arc::default(), Arc::default(), 1000, Micros(i64::MAX / 2));
        let inside = Inside { runtime, id: ID.into(), namespace: "k8s.io".into() };
        of(&inside, &Kept::default(), &files)
    }

    /// As CRI-O 1.28 writes them, cut to what is read.
    #[test]
    fn a_container_of_cri_o_tells_its_image_and_its_labels() {
        let stored = r#"[{"id":"ID","names":["k8s_web_shop-1_default_5a1_0"],"image":"beef",
            "metadata":"{\"image-name\":\"docker.io/library/nginx:1.25\",\"image-id\":\"beef\"}",
            "created":"2026-05-01T10:00:00.5Z"}]"#;
        let oci = r#"{"annotations":{"io.kubernetes.cri-o.Created":"2026-05-01T10:00:00.25Z",
            "io.kubernetes.cri-o.Labels":"{\"tier\":\"front\"}"}}"#;
        let storage = "var/lib/containers/storage/overlay-containers";
        let it = told(
            Runtime::CriO,
            &[
                (&format!("{storage}/containers.json"), stored.into()),
                (&format!("{storage}/ID/userdata/config.json"), oci.into()),
            ],
        );
        assert_eq!((it.named.name.as_str(), it.runtime.as_str()), ("default/shop-1/web", "cri-o"));
        assert_eq!(it.image, "docker.io/library/nginx:1.25");
        assert_eq!(it.image_id, "sha256:beef");
        assert_eq!(it.created, Micros::from_iso("2026-05-01T10:00:00.25Z"));
        assert_eq!(it.labels, [("tier".to_owned(), "front".to_owned())].into());
    }

    /// As containerd 1.6 and runc 1.1 write them, cut to what is read.
    #[test]
    fn a_container_of_containerd_s_pod_tells_its_image_and_when_it_was_made() {
        let oci = r#"{"annotations":{"io.kubernetes.cri.container-name":"web",
            "io.kubernetes.cri.image-name":"registry.example/shop:1",
            "io.kubernetes.cri.sandbox-name":"shop-1","io.kubernetes.cri.sandbox-namespace":"default"}}"#;
        let runc = r#"{"created":"2026-05-01T10:00:00.25Z","config":{"labels":["bundle=/run/x","a=b=c"]}}"#;
        let files = [
            ("run/containerd/io.containerd.runtime.v2.task/k8s.io/ID/config.json", oci.to_owned()),
            ("run/containerd/runc/k8s.io/ID/state.json", runc.to_owned()),
        ];
        let it = told(Runtime::Cri, &files);
        assert_eq!(
            (it.named.name.as_str(), it.runtime.as_str()),
            ("default/shop-1/web", "containerd")
        );
        assert_eq!(it.image, "registry.example/shop:1");
        assert_eq!(it.created, Micros::from_iso("2026-05-01T10:00:00.25Z"));
        assert_eq!(it.labels, [("a".to_owned(), "b=c".to_owned())].into());
    }

    #[test]
    fn what_docker_tells_is_cut_to_what_the_protocol_allows() {
        let long = "x".repeat(MAX_DETAIL + 1);
        let labels: Vec<String> = (0..70).map(|n| format!(r#""l{n:02}":"v""#)).collect();
        let state = format!(
            r#"{{"Name":"/shop\u0007","Image":"sha256:1","Created":"never","Config":{{"Image":"{long}","Labels":{{"long":"{long}",{}}}}}}}"#,
            labels.join(",")
        );
        let it = told(Runtime::Docker, &[("var/lib/docker/containers/ID/config.v2.json", state)]);
        assert_eq!((it.named.name.as_str(), it.image.len()), ("shop", MAX_DETAIL / 4));
        assert_eq!((it.labels.len(), it.created), (MAX_LABELS, None));
        assert!(!it.labels.contains_key("long"));
        // A file nobody can make sense of costs what is in it.
        let state = ("var/lib/docker/containers/ID/config.v2.json", "[".to_owned());
        let it = told(Runtime::Docker, &[state]);
        assert_eq!((it.named.name.as_str(), it.image.as_str()), (&ID[..SHORT], ""));
    }

    #[test]
    fn the_name_of_a_pod_s_container_is_read_from_that_in_the_store() {
        assert_eq!(pod("k8s_web_shop-1_default_5a1_0").as_deref(), Some("default/shop-1/web"));
        assert_eq!(pod("k8s_web"), None);
        assert_eq!(pod("web"), None);
    }
}
