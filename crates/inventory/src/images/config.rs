//! The configuration of an image, of Docker's form and of that of the Open Container Initiative, which is nearly the same.

use super::sha256;
use crate::files::Files;
use muster_model::Micros;
use muster_model::image::{Image, Layer, MAX_COMMAND, MAX_LABELS, MAX_LAYERS, MAX_TEXT};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Longest configuration read, bytes: registries refuse longer ones.
const MAX_CONFIG: u64 = 8 << 20;

/// What a file says of an image, whose id is the digest of that file.
struct Configured(Option<Image>);

/// The image with this id, if the file at `path` is its configuration.
pub(super) fn of(files: &Files, path: impl AsRef<Path>, id: &str) -> Option<Image> {
    let read = files.parsed(path, MAX_CONFIG, |file| Configured(parse(&whole(file, MAX_CONFIG))));
    let image = read?.0.clone()?;
    (image.id == id).then_some(image)
}

/// All bytes of a file, if they are not more than `max`.
pub(super) fn whole(mut file: &File, max: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    let read = (&mut file).take(max.saturating_add(1)).read_to_end(&mut bytes);
    if read.is_err() || bytes.len() as u64 > max {
        bytes.clear();
    }
    bytes
}

/// As far as it is of use here. Docker writes `null` for what is empty.
#[derive(Deserialize)]
struct Config {
    #[serde(default)]
    created: Option<String>,
    #[serde(default)]
    architecture: String,
    #[serde(default)]
    variant: String,
    #[serde(default)]
    os: String,
    #[serde(default)]
    config: Option<Run>,
    rootfs: RootFs,
    #[serde(default)]
    history: Option<Vec<Step>>,
}

#[derive(Default, Deserialize)]
struct Run {
    #[serde(rename = "Labels", default)]
    labels: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
struct RootFs {
    #[serde(default)]
    diff_ids: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Step {
    #[serde(default)]
    created_by: String,
    #[serde(default)]
    comment: String,
    #[serde(default)]
    empty_layer: bool,
}

fn parse(bytes: &[u8]) -> Option<Image> {
    let config: Config = serde_json::from_slice(bytes).ok()?;
    let steps = config.history.unwrap_or_default();
    // Layers and steps that made one are in the same order; a history may be shorter, or missing.
    let mut made = steps.into_iter().filter(|step| !step.empty_layer);
    let digests = config.rootfs.diff_ids.unwrap_or_default();
    let layers = digests.into_iter().take(MAX_LAYERS).map(|digest| {
        let step = made.next();
        let told = step.map(|it| if it.created_by.is_empty() { it.comment } else { it.created_by });
        let digest = plain(&digest, MAX_TEXT / 4);
        Layer { digest, size: 0, command: plain(&told.unwrap_or_default(), MAX_COMMAND) }
    });
    let architecture = match config.variant.as_str() {
        "" => config.architecture,
        variant => format!("{}/{variant}", config.architecture),
    };
    let labels = config.config.unwrap_or_default().labels.unwrap_or_default().into_iter();
    let fits = |(key, value): &(String, String)| {
        key.len() + value.len() <= MAX_TEXT && !key.contains('\0') && !value.contains('\0')
    };
    Some(Image {
        id: sha256(bytes),
        layers: layers.collect(),
        created: config.created.as_deref().and_then(Micros::from_iso),
        architecture: plain(&architecture, MAX_TEXT / 4),
        os: plain(&config.os, MAX_TEXT / 4),
        labels: labels.filter(fits).take(MAX_LABELS).collect(),
        ..Image::default()
    })
}

/// At most so many characters in one line.
fn plain(text: &str, max: usize) -> String {
    let words = text.split(|it: char| it.is_control()).filter(|it| !it.is_empty());
    words.collect::<Vec<_>>().join(" ").chars().take(max).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_that_made_a_layer_are_told_with_it() {
        let config = r#"{"created":"2026-05-01T10:00:00Z","architecture":"arm","variant":"v7","os":"linux",
            "config":{"Labels":{"a":"b"},"Env":["X=1"]},"rootfs":{"type":"layers","diff_ids":["sha256:1","sha256:2","sha256:3"]},
            "history":[{"created_by":"ADD x /"},{"created_by":"ENV X=1","empty_layer":true},{"comment":"Imported\tfrom -"}]}"#;
        let image = parse(config.as_bytes()).unwrap();
        let layers: Vec<_> =
            image.layers.iter().map(|it| (it.digest.as_str(), it.command.as_str())).collect();
        let expected = [("sha256:1", "ADD x /"), ("sha256:2", "Imported from -"), ("sha256:3", "")];
        assert_eq!(layers, expected);
        assert_eq!((image.architecture.as_str(), image.os.as_str()), ("arm/v7", "linux"));
        assert_eq!(image.created, Micros::from_iso("2026-05-01T10:00:00Z"));
        assert_eq!(image.labels, [("a".to_owned(), "b".to_owned())].into());
    }

    #[test]
    fn what_is_no_configuration_is_no_image() {
        for text in ["", "[]", "{}", r#"{"rootfs":1}"#, r#"{"rootfs":{},"history":[1]}"#] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
        let null = r#"{"config":null,"rootfs":{"diff_ids":null},"history":null,"created":null}"#;
        assert!(parse(null.as_bytes()).unwrap().layers.is_empty());
    }

    #[test]
    fn what_is_told_is_cut_to_the_limits() {
        let long = "x".repeat(MAX_TEXT + 1);
        let layers = vec![r#""sha256:1""#; MAX_LAYERS + 1].join(",");
        let config = format!(
            r#"{{"os":"{long}","rootfs":{{"diff_ids":[{layers}]}},"history":[{{"created_by":"{long}"}}],
            "config":{{"Labels":{{"a":"{long}","b":""}}}}}}"#
        );
        let image = parse(config.as_bytes()).unwrap();
        assert_eq!((image.layers.len(), image.labels.len()), (MAX_LAYERS, 1));
        assert_eq!(image.layers[0].command.len(), MAX_COMMAND);
        assert!(image.os.len() <= MAX_TEXT);
    }

    #[test]
    fn only_the_text_with_the_digest_is_believed() {
        let text = r#"{"rootfs":{"diff_ids":["sha256:1"]}}"#;
        let (files, _folder) = crate::files::of(&[("c", text)]);
        let id = sha256(text.as_bytes());
        assert_eq!(of(&files, "/c", &id).unwrap().id, id);
        assert_eq!(of(&files, "/c", &sha256(b"")), None);
        assert_eq!(of(&files, "/missing", &id), None);
    }
}
