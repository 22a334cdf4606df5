//! What containerd's database says: the images in its store, and what its containers were made of.
//!
//! `v1/NAMESPACE/images/NAME` has `createdat`, `updatedat` and `target/{digest, mediatype, size}`; `v1/NAMESPACE/containers/ID` has `image`,
//! `createdat` and `labels/{...}`, among others; its files lie on `v1/NAMESPACE/snapshots/SNAPSHOTTER/KEY` (schema: `metadata/buckets.go` of containerd). Times are as Go writes them.

use super::Found;
use super::layers::{Layered, whole};
use super::manifest::{Content, Descriptor};
use crate::bolt::{ask, below};
use crate::files::Files;
use crate::stores::containerd_roots;
use muster_formats::bolt::{Bucket, Database, Entry, Go, Result};
use muster_model::Micros;
use muster_model::container::MAX_LABELS;
use muster_model::image::{Image, MAX_TOLD, Store};
use std::collections::BTreeMap;
use std::path::Path;

/// Namespaces looked into.
const MAX_NAMESPACES: usize = 64;
/// Names in one namespace looked at: three an image in Kubernetes.
const MAX_NAMES: usize = 8 * MAX_TOLD;
const DATABASE: &str = "io.containerd.metadata.v1.bolt/meta.db";
const BLOBS: &str = "io.containerd.content.v1.content/blobs";
/// Seconds from the year 1, from which Go counts, to 1970.
const GO_EPOCH: i64 = 62_135_596_800;

/// The images of all namespaces. Tells whether all that are there could be read.
pub(super) fn read(files: &Files, found: &mut Found) -> bool {
    let mut whole = true;
    for root in containerd_roots(files) {
        let path = root.join(DATABASE);
        let Some(targets) = ask(files, &path, targets) else { continue };
        let (aside, blobs) = (files.aside(), root.join(BLOBS));
        let content = Content { files: &aside, blobs: &blobs };
        match targets {
            Ok(targets) => targets.into_values().for_each(|it| it.resolve(&content, found)),
            Err(broken) => {
                files.trouble("file.malformed", path.to_string_lossy(), broken.to_string());
                whole = false;
            }
        }
    }
    whole
}

/// What images are called that lead to the same digest.
struct Target {
    descriptor: Descriptor,
    names: Vec<String>,
}

impl Target {
    fn resolve(self, content: &Content<'_>, found: &mut Found) {
        // Kubernetes also calls an image by its digests.
        let is_plain = |it: &&String| !it.contains('@') && !it.starts_with("sha256:");
        let names: Vec<String> = self.names.iter().filter(is_plain).cloned().collect();
        for image in content.images(&self.descriptor) {
            found.add(Image { store: Store::Containerd, names: names.clone(), ..image });
        }
    }
}

/// Names and values of the buckets in a bucket, the first `most`.
fn buckets(database: &Database<'_>, of: &Bucket, most: usize) -> Result<Vec<(String, Bucket)>> {
    let mut found = Vec::new();
    of.each(database, |key, entry| {
        if let (Entry::Bucket(inner), Ok(name)) = (entry, std::str::from_utf8(key)) {
            found.push((name.to_owned(), inner));
        }
        if found.len() == most { Go::Break(()) } else { Go::Continue(()) }
    })?;
    Ok(found)
}

/// The images of all namespaces by what they lead to.
fn targets(database: &Database<'_>) -> Result<BTreeMap<String, Target>> {
    let mut found: BTreeMap<String, Target> = BTreeMap::new();
    let Some(all) = database.bucket(&[b"v1"])? else { return Ok(found) };
    for (_, namespace) in buckets(database, &all, MAX_NAMESPACES)? {
        let Some(images) = namespace.bucket(database, b"images")? else { continue };
        for (name, image) in buckets(database, &images, MAX_NAMES)? {
            let Some(descriptor) = target(database, &image)? else { continue };
            let known = found.entry(descriptor.digest.clone());
            known.or_insert(Target { descriptor, names: Vec::new() }).names.push(name);
        }
    }
    Ok(found)
}

/// What an image leads to.
fn target(database: &Database<'_>, image: &Bucket) -> Result<Option<Descriptor>> {
    let Some(target) = image.bucket(database, b"target")? else { return Ok(None) };
    let size = target.get(database, b"size")?.unwrap_or_default();
    let digest = target.get(database, b"digest")?.unwrap_or_default();
    let Ok(digest) = String::from_utf8(digest) else { return Ok(None) };
    let size = u64::try_from(varint(&size)).unwrap_or_default();
    Ok(Some(Descriptor { digest, size, annotations: None }))
}

/// Where the layers of the image with this id lie unpacked: in the folders of the kernel's snapshotter. None where no name leads to the
/// image.
pub(super) fn layers(files: &Files, id: &str) -> Option<Layered> {
    containerd_roots(files).into_iter().find_map(|root| {
        let (path, blobs) = (root.join(DATABASE), root.join(BLOBS));
        let targets = ask(files, &path, targets)?.ok()?;
        let content = Content { files, blobs: &blobs };
        let mut images = targets.into_values().flat_map(|it| content.images(&it.descriptor));
        let image = images.find(|it| it.id == id)?;
        let chains = super::docker::chains(&image);
        let names = |database: &Database<'_>| snapshots(database, &chains);
        let names = ask(files, &path, names)?.unwrap_or_default();
        let snapshotter = root.join("io.containerd.snapshotter.v1.overlayfs");
        let ids = |database: &Database<'_>| {
            names.iter().map(|name| snapshot_id(database, name)).collect::<Result<Vec<_>>>()
        };
        let ids = ask(files, &snapshotter.join("metadata.db"), ids)?.unwrap_or_default();
        let folder = |id: Option<u64>| Some(snapshotter.join(format!("snapshots/{}/fs", id?)));
        let folders = if ids.len() == chains.len() {
            whole(files, ids.into_iter().rev().map(folder))
        } else {
            Vec::new()
        };
        Some(Layered { folders, of_user: false })
    })
}

/// What the snapshotter calls the snapshots of these layers, in the first namespace that has them all.
fn snapshots(database: &Database<'_>, chains: &[String]) -> Result<Vec<String>> {
    let Some(all) = database.bucket(&[b"v1"])? else { return Ok(Vec::new()) };
    for (_, namespace) in buckets(database, &all, MAX_NAMESPACES)? {
        let mut names = Vec::new();
        for chain in chains {
            let snapshot = below(database, &namespace, &["snapshots", "overlayfs", chain])?;
            let Some(snapshot) = snapshot else { break };
            names.push(text(database, &snapshot, "name")?);
        }
        if !chains.is_empty() && names.len() == chains.len() {
            return Ok(names);
        }
    }
    Ok(Vec::new())
}

/// The number of a snapshot, by which its folder is called (schema: `snapshots/storage/bolt.go` of containerd).
fn snapshot_id(database: &Database<'_>, name: &str) -> Result<Option<u64>> {
    let snapshot = below(database, &database.root(), &["v1", "snapshots", name])?;
    let Some(snapshot) = snapshot else { return Ok(None) };
    Ok(snapshot.get(database, b"id")?.map(|id| uvarint(&id)))
}

/// What a container was made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Made {
    /// The image as it was named.
    pub(crate) image: String,
    /// The image's id, where the name still leads to one image.
    pub(crate) image_id: String,
    /// When.
    pub(crate) created: Option<Micros>,
    /// Its labels.
    pub(crate) labels: BTreeMap<String, String>,
}

/// What the container of this id in this namespace was made of; `root` is where its containerd keeps its data, if that is known.
pub(crate) fn made(files: &Files, root: Option<&Path>, namespace: &str, id: &str) -> Option<Made> {
    root.map(Path::to_owned).into_iter().chain(containerd_roots(files)).find_map(|root| {
        let path = root.join(DATABASE);
        let asked = ask(files, &path, |database| container(database, namespace, id))?;
        let (mut made, origin) = asked.ok()??;
        let (aside, blobs) = (files.aside(), root.join(BLOBS));
        let content = Content { files: &aside, blobs: &blobs };
        made.image_id = origin.and_then(|it| content.id(&it.0, &it.1)).unwrap_or_default();
        Some(made)
    })
}

/// Where an image's name leads to now, and which files a container lies on.
type Origin = (String, String);

/// A container, and its image: a name may lead to another one by now, so the files count.
fn container(
    database: &Database<'_>,
    namespace: &str,
    id: &str,
) -> Result<Option<(Made, Option<Origin>)>> {
    let Some(namespace) = database.bucket(&[b"v1", namespace.as_bytes()])? else {
        return Ok(None);
    };
    let Some(container) = below(database, &namespace, &["containers", id])? else {
        return Ok(None);
    };
    let image = text(database, &container, "image")?;
    let created = container.get(database, b"createdat")?.and_then(|it| time(&it));
    let mut labels = BTreeMap::new();
    if let Some(told) = container.bucket(database, b"labels")? {
        told.each(database, |key, entry| {
            let key = String::from_utf8(key.to_vec());
            if let (Ok(key), Entry::Value(value)) = (key, entry)
                && let Ok(value) = String::from_utf8(value.to_vec())
            {
                labels.insert(key, value);
            }
            if labels.len() == MAX_LABELS { Go::Break(()) } else { Go::Continue(()) }
        })?;
    }
    let (by, key) =
        (text(database, &container, "snapshotter")?, text(database, &container, "snapshotKey")?);
    let named = below(database, &namespace, &["images", &image])?;
    let files = below(database, &namespace, &["snapshots", &by, &key])?;
    let origin = match (named, files) {
        (Some(named), Some(files)) => {
            let files = text(database, &files, "parent")?;
            target(database, &named)?.map(|it| (it.digest, files))
        }
        _ => None,
    };
    Ok(Some((Made { image, image_id: String::new(), created, labels }, origin)))
}

/// A text; empty where there is none.
fn text(database: &Database<'_>, of: &Bucket, key: &str) -> Result<String> {
    let bytes = of.get(database, key.as_bytes())?.unwrap_or_default();
    Ok(String::from_utf8(bytes).unwrap_or_default())
}

/// A number as Go writes it: seven bits a byte.
fn uvarint(bytes: &[u8]) -> u64 {
    let mut number: u64 = 0;
    for (nth, byte) in bytes.iter().take(10).enumerate() {
        number |=
            u64::from(byte & 0x7f).checked_shl(7 * u32::try_from(nth).unwrap_or(0)).unwrap_or(0);
    }
    number
}

/// The same with a sign, in the lowest bit.
fn varint(bytes: &[u8]) -> i64 {
    let number = uvarint(bytes);
    (number >> 1).cast_signed() ^ -(number & 1).cast_signed()
}

/// A time as Go writes it: a version, seconds from the year 1, nanoseconds, a zone.
fn time(bytes: &[u8]) -> Option<Micros> {
    let (version, rest) = bytes.split_first()?;
    let seconds = i64::from_be_bytes(*rest.first_chunk()?);
    let nanos = u32::from_be_bytes(*rest.get(8..)?.first_chunk()?);
    if !matches!(version, 1 | 2) {
        return None;
    }
    let seconds = seconds.checked_sub(GO_EPOCH)?.checked_mul(1_000_000)?;
    Some(Micros(seconds.checked_add(i64::from(nanos / 1_000))?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_times_are_those_of_go() {
        // binary.PutVarint of 348, 0, -1; and what time.Time.MarshalBinary makes of a moment.
        assert_eq!(varint(&[0xb8, 0x05]), 348);
        assert_eq!((varint(&[]), varint(&[0]), varint(&[1])), (0, 0, -1));
        assert_eq!(varint(&[0xff; 20]), i64::MIN);
        let seconds = (GO_EPOCH + 1_700_000_000).to_be_bytes();
        let mut text = vec![1];
        text.extend(seconds);
        text.extend(250_000_999_u32.to_be_bytes());
        text.extend([0xff, 0xff]);
        assert_eq!(time(&text), Some(Micros(1_700_000_000_250_000)));
        for broken in [&text[..8], &[], &[9; 15], &[1, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]] {
            assert_eq!(time(broken), None);
        }
    }
}
