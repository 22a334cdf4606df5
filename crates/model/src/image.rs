//! What a host tells of the container images that lie on its disks.

use crate::{Fact, Micros};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Images told of in one report at most.
pub const MAX_TOLD: usize = 1_024;
/// Layers of an image at most; Docker's own limit is 127.
pub const MAX_LAYERS: usize = 128;
/// Layers of all images of one report at most.
pub const MAX_ALL_LAYERS: usize = 16_384;
/// Names, and digests, of an image in one store at most.
pub const MAX_NAMES: usize = 64;
/// Labels of an image at most.
pub const MAX_LABELS: usize = 64;
/// Pieces of software told of in an image at most.
pub const MAX_CONTENTS: usize = 50_000;
/// Longest text of an image, and longest label with its value, bytes.
pub const MAX_TEXT: usize = 1_024;
/// What an agent recognises in an image: one more whenever that is more than before. What was looked into with less is looked into again.
pub const ANALYSER: u32 = 1;
/// Longest command of a layer, characters: the rest is cut off.
pub const MAX_COMMAND: usize = 256;

/// An image in a store of a host, as the files of the store tell. What they do not tell is empty.
///
/// `layers` without their sizes, `created`, `architecture`, `os` and `labels` are the image's own: its id is the digest of the text
/// they are read from. The rest belongs to the store.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// The digest of its configuration: `sha256:` and 64 digits.
    pub id: String,
    /// Whose store it lies in.
    pub store: Store,
    /// How it is called there, without those that are digests: `registry.example/shop:1`, sorted. Empty: it has lost its names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// The digests of its manifests, by which registries know it, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub digests: Vec<String>,
    /// Bytes, as the store's own tool tells them: Docker and Podman what the layers unpack to, containerd and OCI layouts
    /// what they are packed.
    #[serde(default)]
    pub size: u64,
    /// From the lowest to the uppermost.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub layers: Vec<Layer>,
    /// When it was built.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<Micros>,
    /// For which processors: `amd64`, `arm64`, with a variant `arm/v7`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub architecture: String,
    /// For which system: `linux`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub os: String,
    /// Its labels.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
}

/// What software is in an image, or why that cannot be told.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Contents {
    /// The image's id.
    pub id: String,
    /// The pieces, at most [`MAX_CONTENTS`], each once.
    #[serde(default)]
    pub facts: Vec<Fact>,
    /// Which layer brought each of them, counted from the lowest: as many as there are pieces, or none at all from an agent that
    /// does not tell.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub layers: Vec<Option<u16>>,
    /// Why they cannot be told; none if they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// A layer of an image.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layer {
    /// The digest of its files, unpacked.
    pub digest: String,
    /// Bytes, packed or not as in [`Image::size`].
    #[serde(default)]
    pub size: u64,
    /// What made it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub command: String,
}

macro_rules! words {
    ($($(#[$each:meta])* $variant:ident $word:literal;)*) => {
        /// Whose store an image lies in.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Store { $($(#[$each])* #[serde(rename = $word)] $variant,)* }

        impl Store {
            /// All there are.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Its word, in reports and in the store.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// What this word stands for.
            pub fn named(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|it| it.name() == word)
            }
        }
    };
}

words! {
    /// Docker's own.
    #[default]
    Docker "docker";
    /// The one that Podman, CRI-O and Buildah share; also those of users without root's rights.
    Podman "podman";
    /// containerd's, whoever uses it: Kubernetes, nerdctl, Docker.
    Containerd "containerd";
    /// A folder laid out as the Open Container Initiative says.
    Oci "oci";
}

/// Repository and tag of a name: `registry.example:5000/shop:1` is `registry.example:5000/shop` and `1`. One without a tag has an empty one.
pub fn split(name: &str) -> (&str, &str) {
    let name = name.split('@').next().unwrap_or(name);
    match name.rsplit_once(':') {
        // What comes after a port is a path.
        Some((repository, tag)) if !tag.contains('/') => (repository, tag),
        _ => (name, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_repository_and_a_tag() {
        for (name, expected) in [
            ("shop", ("shop", "")),
            ("shop:1.2", ("shop", "1.2")),
            ("registry.example:5000/shop", ("registry.example:5000/shop", "")),
            ("registry.example:5000/a/shop:1", ("registry.example:5000/a/shop", "1")),
            ("shop:1@sha256:ab", ("shop", "1")),
            ("shop@sha256:ab", ("shop", "")),
            ("", ("", "")),
        ] {
            assert_eq!(split(name), expected, "{name}");
        }
    }

    #[test]
    fn words_are_those_of_reports() {
        for store in Store::ALL {
            let json = serde_json::to_string(store).unwrap();
            assert_eq!(json, format!("\"{}\"", store.name()));
            assert_eq!(Store::named(store.name()), Some(*store));
        }
    }

    #[test]
    fn an_agent_that_tells_less_is_understood() {
        let told: Image = serde_json::from_str(r#"{"id":"a","store":"podman","new":1}"#).unwrap();
        assert_eq!(told, Image { id: "a".into(), store: Store::Podman, ..Image::default() });
    }
}
