//! Licences: of files that are licence texts, and of what the top of a source file says.

use crate::extractor::File;
use crate::finding::{Found, LicenceEvidence, Note};
use crate::licences::{mentions, named, recognise, tagged};
use crate::trouble::Trouble;

/// Bytes at the begin of a source file that are looked at: its licence stands at the top.
const TOP: usize = 32 << 10;

/// A file that is there for its licence.
pub(super) fn text(file: &File<'_>, found: &mut Found) -> Result<(), Trouble> {
    identify(file.bytes, false, found);
    Ok(())
}

/// Any other text.
pub(super) fn source(file: &File<'_>, found: &mut Found) -> Result<(), Trouble> {
    let top = file.bytes.get(..TOP).unwrap_or(file.bytes);
    if mentions(top) {
        identify(top, true, found);
    }
    Ok(())
}

/// The whole text says more than a tag, and a tag more than a notice.
fn identify(text: &[u8], source: bool, found: &mut Found) {
    use LicenceEvidence::{Notice, Tag, Text};
    let place = found.place().to_owned();
    let mut note = |id: &str, percent, by| {
        found.note(Note::Licence { place: place.clone(), id: id.to_owned(), percent, by, source });
    };
    let known = recognise(text);
    if !known.is_empty() {
        known.iter().for_each(|one| note(one.id, one.percent, Text));
    } else if let Some(expression) = tagged(text) {
        note(expression, 100, Tag);
    } else {
        named(text).iter().for_each(|id| note(id, 100, Notice));
    }
}
