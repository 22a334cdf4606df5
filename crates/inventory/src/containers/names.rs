//! What containers are called, from the files in which their runtimes keep it.
//!
//! | runtime | where |
//! |---|---|
//! | Docker | `DATA-ROOT/containers/ID/config.v2.json`: `Name` |
//! | Podman | `STORAGE/overlay-containers/containers.json`: `names` |
//! | CRI-O | the same file, names of the form `k8s_CONTAINER_POD_NAMESPACE_...` |
//! | Kubernetes with containerd | the annotations of the container's OCI configuration |
//!
//! The others call a container by its id.

use super::cgroup::{Inside, Runtime, containerd};
use crate::files::Files;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::HashMap;
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

/// The name of a container.
pub(super) fn of(inside: &Inside, files: &Files) -> String {
    let told = match inside.runtime {
        Runtime::Docker => docker(&inside.id, files),
        Runtime::Podman | Runtime::CriO => stored(&inside.id, files),
        Runtime::Cri => kubernetes(&inside.id, files).or_else(|| docker(&inside.id, files)),
        Runtime::Unknown => docker(&inside.id, files)
            .or_else(|| stored(&inside.id, files))
            .or_else(|| kubernetes(&inside.id, files)),
        Runtime::Containerd => nerdctl(inside, files).or_else(|| Some(inside.id.clone())),
        Runtime::Runc | Runtime::Lxc | Runtime::Nspawn => Some(inside.id.clone()),
    };
    let name = told.filter(|name| !name.is_empty());
    let name = name.unwrap_or_else(|| inside.id.chars().take(SHORT).collect());
    name.chars().filter(|it| !it.is_control()).take(MAX_NAME).collect()
}

/// What a state file says, as far as it can be read.
fn json<T: DeserializeOwned>(file: &File) -> Option<T> {
    serde_json::from_reader(BufReader::new(file)).ok()
}

/// Where Docker keeps its data, if not in its usual place.
struct DataRoot(Option<PathBuf>);

/// What of Docker's state of a container is asked for; none within where it cannot be read.
pub(super) fn docker_state<T: DeserializeOwned + Send + Sync + 'static>(
    id: &str,
    files: &Files,
) -> Option<Arc<Option<T>>> {
    #[derive(Deserialize)]
    struct Daemon {
        #[serde(rename = "data-root", alias = "graph")]
        data_root: Option<PathBuf>,
    }
    let elsewhere = files.parsed("/etc/docker/daemon.json", MAX_FILE, |file| {
        let daemon: Option<Daemon> = json(file);
        DataRoot(daemon.and_then(|daemon| daemon.data_root))
    });
    let root = elsewhere.as_ref().and_then(|it| it.0.as_deref());
    let root = root.unwrap_or_else(|| Path::new("/var/lib/docker"));
    files.parsed(root.join("containers").join(id).join("config.v2.json"), MAX_FILE, json::<T>)
}

fn docker(id: &str, files: &Files) -> Option<String> {
    /// `config.v2.json`, as far as it is about the name.
    #[derive(Deserialize)]
    struct Config {
        #[serde(rename = "Name", default)]
        name: String,
    }
    let config = docker_state::<Config>(id, files);
    let name = config.as_deref()?.as_ref()?.name.trim_start_matches('/').to_owned();
    Some(name)
}

/// Names by id, of a `containers.json`.
struct Stored(HashMap<String, String>);

/// Podman's and CRI-O's, of root and of users who run containers without its rights.
fn stored(id: &str, files: &Files) -> Option<String> {
    #[derive(Deserialize)]
    struct Entry {
        id: String,
        #[serde(default)]
        names: Vec<String>,
    }
    let read = |path: &Path| {
        let stored = files.parsed(path, MAX_FILE, |file| {
            let entries: Vec<Entry> = json(file).unwrap_or_default();
            let first = |it: Entry| Some((it.id, it.names.into_iter().next()?));
            Stored(entries.into_iter().filter_map(first).collect())
        });
        stored.and_then(|stored| stored.0.get(id).cloned())
    };
    let kept = "overlay-containers/containers.json";
    let name = read(&Path::new("/var/lib/containers/storage").join(kept)).or_else(|| {
        files.list("/home").into_iter().find_map(|home| {
            let storage =
                Path::new("/home").join(home.name).join(".local/share/containers/storage");
            read(&storage.join(kept))
        })
    })?;
    Some(pod(&name).unwrap_or(name))
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

fn annotations(namespace: &str, id: &str, files: &Files) -> Option<HashMap<String, String>> {
    let path = containerd(namespace, id).join("config.json");
    let oci = files.parsed(path, MAX_FILE, json::<Oci>);
    Some(oci.as_deref()?.as_ref()?.annotations.clone())
}

/// `NAMESPACE/POD/CONTAINER`; of the container that holds the pod's namespaces without the last part.
fn kubernetes(id: &str, files: &Files) -> Option<String> {
    let told = annotations("k8s.io", id, files)?;
    let get = |key: &str| told.get(&format!("io.kubernetes.cri.{key}")).map(String::as_str);
    let (namespace, pod) = (get("sandbox-namespace")?, get("sandbox-name")?);
    Some(match get("container-name") {
        Some(name) => format!("{namespace}/{pod}/{name}"),
        None => format!("{namespace}/{pod}"),
    })
}

fn nerdctl(inside: &Inside, files: &Files) -> Option<String> {
    annotations(&inside.namespace, &inside.id, files)?.remove("nerdctl/name")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_pod_s_container_is_read_from_that_in_the_store() {
        assert_eq!(pod("k8s_web_shop-1_default_5a1_0").as_deref(), Some("default/shop-1/web"));
        assert_eq!(pod("k8s_web"), None);
        assert_eq!(pod("web"), None);
    }
}
