//! Which container images lie on this host, from the files in which their stores keep them. No daemon is asked.
//!
//! | store | where |
//! |---|---|
//! | Docker | `DATA-ROOT/image/DRIVER`: `repositories.json`, `imagedb`, `layerdb` |
//! | Podman, CRI-O, Buildah | `STORAGE/DRIVER-images`, `STORAGE/DRIVER-layers`, also of users without root's rights |
//! | containerd | `ROOT/io.containerd.metadata.v1.bolt/meta.db`, and what it names in `ROOT/io.containerd.content.v1.content` |
//! | OCI layouts | `index.json` in folders that the operator names |
//!
//! An image's id is the digest of its configuration, and only a configuration that has this digest is believed: users may write
//! to stores of their own.

mod applications;
mod config;
pub(crate) mod containerd;
pub(crate) mod contents;
mod docker;
pub(crate) mod known;
pub(crate) mod layers;
pub(crate) mod manifest;
mod oci;
mod overlay;
mod podman;
pub(crate) mod unpack;

use crate::files::Files;
use muster_model::image::{Image, MAX_ALL_LAYERS, MAX_NAMES, MAX_TEXT, MAX_TOLD, Store};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The images of a host, by store and id; `layouts` are the folders to look for OCI layouts in. What a store that cannot be read now held
/// `before`, it still holds.
pub(crate) fn read(files: &Files, layouts: &[PathBuf], before: &[Image]) -> Vec<Image> {
    let mut found = Found::default();
    docker::read(files, &mut found);
    podman::read(files, &mut found);
    if !containerd::read(files, &mut found) {
        let of_it = before.iter().filter(|image| image.store == Store::Containerd);
        of_it.for_each(|image| found.add(image.clone()));
    }
    oci::read(files, layouts, &mut found);
    found.finish(files)
}

/// Images by store and id: what lies in several places of one store is one image with all its names.
#[derive(Default)]
struct Found(BTreeMap<(Store, String), Image>);

impl Found {
    /// Takes in an image as it lies in a store.
    fn add(&mut self, image: Image) {
        let key = (image.store, image.id.clone());
        let known = self.0.entry(key).or_insert_with(|| Image {
            names: Vec::new(),
            digests: Vec::new(),
            ..image.clone()
        });
        known.names.extend(image.names);
        known.digests.extend(image.digests);
    }

    /// Within the limits of a report. Images that have names go first.
    fn finish(self, files: &Files) -> Vec<Image> {
        let mut images: Vec<Image> = self.0.into_values().collect();
        for image in &mut images {
            for texts in [&mut image.names, &mut image.digests] {
                texts.retain(|it| it.len() <= MAX_TEXT && !it.contains(char::is_control));
                texts.sort_unstable();
                texts.dedup();
                texts.truncate(MAX_NAMES);
            }
        }
        images.sort_by_key(|image| image.names.is_empty());
        let (all, mut layers) = (images.len(), 0);
        let mut fits = |(nth, image): &(usize, &Image)| {
            layers += image.layers.len();
            *nth < MAX_TOLD && layers <= MAX_ALL_LAYERS
        };
        let kept = images.iter().enumerate().take_while(|it| fits(it)).count();
        if kept < all {
            let message = format!("more than {MAX_TOLD} images or {MAX_ALL_LAYERS} layers");
            files.trouble("images.too_many", "", message);
        }
        images.truncate(kept);
        images.sort_by(|a, b| (a.store, &a.id).cmp(&(b.store, &b.id)));
        images
    }
}

/// The 64 digits of a digest, if it is one of the usual kind.
fn digits(digest: &str) -> Option<&str> {
    let digits = digest.strip_prefix("sha256:")?;
    let is_hex = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    (digits.len() == 64 && digits.bytes().all(is_hex)).then_some(digits)
}

/// The digest over a layer and all below it, by which stores know what lies on top of what.
fn chained(below: &str, digest: &str) -> String {
    if below.is_empty() {
        digest.to_owned()
    } else {
        sha256(format!("{below} {digest}").as_bytes())
    }
}

fn sha256(bytes: &[u8]) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
    format!("sha256:{}", hex::encode(digest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(id: &str, names: &[&str]) -> Image {
        let names = names.iter().map(|&it| it.to_owned()).collect();
        Image { id: id.to_owned(), names, ..Image::default() }
    }

    #[test]
    fn an_image_in_several_places_of_a_store_is_one_with_all_names() {
        let (files, _folder) = crate::files::of(&[]);
        let mut found = Found::default();
        for names in [&["b:1", "a:1"][..], &["a:1", "c\n:1"], &[]] {
            found.add(image("1", names));
        }
        found.add(Image { store: Store::Podman, ..image("1", &["z:1"]) });
        let images = found.finish(&files);
        assert_eq!(images.len(), 2);
        assert_eq!(images[0].names, ["a:1", "b:1"]);
        assert_eq!((images[1].store, &images[1].names[0]), (Store::Podman, &"z:1".to_owned()));
    }

    #[test]
    fn where_there_are_too_many_those_with_names_stay() {
        let (files, _folder) = crate::files::of(&[]);
        let mut found = Found::default();
        for nth in 0..MAX_TOLD {
            found.add(image(&format!("{nth:05}"), &[]));
        }
        found.add(image("zzz", &["shop:1"]));
        let images = found.finish(&files);
        assert_eq!((images.len(), images[MAX_TOLD - 1].id.as_str()), (MAX_TOLD, "zzz"));
        assert_eq!(files.finish().1[0].code, "images.too_many");
    }

    #[test]
    fn a_digest_has_64_digits() {
        assert_eq!(digits(&sha256(b"")).unwrap().len(), 64);
        for text in ["sha256:ab", "sha512:ab", "", &sha256(b"").to_uppercase()] {
            assert_eq!(digits(text), None);
        }
    }
}
