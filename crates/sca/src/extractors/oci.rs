//! Images as archives: the manifests that say which layers lie on which.

use crate::extractor::File;
use crate::finding::{Found, Note};
use crate::trouble::Trouble;
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Saved {
    layers: Vec<String>,
}

/// `manifest.json` at the top of what `docker save` writes: a list of images.
pub(super) fn docker(file: &File<'_>, found: &mut Found) -> Result<(), Trouble> {
    if !file.bytes.trim_ascii_start().starts_with(b"[") {
        return Ok(());
    }
    let Ok(images) = file.json::<Vec<Saved>>() else { return Ok(()) };
    for (at, image) in images.into_iter().enumerate() {
        let layers = image.layers.iter().map(|layer| file.sibling(layer)).collect();
        found.note(Note::Image { place: format!("{}#{at}", file.path), layers });
    }
    Ok(())
}

#[derive(Deserialize)]
struct Manifest {
    config: Value,
    layers: Vec<Descriptor>,
}

#[derive(Deserialize)]
struct Descriptor {
    digest: String,
}

/// The manifests among the blobs of an OCI image layout, by their form.
pub(super) fn layout(file: &File<'_>, found: &mut Found) -> Result<(), Trouble> {
    if file.name() == "index.json" || !file.bytes.trim_ascii_start().starts_with(b"{") {
        return Ok(());
    }
    let Ok(manifest) = file.json::<Manifest>() else { return Ok(()) };
    if !manifest.config.is_object() {
        return Ok(());
    }
    let layers = manifest
        .layers
        .iter()
        .filter_map(|layer| layer.digest.strip_prefix("sha256:"))
        .map(|digest| file.sibling(digest))
        .collect();
    found.note(Note::Image { place: file.path.to_owned(), layers });
    Ok(())
}
