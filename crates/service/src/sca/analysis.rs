//! A report of the engine as the server reads it: the product's own JSON, `muster.scan/1`.
//!
//! It comes from a process that had a hostile artifact in its hands, so nothing in it is believed further than
//! its types go: texts are cut, package URLs parsed again.

use muster_model::Purl;
use serde::{Deserialize, Serialize};

/// Longest text that is kept of anything, in bytes.
const MAX_TEXT: usize = 1024;
/// Places kept of one component.
const MAX_PLACES: usize = 50;

/// The report.
#[derive(Debug, Deserialize)]
pub(super) struct Analysis {
    /// Nothing was cut off by a limit.
    pub(super) complete: bool,
    pub(super) ended_by: Option<Trouble>,
    pub(super) counts: Counts,
    #[serde(default)]
    pub(super) components: Vec<Component>,
    #[serde(default)]
    pub(super) troubles: Vec<Trouble>,
}

/// What was looked at.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct Counts {
    pub(super) files: u64,
    pub(super) archives: u64,
    pub(super) bytes: u64,
}

/// A file or member that could not be read, or not fully.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct Trouble {
    pub(super) code: String,
    pub(super) path: String,
    pub(super) message: String,
}

/// A component. What has nothing to say is left out of the report.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Component {
    pub(super) purl: Option<String>,
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) group: String,
    pub(super) name: String,
    pub(super) version: String,
    pub(super) confidence: u8,
    pub(super) known_as: String,
    pub(super) scope: String,
    pub(super) relation: String,
    pub(super) licences: Vec<String>,
    pub(super) places: Vec<Place>,
}

/// Where it is, and why that is believed.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct Place {
    pub(super) path: String,
    pub(super) known_as: String,
    pub(super) by: String,
    pub(super) because: String,
}

impl Component {
    /// Its package URL, if it has a whole one.
    pub(super) fn purl(&self) -> Option<Purl> {
        self.purl.as_deref().and_then(|text| text.parse().ok())
    }

    /// The same with texts and places bounded.
    pub(super) fn bounded(mut self) -> Self {
        for text in [&mut self.kind, &mut self.group, &mut self.name, &mut self.version] {
            cut(text);
        }
        self.licences.truncate(MAX_PLACES);
        self.licences.iter_mut().for_each(cut);
        self.places.truncate(MAX_PLACES);
        for place in &mut self.places {
            cut(&mut place.path);
            cut(&mut place.because);
        }
        self
    }
}

fn cut(text: &mut String) {
    let end = (0..=MAX_TEXT.min(text.len())).rev().find(|&at| text.is_char_boundary(at));
    text.truncate(end.unwrap_or(0));
    // Neither database keeps it.
    text.retain(|c| c != '\0');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_between_characters() {
        let mut text = "é".repeat(MAX_TEXT);
        cut(&mut text);
        assert_eq!(text.len(), MAX_TEXT);
        let mut text = format!("a{}\0", "é".repeat(MAX_TEXT));
        cut(&mut text);
        assert_eq!(text.len(), MAX_TEXT - 1);
        let mut text = "a\0b".to_owned();
        cut(&mut text);
        assert_eq!(text, "ab");
    }
}
