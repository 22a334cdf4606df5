//! Times as sources write them.

/// The time, or nothing where the source wrote year 1 for "unknown" or no time at all.
pub(super) fn sane(text: &str) -> String {
    let year = text.get(..4).and_then(|year| year.parse::<u16>().ok());
    if year.is_some_and(|year| year >= 1970) && text.len() <= 40 {
        text.to_owned()
    } else {
        String::new()
    }
}
