//! Images: what an upper layer removes or replaces is not in the image.

use crate::archives::tape;
use crate::finding::{Finding, Note};
use std::collections::HashMap;

/// A layer as the walk noted it.
struct Layer<'a> {
    files: &'a [u64],
    removed: &'a [String],
    opaque: &'a [String],
}

/// The images of a scan and their layers.
pub(super) struct Images<'a> {
    layers: HashMap<&'a str, Layer<'a>>,
    /// Place of the manifest, layers from the lowest.
    images: Vec<(&'a str, &'a [String])>,
}

impl<'a> Images<'a> {
    pub(super) fn new(notes: &'a [Note]) -> Self {
        let (mut layers, mut images) = (HashMap::new(), Vec::new());
        for note in notes {
            match note {
                Note::Layer { place, files, removed, opaque } => {
                    layers.insert(place.as_str(), Layer { files, removed, opaque });
                }
                Note::Image { place, layers } => images.push((place.as_str(), layers.as_slice())),
                Note::Distribution { .. }
                | Note::Licence { .. }
                | Note::Link { .. }
                | Note::Published { .. } => {}
            }
        }
        Self { layers, images }
    }

    /// The image whose layer holds this place, by the place of its manifest.
    pub(super) fn of(&self, place: &str) -> Option<&'a str> {
        self.images
            .iter()
            .find(|(_, layers)| layers.iter().any(|layer| split(place, layer).is_some()))
            .map(|(image, _)| *image)
    }

    /// Drops findings that no image shows.
    pub(super) fn drop_hidden(&self, findings: &mut Vec<Finding>) {
        if self.images.is_empty() {
            return;
        }
        findings.retain(|finding| self.is_shown(&finding.place));
    }

    /// Whether a place is no part of any image, or is to be seen in at least one.
    fn is_shown(&self, place: &str) -> bool {
        let mut in_image = false;
        for (_, layers) in &self.images {
            for (at, layer) in layers.iter().enumerate() {
                let Some(inner) = split(place, layer) else { continue };
                in_image = true;
                // An archive within the layer is there as long as its file is.
                let file = inner.split("!/").next().unwrap_or(inner);
                let above = layers.get(at + 1..).unwrap_or_default();
                if !above.iter().any(|upper| self.hides(upper, file)) {
                    return true;
                }
            }
        }
        !in_image
    }

    fn hides(&self, layer: &str, file: &str) -> bool {
        let Some(layer) = self.layers.get(layer) else { return false };
        let below = |folder: &str| {
            folder.is_empty() || file.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
        };
        layer.files.binary_search(&tape::hash(file)).is_ok()
            || layer.removed.iter().any(|gone| gone == file || below(gone))
            || layer.opaque.iter().any(|folder| below(folder))
    }
}

/// The path within a layer.
fn split<'p>(place: &'p str, layer: &str) -> Option<&'p str> {
    place.strip_prefix(layer)?.strip_prefix("!/")
}
