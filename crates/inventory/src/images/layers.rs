//! In which folders the layers of an image lie unpacked.

use super::containerd;
use super::docker::{self, entry_of};
use super::podman;
use crate::files::Files;
use crate::stores::{Storage, docker_roots, storages};
use muster_model::image::MAX_LAYERS;
use rustix::fs::FileType;
use std::path::{Path, PathBuf};

/// An image as it lies on the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Layered {
    /// From the uppermost to the lowest.
    pub(crate) folders: Vec<PathBuf>,
    /// Whether a user without root's rights laid it out: what is deleted is marked in another way then.
    pub(crate) of_user: bool,
}

/// The folder of blobs and the packed layers, from the lowest, of the image with this id, in the first of these OCI layouts that has it.
pub(crate) fn packed(
    files: &Files,
    layouts: &[PathBuf],
    id: &str,
) -> Option<(PathBuf, Vec<super::manifest::Descriptor>)> {
    super::digits(id).and_then(|_| super::oci::packed(files, layouts, id))
}

/// The folders of the image with this id, in the first store that has them all.
///
/// # Errors
/// Why there are none, for people.
pub(crate) fn of(files: &Files, id: &str) -> Result<Layered, String> {
    if super::digits(id).is_none() {
        return Err("not the id of an image".to_owned());
    }
    let mut why = "no store of this host has it".to_owned();
    let each: [fn(&Files, &str) -> Option<Layered>; 3] = [of_docker, of_podman, containerd::layers];
    for store in each {
        match store(files, id) {
            None => {}
            Some(it) if it.folders.is_empty() => {
                why = "its layers do not lie unpacked in folders".to_owned();
            }
            Some(it) if it.folders.len() > MAX_LAYERS => {
                why = format!("it has more than {MAX_LAYERS} layers");
            }
            Some(it) => return Ok(it),
        }
    }
    Err(why)
}

/// What of these folders there is: all, or none.
pub(super) fn whole(files: &Files, folders: impl Iterator<Item = Option<PathBuf>>) -> Vec<PathBuf> {
    let there = |path: &PathBuf| files.stat(path).is_some_and(|it| it.is_dir());
    let all: Option<Vec<PathBuf>> = folders.map(|it| it.filter(there)).collect();
    all.unwrap_or_default()
}

fn of_docker(files: &Files, id: &str) -> Option<Layered> {
    docker_roots(files).into_iter().find_map(|root| in_docker(files, &root, id))
}

fn in_docker(files: &Files, root: &Path, id: &str) -> Option<Layered> {
    let drivers = files.list(root.join("image")).into_iter();
    let mut drivers = drivers.filter(|it| it.file_type != FileType::RegularFile);
    drivers.find_map(|driver| {
        let image = docker::image(files, &driver.path, id)?;
        let folder = root.join(driver.text().as_ref());
        let lies = |chain: &String| {
            let name = entry_of(&driver.path, "layerdb", chain, "cache-id");
            let name = files.text(name, docker::MAX_WORD)?;
            Some(folder.join(plain(name.trim())?).join("diff"))
        };
        // Another driver than those that lay folders over each other has a layer with all below it, or none at all.
        let overlays = matches!(driver.text().as_ref(), "overlay2" | "fuse-overlayfs");
        let chains = docker::chains(&image);
        let folders = chains.iter().rev().filter(|_| overlays).map(lies);
        Some(Layered { folders: whole(files, folders), of_user: false })
    })
}

fn of_podman(files: &Files, id: &str) -> Option<Layered> {
    storages(files).find_map(|Storage { path, of_user }| {
        let layers = podman::layers(files, &path, id)?;
        let lies = |layer: &String| Some(path.join("overlay").join(plain(layer)?).join("diff"));
        let folders = whole(files, layers.iter().map(lies));
        Some(Layered { folders, of_user })
    })
}

/// A file's name, and no way elsewhere.
fn plain(name: &str) -> Option<&Path> {
    let fits = |it: u8| it.is_ascii_alphanumeric() || matches!(it, b'-' | b'_');
    (!name.is_empty() && name.bytes().all(fits)).then(|| Path::new(name))
}
