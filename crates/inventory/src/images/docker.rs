//! The images in Docker's own store.

use super::{Found, chained, config, digits};
use crate::files::Files;
use crate::stores::docker_roots;
use muster_model::image::{Image, Store};
use rustix::fs::FileType;
use serde::Deserialize;
use std::collections::{HashMap, HashSet};
use std::path::Path;

/// Longest `repositories.json`, bytes.
const MAX_NAMES_FILE: u64 = 16 << 20;
/// Longest file that holds one number or digest.
pub(super) const MAX_WORD: u64 = 128;

/// The names of each image, by id.
struct Names(HashMap<String, (Vec<String>, Vec<String>)>);

pub(super) fn read(files: &Files, found: &mut Found) {
    // One folder a storage driver; a daemon that was given another keeps what it had.
    let roots = docker_roots(files).into_iter();
    for driver in roots.flat_map(|root| files.list(root.join("image"))) {
        if driver.file_type != FileType::RegularFile {
            stored(files, &driver.path, found);
        }
    }
}

/// What one storage driver holds. The list of names and the folder of configurations change with every image that comes or
/// goes; all else belongs to an image and stays as it is.
fn stored(files: &Files, store: &Path, found: &mut Found) {
    let names = files.parsed(store.join("repositories.json"), MAX_NAMES_FILE, |file| {
        Names(named(&config::whole(file, MAX_NAMES_FILE)))
    });
    let entries = files.list(store.join("imagedb/content/sha256"));
    let aside = files.aside();
    let ids: Vec<String> = entries
        .iter()
        .map(|entry| format!("sha256:{}", entry.text()))
        .filter(|id| digits(id).is_some())
        .collect();
    let parents: HashSet<String> = ids.iter().filter_map(|id| parent(&aside, store, id)).collect();
    for id in ids {
        let (names, digests) =
            names.as_ref().and_then(|it| it.0.get(&id).cloned()).unwrap_or_default();
        // The steps between, which the older builder leaves behind; Docker does not list them either.
        if names.is_empty() && digests.is_empty() && parents.contains(&id) {
            continue;
        }
        let Some(image) = image(&aside, store, &id) else {
            files.trouble("file.malformed", &id, "not the configuration of this image");
            continue;
        };
        found.add(sized(&aside, store, Image { store: Store::Docker, names, digests, ..image }));
    }
}

/// `STORE/FOLDER/sha256/DIGITS/NAME`.
pub(super) fn entry_of(store: &Path, folder: &str, id: &str, name: &str) -> std::path::PathBuf {
    let path = store.join(folder).join("sha256").join(digits(id).unwrap_or("-"));
    if name.is_empty() { path } else { path.join(name) }
}

fn parent(files: &Files, store: &Path, id: &str) -> Option<String> {
    let text = files.text(entry_of(store, "imagedb/metadata", id, "parent"), MAX_WORD)?;
    Some(text.trim().to_owned())
}

/// The image with this id of a storage driver.
pub(super) fn image(files: &Files, store: &Path, id: &str) -> Option<Image> {
    config::of(files, entry_of(store, "imagedb/content", id, ""), id)
}

/// By what the layers of an image are known, from the lowest: each by a digest over all below it.
pub(super) fn chains(image: &Image) -> Vec<String> {
    let digests = image.layers.iter().map(|it| it.digest.as_str());
    let chain = |below: &mut String, digest: &str| {
        *below = chained(below, digest);
        Some(below.clone())
    };
    digests.scan(String::new(), chain).collect()
}

/// With the sizes of its layers.
fn sized(files: &Files, store: &Path, mut image: Image) -> Image {
    let chains = chains(&image);
    for (layer, chain) in image.layers.iter_mut().zip(chains) {
        let size = files.text(entry_of(store, "layerdb", &chain, "size"), MAX_WORD);
        layer.size = size.and_then(|size| size.trim().parse().ok()).unwrap_or_default();
        image.size = image.size.saturating_add(layer.size);
    }
    image
}

/// `repositories.json`: of each repository its names, each with the id of an image.
fn named(bytes: &[u8]) -> HashMap<String, (Vec<String>, Vec<String>)> {
    #[derive(Default, Deserialize)]
    struct Listed {
        #[serde(rename = "Repositories", default)]
        repositories: HashMap<String, HashMap<String, String>>,
    }
    let listed: Listed = serde_json::from_slice(bytes).unwrap_or_default();
    let mut found: HashMap<String, (Vec<String>, Vec<String>)> = HashMap::new();
    for (name, id) in listed.repositories.into_values().flatten() {
        let (names, digests) = found.entry(id).or_default();
        match name.split_once('@') {
            Some((_, digest)) => digests.push(digest.to_owned()),
            None => names.push(name),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::read as stores;
    use super::*;
    use crate::images::sha256;

    /// As Docker 20.10 lays them out, cut to what is read: an image of two layers, one without a name, a step between.
    #[test]
    fn images_are_read_with_names_digests_and_layers() {
        let config = r#"{"architecture":"amd64","os":"linux","rootfs":{"diff_ids":["sha256:1","sha256:2"]}}"#;
        let loose = r#"{"architecture":"amd64","os":"linux","rootfs":{"diff_ids":["sha256:1"]}}"#;
        let (id, other) = (sha256(config.as_bytes()), sha256(loose.as_bytes()));
        let digest = format!("sha256:{}", "b".repeat(64));
        let names = format!(
            r#"{{"Repositories":{{"shop":{{"shop:1":"{id}","shop:latest":"{id}","shop@{digest}":"{id}"}}}}}}"#
        );
        let store = "srv/docker/image/overlay2";
        let at = |folder: &str, id: &str| format!("{store}/{folder}/{}", id.replace(':', "/"));
        let chain = sha256(b"sha256:1 sha256:2");
        let mut content = vec![
            ("etc/docker/daemon.json".to_owned(), r#"{"data-root":"/srv/docker"}"#),
            (format!("{store}/repositories.json"), names.as_str()),
            (at("imagedb/content", &id), config),
            (at("imagedb/content", &other), loose),
            // A digest is no path.
            (format!("{store}/imagedb/content/sha256/{}", "z".repeat(64)), config),
            (at("layerdb", &format!("{chain}/size")), "30"),
        ];
        let read = |content: &[(String, &str)]| {
            let content: Vec<_> =
                content.iter().map(|(path, text)| (path.as_str(), *text)).collect();
            let (files, _folder) = crate::files::of(&content);
            let mut found = Found::default();
            stores(&files, &mut found);
            found.finish(&files)
        };
        let images = read(&content);
        assert_eq!(images.len(), 2);
        let image = images.iter().find(|it| it.id == id).unwrap();
        assert_eq!(image.names, ["shop:1", "shop:latest"]);
        assert_eq!(image.digests, [digest]);
        assert_eq!((image.size, image.layers[1].size), (30, 30));
        assert!(images.iter().any(|it| it.id == other && it.names.is_empty()));
        // What the older builder leaves between two images is not listed.
        content.push((at("imagedb/metadata", &format!("{id}/parent")), &other));
        assert_eq!(read(&content).len(), 1);
    }

    #[test]
    fn a_store_somebody_broke_costs_what_is_broken() {
        let id = "a".repeat(64);
        let store = "var/lib/docker/image/overlay2";
        let (files, _folder) = crate::files::of(&[
            (&format!("{store}/repositories.json"), "[1"),
            (&format!("{store}/imagedb/content/sha256/{id}"), r#"{"rootfs":{}}"#),
        ]);
        let mut found = Found::default();
        stores(&files, &mut found);
        assert!(found.finish(&files).is_empty());
        assert_eq!(files.finish().1[0].code, "file.malformed");
    }
}
