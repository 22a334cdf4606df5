//! The images in the store that Podman, CRI-O and Buildah share.

use super::{Found, config, digits};
use crate::files::Files;
use crate::stores::storages;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use muster_model::image::{Image, MAX_LAYERS, Store};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::sync::Arc;

/// Longest list of images or layers, bytes.
const MAX_LIST: u64 = 64 << 20;
/// Storage drivers, by whose names the folders are called.
const DRIVERS: [&str; 4] = ["overlay", "vfs", "btrfs", "zfs"];

/// `images.json`.
struct Listed(Vec<Entry>);

#[derive(Deserialize)]
struct Entry {
    /// Digits alone.
    id: String,
    #[serde(default)]
    digest: String,
    #[serde(default)]
    names: Option<Vec<String>>,
    /// The uppermost layer.
    #[serde(default)]
    layer: String,
    /// What lies beside it, with its size: its configuration, under its digest, and its manifests.
    #[serde(rename = "big-data-sizes", default)]
    beside: Option<BTreeMap<String, u64>>,
}

/// `layers.json`, by id.
struct Layers(HashMap<String, Layer>);

#[derive(Deserialize)]
struct Layer {
    id: String,
    #[serde(default)]
    parent: String,
    #[serde(rename = "diff-size", default)]
    size: u64,
}

fn list<T: DeserializeOwned>(file: &File) -> Vec<T> {
    serde_json::from_reader(BufReader::new(file)).unwrap_or_default()
}

pub(super) fn read(files: &Files, found: &mut Found) {
    for storage in storages(files) {
        for driver in DRIVERS {
            stored(files, &storage.path, driver, found);
        }
    }
}

/// The layers of the image with this id, from the uppermost, where they are folders laid over each other; none without it.
pub(super) fn layers(files: &Files, storage: &Path, id: &str) -> Option<Vec<String>> {
    let digits = digits(id)?;
    let images = storage.join("overlay-images/images.json");
    let listed = files.parsed(images, MAX_LIST, |file| Listed(list(file)))?;
    let top = listed.0.iter().find(|it| it.id == digits)?.layer.clone();
    let layers = layers_of(files, storage, "overlay")?;
    let mut found = Vec::new();
    let mut at = layers.0.get(&top);
    while let Some(layer) = at.filter(|_| found.len() <= MAX_LAYERS) {
        found.push(layer.id.clone());
        at = layers.0.get(&layer.parent);
    }
    Some(found)
}

fn layers_of(files: &Files, storage: &Path, driver: &str) -> Option<Arc<Layers>> {
    files.parsed(storage.join(format!("{driver}-layers/layers.json")), MAX_LIST, |file| {
        let all: Vec<Layer> = list(file);
        Layers(all.into_iter().map(|it| (it.id.clone(), it)).collect())
    })
}

fn stored(files: &Files, storage: &Path, driver: &str, found: &mut Found) {
    let images = storage.join(format!("{driver}-images"));
    let listed = files.parsed(images.join("images.json"), MAX_LIST, |file| Listed(list(file)));
    let Some(listed) = listed.filter(|listed| !listed.0.is_empty()) else { return };
    let layers = layers_of(files, storage, driver);
    // What lies beside an image never changes.
    let aside = files.aside();
    for entry in &listed.0 {
        let id = format!("sha256:{}", entry.id);
        // A list of manifests has neither configuration nor layers: it is no image.
        let beside = entry.beside.iter().flatten();
        if digits(&id).is_none() || !beside.clone().any(|(name, _)| *name == id) {
            continue;
        }
        let path = images.join(&entry.id).join(beside_as(&id));
        let Some(image) = config::of(&aside, path, &id) else {
            files.trouble("file.malformed", &id, "not the configuration of this image");
            continue;
        };
        let sizes = layers.as_ref().map(|it| sizes(&it.0, &entry.layer)).unwrap_or_default();
        let (names, digests) = (entry.names.iter().flatten().cloned(), manifests(entry));
        let (digested, names) = names.partition(|name| name.contains('@'));
        let digested: Vec<String> = digested;
        let digested = digested.iter().filter_map(|it| Some(it.split_once('@')?.1.to_owned()));
        let size = beside.map(|(_, size)| *size).chain(sizes.iter().copied());
        let size = size.fold(0_u64, u64::saturating_add);
        let digests = digests.chain(digested).collect();
        let mut image = Image { store: Store::Podman, names, digests, size, ..image };
        if sizes.len() == image.layers.len() {
            for (layer, size) in image.layers.iter_mut().zip(sizes) {
                layer.size = size;
            }
        }
        found.add(image);
    }
}

/// The digests of the manifests an image came with.
fn manifests(entry: &Entry) -> impl Iterator<Item = String> {
    let beside = entry.beside.iter().flatten();
    let beside = beside.filter_map(|(name, _)| name.strip_prefix("manifest-"));
    let all = beside.chain([entry.digest.as_str()]).filter(|it| digits(it).is_some());
    all.map(str::to_owned)
}

/// The file name of what lies beside an image: in base64 where it holds more than letters.
fn beside_as(name: &str) -> String {
    format!("={}", STANDARD.encode(name)).replace('/', "_")
}

/// The sizes of the layers up to this one, from the lowest.
fn sizes(layers: &HashMap<String, Layer>, top: &str) -> Vec<u64> {
    let mut sizes = Vec::new();
    let mut at = layers.get(top);
    while let Some(layer) = at.filter(|_| sizes.len() < MAX_LAYERS) {
        sizes.push(layer.size);
        at = layers.get(&layer.parent);
    }
    sizes.reverse();
    sizes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::images::sha256;

    /// As Podman 4.3 lays them out, cut to what is read.
    #[test]
    fn images_of_root_and_of_users_are_read() {
        let config = r#"{"architecture":"amd64","os":"linux","rootfs":{"diff_ids":["sha256:1","sha256:2"]},
            "history":[{"created_by":"a"},{"created_by":"b"}]}"#;
        let id = sha256(config.as_bytes());
        let digits = digits(&id).unwrap();
        let manifest = format!("sha256:{}", "c".repeat(64));
        let listed = |name: &str| {
            format!(
                r#"[{{"id":"{digits}","digest":"{manifest}","names":["{name}","shop@{manifest}"],"layer":"top",
                "big-data-sizes":{{"{id}":5,"manifest-{manifest}":2,"manifest":2}}}},
                {{"id":"{0}","names":["list:1"],"big-data-sizes":{{"manifest":1}}}}]"#,
                "d".repeat(64)
            )
        };
        let layers = r#"[{"id":"low","diff-size":100},{"id":"top","parent":"low","diff-size":20}]"#;
        let beside = beside_as(&id);
        let mut content = Vec::new();
        for (storage, name) in [
            ("var/lib/containers/storage", "localhost/shop:1"),
            ("home/ada/.local/share/containers/storage", "localhost/own:1"),
        ] {
            content.push((format!("{storage}/overlay-images/images.json"), listed(name)));
            let path = format!("{storage}/overlay-images/{digits}/{beside}");
            content.push((path, config.to_owned()));
            content.push((format!("{storage}/overlay-layers/layers.json"), layers.to_owned()));
        }
        let content: Vec<_> = content.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        let (files, _folder) = crate::files::of(&content);
        let mut found = Found::default();
        read(&files, &mut found);
        let images = found.finish(&files);
        assert_eq!(images.len(), 1);
        assert_eq!(images[0].names, ["localhost/own:1", "localhost/shop:1"]);
        assert_eq!((&images[0].digests[..], images[0].size), (&[manifest][..], 129));
        let layers: Vec<_> =
            images[0].layers.iter().map(|it| (it.size, it.command.as_str())).collect();
        assert_eq!(layers, [(100, "a"), (20, "b")]);
        assert!(files.finish().1.is_empty());
    }

    #[test]
    fn layers_in_a_circle_end() {
        let layer = |id: &str, parent: &str| {
            (id.to_owned(), Layer { id: id.into(), parent: parent.into(), size: 1 })
        };
        let layers = HashMap::from([layer("a", "b"), layer("b", "a")]);
        assert_eq!(sizes(&layers, "a").len(), MAX_LAYERS);
        assert!(sizes(&layers, "").is_empty());
    }
}
