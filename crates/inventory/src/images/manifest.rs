//! Images of a content store: blobs by their digests, of which a descriptor names the first.

use super::{chained, config, digits, sha256};
use crate::files::Files;
use muster_model::image::Image;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

/// Longest manifest or index read, bytes: registries refuse longer ones.
const MAX_MANIFEST: u64 = 8 << 20;
/// Manifests of one index looked at.
const MAX_MANIFESTS: usize = 64;

/// Names a blob.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Descriptor {
    #[serde(default)]
    pub(super) digest: String,
    #[serde(default)]
    pub(super) size: u64,
    #[serde(default)]
    pub(super) annotations: Option<BTreeMap<String, String>>,
}

/// An index or a manifest: which one tells by what it has.
#[derive(Clone, Default, Deserialize)]
pub(super) struct Manifest {
    /// Of an index.
    #[serde(default)]
    pub(super) manifests: Option<Vec<Descriptor>>,
    #[serde(default)]
    config: Option<Descriptor>,
    #[serde(default)]
    layers: Option<Vec<Descriptor>>,
}

/// What a blob says, and its digest.
struct Read(String, Manifest);

/// The folder of blobs; only what has the digest it is asked by is believed.
pub(super) struct Content<'f> {
    pub(super) files: &'f Files,
    /// `.../blobs`.
    pub(super) blobs: &'f Path,
}

impl Content<'_> {
    fn manifest(&self, digest: &str) -> Option<Manifest> {
        let path = self.blobs.join("sha256").join(digits(digest)?);
        let read = self.files.parsed(path, MAX_MANIFEST, |file| {
            let bytes = config::whole(file, MAX_MANIFEST);
            Read(sha256(&bytes), serde_json::from_slice(&bytes).unwrap_or_default())
        })?;
        (read.0 == digest).then(|| read.1.clone())
    }

    /// The images a descriptor leads to: of an index each that lies here, one a platform. Without store and names.
    pub(super) fn images(&self, target: &Descriptor) -> Vec<Image> {
        let Some(manifest) = self.manifest(&target.digest) else { return Vec::new() };
        let of_index = manifest.manifests.iter().flatten().take(MAX_MANIFESTS).filter_map(|it| {
            let image = self.image(it, self.manifest(&it.digest)?)?;
            let digests = [image.digests, vec![target.digest.clone()]].concat();
            let size = image.size.saturating_add(target.size);
            Some(Image { digests, size, ..image })
        });
        let images: Vec<Image> = of_index.collect();
        if manifest.manifests.is_some() {
            return images;
        }
        self.image(target, manifest).into_iter().collect()
    }

    /// The packed layers of the image with this id that a descriptor leads to, from the lowest.
    pub(super) fn packed(&self, target: &Descriptor, id: &str) -> Option<Vec<Descriptor>> {
        let manifest = self.manifest(&target.digest)?;
        let inner = manifest.manifests.iter().flatten().take(MAX_MANIFESTS);
        let inner = inner.filter_map(|it| self.manifest(&it.digest));
        let mut all = std::iter::once(manifest.clone()).chain(inner);
        let is_it = |it: &Manifest| it.config.as_ref().is_some_and(|it| it.digest == id);
        all.find(is_it)?.layers
    }

    /// The image of a manifest: what it is and how large in this store. Its configuration has to be here; of attestations and other
    /// things that are stored like images it is none.
    fn image(&self, named: &Descriptor, manifest: Manifest) -> Option<Image> {
        let config = manifest.config?;
        let path = self.blobs.join("sha256").join(digits(&config.digest)?);
        let mut image = config::of(self.files, path, &config.digest)?;
        let packed: Vec<u64> = manifest.layers.iter().flatten().map(|it| it.size).collect();
        let all = packed.iter().chain([&named.size, &config.size]);
        image.size = all.copied().fold(0, u64::saturating_add);
        image.digests = vec![named.digest.clone()];
        if packed.len() == image.layers.len() {
            for (layer, size) in image.layers.iter_mut().zip(packed) {
                layer.size = size;
            }
        }
        Some(image).filter(|image| !image.os.is_empty() || !image.layers.is_empty())
    }

    /// The id of the image a digest leads to whose files are known as `chain`, or by a name that begins so.
    pub(super) fn id(&self, digest: &str, chain: &str) -> Option<String> {
        let target = Descriptor { digest: digest.to_owned(), ..Descriptor::default() };
        let is_it = |image: &Image| {
            let layers = image.layers.iter().map(|it| it.digest.as_str());
            let own = layers.fold(String::new(), |below, digest| chained(&below, digest));
            !own.is_empty() && chain.starts_with(&own)
        };
        Some(self.images(&target).into_iter().find(is_it)?.id)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Blobs by their paths, digest and size of one of them.
    #[derive(Default)]
    pub(in crate::images) struct Blobs(pub(in crate::images) Vec<(String, String)>);

    impl Blobs {
        pub(in crate::images) fn put(&mut self, folder: &str, text: String) -> (String, usize) {
            let (digest, size) = (sha256(text.as_bytes()), text.len());
            self.0.push((format!("{folder}/blobs/{}", digest.replace(':', "/")), text));
            (digest, size)
        }

        /// An image with one layer of 1000 bytes; its id, and the digest and size of its manifest.
        pub(in crate::images) fn image(
            &mut self,
            folder: &str,
            os: &str,
        ) -> (String, String, usize) {
            let config = format!(
                r#"{{"architecture":"amd64","os":"{os}","rootfs":{{"diff_ids":["sha256:1"]}}}}"#
            );
            let (id, length) = self.put(folder, config);
            let manifest = format!(
                r#"{{"schemaVersion":2,"config":{{"digest":"{id}","size":{length}}},"layers":[{{"digest":"sha256:9","size":1000}}]}}"#
            );
            let (digest, size) = self.put(folder, manifest);
            (id, digest, size)
        }

        pub(in crate::images) fn files(&self) -> (Files, tempfile::TempDir) {
            let content: Vec<_> = self.0.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
            crate::files::of(&content)
        }
    }

    #[test]
    fn of_an_index_those_that_are_here_are_images() {
        let mut blobs = Blobs::default();
        let (one, manifest, size) = blobs.image("c", "linux");
        let missing = sha256(b"elsewhere");
        let index = format!(
            r#"{{"manifests":[{{"digest":"{manifest}","size":{size}}},{{"digest":"{missing}","size":1}},{{"digest":"../../etc/passwd"}}]}}"#
        );
        let (digest, length) = blobs.put("c", index);
        let (files, _folder) = blobs.files();
        let content = Content { files: &files, blobs: Path::new("/c/blobs") };
        let named = |digest: &str, size: usize| Descriptor {
            digest: digest.to_owned(),
            size: size as u64,
            annotations: None,
        };
        let images = content.images(&named(&digest, length));
        let config = blobs.0[0].1.len();
        assert_eq!(images.len(), 1);
        assert_eq!((&images[0].id, images[0].layers[0].size), (&one, 1000));
        assert_eq!(images[0].size, (length + size + config + 1000) as u64);
        assert_eq!(images[0].digests, [manifest.clone(), digest.clone()]);
        assert_eq!(content.images(&named(&manifest, size))[0].size, (size + config + 1000) as u64);
        assert_eq!(content.id(&digest, "sha256:1").as_ref(), Some(&one));
        assert_eq!(content.id(&digest, "sha256:1-1000-1000").as_ref(), Some(&one));
        for (digest, chain) in [(&digest, "sha256:2"), (&digest, ""), (&missing, "sha256:1")] {
            assert_eq!(content.id(digest, chain), None);
        }
    }

    #[test]
    fn what_is_stored_like_an_image_is_none() {
        let mut blobs = Blobs::default();
        let (empty, _) = blobs.put("c", "{}".into());
        let (attestation, _) = blobs.put("c", format!(r#"{{"config":{{"digest":"{empty}"}}}}"#));
        // An index that names itself cannot be, but one may name another.
        let (nested, _) =
            blobs.put("c", format!(r#"{{"manifests":[{{"digest":"{attestation}"}}]}}"#));
        let (files, _folder) = blobs.files();
        let content = Content { files: &files, blobs: Path::new("/c/blobs") };
        for digest in [&empty, &attestation, &nested] {
            let target = Descriptor { digest: digest.clone(), ..Descriptor::default() };
            assert!(content.images(&target).is_empty());
        }
    }
}
