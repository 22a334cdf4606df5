//! Images in OCI layouts: folders with an `index.json`, that the operator names or that lie in folders he names.

use super::manifest::{Content, Descriptor, Manifest};
use super::{Found, config};
use crate::files::Files;
use muster_model::image::{Image, Store};
use rustix::fs::FileType;
use std::path::{Path, PathBuf};

/// Longest `index.json`, bytes.
const MAX_INDEX: u64 = 8 << 20;
/// Layouts looked into.
const MAX_LAYOUTS: usize = 1_000;
/// Images of a layout looked at.
const MAX_IMAGES: usize = 1_000;

pub(super) fn read(files: &Files, folders: &[PathBuf], found: &mut Found) {
    for layout in layouts(files, folders) {
        stored(files, &layout, found);
    }
}

fn layouts<'f>(files: &'f Files, folders: &'f [PathBuf]) -> impl Iterator<Item = PathBuf> + 'f {
    let inner = |folder: &PathBuf| {
        let entries = files.list(folder).into_iter();
        entries.filter(|it| it.file_type == FileType::Directory).map(|it| it.path)
    };
    let all = folders.iter().flat_map(move |it| std::iter::once(it.clone()).chain(inner(it)));
    all.take(MAX_LAYOUTS)
}

fn index(files: &Files, layout: &Path) -> Option<std::sync::Arc<Index>> {
    files.parsed(layout.join("index.json"), MAX_INDEX, |file| {
        Index(serde_json::from_slice(&config::whole(file, MAX_INDEX)).unwrap_or_default())
    })
}

/// `index.json`.
struct Index(Manifest);

/// The folder of blobs of the first layout that has the image with this id, and its layers, from the lowest.
pub(super) fn packed(
    files: &Files,
    folders: &[PathBuf],
    id: &str,
) -> Option<(PathBuf, Vec<Descriptor>)> {
    let mut all = layouts(files, folders);
    all.find_map(|layout| {
        let (index, blobs) = (index(files, &layout)?, layout.join("blobs"));
        let content = Content { files, blobs: &blobs };
        let targets = index.0.manifests.iter().flatten().take(MAX_IMAGES);
        let layers = targets.filter_map(|it| content.packed(it, id)).next()?;
        Some((blobs, layers))
    })
}

fn stored(files: &Files, layout: &Path, found: &mut Found) {
    let Some(index) = index(files, layout) else { return };
    let (aside, blobs) = (files.aside(), layout.join("blobs"));
    let content = Content { files: &aside, blobs: &blobs };
    for target in index.0.manifests.iter().flatten().take(MAX_IMAGES) {
        let told = |key: &str| target.annotations.as_ref()?.get(key).cloned();
        let name = told("io.containerd.image.name");
        let name = name.or_else(|| told("org.opencontainers.image.ref.name"));
        for image in content.images(target) {
            let names = name.iter().cloned().collect();
            found.add(Image { store: Store::Oci, names, ..image });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::manifest::tests::Blobs;
    use super::*;

    #[test]
    fn layouts_are_found_where_the_operator_says_and_one_below() {
        let mut blobs = Blobs::default();
        for (folder, os) in [("srv/one", "linux"), ("srv/all/two", "other"), ("srv/three", "third")]
        {
            let (_, digest, size) = blobs.image(folder, os);
            let index = format!(
                r#"{{"manifests":[{{"digest":"{digest}","size":{size},
                "annotations":{{"org.opencontainers.image.ref.name":"{os}:1"}}}}]}}"#
            );
            blobs.0.push((format!("{folder}/index.json"), index));
        }
        let (files, _folder) = blobs.files();
        let mut found = Found::default();
        read(&files, &["/srv/one".into(), "/srv/all".into(), "/missing".into()], &mut found);
        let mut names: Vec<_> = found.finish(&files).into_iter().flat_map(|it| it.names).collect();
        names.sort();
        assert_eq!(names, ["linux:1", "other:1"]);
    }
}
