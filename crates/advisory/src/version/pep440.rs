//! Python's versions: PEP 440, "Version Identification and Dependency Specification".

use super::key::{Writer, digits, split, without_trailing_zeros};

/// Spellings of the three phases before a release, longest first.
const PHASES: [(&str, u8); 8] = [
    ("preview", 3),
    ("alpha", 1),
    ("beta", 2),
    ("pre", 3),
    ("rc", 3),
    ("a", 1),
    ("b", 2),
    ("c", 3),
];

/// The parts after the numbers.
#[derive(Default)]
struct Suffix<'a> {
    phase: Option<(u8, &'a str)>,
    post: Option<&'a str>,
    dev: Option<&'a str>,
    local: &'a str,
}

/// Epoch, numbers without trailing zeros, phase, post-release, development release, local part.
pub(super) fn key(version: &str, key: &mut Writer) -> Option<()> {
    let lower = version.to_ascii_lowercase();
    let text = lower.strip_prefix('v').unwrap_or(&lower);
    let (epoch, text) = match text.split_once('!') {
        Some((epoch, rest)) if digits(epoch).1.is_empty() && !epoch.is_empty() => (epoch, rest),
        Some(_) => return None,
        None => ("0", text),
    };
    let (numbers, text) = release(text)?;
    let suffix = suffix(text)?;
    key.number(epoch)?;
    for number in without_trailing_zeros(&numbers) {
        key.tag(1);
        key.number(number)?;
    }
    key.tag(0);
    match (suffix.phase, suffix.post, suffix.dev) {
        // A development release of the final release comes before its phases.
        (None, None, Some(_)) => key.tag(0),
        (Some((phase, number)), ..) => {
            key.tag(phase);
            key.number(number)?;
        }
        (None, ..) => key.tag(4),
    }
    optional(suffix.post, 0, 1, key)?;
    optional(suffix.dev, 1, 0, key)?;
    for segment in suffix.local.split(['.', '-', '_']).filter(|segment| !segment.is_empty()) {
        if digits(segment).1.is_empty() {
            key.tag(2);
            key.number(segment)?;
        } else {
            key.tag(1);
            key.text(segment);
        }
    }
    key.tag(0);
    Some(())
}

/// Whether a version in lower case is a pre-release or a development release.
pub(super) fn is_prerelease(version: &str) -> bool {
    let text = version.strip_prefix('v').unwrap_or(version);
    let text = text.split_once('!').map_or(text, |(_, rest)| rest);
    release(text)
        .and_then(|(_, rest)| suffix(rest))
        .is_some_and(|suffix| suffix.phase.is_some() || suffix.dev.is_some())
}

fn optional(number: Option<&str>, without: u8, with: u8, key: &mut Writer) -> Option<()> {
    match number {
        None => key.tag(without),
        Some(number) => {
            key.tag(with);
            key.number(number)?;
        }
    }
    Some(())
}

/// The numbers; a `.` that no digit follows belongs to the suffix.
fn release(text: &str) -> Option<(Vec<&str>, &str)> {
    let (first, mut rest) = digits(text);
    if first.is_empty() {
        return None;
    }
    let mut numbers = vec![first];
    while let Some(after) = rest.strip_prefix('.') {
        let (number, behind) = digits(after);
        if number.is_empty() {
            break;
        }
        numbers.push(number);
        rest = behind;
    }
    Some((numbers, rest))
}

fn suffix(text: &str) -> Option<Suffix<'_>> {
    let (mut text, local) = match text.split_once('+') {
        Some((_, "")) => return None,
        Some((text, local)) => (text, local),
        None => (text, ""),
    };
    if !split(local, |b| b.is_ascii_alphanumeric() || b"-_.".contains(&b)).1.is_empty() {
        return None;
    }
    let mut found = Suffix { local, ..Suffix::default() };
    for (word, phase) in PHASES {
        if let Some((number, rest)) = word_and_number(text, word) {
            found.phase = Some((phase, number));
            text = rest;
            break;
        }
    }
    if let Some((number, rest)) =
        ["post", "rev", "r"].iter().find_map(|word| word_and_number(text, word))
    {
        found.post = Some(number);
        text = rest;
    } else if let Some((number, rest)) = text.strip_prefix('-').map(digits)
        && !number.is_empty()
    {
        found.post = Some(number);
        text = rest;
    }
    if let Some((number, rest)) = word_and_number(text, "dev") {
        found.dev = Some(number);
        text = rest;
    }
    text.is_empty().then_some(found)
}

/// `[-_.]word[-_.]number`, where separators and number may be missing.
fn word_and_number<'a>(text: &'a str, word: &str) -> Option<(&'a str, &'a str)> {
    let text = text.strip_prefix(['-', '_', '.']).unwrap_or(text).strip_prefix(word)?;
    let separated = text.strip_prefix(['-', '_', '.']);
    let (number, rest) = digits(separated.unwrap_or(text));
    match separated {
        _ if !number.is_empty() => Some((number, rest)),
        // A separator without a number: before another word it belongs to nothing but the phase.
        Some(rest) if rest.starts_with(['-', '.', '_']) || rest.is_empty() => Some(("0", rest)),
        _ => Some(("0", text)),
    }
}
