//! Composer: numbers, then a stability with its number, then perhaps `dev`. Branches (`dev-main`) have no place in the order.

use super::key::{Writer, digits, without_trailing_zeros};

/// Spellings of the stabilities with their place, longest first. 5 is the release.
const STABILITIES: [(&str, u8); 9] = [
    ("stable", STABLE),
    ("alpha", 2),
    ("patch", 6),
    ("beta", 3),
    ("rc", 4),
    ("pl", 6),
    ("a", 2),
    ("b", 3),
    ("p", 6),
];
const DEV: u8 = 1;
const STABLE: u8 = 5;
const NUMBER: u8 = 3;
const END: u8 = 2;
/// What Composer takes for the `x` of `1.x-dev`.
const ANY: &str = "9999999";

pub(super) fn key(version: &str, key: &mut Writer) -> Option<()> {
    let lower = version.to_ascii_lowercase();
    let text = lower.split(['+', '@', '#']).next()?;
    let text = text.strip_prefix('v').unwrap_or(text);
    let (numbers, text) = numbers(text)?;
    for number in without_trailing_zeros(&numbers) {
        key.tag(NUMBER);
        key.number(number)?;
    }
    key.tag(END);
    let text = text.strip_prefix(['.', '_', '-']).unwrap_or(text);
    let mut rest = text;
    let mut place = STABLE;
    let mut count = Vec::new();
    if let Some((word, found)) = STABILITIES.iter().find(|(word, _)| text.starts_with(word)) {
        place = *found;
        rest = text.strip_prefix(word)?;
        loop {
            let (number, behind) = digits(rest.strip_prefix(['.', '-']).unwrap_or(rest));
            if number.is_empty() {
                break;
            }
            count.push(number);
            rest = behind;
        }
    }
    let development = matches!(rest.strip_prefix(['.', '-']).unwrap_or(rest), "dev");
    if !rest.is_empty() && !development {
        return None;
    }
    if text.starts_with("stable") {
        // Composer leaves out all that follows this word.
        key.tag(STABLE);
        key.tag(END);
        key.tag(2);
        return Some(());
    }
    if development && place == STABLE {
        key.tag(DEV);
        return Some(());
    }
    key.tag(place);
    for number in count.iter().filter(|_| place != STABLE) {
        key.tag(NUMBER);
        key.number(number)?;
    }
    key.tag(END);
    key.tag(if development { 1 } else { 2 });
    Some(())
}

/// The numbers, parted by `.`, or in dates by `-` or `:` too; `x` and `*` are endless.
fn numbers(text: &str) -> Option<(Vec<&str>, &str)> {
    let (first, mut rest) = digits(text);
    if first.is_empty() {
        return None;
    }
    let mut found = vec![first];
    while let Some(after) = rest.strip_prefix(['.', '-', ':']) {
        let (number, behind) = digits(after);
        if !number.is_empty() {
            found.push(number);
            rest = behind;
        } else if let Some(behind) = after.strip_prefix(['x', '*']) {
            while found.len() < 4 {
                found.push(ANY);
            }
            rest = behind;
        } else {
            break;
        }
    }
    Some((found, rest))
}
