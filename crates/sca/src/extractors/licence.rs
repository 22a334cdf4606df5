//! Licence texts: which licences of the SPDX list they are.

use crate::extractor::File;
use crate::finding::{Found, Note};
use crate::licences::{recognise, tagged};
use crate::trouble::Trouble;

pub(super) fn text(file: &File<'_>, found: &mut Found) -> Result<(), Trouble> {
    let place = found.place().to_owned();
    let known = recognise(file.bytes);
    if known.is_empty()
        && let Some(expression) = tagged(file.bytes)
    {
        let note = Note::Licence { place: place.clone(), id: expression.to_owned(), percent: 100 };
        found.note(note);
    }
    for one in known {
        let note =
            Note::Licence { place: place.clone(), id: one.id.to_owned(), percent: one.percent };
        found.note(note);
    }
    Ok(())
}
